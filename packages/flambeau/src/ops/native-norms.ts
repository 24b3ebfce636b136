// Normalisation with its statistics as further results: what nn.functional's batchNorm and layerNorm are made of.
// Floor L4 (ops). Source: ATen/native/Normalization.cpp, ATen/native/layer_norm.cpp

import { isFloat } from "../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel, sameShape } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { dataOf } from "./elements.ts";
import { normalizeRows, rowsOf } from "./layer-norm.ts";
import type { NativeBatchNormFn, NativeLayerNormFn } from "./signatures.ts";
import type { Groups } from "./standardize.ts";
import { groupsOf, standardize, statisticsInOps } from "./standardize.ts";

type Maybe = AnyTensor | null | undefined;

/** Numbers as a tensor like `x`. */
function statistics(values: Float64Array, shape: Shape, x: AnyTensor): AnyTensor {
  const t: AnyTensor = fresh(allocate(x.dtype, values.length), shape, x.dtype);
  dataOf(t).set(values);
  return t;
}

/** Moves running statistics towards those of a batch: r + momentum (new - r). The momentum of a captured program may be a tensor. */
function track(running: Maybe, found: AnyTensor, momentum: number | AnyTensor): void {
  if (!running) return;
  const rest = isTensor(momentum) ? momentum.neg().add(1) : 1 - momentum;
  noGrad(() => running.copy_(running.mul(rest).add(found.reshape(running.shape).mul(momentum))));
}

/** Mean, unbiased variance and 1 / sqrt(biased variance + eps) of each group, as tensors like x. */
function found(
  x: AnyTensor,
  groups: Groups,
  count: number,
): [mean: AnyTensor, variance: AnyTensor, scale: AnyTensor] {
  const unbiased = count / (count - 1);
  const shape = [groups.groups];
  if (recorder !== null) {
    const { mean, variance, scale } = noGrad(() => statisticsInOps(x.detach(), groups));
    return [mean.reshape(shape), variance.mul(unbiased).reshape(shape), scale.reshape(shape)];
  }
  const { mean, variance, scale } = groups;
  return [mean, variance.map((v) => v * unbiased), scale].map((v) => statistics(v, shape, x)) as [
    AnyTensor,
    AnyTensor,
    AnyTensor,
  ];
}

/**
 * Normalises each channel of [N, C, ...]: [result, mean, 1 / sqrt(variance + eps)] in training, with the batch's mean and
 * biased variance, towards which (the unbiased one) running statistics move by `momentum`; else [result, empty, empty]
 * with the running statistics. Only the result has a gradient.
 * @throws RuntimeError for parameters of another extent or dtype; missing running statistics outside of training.
 */
export const nativeBatchNorm: NativeBatchNormFn = composite(
  (
    x: AnyTensor,
    weight: Maybe,
    bias: Maybe,
    runningMean: Maybe,
    runningVar: Maybe,
    training: boolean,
    momentum: number,
    eps: number,
  ) => {
    const shape = x.shape as Shape;
    const parameters = { weight, bias, runningMean, runningVar };
    checkFloat(x, "batchNorm", parameters);
    const empty = (): AnyTensor => x.detach().newZeros([0]);
    if (x.numel() === 0) return [affine(x, weight, bias), empty(), empty()];
    const channels = shape[1];
    if (channels === undefined)
      throw new RuntimeError(`batchNorm: expected an input [N, C, ...], got ${showShape(shape)}`);
    for (const [name, v] of Object.entries(parameters))
      if (v && v.numel() !== channels)
        throw new RuntimeError(`batchNorm: ${name} should contain ${channels} elements not ${v.numel()}`);
    if (training) {
      const count = numel(shape) / channels;
      const groups = groupsOf(shape[0]!, channels, count / shape[0]!, eps);
      const y = standardize(x, weight?.reshape([-1]) ?? null, bias?.reshape([-1]) ?? null, groups);
      const [mean, variance, scale] = found(x, groups, count);
      track(runningMean, mean, momentum);
      track(runningVar, variance, momentum);
      return [y, mean, scale];
    }
    if (!runningMean || !runningVar)
      throw new RuntimeError(
        `batchNorm: ${runningMean ? "runningVar" : "runningMean"} must be defined in evaluation mode`,
      );
    // One factor and one summand for each channel.
    const perChannel = (v: AnyTensor): AnyTensor => v.reshape([1, channels, ...shape.slice(2).map(() => 1)]);
    const scale = perChannel(runningVar).add(eps).rsqrt();
    const y = x.sub(perChannel(runningMean)).mul(weight ? scale.mul(perChannel(weight)) : scale);
    return [bias ? y.add(perChannel(bias)) : y, empty(), empty()];
  },
  { method: false },
);

const affine = (x: AnyTensor, weight: Maybe, bias: Maybe): AnyTensor => {
  const factor = (v: AnyTensor): AnyTensor => v.reshape([-1]).sum();
  const scaled = weight ? x.mul(factor(weight)) : x.mul(1);
  return bias ? scaled.add(factor(bias)) : scaled;
};

function checkFloat(x: AnyTensor, name: string, others: Readonly<Record<string, Maybe>>): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(name, `${name}: not implemented for ${x.dtype}; convert with .to("float32") first`);
  for (const [label, v] of Object.entries(others))
    if (v && v.dtype !== x.dtype)
      throw new DTypeError(name, `${name}: mixed dtype: the input is ${x.dtype}, but ${label} is ${v.dtype}`);
}

/**
 * Normalises over the last dimensions, which are `normalizedShape`: [result, mean, 1 / sqrt(variance + eps)]. Only the
 * result has a gradient.
 *
 * **Shape** the statistics keep the leading dimensions, with 1 for the others.
 * @throws RuntimeError if the input does not end in `normalizedShape`, or a parameter is not of that shape.
 */
export const nativeLayerNorm: NativeLayerNormFn = composite(
  (x: AnyTensor, normalizedShape: Shape, weight: Maybe, bias: Maybe, eps: number) => {
    const n = normalizedShape.length;
    const shape = x.shape as Shape;
    if (n < 1)
      throw new RuntimeError(
        "layerNorm: Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []",
      );
    for (const [name, v] of [
      ["weight", weight],
      ["bias", bias],
    ] as const)
      if (v && !sameShape(v.shape, normalizedShape))
        throw new ShapeError(
          "layerNorm",
          [v.shape, normalizedShape],
          `layerNorm: Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${showShape(v.shape)} and normalized_shape = ${showShape(normalizedShape)}`,
        );
    if (shape.length < n || !sameShape(shape.slice(-n), normalizedShape))
      throw new ShapeError(
        "layerNorm",
        [shape, normalizedShape],
        `layerNorm: Given normalized_shape=${showShape(normalizedShape)}, expected input with shape [*, ${normalizedShape.join(", ")}], but got input of size${showShape(shape)}`,
      );
    checkFloat(x, "layerNorm", { weight, bias });
    const lead = shape.slice(0, -n);
    const layout = rowsOf(numel(lead), numel(normalizedShape), eps);
    const y = normalizeRows(x, weight ?? null, bias ?? null, layout);
    const kept = [...lead, ...normalizedShape.map(() => 1)];
    return [y, layout.mean!.reshape(kept), layout.scale!.reshape(kept)];
  },
  { method: false },
);
