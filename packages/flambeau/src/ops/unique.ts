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
import { dataOf } from "./elements.ts";
import type { UniqueOp, UniqueOptions } from "./signatures.ts";
import { RowSorter } from "./sort-rows.ts";

/** What was found among n rows: which stand for a group each, the group of every row, the sizes of groups. */
interface Groups {
  readonly firsts: Int32Array;
  readonly inverse: Int32Array;
  readonly counts: Int32Array;
}

/** Groups neighbours in `order` (null: as they come) that are equal. */
function groupNeighbours(
  n: number,
  order: Int32Array | null,
  equal: (a: number, b: number) => boolean,
): Groups {
  const firsts = new Int32Array(n);
  const inverse = new Int32Array(n);
  const counts = new Int32Array(n);
  let groups = 0;
  for (let i = 0; i < n; i++) {
    const at = order ? order[i]! : i;
    if (i === 0 || !equal(order ? order[i - 1]! : i - 1, at)) firsts[groups++] = at;
    inverse[at] = groups - 1;
    counts[groups - 1]!++;
  }
  return { firsts: firsts.subarray(0, groups), inverse, counts: counts.slice(0, groups) };
}

/** Distinct elements of the flattened tensor. */
function ofElements(x: AnyTensor, ordered: boolean, options: UniqueOptions): AnyTensor | AnyTensor[] {
  const source = x.contiguous();
  const data = dataOf(source);
  const { offset } = source;
  const n = x.numel();
  let order: Int32Array | null = null;
  if (ordered && n > 0) {
    const sorter = new RowSorter(x.dtype, source.storage.data, n);
    sorter.load(offset, 1);
    order = sorter.sort();
  }
  const groups = groupNeighbours(n, order, (a, b) => data[offset + a] === data[offset + b]);
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
  const equal = (a: number, b: number): boolean => {
    for (let k = 0, p = start(a), q = start(b); k < size; k++, p++, q++)
      if (data[p] !== data[q]) return false;
    return true;
  };
  return groupNeighbours(
    n,
    ordered ? Int32Array.from({ length: n }, (_, i) => i).sort(compare) : null,
    equal,
  );
}

/**
 * The distinct elements in ascending order, or, with `dim`, the distinct slices of that dimension. `returnInverse` adds
 * where in them each element (or slice) of the input is, `returnCounts` how often each occurs. No NaN equals another.
 *
 * @throws RuntimeError for slices without elements
 */
export const unique: UniqueOp<UniqueOptions & { readonly sorted?: boolean }> = op({
  forward: (x: AnyTensor, options: UniqueOptions & { sorted?: boolean } = {}) => {
    const { dim, sorted: _always } = options;
    return dim === undefined || dim === null ? ofElements(x, true, options) : ofSlices(x, dim, true, options);
  },
});

/** The elements (or the slices of `dim`) without those that equal the one just before; options as of {@link unique}. */
export const uniqueConsecutive: UniqueOp<UniqueOptions> = op({
  forward: (x: AnyTensor, options: UniqueOptions = {}) => {
    const { dim } = options;
    return dim === undefined || dim === null
      ? ofElements(x, false, options)
      : ofSlices(x, dim, false, options);
  },
});
