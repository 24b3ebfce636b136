// Joining tensors along a dimension.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { DType } from "../base/dtype.ts";
import { promoteTypes } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel, sameShape } from "../base/shape.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import type { CatOp, StackOp } from "./signatures.ts";

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
