// Joining tensors along a dimension.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { DType } from "../base/dtype.ts";
import { promoteTypes } from "../base/dtype.ts";
import { ArgumentError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel, sameShape } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { alias, composite, op } from "./define.ts";
import { cellsOf, cellsPer, moveRun } from "./elements.ts";
import { atleast1d, atleast2d, atleast3d } from "./rank.ts";
import type { CatOp, StackLike, StackOp } from "./signatures.ts";

/** Copies `parts` one behind the other along dimension d of `out`: in runs where they lie in row-major order. */
function joinInto(out: AnyTensor, parts: readonly AnyTensor[], d: number, dtype: DType): void {
  if (recorder !== null) {
    let start = 0;
    for (const x of parts) {
      copyElements(out.narrow(d, start, x.shape[d]!), x);
      start += x.shape[d]!;
    }
    return;
  }
  const inner = numel(out.shape.slice(d + 1)) * cellsPer(dtype);
  const outer = numel(out.shape.slice(0, d));
  const row = out.shape[d]! * inner;
  const to = cellsOf(out.storage.data);
  let at = 0;
  for (const x of parts) {
    const n = x.shape[d]!;
    if (x.dtype === dtype && x.packed) {
      const from = cellsOf(x.storage.data);
      const run = n * inner;
      const start = x.offset * cellsPer(dtype);
      if (run === 1) for (let o = 0, w = at * inner; o < outer; o++, w += row) to[w] = from[start + o]!;
      else for (let o = 0; o < outer; o++) moveRun(to, o * row + at * inner, from, start + o * run, run);
    } else copyElements(out.narrow(d, at, n), x);
    at += n;
  }
}

/** Joins tensors along an existing dimension; all other extents agree. Empty 1-d tensors are passed over. */
export const cat: CatOp = op({
  method: false,
  forward: (tensors: readonly AnyTensor[], dim = 0) => {
    if (!Array.isArray(tensors) || !tensors.every(isTensor))
      throw new ArgumentError("cat(): argument 'tensors' must be a list of Tensors");
    if (tensors.length === 0) throw new RuntimeError("torch.cat(): expected a non-empty list of Tensors");
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
    const out: AnyTensor = fresh(allocateUnset(dtype, numel(shape)), shape, dtype);
    joinInto(out, parts, d, dtype);
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

/** {@link cat} under another name. */
export const concat: CatOp<"concat"> = alias(cat);
/** {@link cat} under NumPy's name. */
export const concatenate: CatOp<"concatenate"> = alias(cat);

/** Joins tensors of one shape along a new dimension. */
export const stack: StackOp = composite(
  (tensors: readonly AnyTensor[], dim = 0) => {
    if (tensors.length === 0) throw new RuntimeError("stack expects a non-empty TensorList");
    const first = tensors[0]!;
    const d = normalizeDim(dim, first.ndim + 1, "stack");
    tensors.forEach((x, i) => {
      if (!sameShape(x.shape, first.shape))
        throw new ShapeError(
          "stack",
          [first.shape, x.shape],
          `stack expects each tensor to be equal size, but got ${showShape(first.shape)} at entry 0 and ${showShape(x.shape)} at entry ${i}`,
        );
    });
    return cat(
      tensors.map((x) => x.unsqueeze(d)),
      d,
    );
  },
  { method: false },
);

const nonEmpty = (tensors: readonly AnyTensor[], name: string): readonly AnyTensor[] => {
  if (!Array.isArray(tensors) || !tensors.every(isTensor))
    throw new ArgumentError(`${name}(): expected a list of Tensors`);
  if (tensors.length === 0) throw new RuntimeError(`${name} expects a non-empty TensorList`);
  return tensors;
};

/** Joins along dimension 1 (vectors: 0): columns side by side. 0-d tensors count as vectors. */
export const hstack: StackLike<"hstack"> = composite(
  (tensors: readonly AnyTensor[]) => {
    const parts = nonEmpty(tensors, "hstack").map((x) => atleast1d(x));
    return cat(parts, parts[0]!.ndim === 1 ? 0 : 1);
  },
  { method: false },
);
/** Joins along dimension 0: rows on top of each other. Vectors count as rows. */
export const vstack: StackLike<"vstack"> = composite(
  (tensors: readonly AnyTensor[]) =>
    cat(
      nonEmpty(tensors, "vstack").map((x) => atleast2d(x)),
      0,
    ),
  { method: false },
);
/** {@link vstack} under another name. */
export const rowStack: StackLike<"rowStack"> = alias(vstack);
/** Joins along dimension 2, which vectors and matrices are given: see {@link atleast3d}. */
export const dstack: StackLike<"dstack"> = composite(
  (tensors: readonly AnyTensor[]) =>
    cat(
      nonEmpty(tensors, "dstack").map((x) => atleast3d(x)),
      2,
    ),
  { method: false },
);
/** {@link hstack} where vectors count as columns. */
export const columnStack: StackLike<"columnStack"> = composite(
  (tensors: readonly AnyTensor[]) =>
    hstack(nonEmpty(tensors, "column_stack").map((x) => (x.ndim <= 1 ? x.reshape([numel(x.shape), 1]) : x))),
  { method: false },
);
