// Activations: functions of single elements, most of them with a number or two beside.
// Floor L4 (ops). Source: ATen/native/cpu/Activation.cpp

import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError } from "../../base/errors.ts";
import type { Expr, ExprBuilder } from "../../ir/scalar.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, elementwise } from "../define.ts";
import { where } from "../select.ts";
import type { SameFn } from "../signatures.ts";
import { apply, curve } from "./curve.ts";

/** Options of activations that may write their result into their input. */
export interface InplaceOptions {
  /** Default false. */
  readonly inplace?: boolean;
}

/** 1 / (1 + e^-x) in a kernel. */
const logistic = (k: ExprBuilder, x: Expr): Expr => k.div(1, k.add(1, k.exp(k.neg(x))));
/** s (1 - s), the derivative of the sigmoid, over ops. */
const logisticSlope = (x: AnyTensor): AnyTensor => {
  const s = x.sigmoid();
  return s.mul(s.neg().add(1));
};

// ---- piecewise linear ------------------------------------------------------------------------------------------

const clipped = curve({
  name: "hardtanh",
  options: ["minVal", "maxVal"],
  refuses: ["bool"],
  value: (k, x, low, high) => k.min(k.max(x, low!), high!),
  slope: (k, g, x, low, high) => k.select(k.le(x, low!), 0, k.select(k.ge(x, high!), 0, g)),
});

/**
 * min(max(x, minVal), maxVal); the gradient is 0 from the bounds on. Defaults -1 and 1. Integers stay integers, with
 * bounds cut to integers.
 * @throws DTypeError for bool; RuntimeError for uint8 with a negative bound.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 */
export const hardtanh: SameFn<[minVal?: number, maxVal?: number, options?: InplaceOptions]> = composite(
  (x: AnyTensor, minVal = -1, maxVal = 1, { inplace = false }: InplaceOptions = {}) => {
    const cut = (v: number): number => (isFloat(x.dtype) || x.dtype === "bool" ? v : Math.trunc(v));
    const bounds = { minVal: cut(minVal), maxVal: cut(maxVal) };
    if (x.dtype === "uint8" && (bounds.minVal < 0 || bounds.maxVal < 0))
      throw new RuntimeError("hardtanh: cannot do hardtanh on an unsigned type with negative limits");
    return apply(clipped, x, bounds, inplace);
  },
);

/** min(max(x, 0), 6) @throws DTypeError for bool. */
export const relu6: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) =>
    apply(clipped, x, { minVal: 0, maxVal: 6 }, inplace),
);

const thresholded = curve({
  name: "threshold",
  options: ["threshold", "value"],
  refuses: ["bool"],
  value: (k, x, threshold, value) => k.select(k.le(x, threshold!), value!, x),
  slope: (k, g, x, threshold) => k.select(k.le(x, threshold!), 0, g),
});

/** x where x > threshold, else value. @throws DTypeError for bool. */
export const threshold: SameFn<[threshold: number, value: number, options?: InplaceOptions]> = composite(
  (x: AnyTensor, thresholdValue: number, value: number, { inplace = false }: InplaceOptions = {}) => {
    const cut = (v: number): number => (isFloat(x.dtype) ? v : Math.trunc(v));
    return apply(thresholded, x, { threshold: cut(thresholdValue), value: cut(value) }, inplace);
  },
);

const leaky = curve({
  name: "leakyRelu",
  options: ["negativeSlope"],
  value: (k, x, slope) => k.select(k.gt(x, 0), x, k.mul(x, slope!)),
  slope: (k, g, x, slope) => k.select(k.gt(x, 0), g, k.mul(g, slope!)),
});

/** x where x > 0, else negativeSlope x (default 0.01). */
export const leakyRelu: SameFn<[negativeSlope?: number, options?: InplaceOptions]> = composite(
  (x: AnyTensor, negativeSlope = 0.01, { inplace = false }: InplaceOptions = {}) =>
    apply(leaky, x, { negativeSlope }, inplace),
);

const sloped: (x: AnyTensor, weight: AnyTensor) => AnyTensor = elementwise({
  name: "prelu",
  operands: 2,
  refuses: ["bool", "int"],
  lower: (k, x, w) => k.select(k.gt(x!, 0), x!, k.mul(x!, w!)),
  vjp: [
    (g, s) => where(s.a.gt(0), g, g.mul(s.b)) as AnyTensor,
    (g, s) => where(s.a.gt(0), 0, g.mul(s.a)) as AnyTensor,
  ],
});

/**
 * x where x > 0, else weight x, with one weight, or one for each channel (dimension 1).
 * @throws RuntimeError for another number of weights, or a weight of another dtype.
 */
export const prelu: SameFn<[weight: AnyTensor]> = composite((x: AnyTensor, weight: AnyTensor) => {
  if (weight.dtype !== x.dtype)
    throw new DTypeError("prelu", `prelu: found a weight of dtype ${weight.dtype} but expected ${x.dtype}`);
  if (weight.ndim > 1)
    throw new RuntimeError(
      `prelu: Expected \`weight\` to be a scalar or 1D tensor, but got ndim = ${weight.ndim}`,
    );
  const n: number = weight.numel();
  const channels: number = x.ndim >= 2 ? x.shape[1] : 1;
  if (n !== 1 && (x.ndim === 0 || n !== channels))
    throw new RuntimeError(
      x.ndim === 0
        ? "prelu: Not allow zero-dim input tensor."
        : `prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = ${n} and channel size = ${channels}.`,
    );
  const shape = n === 1 ? [] : x.shape.map((_: number, i: number) => (i === 1 ? n : 1));
  return sloped(x, weight.reshape(shape));
});

const shrunk = curve({
  name: "hardshrink",
  options: ["lambd"],
  value: (k, x, lambd) => k.select(k.le(k.abs(x), lambd!), 0, x),
  slope: (k, g, x, lambd) => k.select(k.le(k.abs(x), lambd!), 0, g),
});

/** 0 where |x| <= lambd (default 0.5), else x. */
export const hardshrink: SameFn<[lambd?: number]> = composite((x: AnyTensor, lambd = 0.5) =>
  apply(shrunk, x, { lambd }),
);

const softlyShrunk = curve({
  name: "softshrink",
  options: ["lambd"],
  value: (k, x, lambd) =>
    k.select(k.gt(x, lambd!), k.sub(x, lambd!), k.select(k.lt(x, k.neg(lambd!)), k.add(x, lambd!), 0)),
  slope: (k, g, x, lambd) => k.select(k.le(k.abs(x), lambd!), 0, g),
});

/**
 * x - lambd above lambd (default 0.5), x + lambd below -lambd, else 0; also 0 of NaN.
 * @throws RuntimeError for a negative lambd.
 */
export const softshrink: SameFn<[lambd?: number]> = composite((x: AnyTensor, lambd = 0.5) => {
  if (lambd < 0)
    throw new RuntimeError(
      `softshrink: lambda must be greater or equal to 0, but found to be ${String(lambd)}.`,
    );
  return apply(softlyShrunk, x, { lambd });
});

/** min(max(x + 3, 0), 6) */
const ramp = (k: ExprBuilder, x: Expr): Expr => k.min(k.max(k.add(x, 3), 0), 6);

const steep = curve({
  name: "hardsigmoid",
  value: (k, x) => k.div(ramp(k, x), 6),
  slope: (k, g, x) => k.select(k.gt(x, -3), k.select(k.lt(x, 3), k.div(g, 6), 0), 0),
});

/** x / 6 + 1/2 between -3 and 3; 0 below, 1 above. */
export const hardsigmoid: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) => apply(steep, x, undefined, inplace),
);

const swish = curve({
  name: "hardswish",
  value: (k, x) => k.div(k.mul(x, ramp(k, x)), 6),
  slope: (k, g, x) => k.select(k.lt(x, -3), 0, k.select(k.le(x, 3), k.mul(g, k.add(k.div(x, 3), 0.5)), g)),
  bend: (x) => where(x.lt(-3).logicalOr(x.gt(3)), 0, x.newFull([], 1 / 3)) as AnyTensor,
});

/** x (x + 3) / 6 between -3 and 3; 0 below, x above. */
export const hardswish: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) => apply(swish, x, undefined, inplace),
);

// ---- exponential -----------------------------------------------------------------------------------------------

// The exponential sees negative numbers only: elsewhere it would overflow.
const exponential = curve({
  name: "elu",
  options: ["alpha"],
  value: (k, x, alpha) => k.select(k.le(x, 0), k.mul(k.expm1(k.min(x, 0)), alpha!), x),
  slope: (k, g, x, alpha) => k.select(k.le(x, 0), k.mul(g, k.mul(k.exp(k.min(x, 0)), alpha!)), g),
  bend: (x, { alpha }) => where(x.le(0), x.clampMax(0).exp().mul(alpha), 0) as AnyTensor,
});

/** x where x > 0, else alpha (e^x - 1). Default alpha 1. */
export const elu: SameFn<[alpha?: number, options?: InplaceOptions]> = composite(
  (x: AnyTensor, alpha = 1, { inplace = false }: InplaceOptions = {}) =>
    apply(exponential, x, { alpha }, inplace),
);

const continuous = curve({
  name: "celu",
  options: ["alpha"],
  value: (k, x, alpha) => k.select(k.le(x, 0), k.mul(k.expm1(k.div(x, alpha!)), alpha!), x),
  slope: (k, g, x, alpha) => k.select(k.le(x, 0), k.mul(g, k.exp(k.div(x, alpha!))), g),
  bend: (x, { alpha }) => where(x.le(0), x.clampMax(0).div(alpha).exp().div(alpha), 0) as AnyTensor,
});

/** x where x > 0, else alpha (e^(x / alpha) - 1). Default alpha 1. @throws RuntimeError for alpha 0. */
export const celu: SameFn<[alpha?: number, options?: InplaceOptions]> = composite(
  (x: AnyTensor, alpha = 1, { inplace = false }: InplaceOptions = {}) => {
    if (alpha === 0) throw new RuntimeError("celu: ZeroDivisionError: alpha cannot be 0 for CELU");
    return apply(continuous, x, { alpha }, inplace);
  },
);

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;
const selfNormalizing = curve({
  name: "selu",
  value: (k, x) =>
    k.select(k.le(x, 0), k.mul(k.expm1(k.min(x, 0)), seluAlpha * seluScale), k.mul(x, seluScale)),
  slope: (k, g, x) =>
    k.select(k.le(x, 0), k.mul(g, k.mul(k.exp(k.min(x, 0)), seluAlpha * seluScale)), k.mul(g, seluScale)),
  bend: (x) =>
    where(
      x.le(0),
      x
        .clampMax(0)
        .exp()
        .mul(seluAlpha * seluScale),
      0,
    ) as AnyTensor,
});

/** scale (x where x > 0, else alpha (e^x - 1)), with the two constants that keep mean 0 and variance 1. */
export const selu: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) => apply(selfNormalizing, x, undefined, inplace),
);

const gated = curve({
  name: "silu",
  value: (k, x) => k.div(x, k.add(1, k.exp(k.neg(x)))),
  slope: (k, g, x) => {
    const s = logistic(k, x);
    return k.mul(g, k.mul(s, k.add(1, k.mul(x, k.sub(1, s)))));
  },
  bend: (x) => logisticSlope(x).mul(x.mul(x.sigmoid().mul(-2).add(1)).add(2)),
});

/** x sigmoid(x) */
export const silu: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) => apply(gated, x, undefined, inplace),
);

/** max(x, 0) + log(1 + e^-|x|), which is log(1 + e^x) without overflow. */
const logOnePlusExp = (k: ExprBuilder, x: Expr): Expr => k.add(k.max(x, 0), k.log1p(k.exp(k.neg(k.abs(x)))));

const misty = curve({
  name: "mish",
  value: (k, x) => k.mul(x, k.tanh(logOnePlusExp(k, x))),
  slope: (k, g, x) => {
    const t = k.tanh(logOnePlusExp(k, x));
    return k.mul(g, k.add(t, k.mul(k.mul(x, logistic(k, x)), k.sub(1, k.mul(t, t)))));
  },
  // With t = tanh(log(1 + e^x)) and the sigmoid s: t' = (1 - t^2) s, and x t has the second derivative 2 t' + x t''.
  bend: (x) => {
    const s = x.sigmoid();
    const t = softplus(x).tanh();
    const first = t.square().neg().add(1).mul(s);
    const second = first.mul(s.neg().add(1).sub(t.mul(s).mul(2)));
    return first.mul(2).add(x.mul(second));
  },
});

/** x tanh(log(1 + e^x)) */
export const mish: SameFn<[options?: InplaceOptions]> = composite(
  (x: AnyTensor, { inplace = false }: InplaceOptions = {}) => apply(misty, x, undefined, inplace),
);

const smooth = curve({
  name: "softplus",
  options: ["beta", "threshold"],
  value: (k, x, beta, threshold) => {
    const z = k.mul(x, beta!);
    return k.select(k.gt(z, threshold!), x, k.div(logOnePlusExp(k, z), beta!));
  },
  slope: (k, g, x, beta, threshold) => {
    const z = k.mul(x, beta!);
    return k.select(k.gt(z, threshold!), g, k.mul(g, logistic(k, z)));
  },
  bend: (x, { beta, threshold: limit }) => {
    const z = x.mul(beta);
    return where(z.gt(limit), 0, logisticSlope(z).mul(beta)) as AnyTensor;
  },
});

/** log(1 + e^(beta x)) / beta; x itself where beta x > threshold. Defaults 1 and 20. */
export const softplus: SameFn<[beta?: number, threshold?: number]> = composite(
  (x: AnyTensor, beta = 1, thresholdValue = 20) => apply(smooth, x, { beta, threshold: thresholdValue }),
);

const logOfSigmoid = curve({
  name: "logsigmoid",
  value: (k, x) => k.sub(k.min(x, 0), k.log1p(k.exp(k.neg(k.abs(x))))),
  slope: (k, g, x) => k.mul(g, logistic(k, k.neg(x))),
  bend: (x) => logisticSlope(x).neg(),
});

/** log(1 / (1 + e^-x)) */
export const logsigmoid: SameFn = composite((x: AnyTensor) => apply(logOfSigmoid, x));

const sqrt2Pi = Math.sqrt(2 * Math.PI);
const gaussian = curve({
  name: "gelu",
  value: (k, x) => k.mul(x, k.cdf(x)),
  slope: (k, g, x) => {
    const density = k.mul(k.exp(k.mul(k.mul(x, x), -0.5)), 1 / sqrt2Pi);
    return k.mul(g, k.add(k.cdf(x), k.mul(x, density)));
  },
  bend: (x) => x.square().mul(-0.5).exp().div(sqrt2Pi).mul(x.square().neg().add(2)),
});

const cubic = 0.044715;
const outer = Math.sqrt(2 / Math.PI);
const gaussianByTanh = curve({
  name: "gelu",
  value: (k, x) => k.mul(k.mul(0.5, x), k.add(1, k.tanh(inner(k, x)))),
  slope: (k, g, x) => {
    const t = k.tanh(inner(k, x));
    const innerSlope = k.mul(outer, k.add(1, k.mul(3 * cubic, k.mul(x, x))));
    const own = k.mul(k.mul(k.mul(0.5, x), k.sub(1, k.mul(t, t))), innerSlope);
    return k.mul(g, k.add(k.mul(0.5, k.add(1, t)), own));
  },
  bend: (x) => {
    const x2 = x.square();
    const t = x.mul(x2.mul(cubic).add(1)).mul(outer).tanh();
    const innerSlope = x2
      .mul(3 * cubic)
      .add(1)
      .mul(outer);
    const left = t.square().neg().add(1);
    const second = left.mul(x.mul(6 * cubic * outer).sub(t.mul(innerSlope.square()).mul(2)));
    return left.mul(innerSlope).add(x.mul(0.5).mul(second));
  },
});
const inner = (k: ExprBuilder, x: Expr): Expr => k.mul(outer, k.mul(x, k.add(1, k.mul(cubic, k.mul(x, x)))));

/** Option of {@link gelu}. */
export interface GeluOptions {
  /** Default "none": exact. */
  readonly approximate?: "none" | "tanh";
}

/**
 * x P(Z <= x), Z standard normal; with `approximate: "tanh"` x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 * @throws RuntimeError for another approximation.
 * @see https://arxiv.org/abs/1606.08415
 */
export const gelu: SameFn<[options?: GeluOptions]> = composite(
  (x: AnyTensor, { approximate = "none" }: GeluOptions = {}) => {
    if (approximate !== "none" && approximate !== "tanh")
      throw new RuntimeError("gelu: approximate argument must be either none or tanh.");
    return apply(approximate === "none" ? gaussian : gaussianByTanh, x);
  },
);
