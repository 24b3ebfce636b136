// The modified Bessel function that tensors have as a method; the others are in special/bessel.ts.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

import { elementwise } from "./define.ts";
import type { UnaryFloat } from "./signatures.ts";
import { i1 } from "./special/bessel.ts";
import { besselI } from "./special/bessel-i.ts";

/** The modified Bessel function of the first kind of order 0. */
export const i0: UnaryFloat = elementwise({
  operands: 1,
  result: "float",
  lower: (k, x) => besselI(k, 0, false, x!),
  vjp: [(g, s) => g.mul(i1(s.x))],
});
