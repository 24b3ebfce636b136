// Distinct elements and distinct slices.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.unique.html

import type { TypedArray } from "../base/dtype.ts";
import { IndexError, RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import type { Data } from "./elements.ts";
import { dataOf } from "./elements.ts";
import type { UniqueOp, UniqueOptions } from "./signatures.ts";
import { RowSorter } from "./sort-rows.ts";

/** What was found among n rows: which stand for a group each, the group of every row, the sizes of groups. */
interface Groups {
  readonly firsts: Int32Array;
  readonly inverse: Int32Array;
  readonly counts: Int32Array;
}

/** Groups rows of `size` elements that are neighbours in `order` (null: as they come) and equal. */
function groupNeighbours(
  data: Data,
  offset: number,
  n: number,
  size: number,
  order: Int32Array | null,
): Groups {
  const firsts = new Int32Array(n);
  const inverse = new Int32Array(n);
  const counts = new Int32Array(n);
  let groups = 0;
  for (let i = 0, before = -1; i < n; i++) {
    const at = order ? order[i]! : i;
    if (before < 0 || !equalRows(data, offset + before * size, offset + at * size, size))
      firsts[groups++] = at;
    inverse[at] = groups - 1;
    counts[groups - 1]!++;
    before = at;
  }
  return { firsts: firsts.subarray(0, groups), inverse, counts: counts.slice(0, groups) };
}

function equalRows(data: Data, p: number, q: number, size: number): boolean {
  for (let k = 0; k < size; k++) if (data[p + k] !== data[q + k]) return false;
  return true;
}

/** Groups equal elements in the order of their first ones; null if there are more than `limit`. */
function groupByHash(data: Data, offset: number, n: number, limit: number): Groups | null {
  const found = new Map<number, number>();
  const firsts: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const v = data[offset + i]!;
    let group = Number.isNaN(v) ? undefined : found.get(v);
    if (group === undefined) {
      if (firsts.length === limit) return null;
      group = firsts.length;
      found.set(v, group);
      firsts.push(i);
      counts.push(0);
    }
    inverse[i] = group;
    counts[group]!++;
  }
  return { firsts: Int32Array.from(firsts), inverse, counts: Int32Array.from(counts) };
}

/** The groups in another order: group `order[i]` becomes group i. */
function reorder({ firsts, inverse, counts }: Groups, order: Int32Array): Groups {
  const places = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) places[order[i]!] = i;
  for (let i = 0; i < inverse.length; i++) inverse[i] = places[inverse[i]!]!;
  return { firsts: order.map((g) => firsts[g]!), inverse, counts: order.map((g) => counts[g]!) };
}

/**
 * Groups small integers in order by a table of their positions; null where they are spread too far apart for one.
 */
function groupByTable(data: Int32Array | Uint8Array, offset: number, n: number): Groups | null {
  let low = data[offset]!;
  let high = low;
  for (let i = offset; i < offset + n; i++) {
    const v = data[i]!;
    if (v < low) low = v;
    else if (v > high) high = v;
  }
  const range = high - low + 1;
  if (range > n + 256) return null;
  // Counts first, then the numbers of groups.
  const table = new Int32Array(range);
  for (let i = offset; i < offset + n; i++) table[data[i]! - low]!++;
  const counts = table.filter((c) => c > 0);
  let groups = 0;
  for (let v = 0; v < range; v++) if (table[v]! > 0) table[v] = groups++;
  const firsts = new Int32Array(groups).fill(-1);
  const inverse = new Int32Array(n);
  for (let i = n - 1; i >= 0; i--) {
    const group = table[data[offset + i]! - low]!;
    inverse[i] = group;
    firsts[group] = i;
  }
  return { firsts, inverse, counts };
}

/** From this number of elements on, hashing is tried first: it is faster where few of them differ. */
const many = 4096;
const few = 1024;

/** Positions of the elements in sorted order. */
function sortedOrder(x: AnyTensor): Int32Array {
  const sorter = new RowSorter(x.dtype, x.storage.data, x.numel());
  sorter.load(x.offset, 1);
  return sorter.sort();
}

function groupElements(source: AnyTensor, how: "sorted" | "hashed" | "neighbours"): Groups {
  const data = dataOf(source);
  const { offset } = source;
  const n = source.numel();
  if (how === "neighbours") return groupNeighbours(data, offset, n, 1, null);
  if (how === "hashed") {
    // What was found last comes first, as in PyTorch where its hashes do not collide.
    const groups = groupByHash(data, offset, n, n)!;
    const last = groups.firsts.length - 1;
    return reorder(
      groups,
      Int32Array.from(groups.firsts, (_, i) => last - i),
    );
  }
  const whole: unknown = source.storage.data;
  const small = (whole instanceof Int32Array || whole instanceof Uint8Array) && n > 0;
  const groups = small
    ? groupByTable(whole, offset, n)
    : n >= many
      ? groupByHash(data, offset, n, few)
      : null;
  if (!groups) return groupNeighbours(data, offset, n, 1, sortedOrder(source));
  if (small) return groups;
  return reorder(groups, sortedOrder(rowsAt(source, groups.firsts, 1, [groups.firsts.length])).slice());
}

/** Distinct elements of the flattened tensor: sorted, in the order of a hash table, or only among neighbours. */
function ofElements(
  x: AnyTensor,
  how: "sorted" | "hashed" | "neighbours",
  options: UniqueOptions,
): AnyTensor | AnyTensor[] {
  const source = x.contiguous();
  const groups = groupElements(source, how);
  return results(rowsAt(source, groups.firsts, 1, [groups.firsts.length]), groups, x.shape, options);
}

/** Row by row, the rows of `size` elements that `places` lists. */
function rowsAt(source: AnyTensor, places: Int32Array, size: number, shape: Shape): AnyTensor {
  const from = dataOf(source);
  const to: TypedArray = allocateUnset(source.dtype, places.length * size);
  for (let i = 0, w = 0; i < places.length; i++)
    for (let k = 0, r = source.offset + places[i]! * size; k < size; k++) to[w++] = from[r++]!;
  return fresh(to, shape, source.dtype);
}

function results(
  values: AnyTensor,
  { inverse, counts }: Groups,
  shape: Shape,
  options: UniqueOptions,
): AnyTensor | AnyTensor[] {
  const { returnInverse = false, returnCounts = false } = options;
  if (!returnInverse && !returnCounts) return values;
  const all = [values];
  if (returnInverse) all.push(fresh(inverse, shape, "int32") as AnyTensor);
  if (returnCounts) all.push(fresh(counts, [counts.length], "int32") as AnyTensor);
  return all;
}

/** Distinct slices of a dimension; ordered as their elements are, the first ones first. */
function ofSlices(
  x: AnyTensor,
  dim: number,
  ordered: boolean,
  options: UniqueOptions,
): AnyTensor | AnyTensor[] {
  if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  const d = normalizeDim(dim, x.ndim, "unique");
  const n: number = x.shape[d];
  const others = x.shape.filter((_: number, i: number) => i !== d) as number[];
  if (others.includes(0))
    throw new RuntimeError(
      n === 0
        ? "Number of zero sized dimensions is more than one, so unique cannot be applied"
        : "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
    );
  // Dimension d changes places with the first one, which decides in what order elements are compared.
  const source = x.detach().transpose(0, d).contiguous() as AnyTensor;
  const size = numel(others);
  const groups = groupSlices(source, n, size, ordered);
  const rows = rowsAt(source, groups.firsts, size, [groups.firsts.length, ...source.shape.slice(1)]);
  return results(rows.transpose(0, d).contiguous(), groups, [n], options);
}

function groupSlices(source: AnyTensor, n: number, size: number, ordered: boolean): Groups {
  const data = dataOf(source);
  const start = (row: number): number => source.offset + row * size;
  // The first elements that differ decide.
  const compare = (a: number, b: number): number => {
    for (let k = 0, p = start(a), q = start(b); k < size; k++, p++, q++) {
      if (data[p]! < data[q]!) return -1;
      if (data[p]! > data[q]!) return 1;
    }
    return 0;
  };
  const order = ordered ? Int32Array.from({ length: n }, (_, i) => i).sort(compare) : null;
  return groupNeighbours(data, source.offset, n, size, order);
}

/**
 * The distinct elements in ascending order (without `sorted`, in any), or, with `dim`, the distinct slices of that
 * dimension in order. `returnInverse` adds where in them each element (or slice) of the input is, `returnCounts` how
 * often each occurs. No NaN equals another.
 *
 * @throws RuntimeError for slices without elements
 */
export const unique: UniqueOp<UniqueOptions & { readonly sorted?: boolean }> = op({
  forward: (x: AnyTensor, options: UniqueOptions & { sorted?: boolean } = {}) => {
    const { dim, sorted = true } = options;
    return dim === undefined || dim === null
      ? ofElements(x, sorted ? "sorted" : "hashed", options)
      : ofSlices(x, dim, true, options);
  },
});

/** The elements (or the slices of `dim`) without those that equal the one just before; options as of {@link unique}. */
export const uniqueConsecutive: UniqueOp<UniqueOptions> = op({
  forward: (x: AnyTensor, options: UniqueOptions = {}) => {
    const { dim } = options;
    return dim === undefined || dim === null
      ? ofElements(x, "neighbours", options)
      : ofSlices(x, dim, false, options);
  },
});
