// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { binary, mask, one, positive, tensors } from "./common.ts";

export const arithmetic: Samples = {
  add: (op) => [
    ...binary()(op),
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => x.add(y, { alpha: -2.5 }),
      { inplace: (x, y) => x.add_(y, { alpha: -2.5 }) },
    ),
  ],
  sub: (op) => [
    ...binary()(op),
    one([[2, 3], [3]], (x, y) => x.sub(y, { alpha: 3 }), { inplace: (x, y) => x.sub_(y, { alpha: 3 }) }),
  ],
  rsub: [
    one([[2, 3], [3]], (x, y) => torch.rsub(x, y, { alpha: 3 })),
    one([[2, 3]], (x) => torch.rsub(x, 2), { name: "number" }),
  ],
  mul: binary(),
  div: binary(positive),
  trueDivide: binary(positive),
  atan2: tensors,
  maximum: tensors,
  minimum: tensors,
  fmod: binary(positive),
  remainder: binary(positive),
  clampMin: binary(),
  clampMax: binary(),
  pow: (op) => [
    ...binary(positive)(op),
    ...[0, 0.5, 1, 2, 3, -0.5, -1, -2, 1.3].map((p) =>
      one([[2, 3]], (x) => x.pow(p), { name: `exponent ${p}`, domain: positive, inplace: (x) => x.pow_(p) }),
    ),
    one([[2, 3]], (x) => torch.pow(2, x), { name: "base 2" }),
    one([[2, 3]], (x) => x.pow(3), { name: "negative base" }),
  ],
  addcmul: [
    one([[2, 3], [3], [2, 1]], (x, a, b) => x.addcmul(a, b, { value: 0.7 }), {
      inplace: (x, a, b) => x.addcmul_(a, b),
    }),
  ],
  addcdiv: [
    one([[2, 3], [3], [2, 1]], (x, a, b) => x.addcdiv(a, b, { value: 0.7 }), {
      domain: positive,
      inplace: (x, a, b) => x.addcdiv_(a, b),
    }),
  ],
  lerp: [
    one([[2, 3], [3], [2, 1]], (x, a, w) => x.lerp(a, w), { inplace: (x, a, w) => x.lerp_(a, w) }),
    one([[2, 3], [3]], (x, a) => x.lerp(a, 0.8), { name: "number", inplace: (x, a) => x.lerp_(a, 0.8) }),
  ],
  clamp: [
    one([[2, 3]], (x) => x.clamp(-0.4, 0.4), { inplace: (x) => x.clamp_(-0.4, 0.4) }),
    one([[2, 3], [3], [1]], (x, a, b) => x.clamp(a, b), { name: "tensors" }),
    one([[2, 3]], (x) => x.clamp(null, 0.2), { name: "one bound" }),
  ],
  where: [
    one([[2, 3], [3]], (x, y) => torch.where(mask, x, y)),
    one([[2, 3]], (x) => torch.where(mask, x, 2), { name: "number" }),
    one([[1, 3], []], (x, y) => torch.where(mask, x, y), { name: "broadcast" }),
  ],
};
