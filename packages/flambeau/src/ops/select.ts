// Elementwise choices: where, clamp, extrema of two operands, interpolation.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import { isFloat } from "../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../base/errors.ts";
import type { OperandArg } from "../tensor/operands.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { requireSameDType } from "./checks.ts";
import { eq, ge, gt, le, lt } from "./compare.ts";
import { alias, composite, elementwise } from "./define.ts";
import type { Binary, BinaryTensorsOnly, Clamp, Operand, Ternary, Where } from "./signatures.ts";

const choose: Where = elementwise({
  name: "where",
  operands: 3,
  lower: (k, c, a, b) => k.select(k.ne(c!, 0), a!, b!),
  vjp: [null, (g, s) => choose(s.a, g, 0), (g, s) => choose(s.a, 0, g)],
});

/**
 * `condition ? a : b`, element by element, with broadcasting. The method is that of `a`: `a.where(condition, b)`.
 * `where(condition)` alone lists the places where it is true: {@link nonzero} with `asTuple`.
 * @throws RuntimeError unless the condition is bool or uint8.
 */
export const where: Where = composite(
  (condition: AnyTensor, a?: OperandArg, b?: OperandArg) => {
    if (a === undefined && b === undefined) return condition.nonzero({ asTuple: true });
    if (condition.dtype !== "bool" && condition.dtype !== "uint8")
      throw new RuntimeError(
        `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`,
      );
    // Only the choices have a say in the dtype of the result.
    return choose(condition.to("bool"), a as AnyTensor, b as AnyTensor);
  },
  { methodForm: (a: AnyTensor, condition: AnyTensor, b: OperandArg) => where(condition, a, b as AnyTensor) },
);

/** The larger of both; NaN if either is. Where both are equal, each gets half of the gradient. */
export const maximum: BinaryTensorsOnly<"maximum"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  lower: (k, a, b) => (a!.dtype === "bool" ? k.or(a!, b!) : k.max(a!, b!)),
  vjp: [(g, s) => share(g, lt(s.a, s.b), eq(s.a, s.b)), (g, s) => share(g, gt(s.a, s.b), eq(s.a, s.b))],
});

/** The smaller of both; NaN if either is. */
export const minimum: BinaryTensorsOnly<"minimum"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  lower: (k, a, b) => (a!.dtype === "bool" ? k.and(a!, b!) : k.min(a!, b!)),
  vjp: [(g, s) => share(g, gt(s.a, s.b), eq(s.a, s.b)), (g, s) => share(g, lt(s.a, s.b), eq(s.a, s.b))],
});

// Beside NaN neither loses, and both get the gradient.
const share = (g: AnyTensor, loses: AnyTensor, ties: AnyTensor): AnyTensor =>
  choose(loses, 0, choose(ties, g.mul(0.5), g));

/** `max(x, bound)`; the gradient passes where x >= bound. */
export const clampMin: Binary<"clampMin"> = elementwise({
  operands: 2,
  lower: (k, x, bound) => k.max(x!, bound!),
  vjp: [(g, s) => g.mul(ge(s.a, s.b)), (g, s) => g.mul(lt(s.a, s.b))],
});

/** `min(x, bound)`; the gradient passes where x <= bound. */
export const clampMax: Binary<"clampMax"> = elementwise({
  operands: 2,
  lower: (k, x, bound) => k.min(x!, bound!),
  vjp: [(g, s) => g.mul(le(s.a, s.b)), (g, s) => g.mul(gt(s.a, s.b))],
});

/** `min(max(x, min), max)`: limits elements to a range; either bound may be null. @throws RuntimeError if both are. */
export const clamp: Clamp = composite(
  (x: AnyTensor, min?: OperandArg | null, max?: OperandArg | null) => {
    const low = min ?? null;
    const high = max ?? null;
    if (low === null && high === null)
      throw new RuntimeError("clamp: At least one of 'min' or 'max' must not be None");
    if (
      low !== null &&
      high !== null &&
      isTensor(low) !== isTensor(high) &&
      !isZeroDim(low) &&
      !isZeroDim(high)
    )
      throw new ArgumentError("clamp(): 'min' and 'max' must both be Tensors, or both numbers");
    const raised = low === null ? x : clampMin(x, low as number);
    return high === null ? raised : clampMax(raised, high as number);
  },
  { inplace: true },
);

const isZeroDim = (x: OperandArg): boolean => isTensor(x) && x.ndim === 0;

/** The same as {@link clamp}. */
export const clip: Clamp<"clip"> = alias(clamp);

/** `start + weight * (end - start)`; from the end where weight >= 0.5, so that weight 1 gives exactly `end`. */
export const lerp: Ternary<"lerp", object, Operand> = elementwise({
  operands: 3,
  tensors: 2,
  check: requireSameDType,
  refuses: ["bool", "int"],
  lower: (k, a, b, w) => {
    const d = k.sub(b!, a!);
    const near = k.add(a!, k.mul(w!, d));
    const far = k.sub(b!, k.mul(d, k.sub(1, w!)));
    return k.select(k.lt(k.abs(w!), 0.5), near, far);
  },
  vjp: [
    (g, s) => g.mul(isTensor(s.c) ? s.c.neg().add(1) : 1 - s.c),
    (g, s) => g.mul(s.c),
    (g, s) => g.mul(s.b.sub(s.a)),
  ],
});

/** Option of {@link addcmul} and {@link addcdiv}. */
interface ValueOption {
  /** Factor of the second summand. Default 1. */
  readonly value?: number;
}

/** `input + value * tensor1 * tensor2`; `value` defaults to 1. */
export const addcmul: Ternary<"addcmul", ValueOption> = elementwise({
  operands: 3,
  tensors: 3,
  options: ["value"],
  cutsOptions: true,
  refuses: ["bool"],
  lower: (k, x, a, b, value) => k.add(x!, value ? k.mul(k.mul(value, a!), b!) : k.mul(a!, b!)),
  vjp: [
    (g) => g,
    (g, s) => g.mul(s.c).mul(s.at(3)?.value ?? 1),
    (g, s) => g.mul(s.b).mul(s.at(3)?.value ?? 1),
  ],
});

/** `input + value * tensor1 / tensor2`; `value` defaults to 1. */
export const addcdiv: Ternary<"addcdiv", ValueOption> = elementwise({
  operands: 3,
  tensors: 3,
  options: ["value"],
  refuses: ["bool", "int"],
  check: (_, [, a, b]) => {
    if (isTensor(a) && isTensor(b) && !isFloat(a.dtype) && !isFloat(b.dtype))
      throw new RuntimeError(
        "addcdiv: Integer division with addcdiv is no longer supported; convert one of both to a float, or use div with a roundingMode",
      );
  },
  lower: (k, x, a, b, value) => k.add(x!, value ? k.mul(value, k.div(a!, b!)) : k.div(a!, b!)),
  vjp: [
    (g) => g,
    (g, s) => g.mul(s.at(3)?.value ?? 1).div(s.c),
    (g, s) =>
      g
        .neg()
        .mul(s.at(3)?.value ?? 1)
        .mul(s.b)
        .div(s.c)
        .div(s.c),
  ],
});
