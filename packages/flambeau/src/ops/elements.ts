// Elements and indices as plain arrays, for ops that go to computed places.
// Floor L4 (ops).

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { IndexError, RuntimeError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

// Element types differ at run time only; int64 elements are moved, and added, as bigints.
export type Data = Float64Array;
export const dataOf = (x: AnyTensor): Data => x.storage.data as Data;

/** The class of an error: PyTorch's ops do not agree on it. */
type ErrorClass = typeof IndexError | typeof RuntimeError;

/** What an op takes as indices, and what it says to others. */
export interface IndexRules {
  /** Whether -1 stands for the last place. */
  readonly wraps: boolean;
  /** For an index out of range. */
  readonly range: ErrorClass;
  /** For a tensor of another dtype than int32 and int64. */
  readonly dtype: ErrorClass;
}

/** Rules of index_select and its like. */
export const alongRules: IndexRules = { wraps: false, range: IndexError, dtype: RuntimeError };
/** Rules of gather and scatter. */
export const gatherRules: IndexRules = { wraps: false, range: RuntimeError, dtype: RuntimeError };
/** Rules of take and put. */
export const takeRules: IndexRules = { wraps: true, range: IndexError, dtype: RuntimeError };
/** Rules of `x.at(tensor)` and of index_fill. */
export const atRules: IndexRules = { wraps: true, range: IndexError, dtype: IndexError };

/** The indices as numbers in 0..size-1, in an array of the caller's own. @throws what the rules say. */
export function readIndices(
  index: AnyTensor,
  size: number,
  op: string,
  dim: number,
  rules: IndexRules,
): Int32Array {
  if (index.dtype !== "int32" && index.dtype !== "int64")
    throw new rules.dtype(`${op}(): Expected dtype int32 or int64 for index, but got ${index.dtype}`);
  const flat = index.contiguous();
  const n = numel(index.shape);
  const outOfRange = (v: number | bigint): Error =>
    new rules.range(`${op}: index ${v} is out of bounds for dimension ${dim} with size ${size}`);
  let out: Int32Array;
  if (index.dtype === "int32") {
    const data = flat.storage.data as Int32Array;
    out = data.slice(flat.offset, flat.offset + n);
  } else {
    const data = flat.storage.data as BigInt64Array;
    // The low halves, where the high ones are their sign.
    const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
    out = new Int32Array(n);
    for (let i = 0, w = 2 * flat.offset; i < n; i++, w += 2) {
      const low = words[w]!;
      if (words[w + 1] !== low >> 31) throw outOfRange(data[flat.offset + i]!);
      out[i] = low;
    }
  }
  const least = rules.wraps ? -size : 0;
  for (let i = 0; i < n; i++) {
    const v = out[i]!;
    if (v < least || v >= size) throw outOfRange(v);
    if (v < 0) out[i] = v + size;
  }
  return out;
}

/** Runs `change` on the elements of `self` in row-major order, whatever its strides. */
export function onPacked(self: AnyTensor, change: (data: Data, offset: number) => void): void {
  if (self.packed) {
    change(dataOf(self), self.offset);
    return;
  }
  const copy = self.contiguous();
  change(dataOf(copy), 0);
  self.copy_(copy);
}

// ---- moving elements ------------------------------------------------------------------------------------------

/**
 * Elements as cells of four bytes or of one: loops that only move elements meet two kinds of arrays then, and stay
 * fast whatever dtypes a program uses. Elements of eight bytes are two cells.
 */
export type Cells = Int32Array | Uint8Array;

/** How many cells one element takes. */
export const cellsPer = (dtype: DType): number => (dtypes[dtype].bytes === 8 ? 2 : 1);

export const cellsOf = (data: TypedArray): Cells =>
  data instanceof Int32Array || data instanceof Uint8Array
    ? data
    : new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);

/** From here on a copy by the engine is faster than a loop. */
const longRun = 48;

/** Copies `n` cells. */
export function moveRun(to: Cells, at: number, from: Cells, start: number, n: number): void {
  if (n >= longRun) to.set(from.subarray(start, start + n), at);
  else for (let k = 0; k < n; k++) to[at + k] = from[start + k]!;
}

/** Rows of `from` by their numbers, one after another: row r is the `inner` cells from `offset + r * inner`. */
export function takeRowsInto(to: Cells, from: Cells, offset: number, rows: Int32Array, inner: number): void {
  const n = rows.length;
  if (inner === 1) for (let i = 0; i < n; i++) to[i] = from[offset + rows[i]!]!;
  else for (let i = 0; i < n; i++) moveRun(to, i * inner, from, offset + rows[i]! * inner, inner);
}

/** The reverse of {@link takeRowsInto}: writes row i of `from` to row `rows[i]` of `to`. */
export function putRows(
  to: Cells,
  offset: number,
  rows: Int32Array,
  from: Cells,
  start: number,
  inner: number,
): void {
  const n = rows.length;
  if (inner === 1) for (let i = 0; i < n; i++) to[offset + rows[i]!] = from[start + i]!;
  else for (let i = 0; i < n; i++) moveRun(to, offset + rows[i]! * inner, from, start + i * inner, inner);
}

/** Row numbers of [outer, size] for places `at` along the second dimension. */
export function rowsAlong(outer: number, size: number, at: Int32Array): Int32Array {
  if (outer === 1) return at;
  const n = at.length;
  const rows = new Int32Array(outer * n);
  for (let o = 0, w = 0; o < outer; o++) for (let i = 0; i < n; i++, w++) rows[w] = o * size + at[i]!;
  return rows;
}

// ---- combining elements ---------------------------------------------------------------------------------------

/** What becomes of an element that another one is folded into. */
export type Fold = "sum" | "prod" | "amax" | "amin";

/** Folds row i of `from` into row `rows[i]` of `to`. */
export function foldRows(
  fold: Fold,
  dtype: DType,
  to: Data,
  offset: number,
  rows: Int32Array,
  from: Data,
  start: number,
  inner: number,
): void {
  if (fold === "sum" && dtype === "float32")
    addFloat32(to as unknown as Float32Array, offset, rows, from as unknown as Float32Array, start, inner);
  else if (fold === "amax" || (fold === "sum" && dtype === "bool"))
    each(rows, offset, start, inner, (p, q) => {
      const v = from[q]!;
      if (v > to[p]! || Number.isNaN(v)) to[p] = v;
    });
  else if (fold === "amin" || (fold === "prod" && dtype === "bool"))
    each(rows, offset, start, inner, (p, q) => {
      const v = from[q]!;
      if (v < to[p]! || Number.isNaN(v)) to[p] = v;
    });
  else if (fold === "sum")
    each(rows, offset, start, inner, (p, q) => {
      to[p]! += from[q]!;
    });
  else if (dtype === "int32")
    each(rows, offset, start, inner, (p, q) => {
      to[p] = Math.imul(to[p]!, from[q]!);
    });
  else
    each(rows, offset, start, inner, (p, q) => {
      to[p]! *= from[q]!;
    });
}

function each(
  rows: Int32Array,
  offset: number,
  start: number,
  inner: number,
  visit: (target: number, source: number) => void,
): void {
  let q = start;
  for (let i = 0; i < rows.length; i++) {
    const p = offset + rows[i]! * inner;
    for (let k = 0; k < inner; k++, q++) visit(p + k, q);
  }
}

/** The gradient of every lookup of rows: a loop of its own. */
function addFloat32(
  to: Float32Array,
  offset: number,
  rows: Int32Array,
  from: Float32Array,
  start: number,
  inner: number,
): void {
  let q = start;
  for (let i = 0; i < rows.length; i++) {
    const p = offset + rows[i]! * inner;
    for (let k = 0; k < inner; k++, q++) to[p + k]! += from[q]!;
  }
}
