// Copies, conversions, and tensors like another one.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/tensor_view.html

import type { DType, Scalar } from "../base/dtype.ts";
import { checkDType, dtypes } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, checkShape, isContiguous, numel, sameShape, span } from "../base/shape.ts";
import { copyElements } from "../tensor/copy.ts";
import { mayOverlap } from "../tensor/overlap.ts";
import { allocate, allocateUnset, Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor, Tensor, viewOf } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import type { CloneOp, Like, LikeOptions, OpFn, SelfOp, ToOp } from "./signatures.ts";

function copyOf(x: AnyTensor, dtype: DType): AnyTensor {
  const out = fresh(allocateUnset(dtype, numel(x.shape)), x.shape as Shape, dtype);
  copyElements(out, x);
  return out;
}

/** A copy in new memory. */
export const clone: CloneOp = op({ forward: (x: AnyTensor) => copyOf(x, x.dtype), vjp: (g) => g });

/** The tensor itself if its elements lie in row-major order, else a copy where they do. */
export const contiguous: CloneOp = op({
  forward: (x: AnyTensor) => (x.packed ? x : copyOf(x, x.dtype)),
  vjp: (g) => g,
});

/** The elements as another dtype; the tensor itself if it has that dtype already. Floats are cut to integers. */
export const to: ToOp = op({
  forward: (x: AnyTensor, dtype: DType) => (x.dtype === checkDType(dtype) ? x : copyOf(x, dtype)),
  vjp: (g, s) => g.to(s.meta(0).dtype),
});

/** `x.to("float32")` */
export const float: ToOp<"float32"> = composite((x: AnyTensor) => x.to("float32"));
/** `x.to("float64")` */
export const double: ToOp<"float64"> = composite((x: AnyTensor) => x.to("float64"));
/** `x.to("int32")` */
export const int: ToOp<"int32"> = composite((x: AnyTensor) => x.to("int32"));
/** `x.to("int64")` */
export const long: ToOp<"int64"> = composite((x: AnyTensor) => x.to("int64"));
/** `x.to("bool")` */
export const bool: ToOp<"bool"> = composite((x: AnyTensor) => x.to("bool"));

/** Takes over the elements of `source`, broadcast and converted. */
export const copy_: OpFn<[source: AnyTensor], "self"> = mutating({
  functional: false,
  mutate: (self, source: AnyTensor) => {
    const shape = broadcastShapes(self.shape, source.shape, "copy_");
    if (!sameShape(shape, self.shape))
      throw new ShapeError(
        "copy_",
        [self.shape, source.shape],
        `copy_: a source of shape ${showShape(source.shape)} does not fit into ${showShape(self.shape)}`,
      );
    // The same memory in another order has to be read before it is written.
    copyElements(self, mayOverlap(source, self) ? copyOf(source, source.dtype) : source);
  },
  vjp: (g) => [null, g],
});

/** Sets every element to one number, or to the value of a 0-d tensor. */
export const fill_: OpFn<[value: AnyTensor | Scalar], "self"> = mutating({
  functional: false,
  mutate: (self, value: AnyTensor | Scalar) => {
    if (isTensor(value) && value.ndim > 0)
      throw new RuntimeError(
        `fill_ only supports 0-dimension value tensor but got tensor with ${value.ndim} dimensions.`,
      );
    fillElements(self, isTensor(value) ? (value.item() as Scalar) : value);
  },
  vjp: (g) => [g.zerosLike(), g.sum()],
});

function fillElements(self: AnyTensor, value: Scalar): void {
  const kind = dtypes[self.dtype as DType].kind;
  if (kind === "int" && !Number.isFinite(Number(value)))
    throw new RuntimeError(`fill_: value cannot be converted to type ${self.dtype} without overflow`);
  const { data } = self.storage;
  const whole = kind === "int" && typeof value === "number" ? Math.trunc(value) : value;
  const v =
    self.dtype === "int64" ? BigInt(whole) : self.dtype === "bool" ? Number(Boolean(value)) : Number(whole);
  if (self.packed) (data as Float32Array).fill(v as number, self.offset, self.offset + numel(self.shape));
  else {
    const one = fresh(allocate(self.dtype, 1), [], self.dtype);
    one.storage.data[0] = v as number;
    copyElements(self, one);
  }
}

/** Sets every element to 0. */
export const zero_: SelfOp = mutating({
  functional: false,
  mutate: (self) => fillElements(self, 0),
  vjp: (g) => [g.zerosLike()],
});

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

/** Zeros in new memory with strides of the caller's choice. */
export const newEmptyStrided: OpFn<[shape: Shape, strides: readonly number[]]> = composite(
  (x: AnyTensor, shape: Shape, strides: readonly number[]) => {
    const memory = new Storage(allocate(x.dtype, span(shape, strides)));
    return new Tensor(memory, shape, x.dtype, strides, 0, isContiguous(shape, strides), null);
  },
);

/** A view of `x`'s memory with any geometry: element (i, j, ...) is `x`'s storage at offset + i * strides[0] + ... */
export const asStrided: OpFn<[shape: Shape, strides: readonly number[], offset?: number]> = op({
  forward: (x: AnyTensor, shape: Shape, strides: readonly number[], offset?: number) => {
    checkShape(shape, "asStrided");
    if (strides.length !== shape.length)
      throw new RuntimeError(
        `asStrided: mismatch in length of strides and shape: ${showShape(strides)} and ${showShape(shape)}`,
      );
    if (strides.some((n) => n < 0))
      throw new RuntimeError(`asStrided: Negative strides are not supported, got ${showShape(strides)}`);
    const start = offset ?? x.offset;
    const extent = span(shape, strides);
    const needed = extent === 0 ? 0 : start + extent;
    if (start < 0 || needed > x.storage.data.length)
      throw new RuntimeError(
        `asStrided: setStorage: sizes ${showShape(shape)}, strides ${showShape(strides)}, storage offset ${start} ` +
          `require ${needed} elements, but the storage has ${x.storage.data.length}`,
      );
    return viewOf(x, shape, strides, start);
  },
  saves: "inputs",
  vjp: (g, s) => {
    const x = s.meta(0) as AnyTensor;
    return g.asStridedScatterAdd(x.shape, x.strides, s.meta(2), (s.meta(3) ?? x.offset) - x.offset);
  },
});

/**
 * The adjoint of {@link asStrided}: zeros of `shape` (laid out by `layout`) to which element (i, j, ...) is added at
 * offset + i * strides[0] + ...
 */
export const asStridedScatterAdd: OpFn<
  [shape: Shape, layout: readonly number[], strides: readonly number[], offset: number]
> = op({
  forward: (
    g: AnyTensor,
    shape: Shape,
    layout: readonly number[],
    strides: readonly number[],
    offset: number,
  ) => {
    const low = Math.min(offset, 0);
    const high = Math.max(span(shape, layout), offset + span(g.shape, strides));
    const memory = new Storage(allocate(g.dtype, high - low));
    const to = memory.data as Float64Array;
    const from = g.storage.data as Float64Array;
    const rank = g.ndim;
    const walk = (dim: number, at: number, out: number): void => {
      if (dim === rank) {
        to[out]! += from[at]!;
        return;
      }
      const n = g.shape[dim]!;
      for (let i = 0; i < n; i++) walk(dim + 1, at + i * g.strides[dim]!, out + i * strides[dim]!);
    };
    if (numel(g.shape) > 0) walk(0, g.offset, offset - low);
    return new Tensor(memory, shape, g.dtype, layout, -low, false, null).contiguous();
  },
  vjp: (g, s) =>
    g
      .contiguous()
      .newEmptyStrided(s.meta(1), s.meta(2))
      .copy_(g)
      .asStrided(s.meta(0).shape, s.meta(3), s.meta(4)),
});
