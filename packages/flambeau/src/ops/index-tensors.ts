// Masks, and lists of index tensors as in NumPy's advanced indexing.
// Floor L4 (ops). Source: https://numpy.org/doc/stable/user/basics.indexing.html#advanced-indexing

import type { Scalar } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel, sameShape } from "../base/shape.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import { dataOf, onPacked, readIndices } from "./elements.ts";
import { where } from "./select.ts";
import type { OpFn } from "./signatures.ts";

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
