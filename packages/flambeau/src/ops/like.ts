// New tensors like another one: zeros_like, new_zeros, rand_like and their like.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#creation-ops

import type { DType, Scalar } from "../base/dtype.ts";
import { checkDType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { checkShape, isContiguous, numel, span } from "../base/shape.ts";
import { tensor } from "../tensor/create.ts";
import { allocate, Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, Tensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { fillElements } from "./fill-elements.ts";
import type { SamplerOptions } from "./random.ts";
import type { Like, LikeOptions, OpFn } from "./signatures.ts";

function newLike(x: AnyTensor, shape: Shape, options: LikeOptions | undefined, value: Scalar): AnyTensor {
  const dtype = options?.dtype === undefined ? x.dtype : checkDType(options.dtype);
  const out: AnyTensor = fresh(allocate(dtype, numel(checkShape(shape, "newFull"))), shape, dtype);
  if (Number(value) !== 0) fillElements(out, value);
  if (options?.requiresGrad) out.requiresGrad = true;
  return out;
}

/** Zeros in the shape and dtype of `x`. Options: `dtype`, `requiresGrad`. */
export const zerosLike: Like = composite((x: AnyTensor, options?: LikeOptions) =>
  newLike(x, x.shape, options, 0),
);
/** Ones in the shape and dtype of `x`. */
export const onesLike: Like = composite((x: AnyTensor, options?: LikeOptions) =>
  newLike(x, x.shape, options, 1),
);
/** Memory in the shape and dtype of `x`; its values are not specified. */
export const emptyLike: Like = composite((x: AnyTensor, options?: LikeOptions) =>
  newLike(x, x.shape, options, 0),
);
/** One number in the shape and dtype of `x`. */
export const fullLike: OpFn<[value: Scalar, options?: LikeOptions]> = composite(
  (x: AnyTensor, value: Scalar, options?: LikeOptions) => newLike(x, x.shape, options, value),
);
/** Zeros of another shape in the dtype of `x`. */
export const newZeros: OpFn<[shape: Shape, options?: LikeOptions]> = composite(
  (x: AnyTensor, shape: Shape, options?: LikeOptions) => newLike(x, shape, options, 0),
);
/** Ones of another shape in the dtype of `x`. */
export const newOnes: OpFn<[shape: Shape, options?: LikeOptions]> = composite(
  (x: AnyTensor, shape: Shape, options?: LikeOptions) => newLike(x, shape, options, 1),
);
/** One number in another shape in the dtype of `x`. */
export const newFull: OpFn<[shape: Shape, value: Scalar, options?: LikeOptions]> = composite(
  (x: AnyTensor, shape: Shape, value: Scalar, options?: LikeOptions) => newLike(x, shape, options, value),
);

/** Memory in another shape in the dtype of `x`; its values are not specified. */
export const newEmpty: OpFn<[shape: Shape, options?: LikeOptions]> = composite(
  (x: AnyTensor, shape: Shape, options?: LikeOptions) => newLike(x, shape, options, 0),
);
/** A tensor with a copy of `data`, as `torch.tensor` reads it, in the dtype of `x`. */
export const newTensor: OpFn<[data: unknown, options?: LikeOptions]> = composite(
  (x: AnyTensor, data: unknown, options?: LikeOptions) =>
    tensor(data as number, { dtype: x.dtype as DType, ...options }),
);

/** Zeros in new memory with strides of the caller's choice. */
export const newEmptyStrided: OpFn<[shape: Shape, strides: readonly number[]]> = composite(
  (x: AnyTensor, shape: Shape, strides: readonly number[]) => {
    const memory = new Storage(allocate(x.dtype, span(shape, strides)));
    return new Tensor(memory, shape, x.dtype, strides, 0, isContiguous(shape, strides), null);
  },
);

/** The strides of a tensor without gaps whose elements lie in the same order as those of `x`. */
function denseStrides(x: AnyTensor): number[] {
  const strides = x.strides.slice();
  const order = x.shape
    .map((_: number, i: number) => i)
    .sort((p: number, q: number) => x.strides[q]! - x.strides[p]! || p - q);
  let step = 1;
  for (const d of order.reverse()) {
    strides[d] = step;
    step *= Math.max(x.shape[d]!, 1);
  }
  return strides;
}

/** What random numbers are filled into: memory in the order of `x`, as in PyTorch, so that the same draws go to the same places. */
function unfilled(x: AnyTensor, options: LikeOptions | undefined): AnyTensor {
  if (x.packed) return newLike(x, x.shape, { ...options, requiresGrad: false }, 0);
  const dtype = options?.dtype === undefined ? x.dtype : checkDType(options.dtype);
  const strides = denseStrides(x);
  const memory = new Storage(allocate(dtype, numel(x.shape)));
  return new Tensor(memory, x.shape, dtype, strides, 0, isContiguous(x.shape, strides), null);
}

function requiring(x: AnyTensor, options: LikeOptions | undefined): AnyTensor {
  if (options?.requiresGrad) x.requiresGrad = true;
  return x;
}

/** Options of the random tensors like another one. */
interface RandomLikeOptions extends LikeOptions, SamplerOptions {}

/** Numbers spread evenly over [0, 1) in the shape and dtype of `x`. Options: `dtype`, `requiresGrad`, `generator`. */
export const randLike: Like<SamplerOptions> = composite((x: AnyTensor, options?: RandomLikeOptions) =>
  requiring(unfilled(x, options).uniform_(0, 1, options), options),
);
/** Numbers of the standard normal distribution in the shape and dtype of `x`. */
export const randnLike: Like<SamplerOptions> = composite((x: AnyTensor, options?: RandomLikeOptions) =>
  requiring(unfilled(x, options).normal_(0, 1, options), options),
);
/** Integers of [low, high) in the shape and dtype of `x`: `randintLike(x, 10)`, `randintLike(x, -5, 5)`. */
export const randintLike: OpFn<
  [high: number, ...lowOrOptions: (number | RandomLikeOptions | undefined)[]],
  "same"
> = composite(
  (x: AnyTensor, ...args: (number | RandomLikeOptions | undefined)[]) => {
    const bounds = args.filter((a) => typeof a === "number");
    const options = args.find((a) => typeof a === "object");
    const [low, high] = bounds.length > 1 ? bounds : [0, bounds[0]];
    return requiring(unfilled(x, options).random_(low, high, options), options);
  },
  { variadic: true },
);
