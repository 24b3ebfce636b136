// Reading and writing along a dimension at computed places: index_select, index_add, gather, scatter.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { Scalar } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel, sameShape } from "../base/shape.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { mutating, op } from "./define.ts";
import { dataOf, onPacked, readIndices } from "./elements.ts";
import type { OpFn } from "./signatures.ts";

const extentsAround = (shape: Shape, d: number): { outer: number; size: number; inner: number } => ({
  outer: numel(shape.slice(0, d)),
  size: shape[d] ?? 1,
  inner: numel(shape.slice(d + 1)),
});

/** The slices of dimension `dim` that `index` (1-d) lists. */
export const indexSelect: OpFn<[dim: number, index: AnyTensor]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim: number, index: AnyTensor) => {
    const d = normalizeDim(dim, x.ndim, "indexSelect");
    if (index.ndim > 1) throw new IndexError("index_select(): Index is supposed to be a vector");
    const { outer, size, inner } = extentsAround(x.shape, d);
    const at = readIndices(index, size, "indexSelect", d);
    const source = x.contiguous();
    const shape = x.shape.slice();
    if (x.ndim > 0) shape[d] = at.length;
    const out: AnyTensor = fresh(allocate(x.dtype, outer * at.length * inner), shape, x.dtype);
    const to = dataOf(out);
    const from = dataOf(source);
    for (let o = 0, w = 0; o < outer; o++)
      for (let i = 0; i < at.length; i++) {
        const start = source.offset + (o * size + at[i]!) * inner;
        if (inner > 32) {
          to.set(from.subarray(start, start + inner), w);
          w += inner;
        } else for (let k = 0; k < inner; k++) to[w++] = from[start + k]!;
      }
    return out;
  },
  vjp: (g, s) => [g.newZeros(s.meta(0).shape).indexAdd_(s.meta(1), s.at(2), g), null],
});

/** Adds `alpha * source` slice by slice: slice i of `source` to slice `index[i]` of dimension `dim`. */
export const indexAdd: OpFn<
  [dim: number, index: AnyTensor, source: AnyTensor, options?: { readonly alpha?: number }],
  "inplace"
> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor, options?: { alpha?: number }) => {
    const d = normalizeDim(dim, self.ndim, "indexAdd");
    if (index.ndim > 1) throw new IndexError("index_add_(): Index is supposed to be a vector");
    if (source.dtype !== self.dtype)
      throw new DTypeError(
        "indexAdd",
        `index_add_(): self (${self.dtype}) and source (${source.dtype}) must have the same scalar type`,
      );
    const { outer, size, inner } = extentsAround(self.shape, d);
    const at = readIndices(index, size, "indexAdd", d);
    const count = at.length;
    if (numel(source.shape) !== outer * count * inner || (source.ndim > 0 && source.shape[d] !== count))
      throw new ShapeError(
        "indexAdd",
        [self.shape, source.shape],
        `index_add_(): Number of indices (${count}) should be equal to source.size(dim): shapes ${showShape(self.shape)} and ${showShape(source.shape)}`,
      );
    const from = (options?.alpha === undefined ? source : source.mul(options.alpha)).contiguous();
    const values = dataOf(from);
    onPacked(self, (data, offset) => {
      for (let o = 0, r = from.offset; o < outer; o++)
        for (let i = 0; i < count; i++) {
          const start = offset + (o * size + at[i]!) * inner;
          for (let k = 0; k < inner; k++) data[start + k]! += values[r++]!;
        }
    });
  },
  vjp: (g, s) => {
    const part = g.indexSelect(s.meta(1), s.at(2));
    return [g, null, s.meta(4)?.alpha === undefined ? part : part.mul(s.meta(4).alpha)];
  },
});

/** Calls `visit(place in x, place in index)` for each element of index; both are read in row-major order. */
function eachPlace(
  x: Shape,
  dim: number,
  index: AnyTensor,
  op: string,
  visit: (target: number, source: number) => void,
): void {
  // What is an IndexError elsewhere is a RuntimeError of gather and scatter in PyTorch.
  const at = readIndices(index, x[dim] ?? 1, op, dim, RuntimeError);
  const strides = new Array<number>(x.length);
  for (let i = x.length - 1, step = 1; i >= 0; i--) {
    strides[i] = step;
    step *= x[i]!;
  }
  let source = 0;
  const walk = (d: number, base: number): void => {
    if (d === x.length) {
      visit(base + at[source]! * (strides[dim] ?? 0), source);
      source++;
      return;
    }
    const n = index.shape[d] as number;
    for (let i = 0; i < n; i++) walk(d + 1, d === dim ? base : base + i * strides[d]!);
  };
  if (at.length > 0) walk(0, 0);
}

function checkGather(x: AnyTensor, dim: number, index: AnyTensor, op: string): number {
  const d = normalizeDim(dim, x.ndim, op);
  if (Math.max(index.ndim, 1) !== Math.max(x.ndim, 1))
    throw new RuntimeError(
      `${op}: Index tensor must have the same number of dimensions as input tensor, got ${showShape(index.shape)} and ${showShape(x.shape)}`,
    );
  for (let i = 0; i < Math.min(index.ndim, x.ndim); i++)
    if (i !== d && index.shape[i] > x.shape[i])
      throw new ShapeError(
        op,
        [index.shape, x.shape],
        `${op}: Size does not match at dimension ${i} expected index ${showShape(index.shape)} to be smaller than self ${showShape(x.shape)} apart from dimension ${d}`,
      );
  return d;
}

/** Picks along `dim`: `out[i][j] = x[index[i][j]][j]` for dim 0. */
export const gather: OpFn<[dim: number, index: AnyTensor]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim: number, index: AnyTensor) => {
    const d = checkGather(x, dim, index, "gather");
    const source = x.contiguous();
    const from = dataOf(source);
    const out: AnyTensor = fresh(allocate(x.dtype, numel(index.shape)), index.shape as Shape, x.dtype);
    const to = dataOf(out);
    eachPlace(x.shape, d, index, "gather", (p, i) => {
      to[i] = from[source.offset + p]!;
    });
    return out;
  },
  vjp: (g, s) => [g.newZeros(s.meta(0).shape).scatterAdd_(s.meta(1), s.at(2), g), null],
});

const scatterInto = (
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor | Scalar,
  name: string,
  add: boolean,
): void => {
  const d = checkGather(self, dim, index, name);
  if (isTensor(source) && source.dtype !== self.dtype)
    throw new DTypeError(
      name,
      `${name}(): Expected self.dtype to be equal to src.dtype: ${self.dtype} and ${source.dtype}`,
    );
  // Only the leading corner of `source` of the index's shape is used.
  const src = isTensor(source) ? corner(source, index.shape, name) : null;
  const values = src ? dataOf(src) : null;
  const value = (src ? 0 : self.dtype === "int64" ? BigInt(source as number) : Number(source)) as number;
  onPacked(self, (data, offset) =>
    eachPlace(self.shape, d, index, name, (p, i) => {
      const v = values ? values[src!.offset + i]! : value;
      if (add) data[offset + p]! += v;
      else data[offset + p] = v;
    }),
  );
};

function corner(x: AnyTensor, shape: Shape, name: string): AnyTensor {
  let part = x;
  shape.forEach((n, i) => {
    if (n > x.shape[i]!)
      throw new ShapeError(
        name,
        [shape, x.shape],
        `${name}: Expected index ${showShape(shape)} to be smaller than src ${showShape(x.shape)}`,
      );
    if (n < x.shape[i]!) part = part.narrow(i, 0, n);
  });
  return part.contiguous();
}

/** Writes along `dim`: `x[index[i][j]][j] = source[i][j]` for dim 0. `source` may be a number. */
export const scatter: OpFn<[dim: number, index: AnyTensor, source: AnyTensor | Scalar], "inplace"> = mutating(
  {
    saves: "inputs",
    mutate: (self, dim: number, index: AnyTensor, source: AnyTensor | Scalar) =>
      scatterInto(self, dim, index, source, "scatter", false),
    vjp: (g, s) => [
      g.scatter(s.meta(1), s.at(2), 0),
      null,
      isTensor(s.meta(3)) ? padTo(g.gather(s.meta(1), s.at(2)), s.meta(3).shape) : null,
    ],
  },
);

/** Adds along `dim`: `x[index[i][j]][j] += source[i][j]` for dim 0. */
export const scatterAdd: OpFn<[dim: number, index: AnyTensor, source: AnyTensor], "inplace"> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor) =>
    scatterInto(self, dim, index, source, "scatterAdd", true),
  vjp: (g, s) => [g, null, padTo(g.gather(s.meta(1), s.at(2)), s.meta(3).shape)],
});

/** Zeros of `shape` with x in the leading corner. */
function padTo(x: AnyTensor, shape: Shape): AnyTensor {
  if (sameShape(x.shape, shape)) return x;
  const whole = x.newZeros(shape);
  let part: AnyTensor = whole;
  (x.shape as Shape).forEach((n, i) => {
    part = part.narrow(i, 0, n);
  });
  part.copy_(x);
  return whole;
}
