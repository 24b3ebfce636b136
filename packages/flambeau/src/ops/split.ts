// Taking tensors apart along a dimension, into views.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import { IndexError, RuntimeError, showShape } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { ChunkOp, OpFn, UnbindOp } from "./signatures.ts";

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
