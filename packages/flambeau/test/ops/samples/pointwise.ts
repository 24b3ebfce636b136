// Inputs at which the derivatives of ops are checked: element by element, and special functions.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { binary, one, positive, tensors, unary, unit } from "./common.ts";

export const pointwise: Samples = {
  angle: [one([[2, 3]], (x) => x.angle())],
  clip: [one([[2, 3]], (x) => x.clip(-0.4, 0.4), { inplace: (x) => x.clip_(-0.4, 0.4) })],
  conj: [one([[2, 3]], (x) => x.conj().mul(1))],
  conjPhysical: [one([[2, 3]], (x) => x.conjPhysical().mul(1))],
  conjPhysical_: [one([[2, 3]], (x) => x.mul(1).conjPhysical_())],
  copysign: (op) => binary(positive)(op),
  deg2rad: unary(),
  rad2deg: unary(),
  erfc: unary(),
  erfinv: unary(unit),
  fill: [
    one([[2, 3], []], (x, v) => torch.fill(x, v)),
    one([[2, 3]], (x) => torch.fill(x, 2).mul(x), { name: "number" }),
  ],
  fix: unary(),
  fmax: tensors,
  fmin: tensors,
  frexp: [one([[2, 3]], (x) => x.frexp().mantissa, { domain: { low: 0.55, high: 0.95 } })],
  hypot: tensors,
  ldexp: tensors,
  logaddexp: tensors,
  logaddexp2: tensors,
  logit: [
    ...unary({ low: 0.1, high: 0.9 })("logit"),
    one([[2, 3]], (x) => x.logit(0.3), { name: "eps", domain: { low: 0.1, high: 0.9 } }),
  ],
  nanToNum: [one([[2, 3]], (x) => x.nanToNum(), { inplace: (x) => x.nanToNum_() })],
  positive: [one([[2, 3]], (x) => x.positive().mul(1))],
  real: [one([[2, 3]], (x) => x.real().mul(1))],
  resolveConj: [one([[2, 3]], (x) => x.resolveConj().mul(1))],
  resolveNeg: [one([[2, 3]], (x) => x.resolveNeg().mul(1))],
  round: [
    ...unary()("round"),
    one([[2, 3]], (x) => x.round({ decimals: 1 }), {
      name: "decimals",
      inplace: (x) => x.round_({ decimals: 1 }),
    }),
  ],
  sgn: unary(),
  sinc: unary(positive),
  xlogy: (op) => [
    ...binary(positive)(op),
    one([[2, 3]], (x) => torch.xlogy(2, x), { name: "number first", domain: positive }),
  ],
};

/** Ops whose derivatives are not known, which is what a backward pass through them says. */
export const underived: readonly string[] = ["heaviside", "nextafter"];
