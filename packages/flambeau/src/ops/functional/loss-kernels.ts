// Losses of single elements that need a kernel of their own: mixed errors, and the cross-entropy of two outcomes.
// Floor L4 (ops). Source: ATen/native/cpu/BinaryOpsKernel.cpp, ATen/native/Loss.cpp

import type { AnyTensor } from "../../tensor/tensor.ts";
import { elementwise } from "../define.ts";
import { where } from "../select.ts";
import type { CurveOp } from "./curve.ts";
import { curve } from "./curve.ts";

/** x^2 / (2 beta) for |x| < beta, |x| - beta / 2 from there on. */
export const smoothL1: CurveOp = curve({
  name: "smoothL1Loss",
  options: ["beta"],
  value: (k, x, beta) => {
    const d = k.abs(x);
    return k.select(k.lt(d, beta!), k.div(k.mul(k.mul(d, 0.5), d), beta!), k.sub(d, k.mul(beta!, 0.5)));
  },
  slope: (k, g, x, beta) =>
    k.select(k.le(x, k.neg(beta!)), k.neg(g), k.select(k.ge(x, beta!), g, k.div(k.mul(x, g), beta!))),
  bend: (x, { beta }) => where(x.abs().lt(beta), x.newFull([], 1 / beta), 0) as AnyTensor,
});

/** x^2 / 2 for |x| <= delta, delta (|x| - delta / 2) beyond. */
export const huber: CurveOp = curve({
  name: "huberLoss",
  options: ["delta"],
  value: (k, x, delta) => {
    const d = k.abs(x);
    return k.select(k.le(d, delta!), k.mul(k.mul(d, 0.5), d), k.mul(delta!, k.sub(d, k.mul(delta!, 0.5))));
  },
  slope: (k, g, x, delta) =>
    k.select(
      k.le(x, k.neg(delta!)),
      k.neg(k.mul(g, delta!)),
      k.select(k.ge(x, delta!), k.mul(g, delta!), k.mul(x, g)),
    ),
  bend: (x, { delta }) => where(x.abs().lt(delta), x.newOnes([]), 0) as AnyTensor,
});

type Two = (x: AnyTensor, target: AnyTensor) => AnyTensor;
type Three = (g: AnyTensor, x: AnyTensor, target: AnyTensor) => AnyTensor;

/** -(t log x + (1 - t) log(1 - x)); logarithms are held above -100, and x (1 - x) in the gradient above 1e-12. */
export const binaryEntropy: Two = elementwise({
  name: "binaryCrossEntropy",
  operands: 2,
  refuses: ["bool", "int"],
  lower: (k, x, t) =>
    k.sub(k.mul(k.sub(t!, 1), k.max(k.log1p(k.neg(x!)), -100)), k.mul(t!, k.max(k.log(x!), -100))),
  vjp: [(g, s) => entropySlope(g, s.a, s.b), (g, s) => g.mul(s.a.neg().log1p().sub(s.a.log()))],
});

const entropySlope: Three = elementwise({
  name: "binaryCrossEntropyBackward",
  operands: 3,
  lower: (k, g, x, t) => k.mul(g!, k.div(k.sub(x!, t!), k.max(k.mul(k.sub(1, x!), x!), 1e-12))),
  vjp: [
    (g, s) => entropySlope(g, s.b, s.c),
    (g, s) => {
      const spread: AnyTensor = s.b.mul(s.b.neg().add(1)).clampMin(1e-12);
      return g
        .mul(s.a)
        .mul(s.b.square().sub(s.b.mul(s.c).mul(2)).add(s.c))
        .div(spread.square());
    },
    (g, s) =>
      g
        .mul(s.a)
        .div(s.b.mul(s.b.neg().add(1)).clampMin(1e-12))
        .neg(),
  ],
});
