// Comparisons, tests and logic: results are bool tensors, without gradients.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#comparison-ops

import type { DType } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { composite, elementwise } from "./define.ts";
import type {
  Binary,
  Compare,
  CompareTensors,
  JudgeOp,
  OpFn,
  Predicate,
  Unary,
  UnaryBool,
} from "./signatures.ts";

/** `a == b`, element by element. NaN equals nothing. */
export const eq: Compare<"eq"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.eq(a!, b!),
});
/** `a != b` */
export const ne: Compare<"ne"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.ne(a!, b!),
});
/** `a < b` */
export const lt: Compare<"lt"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.lt(a!, b!),
});
/** `a <= b` */
export const le: Compare<"le"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.le(a!, b!),
});
/** `a > b` */
export const gt: Compare<"gt"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.gt(a!, b!),
});
/** `a >= b` */
export const ge: Compare<"ge"> = elementwise({
  operands: 2,
  result: "bool",
  lower: (k, a, b) => k.ge(a!, b!),
});

/** Whether elements are NaN. */
export const isnan: UnaryBool = elementwise({
  operands: 1,
  inplace: false,
  result: "bool",
  lower: (k, x) => k.ne(x!, x!),
});
/** Whether elements are +inf or -inf. */
export const isinf: UnaryBool = elementwise({
  operands: 1,
  inplace: false,
  result: "bool",
  lower: (k, x) => (isFloat(x!.dtype) ? k.eq(k.abs(x!), Number.POSITIVE_INFINITY) : k.ne(x!, x!)),
});
/** Whether elements are neither infinite nor NaN. */
export const isfinite: UnaryBool = elementwise({
  operands: 1,
  inplace: false,
  result: "bool",
  // x - x is 0 for numbers, NaN for infinities and NaN.
  lower: (k, x) => (isFloat(x!.dtype) ? k.eq(k.sub(x!, x!), 0) : k.eq(x!, x!)),
});

/** Whether the only element is nonzero (true, for bools). @throws RuntimeError unless there is exactly one. */
export const isNonzero: Predicate = composite((x: AnyTensor) => {
  const n = x.numel();
  if (n !== 1)
    throw new RuntimeError(
      `Boolean value of Tensor with ${n === 0 ? "no values" : "more than one value"} is ambiguous (isNonzero)`,
    );
  return Number(x.item()) !== 0;
});

/** `!x`: whether elements are zero. */
export const logicalNot: UnaryBool = elementwise({
  operands: 1,
  result: "bool",
  lower: (k, x) => k.eq(x!, 0),
});
/** Whether both are nonzero. */
export const logicalAnd: CompareTensors<"logicalAnd"> = elementwise({
  operands: 2,
  tensors: 2,
  result: "bool",
  lower: (k, a, b) => k.and(k.ne(a!, 0), k.ne(b!, 0)),
});
/** Whether one of both is nonzero. */
export const logicalOr: CompareTensors<"logicalOr"> = elementwise({
  operands: 2,
  tensors: 2,
  result: "bool",
  lower: (k, a, b) => k.or(k.ne(a!, 0), k.ne(b!, 0)),
});
/** Whether exactly one of both is nonzero. */
export const logicalXor: CompareTensors<"logicalXor"> = elementwise({
  operands: 2,
  tensors: 2,
  result: "bool",
  lower: (k, a, b) => k.xor(k.ne(a!, 0), k.ne(b!, 0)),
});

/** Bitwise complement of integers, `!x` of bools. */
export const bitwiseNot: Unary = elementwise({ operands: 1, refuses: ["float"], lower: (k, x) => k.not(x!) });
/** Bits that both have; of bools, whether both are true. */
export const bitwiseAnd: Binary<"bitwiseAnd"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["float"],
  lower: (k, a, b) => k.and(a!, b!),
});
/** Bits that one of both has. */
export const bitwiseOr: Binary<"bitwiseOr"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["float"],
  lower: (k, a, b) => k.or(a!, b!),
});
/** Bits that exactly one of both has. */
export const bitwiseXor: Binary<"bitwiseXor"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["float"],
  lower: (k, a, b) => k.xor(a!, b!),
});

/**
 * Whether |a - b| <= atol + rtol * |b|, element by element. Defaults: rtol 1e-5, atol 1e-8, NaN equals nothing unless
 * `equalNan`.
 */
export const isclose: OpFn<[other: AnyTensor, options?: ToleranceOptions], "bool"> = composite(
  (x: AnyTensor, y: AnyTensor, { rtol = 1e-5, atol = 1e-8, equalNan = false }: ToleranceOptions = {}) => {
    for (const [name, v] of [
      ["input", x],
      ["other", y],
    ] as const)
      if (!isTensor(v))
        throw new ArgumentError(`isclose(): argument '${name}' must be Tensor, not ${typeof v}`);
    for (const [name, v] of [
      ["rtol", rtol],
      ["atol", atol],
    ] as const)
      if (!(v >= 0)) throw new RuntimeError(`${name} must be greater than or equal to zero, but got ${v}`);
    if (x.dtype !== y.dtype)
      throw new DTypeError(
        "isclose",
        `isclose(): ${dtypes[x.dtype as DType].scalarName} did not match ${dtypes[y.dtype as DType].scalarName}: both need one dtype`,
      );
    // Bools have no difference.
    const [a, b] = [x, y].map((t) => (t.dtype === "bool" ? t.int() : t)) as [AnyTensor, AnyTensor];
    const close = a.sub(b).abs().le(b.abs().mul(rtol).add(atol)).logicalAnd(isfinite(b)).logicalOr(a.eq(b));
    return equalNan ? close.logicalOr(a.isnan().logicalAnd(b.isnan())) : close;
  },
);
/** Whether {@link isclose} holds for all elements; broadcasts. Gives a JavaScript boolean. */
export const allclose: JudgeOp<[options?: ToleranceOptions]> = composite(
  (x: AnyTensor, other: AnyTensor, options: ToleranceOptions = {}) => {
    const { rtol, atol, equalNan } = options;
    if (!isTensor(other))
      throw new ArgumentError(
        `allclose(): argument 'other' (position 2) must be Tensor, not ${typeof other}`,
      );
    const tolerances = { ...(rtol !== undefined && { rtol }), ...(atol !== undefined && { atol }) };
    return isclose(x.detach(), other.detach(), { ...tolerances, equalNan: equalNan ?? false })
      .all()
      .item() as boolean;
  },
);

/** Whether both have one shape and equal elements. Gives a JavaScript boolean. NaN equals nothing. */
export const equal: JudgeOp = composite((x: AnyTensor, other: AnyTensor) => {
  if (!isTensor(other))
    throw new ArgumentError(`equal(): argument 'other' (position 2) must be Tensor, not ${typeof other}`);
  if (!sameShape(x.shape, other.shape)) return false;
  return x.detach().eq(other.detach()).all().item();
});

/** Tolerances of {@link isclose}. */
export interface ToleranceOptions {
  readonly rtol?: number;
  readonly atol?: number;
  readonly equalNan?: boolean;
}
