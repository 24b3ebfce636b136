// Functions of two floating-point numbers: extrema without NaN, sums of exponentials, products with logarithms, steps.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { noDerivative, requireSameDType, requireTensors } from "./checks.ts";
import { ge, le } from "./compare.ts";
import { composite, elementwise } from "./define.ts";
import { logFactor } from "./log-factor.ts";
import type {
  BinaryFloatEither,
  BinaryFloatTensors,
  BinaryTensors,
  BinaryTensorsOnly,
} from "./signatures.ts";

/** The larger of both, or the one that is a number if the other is NaN. Of equal ones, the first gets the gradient. */
export const fmax: BinaryTensorsOnly<"fmax"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  lower: (k, a, b) => {
    if (a!.dtype === "bool") return k.or(a!, b!);
    return k.select(k.ne(a!, a!), b!, k.select(k.ne(b!, b!), a!, k.max(a!, b!)));
  },
  vjp: [
    (g, s) => g.mul(ge(s.a, s.b).logicalOr(s.b.isnan())),
    (g, s) => g.mul(ge(s.a, s.b).logicalOr(s.b.isnan()).logicalNot()),
  ],
});

/** The smaller of both, or the one that is a number if the other is NaN. Of equal ones, the first gets the gradient. */
export const fmin: BinaryTensorsOnly<"fmin"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  lower: (k, a, b) => {
    if (a!.dtype === "bool") return k.and(a!, b!);
    return k.select(k.ne(a!, a!), b!, k.select(k.ne(b!, b!), a!, k.min(a!, b!)));
  },
  vjp: [
    (g, s) => g.mul(le(s.a, s.b).logicalOr(s.b.isnan())),
    (g, s) => g.mul(le(s.a, s.b).logicalOr(s.b.isnan()).logicalNot()),
  ],
});

/** sqrt(a^2 + b^2), without overflow on the way. */
export const hypot: BinaryTensors<"hypot"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "int"],
  lower: (k, a, b) => {
    const [p, q] = [k.abs(a!), k.abs(b!)];
    const large = k.max(p, q);
    const ratio = k.div(k.min(p, q), large);
    const length = k.mul(large, k.sqrt(k.fma(ratio, ratio, 1)));
    const infinite = k.or(k.eq(p, Infinity), k.eq(q, Infinity));
    return k.select(infinite, k.const(Infinity, p.dtype), k.select(k.eq(large, 0), large, length));
  },
  saves: "both",
  vjp: [(g, s) => g.mul(s.a.div(s.y)), (g, s) => g.mul(s.b.div(s.y))],
});

/** log(e^a + e^b), without overflow on the way. */
export const logaddexp: BinaryTensorsOnly<"logaddexp"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  refuses: ["bool", "int"],
  lower: (k, a, b) => {
    const more = k.log1p(k.exp(k.neg(k.abs(k.sub(a!, b!)))));
    // Equal infinities have no difference.
    return k.select(k.eq(a!, b!), k.add(a!, Math.LN2), k.add(k.max(a!, b!), more));
  },
  vjp: [(g, s) => g.mul(s.a.sub(s.b).sigmoid()), (g, s) => g.mul(s.b.sub(s.a).sigmoid())],
});

/** log2(2^a + 2^b), without overflow on the way. */
export const logaddexp2: BinaryTensorsOnly<"logaddexp2"> = elementwise({
  operands: 2,
  tensors: 2,
  inplace: false,
  refuses: ["bool", "int"],
  lower: (k, a, b) => {
    const more = k.log1p(k.exp(k.mul(k.abs(k.sub(a!, b!)), -Math.LN2)));
    return k.select(k.eq(a!, b!), k.add(a!, 1), k.fma(k.const(Math.LOG2E, a!.dtype), more, k.max(a!, b!)));
  },
  vjp: [
    (g, s) => g.mul(s.a.sub(s.b).mul(Math.LN2).sigmoid()),
    (g, s) => g.mul(s.b.sub(s.a).mul(Math.LN2).sigmoid()),
  ],
});

/** `a * log(b)`; 0 where a is 0, whatever b (except NaN) is. */
export const xlogy: BinaryFloatEither<"xlogy"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  result: "float",
  lower: (k, a, b) => k.select(k.and(k.eq(a!, 0), k.eq(b!, b!)), k.const(0, a!.dtype), k.mul(a!, k.log(b!))),
  vjp: [
    (g, s) => logFactor(g, s.a, s.b, isTensor(s.b) ? s.b.log() : Math.log(s.b), 0),
    (g, s) => g.mul(s.a).div(s.b),
  ],
});

/** `a * 2^b`. */
export const ldexp: BinaryFloatTensors<"ldexp"> = composite(
  (a: AnyTensor, b: AnyTensor) => {
    requireTensors("ldexp", [a, b]);
    return a.mul(b.exp2());
  },
  { inplace: true },
);

/** 0 below 0 (and of NaN), 1 above, `values` at 0. @throws RuntimeError for tensors of different dtypes. */
export const heaviside: BinaryTensors<"heaviside"> = elementwise({
  operands: 2,
  tensors: 2,
  check: requireSameDType,
  lower: (k, a, b) => {
    if (a!.dtype === "bool") return k.or(a!, b!);
    return k.select(k.eq(a!, 0), b!, k.cast(k.gt(a!, 0), a!.dtype));
  },
  vjp: [noDerivative("heaviside"), noDerivative("heaviside")],
});

/** The number after a in the direction of b, given how the bits of a number are read as an integer and back. */
const stepping =
  (bits: (x: number) => bigint, number: (bits: bigint) => number) =>
  (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
    if (a === b) return b;
    if (a === 0) return b > 0 ? number(1n) : -number(1n);
    // Away from zero the integer grows, for either sign.
    return number(bits(a) + (a < b === a > 0 ? 1n : -1n));
  };
const view = new DataView(new ArrayBuffer(8));
const next32 = stepping(
  (x) => {
    view.setFloat32(0, x);
    return BigInt(view.getUint32(0));
  },
  (n) => {
    view.setUint32(0, Number(n));
    return view.getFloat32(0);
  },
);
const next64 = stepping(
  (x) => {
    view.setFloat64(0, x);
    return view.getBigUint64(0);
  },
  (n) => {
    view.setBigUint64(0, n);
    return view.getFloat64(0);
  },
);

/** The next floating-point number after a in the direction of b. @throws for integers. */
export const nextafter: BinaryTensors<"nextafter"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "int"],
  host: (dtype) => (dtype === "float32" ? next32 : next64),
  vjp: [noDerivative("nextafter"), noDerivative("nextafter")],
});
