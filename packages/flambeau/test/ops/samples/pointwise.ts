// Inputs at which the derivatives of ops are checked: element by element, and special functions.

import * as torch from "../../../src/index.ts";
import { arithmetic } from "./arithmetic.ts";
import type { Domain, Fn, Sample, Samples } from "./common.ts";
import { above1, binary, one, positive, tensors, unary, unit } from "./common.ts";
import { elementwise } from "./elementwise.ts";

const orders = torch.tensor([1.3, 0.4, 2.5], { dtype: "float64" });

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
  floatPower: [
    one([[2, 3], [3]], (x, y) => x.floatPower(y), { domain: positive }),
    one([[2, 3]], (x) => torch.floatPower(2, x), { name: "number first" }),
  ],
  floatPower_: [one([[2, 3]], (x) => x.mul(1).floatPower_(1.5), { domain: positive })],
  fmax: tensors,
  fmin: tensors,
  frexp: [one([[2, 3]], (x) => x.frexp().mantissa, { domain: { low: 0.55, high: 0.95 } })],
  digamma: unary(positive),
  // Without a derivative to check, like floorDivide and nextafter.
  heaviside: [],
  floorDivide: [],
  hypot: tensors,
  i0: unary(),
  igamma: [one([[2, 3]], (x) => torch.igamma(orders, x), { domain: positive })],
  igammac: [one([[2, 3]], (x) => torch.igammac(orders, x), { domain: positive })],
  lgamma: unary(positive),
  mvlgamma: [one([[2, 3]], (x) => x.mvlgamma(3), { domain: above1, inplace: (x) => x.mvlgamma_(2) })],
  polygamma: [0, 1, 2].map((n) =>
    one([[2, 3]], (x) => torch.polygamma(n, x), {
      name: `order ${n}`,
      domain: positive,
      inplace: (x) => x.polygamma_(n),
    }),
  ),
  ldexp: tensors,
  logaddexp: tensors,
  logaddexp2: tensors,
  logit: [
    ...unary({ low: 0.1, high: 0.9 })("logit"),
    one([[2, 3]], (x) => x.logit(0.3), { name: "eps", domain: { low: 0.1, high: 0.9 } }),
  ],
  nanToNum: [one([[2, 3]], (x) => x.nanToNum(), { inplace: (x) => x.nanToNum_() })],
  nextafter: [],
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

/** A function without a method, of one tensor. */
const plain = (f: Fn, domain?: Domain): Sample[] => [
  one([[2, 3]], f, domain && { domain }),
  one([[]], f, { name: "0-d", ...(domain && { domain }) }),
];

const alias = (of: string): ((op: string) => Sample[]) => {
  const known = (elementwise[of] ?? arithmetic[of])!;
  return typeof known === "function" ? known : () => known;
};

export const aliases: Samples = {
  absolute: alias("abs"),
  negative: alias("neg"),
  arccos: alias("acos"),
  arccosh: alias("acosh"),
  arcsin: alias("asin"),
  arcsinh: alias("asinh"),
  arctan: alias("atan"),
  arctanh: alias("atanh"),
  arctan2: alias("atan2"),
  divide: alias("div"),
  multiply: alias("mul"),
  subtract: alias("sub"),
};

export const special: Samples = {
  "special.entr": plain(torch.special.entr, positive),
  "special.erfcx": plain(torch.special.erfcx),
  "special.i0e": plain(torch.special.i0e, positive),
  "special.i1": plain(torch.special.i1, positive),
  "special.i1e": plain(torch.special.i1e, positive),
  "special.logNdtr": plain(torch.special.logNdtr),
  "special.ndtr": plain(torch.special.ndtr),
  "special.ndtri": plain(torch.special.ndtri, { low: 0.1, high: 0.9 }),
  "special.xlog1py": [
    one([[2, 3], [3]], torch.special.xlog1py as Fn, { domain: positive }),
    one([[2, 3]], (x) => torch.special.xlog1py(2, x), { name: "number first", domain: positive }),
    one([[2, 3]], (x) => torch.special.xlog1py(x, 2), { name: "number", domain: positive }),
  ],
  "special.zeta": [
    one([[2, 3]], (q) => torch.special.zeta(orders.add(1), q), { domain: positive }),
    one([[2, 3]], (q) => torch.special.zeta(3, q), { name: "number", domain: positive }),
  ],
};
