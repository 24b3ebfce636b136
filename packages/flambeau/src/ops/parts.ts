// Of which parts a number consists: sign, size, mantissa and exponent; and what complex numbers would have besides.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import type { DType } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { DTypeError, RuntimeError } from "../base/errors.ts";
import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { alias, composite, elementwise, op } from "./define.ts";
import { sign } from "./math.ts";
import type {
  BinaryFloat,
  CloneOp,
  Frexp,
  OpFn,
  SelfOp,
  Unary,
  UnaryBool,
  UnaryFloat,
  UnaryFloatOnly,
  UnaryWith,
} from "./signatures.ts";

/** Whether the sign is negative, that of -0 included. The sign of NaN is not seen. */
const negative = (k: ExprBuilder, x: Expr): Expr =>
  isFloat(x.dtype) ? k.or(k.lt(x, 0), k.lt(k.div(1, x), 0)) : k.lt(x, 0);

/** Whether the sign bit is set: below 0, and -0. Differs from PyTorch: false for every NaN. */
export const signbit: UnaryBool = elementwise({
  operands: 1,
  result: "bool",
  inplace: false,
  lower: (k, x) => (x!.dtype === "bool" ? k.and(x!, k.not(x!)) : negative(k, x!)),
});

/** The size of the first operand with the sign of the second; -0 is negative. */
export const copysign: BinaryFloat<"copysign"> = elementwise({
  operands: 2,
  result: "float",
  lower: (k, a, b) => k.select(negative(k, b!), k.neg(k.abs(a!)), k.abs(a!)),
  saves: "both",
  vjp: [(g, s) => g.mul(s.y.div(s.a).maskedFill(s.a.eq(0), 0)), (g) => g.zerosLike()],
});

/** -1, 0 or 1; of real numbers the same as {@link sign}. */
export const sgn: Unary = alias(sign);

/** The angle in the complex plane: 0, or pi below 0. NaN stays. */
export const angle: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  saves: "shapes",
  lower: (k, x) =>
    k.select(k.ne(x!, x!), x!, k.select(k.lt(x!, 0), k.const(Math.PI, x!.dtype), k.const(0, x!.dtype))),
  vjp: [(g) => g.zerosLike()],
});

/** The mantissa (0.5 <= |m| < 1, or 0) and the exponent, an int32, with `x = mantissa * 2^exponent`. @throws for integers. */
export const frexp: Frexp = op({
  fields: ["mantissa", "exponent"],
  forward: (x: AnyTensor) => {
    if (!isFloat(x.dtype))
      throw new RuntimeError(`torch.frexp() only supports floating-point dtypes, not ${x.dtype}`);
    const from = x.contiguous();
    const n = x.numel();
    const mantissa = new dtypes[x.dtype as DType].array(n);
    const exponent = new Int32Array(n);
    const data = from.storage.data as Float64Array;
    for (let i = 0; i < n; i++) {
      const v = data[from.offset + i]!;
      let e = v === 0 || !Number.isFinite(v) ? 0 : Math.floor(Math.log2(Math.abs(v))) + 1;
      // In two steps, since 2^-e may overflow; the logarithm may have been rounded up to the next integer.
      let m = e === 0 ? v : v * 2 ** -Math.trunc(e / 2) * 2 ** -(e - Math.trunc(e / 2));
      for (; Math.abs(m) >= 1 && Number.isFinite(m); e++) m /= 2;
      for (; Math.abs(m) < 0.5 && m !== 0; e--) m *= 2;
      mantissa[i] = m;
      exponent[i] = e;
    }
    return [fresh(mantissa, x.shape, x.dtype), fresh(exponent, x.shape, "int32")];
  },
  saves: "output",
  multiVjp: ([g], s) => [g ? g.div(s.result(1).to(g.dtype).exp2()) : null],
});

// ---- infinities and NaN ----------------------------------------------------------------------------------------

/** Whether elements are +inf. */
export const isposinf: UnaryBool = elementwise({
  operands: 1,
  result: "bool",
  inplace: false,
  lower: (k, x) => (isFloat(x!.dtype) ? k.eq(x!, Infinity) : k.ne(x!, x!)),
});
/** Whether elements are -inf. */
export const isneginf: UnaryBool = elementwise({
  operands: 1,
  result: "bool",
  inplace: false,
  lower: (k, x) => (isFloat(x!.dtype) ? k.eq(x!, -Infinity) : k.ne(x!, x!)),
});

/** Options of {@link nanToNum}. */
interface Replacements {
  /** What NaN becomes. Default 0. */
  readonly nan?: number | null;
  /** What +inf becomes. Default: the largest number of the dtype. */
  readonly posinf?: number | null;
  /** What -inf becomes. Default: the smallest number of the dtype. */
  readonly neginf?: number | null;
}

const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

const replaced: UnaryWith<Replacements> = elementwise({
  name: "nanToNum",
  operands: 1,
  options: ["nan", "posinf", "neginf"],
  lower: (k, x, nan, high, low) => {
    if (!isFloat(x!.dtype)) return x!;
    const dtype = x!.dtype as keyof typeof largest;
    const number = (given: Expr | undefined, otherwise: number): Expr => given ?? k.const(otherwise, dtype);
    const top = k.select(k.eq(x!, Infinity), number(high, largest[dtype]), x!);
    const both = k.select(k.eq(x!, -Infinity), number(low, -largest[dtype]), top);
    return k.select(k.ne(x!, x!), number(nan, 0), both);
  },
  vjp: [(g, s) => g.mul(s.x.isfinite())],
});

/** Numbers in place of NaN (default 0) and of the infinities (default: the largest and smallest of the dtype). */
export const nanToNum: OpFn<
  [nan?: number | null, posinf?: number | null, neginf?: number | null],
  "sameInplace"
> = composite(
  (x: AnyTensor, nan?: number | null, posinf?: number | null, neginf?: number | null) =>
    replaced(x, { nan: nan ?? null, posinf: posinf ?? null, neginf: neginf ?? null }),
  { inplace: true },
);

// ---- what complex numbers would have ----------------------------------------------------------------------------

/** The tensor itself, as `+x`. @throws RuntimeError for bool. */
export const positive: CloneOp = composite((x: AnyTensor) => {
  if (x.dtype === "bool")
    throw new DTypeError("positive", "The `+` operator, on a bool tensor is not supported.");
  return x;
});
/** The real part: the tensor itself. */
export const real: CloneOp = composite((x: AnyTensor) => x);
/** The complex conjugate: of real numbers, the tensor itself. */
export const conj: CloneOp = composite((x: AnyTensor) => x);
/** The complex conjugate in memory: of real numbers, the tensor itself. */
export const conjPhysical: CloneOp = composite((x: AnyTensor) => x);
/** The complex conjugate in place: of real numbers, nothing changes. */
export const conjPhysical_: SelfOp = composite((x: AnyTensor) => x);
/** A conjugate that is computed: the tensor itself. */
export const resolveConj: CloneOp = composite((x: AnyTensor) => x);
/** A negative that is computed: the tensor itself. */
export const resolveNeg: CloneOp = composite((x: AnyTensor) => x);
/** Whether elements are real numbers: always. */
export const isreal: UnaryBool = elementwise({
  operands: 1,
  result: "bool",
  inplace: false,
  lower: (k, x) => k.or(k.eq(x!, x!), k.ne(x!, x!)),
});

// ---- angles ----------------------------------------------------------------------------------------------------

const factor = (by: number): UnaryFloat =>
  elementwise({
    operands: 1,
    result: "float",
    saves: "shapes",
    lower: (k, x) => k.mul(x!, by),
    vjp: [(g) => g.mul(by)],
  });
/** Degrees to radians: x pi / 180 */
export const deg2rad: UnaryFloat = factor(Math.PI / 180);
/** Radians to degrees: x 180 / pi */
export const rad2deg: UnaryFloat = factor(180 / Math.PI);
