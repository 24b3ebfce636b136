// Activations: functions of single elements, and the softmax family.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Activation.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError } from "../../base/errors.ts";
import type { Generator } from "../../base/generator.ts";
import { defaultGenerator } from "../../base/generator.ts";
import type { FloatArray } from "../../base/random/index.ts";
import { fillRReluNoise } from "../../base/random/index.ts";
import type { FloatResult } from "../../base/types/index.ts";
import { op } from "../../ops/define.ts";
import type { InplaceOptions } from "../../ops/functional/activation.ts";
import { celu, elu, hardtanh, leakyRelu, selu, threshold } from "../../ops/functional/activation.ts";
import type { SameFn } from "../../ops/signatures.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { typed } from "./typed.ts";
import { warnOnce } from "./warn.ts";

export * from "../../ops/functional/activation.ts";

/** max(x, 0). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export const relu: SameFn<[options?: InplaceOptions]> = (
  x: AnyTensor,
  { inplace }: InplaceOptions = {},
): AnyTensor => (inplace ? x.relu_() : x.relu());

/** Options of {@link rrelu}. */
export interface RReluOptions extends InplaceOptions {
  /** Whether slopes are random. Default false. */
  readonly training?: boolean;
  /** Where the draws come from; default the generator that `torch.manualSeed` seeds. */
  readonly generator?: Generator;
}

/** What rrelu multiplies by; an op, since the draws depend on the elements. */
const rreluNoise: (x: AnyTensor, lower: number, upper: number, generator: Generator) => AnyTensor = op({
  name: "rrelu",
  forward: (x: AnyTensor, lower: number, upper: number, generator: Generator) => {
    const noise = x.contiguous().clone();
    fillRReluNoise(noise.storage.data as FloatArray, x.toTypedArray() as FloatArray, lower, upper, generator);
    return noise;
  },
});

/**
 * x where x > 0, else x times a random slope from [lower, upper) (in evaluation their mean). Two draws for each element that
 * is not positive. Defaults 1/8 and 1/3.
 * @throws RuntimeError if lower > upper; DTypeError for integers.
 */
export const rrelu: SameFn<[lower?: number, upper?: number, options?: RReluOptions]> = (
  x: AnyTensor,
  lower: number = 1 / 8,
  upper: number = 1 / 3,
  { training = false, inplace = false, generator = defaultGenerator }: RReluOptions = {},
): AnyTensor => {
  if (!(lower <= upper))
    throw new RuntimeError(
      `rrelu: Lower bound should be less than or equal to the upper bound, got ${lower} and ${upper}`,
    );
  if (!training) return leakyRelu(x, (lower + upper) / 2, { inplace });
  if (!isFloat(x.dtype))
    throw new DTypeError("rrelu", `rrelu: not implemented for ${x.dtype}; convert with .to("float32") first`);
  const noise = rreluNoise(x.detach(), lower, upper, generator);
  return inplace ? x.mul_(noise) : x.mul(noise);
};

// ---- in place --------------------------------------------------------------------------------------------------

/** {@link relu} in place. */
export const relu_: SameFn = (x: AnyTensor): AnyTensor => x.relu_();
/** {@link hardtanh} in place. */
export const hardtanh_: SameFn<[minVal?: number, maxVal?: number]> = (
  x: AnyTensor,
  minVal?: number,
  maxVal?: number,
): AnyTensor => hardtanh(x, minVal, maxVal, { inplace: true });
/** {@link threshold} in place. */
export const threshold_: SameFn<[threshold: number, value: number]> = (
  x: AnyTensor,
  thresholdValue: number,
  value: number,
): AnyTensor => threshold(x, thresholdValue, value, { inplace: true });
/** {@link leakyRelu} in place. */
export const leakyRelu_: SameFn<[negativeSlope?: number]> = (
  x: AnyTensor,
  negativeSlope?: number,
): AnyTensor => leakyRelu(x, negativeSlope, { inplace: true });
/** {@link elu} in place. */
export const elu_: SameFn<[alpha?: number]> = (x: AnyTensor, alpha?: number): AnyTensor =>
  elu(x, alpha, { inplace: true });
/** {@link celu} in place. */
export const celu_: SameFn<[alpha?: number]> = (x: AnyTensor, alpha?: number): AnyTensor =>
  celu(x, alpha, { inplace: true });
/** {@link selu} in place. */
export const selu_: SameFn = (x: AnyTensor): AnyTensor => selu(x, { inplace: true });
/** {@link rrelu} in place. */
export const rrelu_: SameFn<[lower?: number, upper?: number, options?: Omit<RReluOptions, "inplace">]> = (
  x: AnyTensor,
  lower?: number,
  upper?: number,
  { training = false, generator = defaultGenerator }: Omit<RReluOptions, "inplace"> = {},
): AnyTensor => rrelu(x, lower, upper, { training, generator, inplace: true });

// ---- over other ops --------------------------------------------------------------------------------------------

/** A function of one tensor whose result has its shape, and a float dtype. */
type FloatFn = <X extends AnyTensor>(x: X) => Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;

/** 1 / (1 + e^-x) */
export const sigmoid: FloatFn = (x: AnyTensor): AnyTensor => x.sigmoid();
/** (e^x - e^-x) / (e^x + e^-x) */
export const tanh: FloatFn = (x: AnyTensor): AnyTensor => x.tanh();
/** x - tanh x */
export const tanhshrink: FloatFn = (x: AnyTensor): AnyTensor => x.sub(x.tanh());
/** x / (1 + |x|) */
export const softsign: FloatFn = (x: AnyTensor): AnyTensor => x.div(x.abs().add(1));

/**
 * a sigmoid(b), where a and b are the halves of x along `dim` (default -1).
 * @throws RuntimeError for a dimension of odd extent.
 */
export function glu(x: AnyTensor, dim = -1): AnyTensor {
  if (x.ndim === 0) throw new RuntimeError("glu does not support 0-dimensional tensors");
  if (!isFloat(x.dtype))
    throw new DTypeError("glu", `glu: not implemented for ${x.dtype}; convert with .to("float32") first`);
  const n = x.size(dim);
  if (n % 2 !== 0)
    throw new RuntimeError(`glu: Halving dimension must be even, but dimension ${dim} is size ${n}`);
  return x.narrow(dim, 0, n / 2).mul(x.narrow(dim, n / 2, n / 2).sigmoid());
}

/** Options of the softmax family. */
export interface SoftmaxOptions {
  /** Convert to this dtype first. */
  readonly dtype?: DType;
}

/** A function along a dimension, into floats or the dtype that the options ask for. */
type SoftmaxFn = <X extends AnyTensor, const O extends SoftmaxOptions = Record<never, never>>(
  x: X,
  dim?: number | null,
  options?: O,
) => Tensor<ShapeOf<X>, O extends { readonly dtype: infer D extends DType } ? D : FloatResult<DtOf<X>>>;

/** The dimension that PyTorch takes where none is given: 0 for 0, 1 and 3 dimensions, else 1. */
function implicitDim(x: AnyTensor, dim: number | null | undefined, name: string): number {
  if (dim !== undefined && dim !== null) return dim;
  warnOnce(
    `Implicit dimension choice for ${name} has been deprecated. Change the call to include dim=X as an argument.`,
  );
  return x.ndim === 0 || x.ndim === 1 || x.ndim === 3 ? 0 : 1;
}
/** e^x_i / sum_j e^x_j along `dim`. */
export const softmax: SoftmaxFn = typed(
  (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
    x.softmax(implicitDim(x, dim, "softmax"), options),
);
/** log(softmax(x)), computed without underflow. */
export const logSoftmax: SoftmaxFn = typed(
  (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
    x.logSoftmax(implicitDim(x, dim, "log_softmax"), options),
);
/** softmax(-x) */
export const softmin: SoftmaxFn = typed(
  (x: AnyTensor, dim?: number | null, options?: SoftmaxOptions): AnyTensor =>
    x.neg().softmax(implicitDim(x, dim, "softmin"), options),
);

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  readonly p?: number;
  readonly dim?: number;
  readonly eps?: number;
}

/**
 * x / max(|x|, eps), with the p-norm along `dim`. Defaults p 2, dim 1, eps 1e-12.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export const normalize: SameFn<[options?: NormalizeOptions]> = (
  x: AnyTensor,
  { p = 2, dim = 1, eps = 1e-12 }: NormalizeOptions = {},
): AnyTensor => x.div(x.norm(p, dim, { keepdim: true }).clampMin(eps));
