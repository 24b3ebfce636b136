// Fractional max pooling: windows at pseudo-random places, so that any number of them covers the image.
// Floor L4 (ops). Source: https://arxiv.org/abs/1412.6071, ATen/native/FractionalMaxPool2d.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { rand } from "../../tensor/sample.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import { dataOf } from "../elements.ts";
import type { FractionalMaxPoolOp } from "../signatures.ts";
import { picked } from "./picked.ts";
import { maxOfWindows } from "./pool-kernels.ts";
import type { Axis } from "./pool-windows.ts";
import { windowsOf } from "./pool-windows.ts";
import type { Sizes } from "./sizes.ts";
import { expandSizes, spatialOf } from "./sizes.ts";

/** Options of {@link fractionalMaxPool2d} and {@link fractionalMaxPool3d}. */
export interface FractionalMaxPoolOptions {
  /** Number of windows along each dimension. */
  readonly outputSize?: Sizes | null;
  /** The same as a part of the input's extent, between 0 and 1. */
  readonly outputRatio?: Sizes | null;
  /** Whether the places of the maxima are returned too. Default false. */
  readonly returnIndices?: boolean;
  /** Random numbers between 0 and 1, [N, C, number of spatial dimensions]; by default drawn from the default generator. */
  readonly _randomSamples?: AnyTensor | null;
}

/** The windows along a dimension, from one random number. Rounded as in the dtype, since floor() is sensitive to it. */
function axisOf(
  length: number,
  count: number,
  size: number,
  sample: number,
  round: (v: number) => number,
): Axis {
  const starts = new Int32Array(count);
  const alpha = count > 1 ? round(round(length - size) / round(count - 1)) : 0;
  for (let i = 0; i < count - 1; i++)
    starts[i] = Math.trunc(round(round(i + sample) * alpha)) - Math.trunc(round(sample * alpha));
  if (count > 0) starts[count - 1] = length - size;
  return { length, starts, ends: starts.map((s) => s + size), step: 1, counts: starts, sliding: null };
}

const fractional =
  (n: 2 | 3) =>
  (x: AnyTensor, kernelSize: Sizes, options: FractionalMaxPoolOptions = {}) =>
    fractionalMaxPool(n, x, kernelSize, options);

function fractionalMaxPool(
  n: 2 | 3,
  x: AnyTensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions,
): AnyTensor | [AnyTensor, AnyTensor] {
  const name = `fractional_max_pool${n}d`;
  const { outputRatio = null, returnIndices = false, _randomSamples: given = null } = options;
  if ((options.outputSize ?? null) === null && outputRatio === null)
    throw new ValueError(`${name} requires specifying either an output_size or an output_ratio`);
  if (x.ndim < n + 1)
    throw new IndexError(
      `${name}: Dimension out of range: expected ${n + 1} or ${n + 2} dimensions, but got ${showShape(x.shape)}`,
    );
  if (x.ndim > n + 2)
    throw new RuntimeError(`${name}: Expected ${n + 1}D or ${n + 2}D tensor, but got: ${showShape(x.shape)}`);
  if (!isFloat(x.dtype as DType)) throw new DTypeError(name, `"${name}" not implemented for '${x.dtype}'`);
  const spatial = spatialOf(x, n);
  const batched = x.ndim === n + 2;
  if ((x.shape as Shape).slice(batched ? 1 : 0).some((l) => l === 0))
    throw new RuntimeError(
      `${name}(): Expected input to have non-zero size for non-batch dimensions, but got${showShape(x.shape)}.`,
    );
  const kernel = expandSizes(kernelSize, n, "kernel_size", "pooling");
  const counts = options.outputSize
    ? expandSizes(options.outputSize, n, "output_size", "pooling")
    : expandSizes(outputRatio ?? 0, n, "output_ratio", "pooling").map((r, i) => Math.trunc(spatial[i]! * r));
  spatial.forEach((l, i) => {
    if (!Number.isInteger(kernel[i]) || !Number.isInteger(counts[i]) || kernel[i]! < 1 || counts[i]! < 1)
      throw new RuntimeError(
        `${name}(): kernel_size and output size must be positive integers, but got ${showShape(kernel)} and ${showShape(counts)}`,
      );
    // PyTorch wants one place more in three dimensions.
    if (counts[i]! + kernel[i]! - (n === 3 ? 0 : 1) > l)
      throw new RuntimeError(
        `${name}(): pool size ${kernel[i]} too large relative to input size ${l} in dimension ${i}`,
      );
  });
  const [batch, channels] = batched ? (x.shape as [number, number]) : [1, x.shape[0] as number];
  const samples = (given ?? (rand([batch, channels, n], { dtype: x.dtype }) as AnyTensor)).contiguous();
  const random = dataOf(samples);
  const perImage = numel((samples.shape as Shape).slice(-1));
  if (random.length - samples.offset < batch * channels * n || perImage < n)
    throw new RuntimeError(
      `${name}(): expected random samples of shape ${showShape([batch, channels, n])}, but got ${showShape(samples.shape)}`,
    );
  const round = x.dtype === "float32" ? Math.fround : (v: number): number => v;
  const shape = [...(x.shape as Shape).slice(0, x.ndim - n), ...counts];
  const values: AnyTensor = fresh(allocateUnset(x.dtype, numel(shape)), shape, x.dtype);
  const indices: AnyTensor = fresh(allocateUnset("int32", numel(shape)), shape, "int32");
  const [size, count] = [numel(spatial), numel(counts)];
  const packed = x.contiguous();
  for (let p = 0; p < batch * channels; p++) {
    // Samples are for width, height, depth in this order.
    const axes = spatial.map((l, i) =>
      axisOf(l, counts[i]!, kernel[i]!, random[samples.offset + p * perImage + orderOf(n, i)]!, round),
    );
    maxOfWindows(
      dataOf(packed),
      packed.offset + p * size,
      1,
      windowsOf(axes),
      dataOf(values).subarray(p * count, (p + 1) * count),
      (indices.storage.data as Int32Array).subarray(p * count, (p + 1) * count),
    );
  }
  const y = picked(x, indices, n, { values });
  return returnIndices ? [y, indices] : y;
}

/** Which random number decides on spatial dimension i: width first in two dimensions, depth first in three. */
const orderOf = (n: 2 | 3, i: number): number => (n === 2 ? 1 - i : i);

/**
 * Maxima of windows at pseudo-random places of [N, C, H, W] or [C, H, W]; with `returnIndices` [values, indices].
 *
 * @throws ValueError without `outputSize` and `outputRatio`, RuntimeError where windows do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 */
export const fractionalMaxPool2d: FractionalMaxPoolOp = composite(fractional(2), { method: false });
/** {@link fractionalMaxPool2d} of volumes. */
export const fractionalMaxPool3d: FractionalMaxPoolOp = composite(fractional(3), { method: false });
