// The logarithm of the gamma function, its derivatives, and the incomplete gamma functions.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

import { ArgumentError, DTypeError, RuntimeError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { noDerivative } from "./checks.ts";
import { composite, elementwise } from "./define.ts";
import type { BinaryTensors, MvlgammaOp, PolygammaOp, UnaryFloat, UnaryFloatWith } from "./signatures.ts";
import { digammaOf, lgammaOf } from "./special/gamma-expressions.ts";
import * as scalar from "./special/gamma-functions.ts";

/** log |gamma(x)|; infinite at 0, -1, -2, … */
export const lgamma: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  host: (dtype) => (dtype === "float32" ? null : scalar.lgamma),
  lower: (k, x) => lgammaOf(k, x!),
  vjp: [(g, s) => g.mul(digamma(s.x))],
});

/** The derivative of {@link lgamma}; NaN at -1, -2, … */
export const digamma: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  host: (dtype) => (dtype === "float32" ? null : scalar.digamma),
  lower: (k, x) => digammaOf(k, x!),
  vjp: [(g, s) => g.mul(polygamma(1, s.x))],
});

const derivative: UnaryFloatWith<{ n: number }> = elementwise({
  name: "polygamma",
  operands: 1,
  options: ["n"],
  result: "float",
  host: scalar.polygammaOf,
  vjp: [(g, s) => g.mul(polygamma(s.at(1).n + 1, s.x))],
});
/**
 * Derivative n of {@link digamma}; the method is that of x: `x.polygamma(n)`.
 * @throws ArgumentError unless n is an integer; RuntimeError if it is negative.
 */
export const polygamma: PolygammaOp = composite(
  (n: number, x: AnyTensor) => {
    if (!Number.isInteger(n))
      throw new ArgumentError(
        `polygamma(): argument 'n' must be an integer, not ${isTensor(n) ? "a Tensor" : n}`,
      );
    if (n < 0) throw new RuntimeError(`polygamma(n, x) does not support negative n, got ${n}`);
    return n === 0 ? digamma(x) : derivative(x, { n });
  },
  { methodForm: (x: AnyTensor, n: number) => polygamma(n, x), inplace: true },
);

/** The logarithm of the multivariate gamma function of dimension p: p (p - 1) / 4 log(pi) + sum of lgamma(x - i / 2), i < p. */
export const mvlgamma: MvlgammaOp = composite(
  (x: AnyTensor, p: number) => {
    if (x.dtype === "bool") throw new DTypeError("mvlgamma", "The input tensor may not be a boolean tensor.");
    if (!Number.isInteger(p) || p < 1)
      throw new RuntimeError(`mvlgamma: p has to be an integer greater than or equal to 1, got ${p}`);
    let sum: AnyTensor = x.lgamma();
    for (let i = 1; i < p; i++) sum = sum.add(x.sub(i / 2).lgamma());
    return sum.add(((p * (p - 1)) / 4) * Math.log(Math.PI));
  },
  { inplace: true },
);

/** Derivative of both incomplete functions by x: x^(a - 1) e^-x / gamma(a). */
const density = (a: AnyTensor, x: AnyTensor): AnyTensor => a.sub(1).mul(x.log()).sub(x).sub(a.lgamma()).exp();

/** The regularised lower incomplete gamma function: the integral of t^(a - 1) e^-t from 0 to x, over gamma(a). */
export const igamma: BinaryTensors<"igamma"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "int"],
  host: () => scalar.igamma,
  vjp: [noDerivative("igamma: input"), (g, s) => g.mul(density(s.a, s.b))],
});

/** 1 - igamma(a, x), exact where that is small. */
export const igammac: BinaryTensors<"igammac"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "int"],
  host: () => scalar.igammac,
  vjp: [noDerivative("igammac: input"), (g, s) => g.neg().mul(density(s.a, s.b))],
});
