// Order: sorting, and the elements that stand at given places of the sorted order.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#comparison-ops

import type { DType, TypedArray } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { MultiVjp } from "../tensor/record.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import type { Rows } from "./along.ts";
import { checkRow, notFor, reducedShape, rowsAlong, shareEvenly, toPlaces } from "./along.ts";
import { composite, op } from "./define.ts";
import { dataOf } from "./elements.ts";
import { named } from "./named.ts";
import type {
  ArgsortOp,
  CloneOp,
  KeepdimOption,
  KthOp,
  MedianOp,
  PickOp,
  SortOp,
  SortOptions,
  TopkOp,
  TopkOptions,
} from "./signatures.ts";
import { RowSorter } from "./sort-rows.ts";

const fields = ["values", "indices"];

/** The gradients of elements at computed places of dimension `dim`, which is the argument number `dimAt`. */
const placed =
  (dimAt: number, dropsDim: boolean): MultiVjp =>
  ([g], s) =>
    toPlaces(
      g!,
      s.result(1),
      s.meta(0).shape,
      s.meta(dimAt) ?? -1,
      !dropsDim || (s.meta(dimAt + 1)?.keepdim ?? false),
    );

/** Positions in the row that the sorter has loaded: that of the elements `data[at + i * inner]`. */
type Pick = (sorter: RowSorter, data: TypedArray, at: number) => Int32Array;

/** Elements and positions that each row gives, as many as `count`. */
function pickRows(
  x: AnyTensor,
  rows: Rows,
  shape: Shape,
  count: number,
  descending: boolean,
  pick: Pick,
): [AnyTensor, AnyTensor] {
  const { outer, size, inner } = rows;
  const source = x.contiguous();
  const { data } = source.storage;
  const n = numel(shape);
  const values = allocateUnset(x.dtype, n);
  const indices = new Int32Array(n);
  const sorter = new RowSorter(x.dtype, data, size, descending);
  if (n > 0)
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const at = source.offset + o * size * inner + i;
        sorter.load(at, inner);
        take(data, at, inner, pick(sorter, data, at), count, values, indices, o * count * inner + i);
      }
  return [fresh(values, shape, x.dtype), fresh(indices, shape, "int32")];
}

function take(
  data: TypedArray,
  from: number,
  step: number,
  order: Int32Array,
  count: number,
  values: TypedArray,
  indices: Int32Array,
  to: number,
): void {
  for (let k = 0, p = to; k < count; k++, p += step) {
    const at = order[k]!;
    values[p] = data[from + at * step]!;
    indices[p] = at;
  }
}

/**
 * The elements in order along `dim` (default -1), and where they stood. NaN counts as larger than all numbers; equal
 * elements keep their order.
 */
export const sort: SortOp = op({
  fields,
  saves: "output",
  forward: (x: AnyTensor, dim = -1, options: SortOptions = {}) => {
    const { descending = false, stable: _always } = options;
    const rows = rowsAlong(x.shape, dim, "sort");
    return pickRows(x, rows, x.shape, rows.size, descending, (s) => s.sort());
  },
  multiVjp: placed(1, false),
});

/** Where the elements of the sorted order stand: the indices of {@link sort}. */
export const argsort: ArgsortOp = composite((x: AnyTensor, dim = -1, options: SortOptions = {}) => {
  const { descending = false, stable: _always } = options;
  return sort(x.detach(), dim, { descending }).indices;
});

/** The elements in order along dimension 0. */
export const msort: CloneOp = composite((x: AnyTensor) => sort(x, 0).values);

/**
 * The `k` largest (or smallest) elements along `dim` (default -1) in order, and where they stood; of equal elements
 * the first ones.
 *
 * @throws RuntimeError if a row has fewer than `k` elements
 */
export const topk: TopkOp = op({
  fields,
  saves: "output",
  forward: (x: AnyTensor, k: number, dim = -1, options: TopkOptions = {}) => {
    const { largest = true, sorted: _always } = options;
    const rows = rowsAlong(x.shape, dim, "topk");
    if (!Number.isInteger(k) || k < 0 || k > rows.size)
      throw new RuntimeError(`topk(): selected index k out of range: ${k}, of ${rows.size} elements`);
    if (x.dtype === "bool" && x.ndim > 0) throw notFor("topk_cpu", x.dtype);
    // A single number stays what it is, even for k = 0.
    const count = x.ndim === 0 ? 1 : k;
    const shape = x.shape.map((n: number, i: number) => (i === rows.d ? k : n));
    return pickRows(x, rows, shape, count, largest, (s) => s.smallest(count));
  },
  multiVjp: placed(2, false),
});

/** One element of each row, and where it stood. */
function pickOne(
  x: AnyTensor,
  rows: Rows,
  keepdim: boolean | undefined,
  pick: (sorter: RowSorter, data: TypedArray, at: number) => number,
): [AnyTensor, AnyTensor] {
  const position = new Int32Array(1);
  const shape = reducedShape(x.shape, rows.d, keepdim ?? false);
  return pickRows(x, rows, shape, 1, false, (sorter, data, at) => {
    position[0] = pick(sorter, data, at);
    return position;
  });
}

/**
 * The element that is number `k` (from 1) in the order along `dim` (default -1), and where it stood.
 *
 * @throws RuntimeError if `k` is not between 1 and the extent
 */
export const kthvalue: KthOp = op({
  fields,
  saves: "output",
  forward: (x: AnyTensor, k: number, dim = -1, options: KeepdimOption = {}) => {
    const rows = rowsAlong(x.shape, dim, "kthvalue");
    checkRow(rows, "kthvalue");
    if (!Number.isInteger(k) || k < 1 || k > rows.size)
      throw new RuntimeError(
        `kthvalue(): selected number k out of range for dimension ${rows.d}: ${k}, of ${rows.size} elements`,
      );
    if (x.dtype === "bool" && x.ndim > 0) throw notFor("kthvalue_cpu", x.dtype);
    return pickOne(x, rows, options.keepdim, (s) => s.kth(k));
  },
  multiVjp: placed(2, true),
});

function medians(
  x: AnyTensor,
  rows: Rows,
  keepdim: boolean | undefined,
  ignoreNan: boolean,
): [AnyTensor, AnyTensor] {
  const float = isFloat(x.dtype);
  return pickOne(x, rows, keepdim, (sorter) => {
    const nans = float ? sorter.countNans() : 0;
    if (nans > 0 && !ignoreNan) return sorter.firstNan();
    return sorter.kth(Math.max(1, (rows.size - nans + 1) >> 1));
  });
}

const medianAlong = (name: string, ignoreNan: boolean): MedianAlong =>
  op({
    name,
    saves: "output",
    forward: (x: AnyTensor, dim: number, options: KeepdimOption) => {
      const rows = rowsAlong(x.shape, dim, name);
      checkRow(rows, name);
      if (x.dtype === "bool") throw notFor("median_out", x.dtype);
      return medians(x, rows, options.keepdim, ignoreNan);
    },
    multiVjp: placed(1, true),
  });
type MedianAlong = (x: AnyTensor, dim: number, options: KeepdimOption) => [AnyTensor, AnyTensor];

const medianOfAll = (name: string, ignoreNan: boolean): ((x: AnyTensor) => AnyTensor) =>
  op({
    name,
    saves: "both",
    forward: (x: AnyTensor) => {
      if (x.dtype === "bool") throw notFor("median_cpu", x.dtype);
      const flat = x.reshape(-1);
      if (flat.length > 0) return medians(flat, rowsAlong(flat.shape, 0, name), false, ignoreNan)[0];
      const none: AnyTensor = fresh(allocateUnset(x.dtype, 1), [], x.dtype);
      // What PyTorch answers for no elements: NaN, or the smallest integer that is made of it.
      dataOf(none)[0] = emptyMedian[x.dtype as DType] as number;
      return none;
    },
    vjp: (g, s) => shareEvenly(g, s.x, s.y),
  });
const emptyMedian = {
  float32: Number.NaN,
  float64: Number.NaN,
  int32: -(2 ** 31),
  int64: -(2n ** 63n),
  uint8: 0,
  bool: 0,
} as const;

function medianOp(name: string, ignoreNan: boolean): MedianOp {
  const along = medianAlong(name, ignoreNan);
  const all = medianOfAll(name, ignoreNan);
  return composite((x: AnyTensor, dim?: number | null, options: KeepdimOption = {}) =>
    dim === undefined || dim === null ? all(x) : named(name, fields, along(x, dim, options)),
  );
}

/**
 * The median, the lower one of two: of all elements, or along `dim` with where it stood. NaN if there is one.
 * The gradient of the median of all is shared evenly among the elements that equal it.
 */
export const median: MedianOp = medianOp("median", false);

/** {@link median} of the elements that are not NaN. */
export const nanmedian: MedianOp = medianOp("nanmedian", true);

/**
 * The most frequent element along `dim` (default -1), the smallest of several such, and the last place where it stood.
 * No NaN equals another.
 */
export const mode: PickOp<"mode"> = op({
  fields,
  saves: "output",
  forward: (x: AnyTensor, dim = -1, options: KeepdimOption = {}) => {
    const rows = rowsAlong(x.shape, dim, "mode");
    checkRow(rows, "mode");
    return pickOne(x, rows, options.keepdim, (sorter, data, at) =>
      mostFrequent(sorter.sort(), data, at, rows.inner, rows.size),
    );
  },
  multiVjp: placed(1, true),
});

/** The end of the first of the longest runs of equal elements in the sorted order. */
function mostFrequent(order: Int32Array, data: TypedArray, at: number, step: number, n: number): number {
  let best = 0;
  let longest = 0;
  for (let i = 0, run = 1; i < n; i++, run++) {
    if (i + 1 < n && data[at + order[i]! * step] === data[at + order[i + 1]! * step]) continue;
    if (run > longest) {
      longest = run;
      best = order[i]!;
    }
    run = 0;
  }
  return best;
}
