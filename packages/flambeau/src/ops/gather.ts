// Reading and writing at computed places: index_select, gather, scatter, masks, lists of index tensors.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { Scalar } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, normalizeDim, numel, sameShape } from "../base/shape.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import { where } from "./select.ts";
import type { OpFn } from "./signatures.ts";

// Element types differ at run time only; int64 elements are moved, and added, as bigints.
type Data = Float64Array;
const dataOf = (x: AnyTensor): Data => x.storage.data as Data;

/** The indices as numbers in 0..size-1. @throws IndexError for one out of range. */
function readIndices(
  index: AnyTensor,
  size: number,
  op: string,
  dim: number,
  Bad: typeof IndexError | typeof RuntimeError = IndexError,
): Int32Array {
  if (index.dtype !== "int32" && index.dtype !== "int64" && index.dtype !== "uint8")
    throw new Bad(`${op}(): Expected dtype int32 or int64 for index, but got ${index.dtype}`);
  const flat = index.contiguous();
  const n = numel(index.shape);
  const data = flat.storage.data;
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const v = Number(data[flat.offset + i]);
    if (v < -size || v >= size)
      throw new Bad(`${op}: index ${v} is out of bounds for dimension ${dim} with size ${size}`);
    out[i] = v < 0 ? v + size : v;
  }
  return out;
}

/** Runs `change` on the elements of `self` in row-major order, whatever its strides. */
function onPacked(self: AnyTensor, change: (data: Data, offset: number) => void): void {
  if (self.packed) {
    change(dataOf(self), self.offset);
    return;
  }
  const copy = self.contiguous();
  change(dataOf(copy), 0);
  self.copy_(copy);
}

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
    if (numel(source.shape) !== outer * count * inner)
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

/** Sets elements where `mask` (bool, broadcast) is true to `value`, a number or a 0-d tensor. */
export const maskedFill: OpFn<[mask: AnyTensor, value: AnyTensor | Scalar], "inplace"> = mutating({
  saves: "inputs",
  widened: (x: AnyTensor, mask: AnyTensor) => x.expand(broadcastShapes(x.shape, mask.shape, "maskedFill")),
  mutate: (self, mask: AnyTensor, value: AnyTensor | Scalar) => {
    if (mask.dtype !== "bool")
      throw new DTypeError(
        "maskedFill",
        `masked_fill_ only supports boolean masks, but got mask with dtype ${mask.dtype}`,
      );
    if (isTensor(value) && value.ndim > 0)
      throw new RuntimeError(
        `masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
      );
    if (!sameShape(broadcastShapes(self.shape, mask.shape, "maskedFill"), self.shape))
      throw new ShapeError(
        "maskedFill",
        [self.shape, mask.shape],
        `maskedFill: a mask of shape ${showShape(mask.shape)} does not broadcast to ${showShape(self.shape)}`,
      );
    self.copy_(where(mask, value as AnyTensor, self));
  },
  vjp: (g, s) => [g.maskedFill(s.at(1), 0), null, isTensor(s.meta(2)) ? where(s.at(1), g, 0).sum() : null],
});

/** The places of nonzero elements, one row of coordinates each, in row-major order. */
export const nonzero: OpFn<[], "index"> = op({
  forward: (x: AnyTensor) => {
    const flat = x.contiguous();
    const n = numel(x.shape);
    const data = flat.storage.data;
    const places: number[] = [];
    for (let i = 0; i < n; i++) if (Number(data[flat.offset + i]) !== 0) places.push(i);
    const rank = x.ndim;
    const out = new Int32Array(places.length * rank);
    places.forEach((p, row) => {
      let rest = p;
      for (let d = rank - 1; d >= 0; d--) {
        out[row * rank + d] = rest % x.shape[d]!;
        rest = Math.floor(rest / x.shape[d]!);
      }
    });
    return fresh(out, [places.length, rank], "int32");
  },
});

/** The elements where `mask` (bool, broadcast with x) is true, as a 1-d tensor. */
export const maskedSelect: OpFn<[mask: AnyTensor]> = composite((x: AnyTensor, mask: AnyTensor) => {
  if (mask.dtype !== "bool")
    throw new DTypeError("maskedSelect", `masked_select: expected BoolTensor for mask, got ${mask.dtype}`);
  const shape = broadcastShapes(x.shape, mask.shape, "maskedSelect");
  return indexTensors(x.expand(shape), [mask.expand(shape)]);
});

/** A list of index tensors for the leading dimensions; null takes a dimension whole; a bool tensor stands for its places. */
export type TensorIndices = readonly (AnyTensor | null)[];

/** Index tensors by dimension, bools replaced by the coordinates of their true elements, broadcast to one shape. */
function resolveIndices(
  x: Shape,
  indices: TensorIndices,
  name: string,
): { dims: number[]; lists: AnyTensor[]; shape: Shape } {
  const dims: number[] = [];
  const lists: AnyTensor[] = [];
  let d = 0;
  for (const index of indices) {
    if (index === null) d++;
    else if (index.dtype === "bool") {
      index.shape.forEach((n: number, i: number) => {
        if (n !== x[d + i])
          throw new IndexError(
            `The shape of the mask ${showShape(index.shape)} at index ${i} does not match the shape of the indexed tensor ${showShape(x)} at index ${d + i}`,
          );
      });
      const places = index.nonzero();
      for (let i = 0; i < index.ndim; i++) {
        dims.push(d++);
        lists.push(places.select(1, i));
      }
    } else {
      dims.push(d++);
      lists.push(index);
    }
  }
  if (d > x.length) throw new IndexError(`too many indices for tensor of dimension ${x.length}`);
  const shape = lists
    .map((t) => t.shape as Shape)
    .reduce((a, b) => {
      try {
        return broadcastShapes(a, b, name);
      } catch {
        throw new IndexError(
          `shape mismatch: indexing tensors could not be broadcast together with shapes ${lists.map((t) => showShape(t.shape)).join(", ")}`,
        );
      }
    });
  return { dims, lists: lists.map((t) => t.expand(shape)), shape };
}

/** For each place of the broadcast indices, the row of x (indexed dimensions first) that it names. */
function rowNumbers(
  x: Shape,
  dims: readonly number[],
  lists: readonly AnyTensor[],
  name: string,
): Int32Array {
  const rows = new Int32Array(numel(lists[0]!.shape));
  dims.forEach((d, i) => {
    const at = readIndices(lists[i]!, x[d]!, name, d);
    for (let r = 0; r < rows.length; r++) rows[r] = rows[r]! * x[d]! + at[r]!;
  });
  return rows;
}

/** Order that brings the indexed dimensions to the front. */
const indexedFirst = (rank: number, dims: readonly number[]): number[] => [
  ...dims,
  ...Array.from({ length: rank }, (_, i) => i).filter((i) => !dims.includes(i)),
];

/** How the result's dimensions are arranged: those of the indices stand where the indexed ones stood, if these were neighbours, else first. */
function arrange(rank: number, dims: readonly number[], broadcastRank: number): number[] {
  const adjacent = dims.every((d, i) => i === 0 || d === dims[i - 1]! + 1);
  const before = adjacent ? dims[0]! : 0;
  const rest = rank - dims.length;
  const index = Array.from({ length: broadcastRank }, (_, i) => i);
  const others = Array.from({ length: rest }, (_, i) => broadcastRank + i);
  return [...others.slice(0, before), ...index, ...others.slice(before)];
}

/** `x[indices]` with index tensors, as NumPy's advanced indexing. A copy. */
export const indexTensors: OpFn<[indices: TensorIndices]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, indices: TensorIndices) => {
    const { dims, lists, shape } = resolveIndices(x.shape, indices, "index");
    const order = indexedFirst(x.ndim, dims);
    const source = x.permute(order).contiguous();
    const restShape = order.slice(dims.length).map((d) => x.shape[d]!);
    const inner = numel(restShape);
    const rows = rowNumbers(x.shape, dims, lists, "index");
    const out: AnyTensor = fresh(allocate(x.dtype, rows.length * inner), [...shape, ...restShape], x.dtype);
    const from = dataOf(source);
    const to = dataOf(out);
    for (let r = 0, w = 0; r < rows.length; r++) {
      const start = source.offset + rows[r]! * inner;
      for (let k = 0; k < inner; k++) to[w++] = from[start + k]!;
    }
    return out.permute(arrange(x.ndim, dims, shape.length)).contiguous();
  },
  vjp: (g, s) => {
    const indices = s.meta(1) as TensorIndices;
    return [
      g.newZeros(s.meta(0).shape).indexPut_(indices, g, true),
      ...indices.filter((i) => i !== null).map(() => null),
    ];
  },
});

/** `x[indices] = values` with index tensors; with `accumulate`, adds instead. Among equal indices the last one wins. */
export const indexPut: OpFn<[indices: TensorIndices, values: AnyTensor, accumulate?: boolean], "inplace"> =
  mutating({
    saves: "inputs",
    mutate: (self, indices: TensorIndices, values: AnyTensor, accumulate = false) => {
      if (values.dtype !== self.dtype)
        throw new DTypeError(
          "indexPut",
          `Index put requires the source and destination dtypes match, got ${self.dtype} for the destination and ${values.dtype} for the source.`,
        );
      const { dims, lists, shape } = resolveIndices(self.shape, indices, "indexPut");
      const order = indexedFirst(self.ndim, dims);
      const restShape = order.slice(dims.length).map((d) => self.shape[d]!);
      const arranged = arrange(self.ndim, dims, shape.length);
      const full = [...shape, ...restShape];
      const target = arranged.map((i) => full[i]!);
      const inverse = new Array<number>(arranged.length);
      arranged.forEach((from, to) => {
        inverse[from] = to;
      });
      const source = values.expand(target).permute(inverse).contiguous();
      const rows = rowNumbers(self.shape, dims, lists, "indexPut");
      const moved = self.permute(order);
      const inner = numel(restShape);
      const from = dataOf(source);
      onPacked(moved, (data, offset) => {
        for (let r = 0, p = source.offset; r < rows.length; r++) {
          const start = offset + rows[r]! * inner;
          for (let k = 0; k < inner; k++, p++) {
            if (accumulate) data[start + k]! += from[p]!;
            else data[start + k] = from[p]!;
          }
        }
      });
    },
    vjp: (g, s) => {
      const indices = s.meta(1) as TensorIndices;
      const own = s.meta(3) ? g : g.indexPut(indices, g.newZeros([]), false);
      return [
        own,
        ...indices.filter((i) => i !== null).map(() => null),
        g.indexTensors(indices).sumToSize(s.meta(2).shape),
      ];
    },
  });

/** Rows of `weight` (the last dimension whole) for each index: `out[..., :] = weight[index[...], :]`. */
export const takeRows: (weight: AnyTensor, index: AnyTensor) => AnyTensor = composite(
  (weight: AnyTensor, index: AnyTensor) =>
    weight.indexSelect(0, index.reshape(-1)).reshape([...index.shape, ...weight.shape.slice(1)]),
  { method: false },
);
