// The error function and its kin, with what statistics needs beside them.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

import type { AnyTensor } from "../tensor/tensor.ts";
import { composite, elementwise } from "./define.ts";
import type { LogitOp, UnaryFloat, UnaryFloatWith } from "./signatures.ts";
import { erfcOf, erfinvOf } from "./special/erf-expressions.ts";

const gaussian = (x: AnyTensor, factor: number): AnyTensor => x.square().neg().exp().mul(factor);
const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/** 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x */
export const erf: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => k.erf(x!),
  vjp: [(g, s) => g.mul(gaussian(s.x, twoOverRootPi))],
});

/** 1 - erf(x), exact where that is small. */
export const erfc: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => erfcOf(k, x!),
  vjp: [(g, s) => g.mul(gaussian(s.x, -twoOverRootPi))],
});

/** The x with erf(x) = y: infinite at -1 and 1, NaN outside of -1..1. */
export const erfinv: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, y) => erfinvOf(k, y!),
  saves: "output",
  vjp: [(g, s) => g.mul(s.y.square().exp().div(twoOverRootPi))],
});

const clamped: UnaryFloatWith<{ eps?: number }> = elementwise({
  name: "logit",
  operands: 1,
  options: ["eps"],
  result: "float",
  lower: (k, x, eps) => {
    const z = eps ? k.min(k.max(x!, eps), k.sub(1, eps)) : x!;
    return k.log(k.div(z, k.sub(1, z)));
  },
  vjp: [
    (g, s) => {
      const { x } = s;
      const eps: number | null = s.at(1)?.eps ?? null;
      const slope = g.div(x.mul(x.neg().add(1)));
      // Flat where it was limited; without limits there is nothing outside of 0..1.
      const inside = eps === null ? x.ge(0).logicalAnd(x.le(1)) : x.ge(eps).logicalAnd(x.le(1 - eps));
      return slope.maskedFill(inside.logicalNot(), eps === null ? Number.NaN : 0);
    },
  ],
});
/** log(x / (1 - x)), the inverse of sigmoid. With `eps`, x is first limited to eps..1 - eps; else NaN outside of 0..1. */
export const logit: LogitOp = composite(
  (x: AnyTensor, eps?: number | null) =>
    eps === undefined || eps === null || eps < 0 ? clamped(x) : clamped(x, { eps }),
  { inplace: true },
);

/** sin(pi x) / (pi x), 1 at 0. */
export const sinc: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => {
    const t = k.mul(x!, Math.PI);
    return k.select(k.eq(x!, 0), k.const(1, x!.dtype), k.div(k.sin(t), t));
  },
  vjp: [
    (g, s) => {
      const t = s.x.mul(Math.PI);
      const slope = t.cos().mul(t).sub(t.sin()).div(t.mul(s.x));
      return g.mul(slope.maskedFill(s.x.eq(0), 0));
    },
  ],
});
