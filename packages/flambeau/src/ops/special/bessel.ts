// Bessel functions, modified ones, Airy's function.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

import type { DType } from "../../base/dtype.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { elementwise } from "../define.ts";
import type { UnaryFloatOnly } from "../signatures.ts";
import * as scalar from "./bessel-functions.ts";
import { besselI } from "./bessel-i.ts";

const host = (f: (dtype: DType) => (x: number) => number): UnaryFloatOnly =>
  elementwise({ operands: 1, result: "float", inplace: false, host: f });

/** The Bessel function of the first kind of order 0. */
export const besselJ0: UnaryFloatOnly = host(scalar.besselJ0);
/** The Bessel function of the first kind of order 1. */
export const besselJ1: UnaryFloatOnly = host(scalar.besselJ1);
/** The Bessel function of the second kind of order 0; NaN below 0. */
export const besselY0: UnaryFloatOnly = host(scalar.besselY0);
/** The Bessel function of the second kind of order 1; NaN below 0. */
export const besselY1: UnaryFloatOnly = host(scalar.besselY1);
/** The modified Bessel function of the second kind of order 0; NaN below 0. */
export const modifiedBesselK0: UnaryFloatOnly = host(scalar.modifiedBesselK0);
/** The modified Bessel function of the second kind of order 1; NaN below 0. */
export const modifiedBesselK1: UnaryFloatOnly = host(scalar.modifiedBesselK1);
/** e^x times {@link modifiedBesselK0}. */
export const scaledModifiedBesselK0: UnaryFloatOnly = host(scalar.scaledModifiedBesselK0);
/** e^x times {@link modifiedBesselK1}. */
export const scaledModifiedBesselK1: UnaryFloatOnly = host(scalar.scaledModifiedBesselK1);
/** Airy's function Ai. */
export const airyAi: UnaryFloatOnly = host(scalar.airyAi);

/** The spherical Bessel function of the first kind of order 0: sin(x) / x, 1 at 0. */
export const sphericalBesselJ0: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => {
    const number = (v: number) => k.const(v, x!.dtype);
    const infinite = k.eq(k.abs(x!), Infinity);
    return k.select(k.eq(x!, 0), number(1), k.select(infinite, number(0), k.div(k.sin(x!), x!)));
  },
});

// ---- the modified functions of the first kind ---------------------------------------------------------------------

/** The derivative of I1 is I0 - I1 / x, which is 1/2 at 0; PyTorch says so of NaN, too. */
const withoutPole = (slope: AnyTensor, x: AnyTensor): AnyTensor =>
  slope.maskedFill(x.abs().gt(0).logicalNot(), 0.5);

/** The modified Bessel function of the first kind of order 1. */
export const i1: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => besselI(k, 1, false, x!),
  saves: "both",
  vjp: [(g, s) => g.mul(withoutPole(s.x.i0().sub(s.y.div(s.x)), s.x))],
});

/** e^-|x| times {@link i0}. */
export const i0e: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => besselI(k, 0, true, x!),
  saves: "both",
  vjp: [(g, s) => g.mul(i1e(s.x).sub(s.x.sign().mul(s.y)))],
});

/** e^-|x| times {@link i1}. */
export const i1e: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => besselI(k, 1, true, x!),
  saves: "both",
  vjp: [(g, s) => g.mul(withoutPole(i0e(s.x).sub(s.y.mul(s.x.sign().add(s.x.reciprocal()))), s.x))],
});

/** The same as `i0`, without a gradient. */
export const modifiedBesselI0: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => besselI(k, 0, false, x!),
});
/** The same as {@link i1}, without a gradient. */
export const modifiedBesselI1: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => besselI(k, 1, false, x!),
});
