// Normalisation: over batches, over features, over groups of channels.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Normalization.cpp

import { RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel, sameShape } from "../../base/shape.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

type Maybe = AnyTensor | null | undefined;

/** One value for each channel, laid out so that it broadcasts against [N, C, ...]. */
const perChannel = (v: AnyTensor, rank: number): AnyTensor =>
  v.reshape([1, v.numel(), ...new Array<number>(rank - 2).fill(1)]);

const affine = (x: AnyTensor, weight: Maybe, bias: Maybe, shaped: (v: AnyTensor) => AnyTensor): AnyTensor => {
  const scaled = weight ? x.mul(shaped(weight)) : x;
  return bias ? scaled.add(shaped(bias)) : scaled;
};

/** (x - mean) / sqrt(variance + eps), with the biased variance, over dimensions `dims`. */
function standardized(
  x: AnyTensor,
  dims: readonly number[],
  eps: number,
): { y: AnyTensor; mean: AnyTensor; variance: AnyTensor } {
  const mean = x.mean(dims, { keepdim: true });
  const centred = x.sub(mean);
  const variance = centred.square().mean(dims, { keepdim: true });
  return { y: centred.mul(variance.add(eps).rsqrt()), mean, variance };
}

/** Moves running statistics towards those of a batch: r + momentum (new - r). */
function track(running: Maybe, fresh: AnyTensor, momentum: number): void {
  if (running)
    running.copy_(
      running.mul(1 - momentum).add(fresh.reshape(running.shape).to(running.dtype).mul(momentum)),
    );
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
 * @throws ValueError in training with a single value per channel.
 * @see https://arxiv.org/abs/1502.03167
 */
export function batchNorm(
  x: AnyTensor,
  runningMean: Maybe,
  runningVar: Maybe,
  options: BatchNormOptions = {},
): AnyTensor {
  const { weight, bias, training = false, momentum = 0.1, eps = 1e-5 } = options;
  const { ndim } = x;
  const shaped = (v: AnyTensor): AnyTensor => perChannel(v, ndim);
  if (ndim < 2) throw new ValueError(`batchNorm: expected [N, C, ...], got ${ndim}D input`);
  const shape = x.shape as Shape;
  const channels = shape[1]!;
  for (const [name, v] of [
    ["runningMean", runningMean],
    ["runningVar", runningVar],
    ["weight", weight],
    ["bias", bias],
  ] as const)
    if (v && v.numel() !== channels)
      throw new RuntimeError(`${name} should contain ${channels} elements not ${v.numel()}`);
  if (!training) {
    if (!runningMean || !runningVar)
      throw new RuntimeError("Expected runningMean and runningVar to be defined when training=False");
    // PyTorch scales and shifts by numbers made once for each channel.
    const y = x.sub(shaped(runningMean)).mul(shaped(runningVar).add(eps).rsqrt());
    return affine(y, weight, bias, shaped);
  }
  const count = numel(shape) / channels;
  checkEnough(shape, count);
  const dims = shape.map((_, i) => i).filter((i) => i !== 1);
  const { y, mean, variance } = standardized(x, dims, eps);
  noGrad(() => {
    track(runningMean, mean, momentum);
    track(runningVar, variance.mul(count / (count - 1)), momentum);
  });
  return affine(y, weight, bias, shaped);
}

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
 * @see https://arxiv.org/abs/1607.08022
 */
export function instanceNorm(x: AnyTensor, options: InstanceNormOptions = {}): AnyTensor {
  const { runningMean, runningVar, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  const { ndim } = x;
  const shaped = (v: AnyTensor): AnyTensor => perChannel(v, ndim);
  if (!useInputStats)
    return batchNorm(x, runningMean, runningVar, { weight, bias, training: false, momentum, eps });
  const shape = x.shape as Shape;
  const size = numel(shape.slice(2));
  if (size === 1)
    throw new ValueError(
      `Expected more than 1 spatial element when training, got input size torch.Size(${showShape(shape)})`,
    );
  const { y, mean, variance } = standardized(x, shape.map((_, i) => i).slice(2), eps);
  noGrad(() => {
    track(runningMean, mean.mean(0), momentum);
    track(runningVar, variance.mul(size / (size - 1)).mean(0), momentum);
  });
  return affine(y, weight, bias, shaped);
}

/**
 * (x - E[x]) / sqrt(Var[x] + eps) weight + bias over the last dimensions, which are `normalizedShape`.
 * @param options.eps default 1e-5
 * @throws RuntimeError if the input does not end in `normalizedShape`.
 * @see https://arxiv.org/abs/1607.06450
 */
export function layerNorm(
  x: AnyTensor,
  normalizedShape: Shape,
  {
    weight,
    bias,
    eps = 1e-5,
  }: { readonly weight?: Maybe; readonly bias?: Maybe; readonly eps?: number } = {},
): AnyTensor {
  const n = normalizedShape.length;
  const shape = x.shape as Shape;
  if (n < 1 || shape.length < n || !sameShape(shape.slice(-n), normalizedShape))
    throw new RuntimeError(
      `Given normalized_shape=${showShape(normalizedShape)}, expected input with shape [*, ${normalizedShape.join(", ")}], but got input of size${showShape(shape)}`,
    );
  const { y } = standardized(x, shape.map((_, i) => i).slice(-n), eps);
  return affine(y, weight, bias, (v) => v);
}

/**
 * As {@link layerNorm}, over each of `numGroups` groups of channels; weight and bias are per channel.
 * @throws RuntimeError unless the groups divide the channels.
 * @see https://arxiv.org/abs/1803.08494
 */
export function groupNorm(
  x: AnyTensor,
  numGroups: number,
  {
    weight,
    bias,
    eps = 1e-5,
  }: { readonly weight?: Maybe; readonly bias?: Maybe; readonly eps?: number } = {},
): AnyTensor {
  const shape = x.shape as Shape;
  if (shape.length < 2)
    throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${shape.length}`);
  const channels = shape[1]!;
  if (channels % numGroups !== 0)
    throw new RuntimeError(
      `Expected number of channels in input to be divisible by num_groups, but got input of shape ${showShape(shape)} and num_groups=${numGroups}`,
    );
  checkEnough(shape, ((shape[0]! * channels) / numGroups) * numel(shape.slice(2)));
  const grouped = x.reshape([shape[0]!, numGroups, -1]);
  const { y } = standardized(grouped, [2], eps);
  return affine(y.reshape(shape), weight, bias, (v) => perChannel(v, shape.length));
}
