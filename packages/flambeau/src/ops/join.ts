// Taking tensors apart along a dimension, and joining them.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { DType } from "../base/dtype.ts";
import { promoteTypes } from "../base/dtype.ts";
import { IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel, sameShape } from "../base/shape.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import type { CatOp, ChunkOp, OpFn, StackOp, UnbindOp } from "./signatures.ts";

/** The slices along `dim` as a list of views. */
export const unbind: UnbindOp = composite((x: AnyTensor, dim = 0) => {
  if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  const d = normalizeDim(dim, x.ndim, "unbind");
  return Array.from({ length: x.shape[d]! }, (_, i) => x.select(d, i));
});

/** Pieces along `dim` of `size` elements each (the last may be shorter), or of the listed sizes. Views. */
export const split: OpFn<[size: number | readonly number[], dim?: number], "list"> = composite(
  (x: AnyTensor, size: number | readonly number[], dim = 0) => {
    if (x.ndim === 0) throw new RuntimeError("split expects at least a 1-dimensional tensor");
    const d = normalizeDim(dim, x.ndim, "split");
    const n = x.shape[d]!;
    if (typeof size === "number") {
      if (size < 0)
        throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${size}`);
      if (size === 0 && n !== 0)
        throw new RuntimeError(
          `split: split_size can only be 0 if dimension size is 0, but got dimension size of ${n}`,
        );
      const count = size === 0 ? 1 : Math.max(1, Math.ceil(n / size));
      return Array.from({ length: count }, (_, i) => x.narrow(d, i * size, Math.min(size, n - i * size)));
    }
    if (size.reduce((p, q) => p + q, 0) !== n || size.some((k) => k < 0))
      throw new RuntimeError(
        `split_with_sizes expects split_sizes to sum exactly to ${n} (input tensor's size at dimension ${d}), but got split_sizes=${showShape(size)}`,
      );
    let at = 0;
    return size.map((k) => {
      at += k;
      return x.narrow(d, at - k, k);
    });
  },
);

/** At most `chunks` pieces of equal size along `dim`. Views. */
export const chunk: ChunkOp = composite((x: AnyTensor, chunks: number, dim = 0) => {
  if (x.ndim === 0) throw new RuntimeError("chunk expects at least a 1-dimensional tensor");
  if (!(chunks > 0)) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  const n = x.shape[normalizeDim(dim, x.ndim, "chunk")]!;
  const size = Math.ceil(n / chunks);
  return size === 0
    ? split(
        x,
        Array.from({ length: chunks }, () => 0),
        dim,
      )
    : split(x, size, dim);
});

/** Joins tensors along an existing dimension; all other extents agree. Empty 1-d tensors are passed over. */
export const cat: CatOp = op({
  method: false,
  forward: (tensors: readonly AnyTensor[], dim = 0) => {
    if (!Array.isArray(tensors) || tensors.length === 0 || !tensors.every(isTensor))
      throw new RuntimeError("cat: expected a non-empty list of Tensors");
    const parts = tensors.filter((x) => !(x.ndim === 1 && x.length === 0));
    const first = parts[0] ?? tensors[0]!;
    if (first.ndim === 0)
      throw new RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated");
    const d = normalizeDim(dim, first.ndim, "cat");
    parts.forEach((x, i) => {
      if (x.ndim !== first.ndim)
        throw new ShapeError(
          "cat",
          [first.shape, x.shape],
          `Tensors must have same number of dimensions: got ${first.ndim} and ${x.ndim}`,
        );
      x.shape.forEach((n: number, k: number) => {
        if (k !== d && n !== first.shape[k])
          throw new ShapeError(
            "cat",
            [first.shape, x.shape],
            `Sizes of tensors must match except in dimension ${d}. Expected size ${first.shape[k]} but got size ${n} for tensor number ${i} in the list. (cat: ${showShape(first.shape)} and ${showShape(x.shape)})`,
          );
      });
    });
    const dtype = tensors.map((x) => x.dtype as DType).reduce(promoteTypes);
    const shape = first.shape.slice();
    shape[d] = parts.reduce((sum, x) => sum + x.shape[d]!, 0);
    const out: AnyTensor = fresh(allocate(dtype, numel(shape)), shape, dtype);
    let at = 0;
    for (const x of parts) {
      copyElements(out.narrow(d, at, x.shape[d]!), x);
      at += x.shape[d]!;
    }
    return out;
  },
  vjp: (g, s) => {
    const metas: readonly { shape: Shape }[] = s.meta(0);
    const d = normalizeDim(s.meta(1) ?? 0, g.ndim, "cat");
    let at = 0;
    return metas.map(({ shape }) => {
      if (shape.length === 1 && shape[0] === 0 && g.ndim !== 1) return g.newZeros([0]);
      at += shape[d]!;
      return g.narrow(d, at - shape[d]!, shape[d]!);
    });
  },
});

/** Joins tensors of one shape along a new dimension. */
export const stack: StackOp = composite(
  (tensors: readonly AnyTensor[], dim = 0) => {
    if (tensors.length === 0) throw new RuntimeError("stack expects a non-empty TensorList");
    const first = tensors[0]!;
    tensors.forEach((x, i) => {
      if (!sameShape(x.shape, first.shape))
        throw new ShapeError(
          "stack",
          [first.shape, x.shape],
          `stack expects each tensor to be equal size, but got ${showShape(first.shape)} at entry 0 and ${showShape(x.shape)} at entry ${i}`,
        );
    });
    return cat(
      tensors.map((x) => x.unsqueeze(dim)),
      normalizeDim(dim, first.ndim + 1, "stack"),
    );
  },
  { method: false },
);
