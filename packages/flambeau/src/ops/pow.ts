// Powers and roots.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.pow.html

import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError } from "../base/errors.ts";
import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { OperandArg } from "../tensor/operands.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { eq, ge, logicalAnd } from "./compare.ts";
import { composite, elementwise } from "./define.ts";
import { where } from "./select.ts";
import type { Binary, BinaryEither, FloatPower, OpFn, Unary, UnaryFloat } from "./signatures.ts";

/** `x * x`; of bools, an integer. */
export const square: Unary = elementwise({
  operands: 1,
  result: "number",
  lower: (k, x) => k.mul(x!, x!),
  vjp: [(g, s) => doubleProduct(s.x, g)],
});

// 2 x g, with 2 x rounded first (which it is exactly): one kernel where two ops would be two.
const doubleProduct: Binary = elementwise({
  name: "square",
  operands: 2,
  lower: (k, x, g) => k.mul(k.mul(x!, 2), g!),
  vjp: [(up, s) => doubleProduct(s.b, up), (up, s) => doubleProduct(s.a, up)],
});

/** Square root; NaN below 0. */
export const sqrt: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.sqrt(x!),
  saves: "output",
  vjp: [(g, s) => g.div(s.y.mul(2))],
});

/** 1 / sqrt(x) */
export const rsqrt: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.div(1, k.sqrt(x!)),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.mul(s.y).mul(s.y).mul(-0.5))],
});

/** 1 / x */
export const reciprocal: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.div(1, x!),
  saves: "output",
  vjp: [(g, s) => g.neg().mul(s.y).mul(s.y)],
});

const generalPow: BinaryEither<"pow"> = elementwise({
  name: "pow",
  operands: 2,
  refuses: ["bool"],
  numberFirst: "beside",
  lower: (k, a, b) => (isFloat(a!.dtype) ? k.pow(a!, b!) : integerPow(k, a!, b!)),
  saves: "both",
  vjp: [
    // An exponent of 0 has gradient 0 everywhere, even where a^(b-1) is infinite.
    (g, s) =>
      isTensor(s.b)
        ? where(eq(s.b, 0), 0, g.mul(s.b).mul(pow(s.a, s.b.sub(1))))
        : s.b === 0
          ? g.zerosLike()
          : g.mul(s.b).mul(pow(s.a, s.b - 1)),
    // d/db a^b = a^b log a, and 0 where a = 0 and b >= 0.
    (g, s) => {
      if (isTensor(s.a)) return where(logicalAnd(eq(s.a, 0), ge(s.b, 0)), 0, g.mul(s.y).mul(s.a.log()));
      const grad = g.mul(s.y).mul(Math.log(s.a));
      return s.a === 0 ? where(ge(s.b, 0), 0, grad) : grad;
    },
  ],
});

// By squaring, one step for each bit of the exponent: powers of odd numbers wrap, but never vanish.
function integerPow(k: ExprBuilder, a: Expr, b: Expr): Expr {
  const number = (v: number): Expr => k.const(v, a.dtype);
  let result = number(1);
  let power = a;
  const bits = { uint8: 8, int32: 31, int64: 63 }[a.dtype as "int32"];
  for (let bit = 0; bit < bits; bit++) {
    result = k.select(k.ne(k.and(b, 2 ** bit), 0), k.mul(result, power), result);
    if (bit < bits - 1) power = k.mul(power, power);
  }
  // a^-n cut to an integer is 0, unless a is 1 or -1.
  const sign = k.select(k.ne(k.and(b, 1), 0), number(-1), number(1));
  const ones = k.select(k.eq(a, 1), number(1), k.select(k.eq(a, -1), sign, number(0)));
  return k.select(k.lt(b, 0), ones, result);
}

/**
 * a^b, element by element. The exponents 0.5, 1, 2, 3, -0.5, -1 and -2 are computed by roots and products, as in PyTorch.
 * @throws RuntimeError for a negative whole number as exponent of an integer tensor.
 */
export const pow: BinaryEither<"pow"> = composite(
  (a: OperandArg, b: OperandArg) => {
    if (!isTensor(a) || typeof b !== "number") return generalPow(a as AnyTensor, b as AnyTensor);
    if (!isFloat(a.dtype)) {
      if (b < 0 && Number.isInteger(b))
        throw new RuntimeError("pow: Integers to negative integer powers are not allowed.");
      return b === 2 && a.dtype !== "bool" ? square(a) : generalPow(a, b);
    }
    switch (b) {
      case 1:
        return a.mul(1);
      case 2:
        return square(a);
      case 3:
        return square(a).mul(a);
      case 0.5:
        return sqrt(a);
      case -0.5:
        return rsqrt(a);
      case -1:
        return reciprocal(a);
      case -2:
        return reciprocal(square(a));
      default:
        return generalPow(a, b);
    }
  },
  { inplace: true },
);

/** a^b in float64, whatever the dtypes of both are. In place, the tensor must be float64. */
export const floatPower: FloatPower = composite((a: OperandArg, b: OperandArg) => {
  if (!isTensor(a) && !isTensor(b))
    throw new ArgumentError("floatPower(): one of both arguments must be a Tensor");
  const wide = (x: OperandArg): OperandArg => (isTensor(x) ? x.to("float64") : Number(x));
  return pow(wide(a) as AnyTensor, wide(b) as AnyTensor);
});
/** {@link floatPower} in place. @throws DTypeError unless the tensor is float64. */
export const floatPower_: OpFn<[exponent: OperandArg], "self"> = composite((a: AnyTensor, b: OperandArg) => {
  if (a.dtype !== "float64")
    throw new DTypeError(
      "floatPower_",
      `the base given to floatPower_ has dtype ${a.dtype} but the operation's result requires dtype float64`,
    );
  return a.pow_(isTensor(b) ? b.to("float64") : Number(b));
});
