// Elements and indices as plain arrays, for ops that go to computed places.
// Floor L4 (ops).

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { IndexError, RuntimeError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import { takeRowsOf } from "../tensor/routines.ts";
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

/** Refuses indices that are neither int32 nor int64. */
export function checkIndexDType(index: AnyTensor, op: string, rules: IndexRules): void {
  if (index.dtype !== "int32" && index.dtype !== "int64")
    throw new rules.dtype(`${op}(): Expected dtype int32 or int64 for index, but got ${index.dtype}`);
}

/** Indices as they were given: int32 elements from `offset`. Whether they are in range is the caller's to find out. */
export function rawIndices(
  index: AnyTensor,
  op: string,
  rules: IndexRules,
  outOfRange: (v: number | bigint) => Error,
): { data: Int32Array; offset: number } {
  checkIndexDType(index, op, rules);
  const { storage, offset } = index.contiguous();
  if (index.dtype === "int32") return { data: storage.data as Int32Array, offset };
  const n = numel(index.shape);
  const data = storage.data as BigInt64Array;
  // The low halves, where the high ones are their sign.
  const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const out = new Int32Array(n);
  for (let i = 0, w = 2 * offset; i < n; i++, w += 2) {
    const low = words[w]!;
    if (words[w + 1] !== low >> 31) throw outOfRange(data[offset + i]!);
    out[i] = low;
  }
  return { data: out, offset: 0 };
}

/** The error for an index that a dimension of `size` places does not have. */
export const indexError =
  (rules: IndexRules, op: string, dim: number, size: number): ((v: number | bigint) => Error) =>
  (v) =>
    new rules.range(`${op}: index ${v} is out of bounds for dimension ${dim} with size ${size}`);

/** Refuses indices outside of 0..size-1. */
export function checkRange(
  data: Int32Array,
  offset: number,
  n: number,
  size: number,
  outOfRange: (v: number) => Error,
): void {
  // Negative if an index is, or if one is too large: a loop without a branch for each.
  let signs = 0;
  for (let i = 0; i < n; i++) {
    const v = data[offset + i]!;
    signs |= v | (size - 1 - v);
  }
  if (signs >= 0) return;
  for (let i = 0; i < n; i++) {
    const v = data[offset + i]!;
    if (v < 0 || v >= size) throw outOfRange(v);
  }
}

/** The indices as numbers in 0..size-1, in an array of the caller's own. @throws what the rules say. */
export function readIndices(
  index: AnyTensor,
  size: number,
  op: string,
  dim: number,
  rules: IndexRules,
): Int32Array {
  const outOfRange = indexError(rules, op, dim, size);
  const { data, offset } = rawIndices(index, op, rules, outOfRange);
  const n = numel(index.shape);
  const out = data.slice(offset, offset + n);
  if (!rules.wraps) {
    checkRange(out, 0, n, size, outOfRange);
    return out;
  }
  for (let i = 0; i < n; i++) {
    const v = out[i]!;
    if (v < -size || v >= size) throw outOfRange(v);
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

/** The same for a change that does not look at the elements. */
export function changePacked(self: AnyTensor, change: (packed: AnyTensor) => void): void {
  const whole: AnyTensor = self.contiguous();
  change(whole);
  if (whole !== self) self.copy_(whole);
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

/**
 * The same cells in pairs, or null where they do not lie so. For floats only: engines may change the bits of pairs that
 * look like NaN, which two integers easily do and two floats never, unless one is a NaN with a payload.
 */
const pairsOf = (cells: Cells): Float64Array | null =>
  cells.BYTES_PER_ELEMENT === 4 && cells.byteOffset % 8 === 0 && cells.length % 2 === 0
    ? new Float64Array(cells.buffer, cells.byteOffset, cells.length / 2)
    : null;

/** Rows of whole groups of four pairs. */
function takePairs(
  to: Float64Array,
  from: Float64Array,
  offset: number,
  rows: Int32Array,
  inner: number,
): void {
  let w = 0;
  for (let i = 0; i < rows.length; i++) {
    let r = offset + rows[i]! * inner;
    for (const end = r + inner; r < end; r += 4, w += 4) {
      to[w] = from[r]!;
      to[w + 1] = from[r + 1]!;
      to[w + 2] = from[r + 2]!;
      to[w + 3] = from[r + 3]!;
    }
  }
}

/** Rows beyond this many cells are copied by the engine. */
const longRow = 256;

/** Rows of `from` by their numbers, one after another: row r is the `inner` cells from `offset + r * inner`. */
export function takeRowsInto(
  to: Cells,
  from: Cells,
  offset: number,
  rows: Int32Array,
  inner: number,
  floats = false,
): void {
  const n = rows.length;
  if (inner === 1) {
    for (let i = 0; i < n; i++) to[i] = from[offset + rows[i]!]!;
    return;
  }
  if (to.BYTES_PER_ELEMENT === 4 && takeRowsOf(rows, inner, from, offset, to, 0)) return;
  if (floats && inner % 8 === 0 && inner <= longRow && offset % 2 === 0) {
    const [into, out] = [pairsOf(to), pairsOf(from)];
    if (into && out) {
      takePairs(into, out, offset / 2, rows, inner / 2);
      return;
    }
  }
  for (let i = 0; i < n; i++) moveRun(to, i * inner, from, offset + rows[i]! * inner, inner);
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
