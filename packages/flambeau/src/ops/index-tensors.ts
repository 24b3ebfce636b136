// Lists of index tensors, as in NumPy's advanced indexing.
// Floor L4 (ops). Source: https://numpy.org/doc/stable/user/basics.indexing.html#advanced-indexing

import { isFloat } from "../base/dtype.ts";
import { DTypeError, IndexError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel } from "../base/shape.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { mutating, op } from "./define.ts";
import {
  atRules,
  cellsOf,
  cellsPer,
  dataOf,
  onPacked,
  putRows,
  readIndices,
  rowsAlong,
  takeRowsInto,
} from "./elements.ts";
import { foldRows } from "./fold-rows.ts";
import type { OpFn } from "./signatures.ts";

/** A list of index tensors for the leading dimensions; null takes a dimension whole; a mask (bool or uint8) stands for its places. */
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
    else if (index.dtype === "bool" || index.dtype === "uint8") {
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
      if (index.dtype !== "int32" && index.dtype !== "int64")
        throw new IndexError(
          `tensors used as indices must be int32, int64, bool or uint8 tensors, but got ${index.dtype}`,
        );
      dims.push(d++);
      lists.push(index);
    }
  }
  if (d > x.length) throw new IndexError(`too many indices for tensor of dimension ${x.length}`);
  const shape = lists
    .map((t) => t.shape as Shape)
    .reduce<Shape>((a, b) => {
      try {
        return broadcastShapes(a, b, name);
      } catch {
        throw new IndexError(
          `shape mismatch: indexing tensors could not be broadcast together with shapes ${lists.map((t) => showShape(t.shape)).join(", ")}`,
        );
      }
    }, []);
  return { dims, lists: lists.map((t) => t.expand(shape)), shape };
}

/** For each place of the broadcast indices, the row of x (indexed dimensions first) that it names. */
function rowNumbers(
  x: Shape,
  dims: readonly number[],
  lists: readonly AnyTensor[],
  name: string,
): Int32Array {
  const rows = new Int32Array(numel(lists[0]?.shape ?? []));
  dims.forEach((d, i) => {
    const at = readIndices(lists[i]!, x[d]!, name, d, atRules);
    for (let r = 0; r < rows.length; r++) rows[r] = rows[r]! * x[d]! + at[r]!;
  });
  return rows;
}

/**
 * Where a result's dimensions lie: [before, of the indices, after] if the indexed dimensions are neighbours, and then
 * no element has to move; else those of the indices come first, of a tensor that `order` rearranges.
 */
interface Layout {
  readonly order: readonly number[] | null;
  readonly outer: number;
  readonly inner: number;
  /** The shape of the result. */
  readonly shape: Shape;
  readonly rows: Int32Array;
}

function layoutOf(x: AnyTensor, indices: TensorIndices, name: string): Layout {
  const extents: Shape = x.shape;
  const { dims, lists, shape } = resolveIndices(extents, indices, name);
  const first = dims[0] ?? 0;
  const adjacent = dims.every((d, i) => d === first + i);
  const others = extents.map((_, i) => i).filter((i) => !dims.includes(i));
  const size = dims.reduce((n, d) => n * extents[d]!, 1);
  const rows = rowNumbers(extents, dims, lists, name);
  const before = adjacent ? extents.slice(0, first) : [];
  const after = adjacent ? extents.slice(first + dims.length) : others.map((d) => extents[d]!);
  return {
    order: adjacent ? null : [...dims, ...others],
    outer: numel(before),
    inner: numel(after),
    shape: [...before, ...shape, ...after],
    rows: rowsAlong(numel(before), size, rows),
  };
}

/** `x[indices]` with index tensors, as NumPy's advanced indexing. A copy. */
export const indexTensors: OpFn<[indices: TensorIndices]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, indices: TensorIndices) => {
    const { order, shape, rows, inner } = layoutOf(x, indices, "index");
    const source = (order ? x.permute(order) : x).contiguous();
    const out: AnyTensor = fresh(allocateUnset(x.dtype, rows.length * inner), shape, x.dtype);
    const width = cellsPer(x.dtype);
    const from = cellsOf(source.storage.data);
    takeRowsInto(
      cellsOf(out.storage.data),
      from,
      source.offset * width,
      rows,
      inner * width,
      isFloat(x.dtype),
    );
    return out;
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
export const indexPut: OpFn<
  [indices: TensorIndices, values: AnyTensor, accumulate?: boolean],
  "sameInplace"
> = mutating({
  saves: "inputs",
  mutate: (self, indices: TensorIndices, values: AnyTensor, accumulate = false) => {
    if (values.dtype !== self.dtype)
      throw new DTypeError(
        "indexPut",
        `Index put requires the source and destination dtypes match, got ${self.dtype} for the destination and ${values.dtype} for the source.`,
      );
    const { order, shape, rows, inner } = layoutOf(self, indices, "index_put_");
    const source = values.expand(shape).contiguous();
    const width = cellsPer(self.dtype);
    onPacked(order ? self.permute(order) : self, (data, offset) => {
      if (accumulate) foldRows("sum", self.dtype, data, offset, rows, dataOf(source), source.offset, inner);
      else {
        const cells = cellsOf(source.storage.data);
        putRows(cellsOf(data), offset * width, rows, cells, source.offset * width, inner * width);
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
