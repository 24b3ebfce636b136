// Lists of index tensors, as in NumPy's advanced indexing.
// Floor L4 (ops). Source: https://numpy.org/doc/stable/user/basics.indexing.html#advanced-indexing

import { isFloat } from "../base/dtype.ts";
import { DTypeError, IndexError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel } from "../base/shape.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
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
import type { Mode } from "./index-steps.ts";
import { fromStart, recordElements, recordSlices } from "./index-steps.ts";
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

/** What index tensors choose of a tensor, as dimensions of a move. */
interface Chosen {
  readonly shape: number[];
  /** Which dimensions of the shape are those of the indices. */
  readonly from: number;
  readonly rank: number;
  /** Dimensions of the tensor that the others are. */
  readonly others: readonly number[];
}

function chosenBy(x: AnyTensor, dims: readonly number[], shape: Shape): Chosen {
  const first = dims[0] ?? 0;
  const from = dims.every((d, i) => d === first + i) ? first : 0;
  const others = (x.shape as Shape).map((_, i) => i).filter((i) => !dims.includes(i));
  const extents = others.map((d) => x.shape[d]!);
  return {
    shape: [...extents.slice(0, from), ...shape, ...extents.slice(from)],
    from,
    rank: shape.length,
    others,
  };
}

/** How far apart in memory what the indices name lies from the first element; -1 where an index is out of range. */
function distances(x: AnyTensor, dims: readonly number[], lists: readonly AnyTensor[]): AnyTensor {
  const parts = dims.map((d, i) => {
    const n = fromStart(lists[i]!, x.shape[d]!);
    return { there: n.ge(0).logicalAnd(n.lt(x.shape[d]!)), far: n.mul(x.strides[d]!) };
  });
  const there = parts.map((p) => p.there).reduce((a, b) => a.logicalAnd(b));
  return parts
    .map((p) => p.far)
    .reduce((a, b) => a.add(b))
    .where(there, -1);
}

/** Reads `part` from what indices choose of `x`, or changes that, in a step of the program that is recorded. */
function recordChosen(
  to: Recorder,
  name: string,
  mode: Mode,
  x: AnyTensor,
  dims: readonly number[],
  lists: readonly AnyTensor[],
  { shape, from, rank, others }: Chosen,
  part: AnyTensor,
): void {
  if (dims.length === 1 && rank === 1) {
    const numbers = fromStart(lists[0]!, x.shape[dims[0]!]!);
    recordSlices(to, name, mode, x, dims[0]!, numbers, part);
    return;
  }
  const tensor = distances(x, dims, lists);
  const limit = dims.reduce((n, d) => n + (x.shape[d]! - 1) * x.strides[d]!, 1);
  const isOther = (i: number): boolean => i < from || i >= from + rank;
  const strides = shape.map((_, i) => (isOther(i) ? 0 : tensor.strides[i - from]!));
  const base = shape.map((_, i) => (isOther(i) ? x.strides[others[i < from ? i : i - rank]!]! : 0));
  const numbers = { tensor, strides, limit, step: 1 };
  const whole = { tensor: x, strides: base };
  recordElements(to, name, mode, shape, numbers, whole, { tensor: part, strides: part.strides });
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
    if (recorder !== null) {
      const { dims, lists, shape } = resolveIndices(x.shape, indices, "index");
      const chosen = chosenBy(x, dims, shape);
      const taken: AnyTensor = fresh(allocateUnset(x.dtype, numel(chosen.shape)), chosen.shape, x.dtype);
      if (dims.length === 0) taken.copy_(x);
      else recordChosen(recorder, "index", "gather", x, dims, lists, chosen, taken);
      return taken;
    }
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
    if (recorder !== null && !(accumulate && self.dtype === "bool")) {
      const mode = accumulate ? "scatterAdd" : "scatter";
      const { dims, lists, shape } = resolveIndices(self.shape, indices, "index_put_");
      const chosen = chosenBy(self, dims, shape);
      const part = values.expand(chosen.shape);
      if (dims.length > 0) recordChosen(recorder, "index_put_", mode, self, dims, lists, chosen, part);
      else self.copy_(accumulate ? self.add(part) : part);
      return;
    }
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
