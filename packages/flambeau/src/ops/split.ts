// Taking tensors apart along a dimension, into views.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import { ArgumentError, IndexError, RuntimeError, showShape } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { ChunkOp, OpFn, TensorSplitOp, UnbindOp } from "./signatures.ts";

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

/** {@link split} into pieces of the listed sizes. */
export const splitWithSizes: OpFn<[sizes: readonly number[], dim?: number], "list"> = composite(
  (x: AnyTensor, sizes: readonly number[], dim = 0) => split(x, sizes, dim),
);

type Sections = number | readonly number[] | AnyTensor;

/** Cuts before each of the places along dimension d; as in Python's slices, those outside are moved to the edge. */
function cutAt(x: AnyTensor, places: readonly number[], d: number): AnyTensor[] {
  let start = 0;
  const pieces: AnyTensor[] = places.map((end) => {
    const piece = x.sliceDim(d, start, end);
    start = end;
    return piece;
  });
  return [...pieces, x.sliceDim(d, start)];
}

/**
 * A number of pieces along `dim` (default 0), the first ones one element longer if they cannot be equal; or the pieces
 * between the listed places. Views.
 */
export const tensorSplit: TensorSplitOp = composite((x: AnyTensor, sections: Sections, dim = 0) => {
  if (x.ndim === 0)
    throw new RuntimeError(
      "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims",
    );
  const d = normalizeDim(dim, x.ndim, "tensor_split");
  let by: unknown = sections;
  if (isTensor(sections)) {
    if (sections.ndim > 1 || (sections.dtype !== "int32" && sections.dtype !== "int64"))
      throw new RuntimeError(
        `tensor_split expected tensor_indices_or_sections to be an integer tensor of zero or one dimensions, but got ${sections.dtype} ${showShape(sections.shape)}`,
      );
    by = sections.tolist();
  }
  if (Array.isArray(by)) return cutAt(x, by as number[], d);
  if (typeof by !== "number" || !Number.isInteger(by))
    throw new ArgumentError(`tensor_split(): sections must be an integer or a list, not ${typeof by}`);
  if (by <= 0) throw new RuntimeError(`number of sections must be larger than 0, got ${by}`);
  const n = x.shape[d]!;
  const [size, longer] = [Math.floor(n / by), n % by];
  const places = Array.from({ length: by - 1 }, (_, i) => (i + 1) * size + Math.min(i + 1, longer));
  return cutAt(x, places, d);
});

type SplitAlong = OpFn<[sections: number | readonly number[]], "list">;

/** hsplit, vsplit and dsplit: {@link tensorSplit} of a dimension, into equal pieces. */
const splitter = (name: string, rank: number, dimOf: (x: AnyTensor) => number): SplitAlong =>
  composite((x: AnyTensor, sections: number | readonly number[]) => {
    if (typeof sections !== "number" && !Array.isArray(sections))
      throw new ArgumentError(
        `${name}() takes a number of sections or a list of places, not ${typeof sections}`,
      );
    if (x.ndim < rank)
      throw new RuntimeError(
        `torch.${name} requires a tensor with at least ${rank} dimension, but got a tensor with ${x.ndim} dimensions!`,
      );
    const d = dimOf(x);
    if (typeof sections === "number" && (sections === 0 || x.shape[d]! % sections !== 0))
      throw new RuntimeError(
        `torch.${name} attempted to split along dimension ${d}, but the size of the dimension ${x.shape[d]} is not divisible by the split_size ${sections}!`,
      );
    return tensorSplit(x, sections, d);
  });

/** Equal pieces, or the pieces between places, along dimension 1 (of a vector, 0). Views. */
export const hsplit: SplitAlong = splitter("hsplit", 1, (x) => (x.ndim === 1 ? 0 : 1));
/** Equal pieces, or the pieces between places, along dimension 0 of at least two. Views. */
export const vsplit: SplitAlong = splitter("vsplit", 2, () => 0);
/** Equal pieces, or the pieces between places, along dimension 2. Views. */
export const dsplit: SplitAlong = splitter("dsplit", 3, () => 2);
