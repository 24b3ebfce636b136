// The normal distribution, the error function scaled, and entropies.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

import { isTensor } from "../../tensor/tensor.ts";
import { elementwise } from "../define.ts";
import { logFactor } from "../log-factor.ts";
import type { FloatOfTwo, UnaryFloatOnly } from "../signatures.ts";
import { erfcOf, erfcxOf, ndtriOf } from "./erf-expressions.ts";

const rootTwoPi = Math.sqrt(2 * Math.PI);

/** e^(x^2) erfc(x), which does not vanish where erfc(x) does. */
export const erfcx: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => erfcxOf(k, x!),
  saves: "both",
  vjp: [
    (g, s) =>
      g.mul(
        s.x
          .mul(s.y)
          .mul(2)
          .sub(2 / Math.sqrt(Math.PI)),
      ),
  ],
});

/** The fraction of the standard normal distribution that lies below x. */
export const ndtr: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => k.mul(erfcOf(k, k.mul(x!, -Math.SQRT1_2)), 0.5),
  vjp: [(g, s) => g.mul(s.x.square().mul(-0.5).exp().div(rootTwoPi))],
});

/** The logarithm of {@link ndtr}. */
export const logNdtr: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => {
    const t = k.mul(x!, Math.SQRT1_2);
    const below = k.sub(k.log(k.mul(erfcxOf(k, k.neg(t)), 0.5)), k.mul(t, t));
    return k.select(k.lt(x!, -1), below, k.log1p(k.mul(erfcOf(k, t), -0.5)));
  },
  vjp: [(g, s) => g.div(erfcx(s.x.mul(-Math.SQRT1_2))).mul(Math.sqrt(2 / Math.PI))],
});

/** The x below which a fraction p of the standard normal distribution lies; NaN outside of 0..1. */
export const ndtri: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, p) => ndtriOf(k, p!),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.square().mul(0.5).exp().mul(rootTwoPi))],
});

/** -x log(x); 0 at 0, -inf below. */
export const entr: UnaryFloatOnly = elementwise({
  operands: 1,
  result: "float",
  inplace: false,
  lower: (k, x) => {
    const number = (v: number) => k.const(v, x!.dtype);
    const positive = k.mul(k.neg(x!), k.log(x!));
    return k.select(k.lt(x!, 0), number(-Infinity), k.select(k.eq(x!, 0), number(0), positive));
  },
  vjp: [(g, s) => g.mul(s.x.log().neg().sub(1))],
});

/** `a * log(1 + b)`; 0 where a is 0, whatever b (except NaN) is. Either may be a number. */
export const xlog1py: FloatOfTwo<"xlog1py"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  result: "float",
  inplace: false,
  lower: (k, a, b) =>
    k.select(k.and(k.eq(a!, 0), k.eq(b!, b!)), k.const(0, a!.dtype), k.mul(a!, k.log1p(b!))),
  vjp: [
    (g, s) => logFactor(g, s.a, s.b, isTensor(s.b) ? s.b.log1p() : Math.log1p(s.b), -1),
    (g, s) => g.mul(s.a).div(s.b.add(1)),
  ],
});
