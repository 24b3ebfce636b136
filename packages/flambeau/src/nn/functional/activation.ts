// Activations: functions of single elements, and the softmax family.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Activation.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Generator } from "../../base/generator.ts";
import { defaultGenerator } from "../../base/generator.ts";
import type { FloatArray } from "../../base/random/index.ts";
import { fillRReluNoise } from "../../base/random/index.ts";
import { where } from "../../ops/select.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { warnOnce } from "./warn.ts";

/** Options of activations that may write their result into their input. */
export interface InplaceOptions {
  /** Default false. */
  readonly inplace?: boolean;
}

/** The result, or the input changed to it. A gradient that looks at the input needs it as it was. */
const finish = (x: AnyTensor, f: (x: AnyTensor) => AnyTensor, inplace: boolean | undefined): AnyTensor =>
  inplace ? x.copy_(f(x.clone())) : f(x);

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export const relu = (x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor =>
  inplace ? x.relu_() : x.relu();

/** min(max(x, minVal), maxVal); the gradient is 0 from the bounds on. Defaults -1 and 1. */
export function hardtanh(x: AnyTensor, minVal = -1, maxVal = 1, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => where(v.le(minVal), minVal, where(v.ge(maxVal), maxVal, v)), inplace);
}
/** min(max(x, 0), 6) */
export const relu6 = (x: AnyTensor, options?: InplaceOptions): AnyTensor => hardtanh(x, 0, 6, options);

/** x where x > threshold, else value. */
export function threshold(
  x: AnyTensor,
  thresholdValue: number,
  value: number,
  { inplace }: InplaceOptions = {},
): AnyTensor {
  return finish(x, (v) => where(v.le(thresholdValue), value, v), inplace);
}

/** x where x > 0, else negativeSlope x (default 0.01). */
export function leakyRelu(x: AnyTensor, negativeSlope = 0.01, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => where(v.gt(0), v, v.mul(negativeSlope)), inplace);
}

/** x where x > 0, else weight x, with one weight, or one for each channel (dimension 1). */
export function prelu(x: AnyTensor, weight: AnyTensor): AnyTensor {
  const n = weight.numel();
  const channels: number = x.ndim >= 2 ? x.shape[1] : 1;
  if (n !== 1 && (x.ndim === 0 || n !== channels))
    throw new RuntimeError(
      x.ndim === 0
        ? "Not allow zero-dim input tensor."
        : `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${n} and channel size = ${channels}.`,
    );
  const w =
    n === 1 ? weight.reshape([]) : weight.reshape(x.shape.map((_: number, i: number) => (i === 1 ? n : 1)));
  return where(x.gt(0), x, x.mul(w));
}

/**
 * x where x > 0, else x times a random slope from [lower, upper) (in evaluation their mean). Two draws for each element that
 * is not positive.
 */
export function rrelu(
  x: AnyTensor,
  lower: number = 1 / 8,
  upper: number = 1 / 3,
  {
    training = false,
    inplace,
    generator = defaultGenerator,
  }: InplaceOptions & { readonly training?: boolean; readonly generator?: Generator } = {},
): AnyTensor {
  if (!training) return leakyRelu(x, (lower + upper) / 2, { inplace: inplace ?? false });
  const noise = x.detach().contiguous().clone();
  fillRReluNoise(noise.storage.data as FloatArray, x.toTypedArray() as FloatArray, lower, upper, generator);
  return finish(x, (v) => v.mul(noise), inplace);
}

/** x where x > 0, else alpha (e^x - 1). Default alpha 1. */
export function elu(x: AnyTensor, alpha = 1, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => exponential(v, alpha, 1, 1), inplace);
}
/** x where x > 0, else alpha (e^(x / alpha) - 1). Default alpha 1. @throws RuntimeError for alpha 0. */
export function celu(x: AnyTensor, alpha = 1, { inplace }: InplaceOptions = {}): AnyTensor {
  if (alpha === 0) throw new RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU");
  return finish(x, (v) => exponential(v, alpha, 1, 1 / alpha), inplace);
}
/** scale (x where x > 0, else alpha (e^x - 1)), with the two constants that keep mean 0 and variance 1. */
export function selu(x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => exponential(v, 1.6732632423543772, 1.0507009873554805, 1), inplace);
}
// The exponential sees negative numbers only: elsewhere it would overflow, and its gradient be NaN.
const exponential = (x: AnyTensor, alpha: number, scale: number, inputScale: number): AnyTensor =>
  where(
    x.gt(0),
    x.mul(scale),
    x
      .clampMax(0)
      .mul(inputScale)
      .expm1()
      .mul(alpha * scale),
  );

/** 1 / (1 + e^-x) */
export const sigmoid = (x: AnyTensor): AnyTensor => x.sigmoid();
/** (e^x - e^-x) / (e^x + e^-x) */
export const tanh = (x: AnyTensor): AnyTensor => x.tanh();
/** x - tanh x */
export const tanhshrink = (x: AnyTensor): AnyTensor => x.sub(x.tanh());
/** x / (1 + |x|) */
export const softsign = (x: AnyTensor): AnyTensor => x.div(x.abs().add(1));

/** x / 6 + 1/2 between -3 and 3; 0 below, 1 above. */
export function hardsigmoid(x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => where(v.le(-3), 0, where(v.ge(3), 1, v.div(6).add(0.5))), inplace);
}
/** x (x + 3) / 6 between -3 and 3; 0 below, x above. */
export function hardswish(x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor {
  return finish(x, (v) => where(v.lt(-3), 0, where(v.le(3), v.mul(v.add(3)).div(6), v)), inplace);
}

/** x sigmoid(x) */
export const silu = (x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor =>
  finish(x, (v) => v.mul(v.sigmoid()), inplace);
/** x tanh(softplus(x)) */
export const mish = (x: AnyTensor, { inplace }: InplaceOptions = {}): AnyTensor =>
  finish(x, (v) => v.mul(softplus(v).tanh()), inplace);

/**
 * x P(Z <= x), Z standard normal; with `approximate: "tanh"` x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 * @see https://arxiv.org/abs/1606.08415
 */
export function gelu(
  x: AnyTensor,
  { approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {},
): AnyTensor {
  if (approximate === "none") return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
  if (approximate !== "tanh") throw new RuntimeError("approximate argument must be either none or tanh.");
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

/** log(1 + e^(beta x)) / beta; x itself where beta x > threshold. Defaults 1 and 20. */
export function softplus(x: AnyTensor, beta = 1, thresholdValue = 20): AnyTensor {
  const z = beta === 1 ? x : x.mul(beta);
  // max(z, 0) + log(1 + e^-|z|) does not overflow; written so that the gradient at 0 is 1/2.
  const positive = z.gt(0);
  const low = where(positive, z, 0).add(where(positive, z.neg(), z).exp().log1p());
  return where(z.gt(thresholdValue), x, beta === 1 ? low : low.div(beta));
}
/** log(1 / (1 + e^-x)) */
export const logsigmoid = (x: AnyTensor): AnyTensor => softplus(x.neg(), 1, 40).neg();

/** 0 where |x| <= lambd (default 0.5), else x. */
export const hardshrink = (x: AnyTensor, lambd = 0.5): AnyTensor => where(x.abs().le(lambd), 0, x);
/** x - lambd above lambd (default 0.5), x + lambd below -lambd, else 0. @throws RuntimeError for a negative lambd. */
export function softshrink(x: AnyTensor, lambd = 0.5): AnyTensor {
  if (lambd < 0) throw new RuntimeError(`lambda must be greater or equal to 0, but found to be ${lambd}.`);
  return where(x.gt(lambd), x.sub(lambd), where(x.lt(-lambd), x.add(lambd), x.mul(0)));
}

/** a sigmoid(b), where a and b are the halves of x along `dim` (default -1). */
export function glu(x: AnyTensor, dim = -1): AnyTensor {
  if (x.ndim === 0) throw new RuntimeError("glu does not support 0-dimensional tensors");
  const n = x.size(dim);
  if (n % 2 !== 0)
    throw new RuntimeError(`Halving dimension must be even, but dimension ${dim} is size ${n}`);
  return x.narrow(dim, 0, n / 2).mul(x.narrow(dim, n / 2, n / 2).sigmoid());
}

/** Options of the softmax family. */
export interface SoftmaxOptions {
  /** Convert to this dtype first. */
  readonly dtype?: DType;
}

/** The dimension that PyTorch takes where none is given: 0 for 0, 1 and 3 dimensions, else 1. */
function implicitDim(x: AnyTensor, dim: number | null | undefined, name: string): number {
  if (dim !== undefined && dim !== null) return dim;
  warnOnce(
    `Implicit dimension choice for ${name} has been deprecated. Change the call to include dim=X as an argument.`,
  );
  return x.ndim === 0 || x.ndim === 1 || x.ndim === 3 ? 0 : 1;
}
/** e^x_i / sum_j e^x_j along `dim`. */
export const softmax = (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
  x.softmax(implicitDim(x, dim, "softmax"), options);
/** log(softmax(x)), computed without underflow. */
export const logSoftmax = (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
  x.logSoftmax(implicitDim(x, dim, "log_softmax"), options);
/** softmax(-x) */
export const softmin = (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
  x.neg().softmax(implicitDim(x, dim, "softmin"), options);

/**
 * x / max(|x|, eps), with the p-norm along `dim`. Defaults p 2, dim 1, eps 1e-12.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(
  x: AnyTensor,
  { p = 2, dim = 1, eps = 1e-12 }: { readonly p?: number; readonly dim?: number; readonly eps?: number } = {},
): AnyTensor {
  if (!isFloat(x.dtype))
    throw new ValueError(
      `normalize: expected a floating-point tensor, got ${x.dtype} of shape ${showShape(x.shape)}`,
    );
  return x.div(x.norm(p, dim, { keepdim: true }).clampMin(eps));
}
