// Back from maxima to images.
// Floor L4 (ops). Source: torch/nn/functional.py (max_unpool2d), ATen/native/MaxUnpooling.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { MaxUnpoolOp } from "../signatures.ts";
import { unpooled } from "./picked.ts";
import type { Sizes } from "./sizes.ts";
import { expandSizes, spatialOf } from "./sizes.ts";

/** Options of {@link maxUnpool1d} and its like. */
export interface MaxUnpoolOptions {
  /** Step from window to window; default the kernel's size. */
  readonly stride?: Sizes | null;
  /** Border that was added. Default 0. */
  readonly padding?: Sizes;
  /** Spatial extents of the result, where several lead to the same maxima. */
  readonly outputSize?: Shape | null;
}

function outputShape(x: AnyTensor, n: number, kernelSize: Sizes, options: MaxUnpoolOptions): Shape {
  const kernel = expandSizes(kernelSize, n, "kernel_size", "pooling");
  const stride = expandSizes(options.stride ?? kernel, n, "stride", "pooling");
  const padding = expandSizes(options.padding ?? 0, n, "padding", "pooling");
  if (stride.some((s) => s <= 0))
    throw new RuntimeError(`strides should be greater than zero, but got stride: ${showShape(stride)}`);
  const usual = spatialOf(x, n).map((m, i) => (m - 1) * stride[i]! + kernel[i]! - 2 * padding[i]!);
  const given = options.outputSize;
  if (!given) return usual;
  const sizes = given.length === n + 2 ? given.slice(2) : given;
  if (sizes.length !== n)
    throw new ValueError(
      `output_size should be a sequence containing ${n} or ${n + 2} elements, but it has a length of '${sizes.length}'`,
    );
  sizes.forEach((size, i) => {
    const [low, high] = [usual[i]! - stride[i]!, usual[i]! + stride[i]!];
    if (size <= low || size >= high)
      throw new ValueError(
        `invalid output_size "${showShape(given)}" (dim ${i} must be between ${low} and ${high})`,
      );
  });
  return sizes;
}

const unpool =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, indices: AnyTensor, kernelSize: Sizes, options: MaxUnpoolOptions = {}) =>
    maxUnpool(n, x, indices, kernelSize, options);

function maxUnpool(
  n: number,
  x: AnyTensor,
  indices: AnyTensor,
  kernelSize: Sizes,
  options: MaxUnpoolOptions,
): AnyTensor {
  const name = `max_unpool${n}d`;
  if (x.ndim !== n + 1 && x.ndim !== n + 2)
    throw new RuntimeError(
      `Input to ${name} should be a ${n + 1}d or ${n + 2}d Tensor, but got a tensor with ${x.ndim} dimensions.`,
    );
  if (indices.dtype !== "int32" && indices.dtype !== "int64")
    throw new DTypeError(
      name,
      `${name}: elements in indices should be type int32 or int64 but got: ${indices.dtype}`,
    );
  if (!sameShape(x.shape, indices.shape))
    throw new RuntimeError(
      `${name}: Expected shape of indices to be same as that of the input tensor (${showShape(x.shape)}) but got indices tensor with shape: ${showShape(indices.shape)}`,
    );
  if (!isFloat(x.dtype as DType)) throw new DTypeError(name, `"${name}" not implemented for '${x.dtype}'`);
  if ((x.shape as Shape).slice(x.ndim === n + 2 ? 1 : 0).some((l) => l === 0))
    throw new RuntimeError(
      `${name}: Expected input to have non-zero size for non-batch dimensions, but got ${showShape(x.shape)}`,
    );
  const spatial = outputShape(x, n, kernelSize, options);
  if (spatial.some((l) => l <= 0))
    throw new RuntimeError(`${name}: the output size ${showShape(spatial)} is too small`);
  const shape = [...(x.shape as Shape).slice(0, x.ndim - n), ...spatial];
  return unpooled(x, indices.to("int32"), shape, n);
}

/**
 * Zeros with the maxima of {@link maxPool1d} at their places; `indices` are those that it returned.
 *
 * @throws ValueError for an output size that such windows cannot have, RuntimeError for an index outside of it
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
 */
export const maxUnpool1d: MaxUnpoolOp = composite(unpool(1), { method: false });
/** {@link maxUnpool1d} for images. */
export const maxUnpool2d: MaxUnpoolOp = composite(unpool(2), { method: false });
/** {@link maxUnpool1d} for volumes. */
export const maxUnpool3d: MaxUnpoolOp = composite(unpool(3), { method: false });
