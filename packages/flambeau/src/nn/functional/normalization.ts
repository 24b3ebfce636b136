// Normalisation: over batches, over features, over groups of channels, over neighbouring channels.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Normalization.cpp

import { isFloat } from "../../base/dtype.ts";
import {
  ArgumentError,
  DTypeError,
  IndexError,
  RuntimeError,
  showShape,
  ValueError,
} from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel, sameShape } from "../../base/shape.ts";
import { normalizeRows, rowsOf } from "../../ops/layer-norm.ts";
import { nativeBatchNorm, nativeLayerNorm } from "../../ops/native-norms.ts";
import { constantPadNd } from "../../ops/pad.ts";
import type { SameFn } from "../../ops/signatures.ts";
import { groupsOf, standardize, statisticsInOps } from "../../ops/standardize.ts";
import { recorder } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

type Maybe = AnyTensor | null | undefined;

/** One value for each channel, laid out so that it broadcasts against [N, C, ...]. */
const perChannel = (v: AnyTensor, rank: number): AnyTensor =>
  v.reshape([1, v.numel(), ...new Array<number>(rank - 2).fill(1)]);

const affine = (x: AnyTensor, weight: Maybe, bias: Maybe): AnyTensor => {
  const scaled = weight ? x.mul(perChannel(weight, x.ndim)) : x;
  return bias ? scaled.add(perChannel(bias, x.ndim)) : scaled;
};

function checkFloat(x: AnyTensor, name: string): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(name, `${name}: not implemented for ${x.dtype}; convert with .to("float32") first`);
}

function checkEnough(shape: Shape, size: number): void {
  if (size === 1)
    throw new ValueError(
      `Expected more than 1 value per channel when training, got input size torch.Size(${showShape(shape)})`,
    );
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  readonly weight?: Maybe;
  readonly bias?: Maybe;
  /** Whether to normalise with the batch's own statistics. Default false. */
  readonly training?: boolean;
  /** Share of a new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Default 1e-5. */
  readonly eps?: number;
}

/**
 * (x - E[x]) / sqrt(Var[x] + eps) weight + bias for each channel: in training over the batch, by the biased variance;
 * running statistics, if given, move towards the mean and the unbiased variance. Else by the running statistics.
 *
 * **Shape** [N, C, ...]; all others [C].
 * @throws ValueError in training with a single value per channel; RuntimeError for parameters of another extent or
 * dtype, and without running statistics outside of training.
 * @see https://arxiv.org/abs/1502.03167
 */
export const batchNorm: SameFn<[runningMean: Maybe, runningVar: Maybe, options?: BatchNormOptions]> = (
  x: AnyTensor,
  runningMean: Maybe,
  runningVar: Maybe,
  { weight, bias, training = false, momentum = 0.1, eps = 1e-5 }: BatchNormOptions = {},
): AnyTensor => {
  if (training) {
    const shape = x.shape as Shape;
    if (shape.length === 0)
      throw new IndexError("batchNorm: expected an input [N, C, ...], got a 0-d tensor");
    checkEnough(shape, shape[0]! * numel(shape.slice(2)));
  }
  return nativeBatchNorm(x, weight, bias, runningMean, runningVar, training, momentum, eps)[0];
};

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions {
  readonly runningMean?: Maybe;
  readonly runningVar?: Maybe;
  readonly weight?: Maybe;
  readonly bias?: Maybe;
  /** Whether to normalise with the input's own statistics. Default true. */
  readonly useInputStats?: boolean;
  /** Default 0.1. */
  readonly momentum?: number;
  /** Default 1e-5. */
  readonly eps?: number;
}

/**
 * As {@link batchNorm}, for each channel of each example on its own.
 *
 * **Shape** [N, C, ...]; all others [C].
 * @throws ValueError for a single value per channel; RuntimeError for parameters of another extent, and without running
 * statistics and `useInputStats`.
 * @see https://arxiv.org/abs/1607.08022
 */
export const instanceNorm: SameFn<[options?: InstanceNormOptions]> = (
  x: AnyTensor,
  {
    runningMean,
    runningVar,
    weight,
    bias,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  }: InstanceNormOptions = {},
): AnyTensor => {
  if (!useInputStats) {
    if (!runningMean || !runningVar)
      throw new RuntimeError(
        "instanceNorm: Expected runningMean and runningVar to be defined when useInputStats is false",
      );
    return batchNorm(x, runningMean, runningVar, { weight, bias, training: false, momentum, eps });
  }
  const shape = x.shape as Shape;
  const size = numel(shape.slice(2));
  if (size === 1)
    throw new ValueError(
      `Expected more than 1 spatial element when training, got input size torch.Size(${showShape(shape)})`,
    );
  checkFloat(x, "instanceNorm");
  const [n, channels] = shape as [number, number];
  for (const [name, v] of Object.entries({ runningMean, runningVar, weight, bias }))
    if (v && v.numel() !== channels)
      throw new RuntimeError(`instanceNorm: ${name} should contain ${channels} elements not ${v.numel()}`);
  const groups = groupsOf(1, n * channels, size, eps);
  const y = standardize(x, null, null, groups);
  if (recorder !== null) {
    const { mean, variance } = noGrad(() => statisticsInOps(x.detach(), groups));
    trackRecorded(runningMean, mean.reshape([n, channels]), momentum);
    trackRecorded(runningVar, variance.reshape([n, channels]).mul(size / (size - 1)), momentum);
    return affine(y, weight, bias);
  }
  const track = (running: Maybe, found: Float64Array, factor: number): void => {
    if (!running || n === 0) return;
    const mean = running.detach().newZeros(running.shape);
    const to = mean.storage.data as Float64Array;
    for (let i = 0; i < found.length; i++) to[i % channels]! += (found[i]! * factor) / n;
    noGrad(() => running.copy_(running.mul(1 - momentum).add(mean.mul(momentum))));
  };
  track(runningMean, groups.mean, 1);
  track(runningVar, groups.variance, size / (size - 1));
  return affine(y, weight, bias);
};

/** Moves running statistics towards the mean over examples of those of each example. */
function trackRecorded(running: Maybe, found: AnyTensor, momentum: number): void {
  if (running && found.numel() > 0)
    noGrad(() => running.copy_(running.mul(1 - momentum).add(found.mean(0).mul(momentum))));
}

/** Options of {@link layerNorm} and {@link groupNorm}. */
export interface LayerNormOptions {
  readonly weight?: Maybe;
  readonly bias?: Maybe;
  /** Default 1e-5. */
  readonly eps?: number;
}

/**
 * (x - E[x]) / sqrt(Var[x] + eps) weight + bias over the last dimensions, which are `normalizedShape`.
 * @param options.eps default 1e-5
 * @throws RuntimeError if the input does not end in `normalizedShape`, or a parameter is not of that shape.
 * @see https://arxiv.org/abs/1607.06450
 */
export const layerNorm: SameFn<[normalizedShape: Shape, options?: LayerNormOptions]> = (
  x: AnyTensor,
  normalizedShape: Shape,
  { weight, bias, eps = 1e-5 }: LayerNormOptions = {},
): AnyTensor => nativeLayerNorm(x, normalizedShape, weight, bias, eps)[0];

/**
 * As {@link layerNorm}, over each of `numGroups` groups of channels; weight and bias are per channel.
 *
 * **Shape** [N, C, ...]; weight and bias [C].
 * @throws RuntimeError unless the groups divide the channels; ValueError for a single value per group.
 * @see https://arxiv.org/abs/1803.08494
 */
export const groupNorm: SameFn<[numGroups: number, options?: LayerNormOptions]> = (
  x: AnyTensor,
  numGroups: number,
  { weight, bias, eps = 1e-5 }: LayerNormOptions = {},
): AnyTensor => {
  const shape = x.shape as Shape;
  if (!(numGroups > 0))
    throw new RuntimeError(`groupNorm: Expected num groups to be greater than 0, got ${numGroups}`);
  if (shape.length < 2)
    throw new RuntimeError(
      `groupNorm: Expected at least 2 dimensions for input tensor but received ${shape.length}`,
    );
  const [n, channels] = shape as [number, number];
  if (channels % numGroups !== 0)
    throw new RuntimeError(
      `groupNorm: Expected number of channels in input to be divisible by num_groups, but got input of shape ${showShape(shape)} and num_groups=${numGroups}`,
    );
  for (const [name, v] of Object.entries({ weight, bias }))
    if (v && !sameShape(v.shape, [channels]))
      throw new RuntimeError(
        `groupNorm: Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape ${showShape(v.shape)} and input of shape ${showShape(shape)}`,
      );
  const spatial = numel(shape.slice(2));
  checkEnough(shape, ((n * channels) / numGroups) * spatial);
  checkFloat(x, "groupNorm");
  const layout = rowsOf(n * numGroups, (channels / numGroups) * spatial, eps);
  return affine(normalizeRows(x, null, null, layout), weight, bias);
};

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

/**
 * x / (k + alpha m)^beta, m the mean of x^2 over `size` neighbouring channels, zeros beyond the first and last.
 *
 * **Shape** [N, C, ...] with at least one more dimension.
 * @throws ValueError for fewer than 3 dimensions; RuntimeError for a size below 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 */
export const localResponseNorm: SameFn<[size: number, options?: LocalResponseNormOptions]> = (
  x: AnyTensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {},
): AnyTensor => {
  if (x.ndim < 3)
    throw new ValueError(
      `localResponseNorm: Expected 3D or higher dimensionality input (got ${x.ndim} dimensions)`,
    );
  if (x.numel() === 0) return x;
  if (!Number.isInteger(size))
    throw new ArgumentError(`localResponseNorm: size must be an integer, got ${size}`);
  if (size < 1)
    throw new RuntimeError(`localResponseNorm: size should be greater than zero, but got ${size}`);
  const channels: number = x.shape[1];
  const border: number[] = new Array<number>(2 * (x.ndim - 2)).fill(0);
  const squares: AnyTensor = constantPadNd(x.mul(x), [
    ...border,
    Math.floor(size / 2),
    Math.floor((size - 1) / 2),
  ]);
  let sum: AnyTensor = squares.narrow(1, 0, channels);
  for (let i = 1; i < size; i++) sum = sum.add(squares.narrow(1, i, channels));
  // Means of integers are integers, as those of PyTorch's pooling are.
  const mean: AnyTensor = isFloat(x.dtype) ? sum.div(size) : sum.div(size, { roundingMode: "trunc" });
  return x.div(mean.mul(alpha).add(k).pow(beta));
};
