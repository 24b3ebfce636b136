// The loops of scans. Floats are accumulated in float64, as PyTorch does on a CPU; integers wrap.
// Floor L4 (ops).

import type { TypedArray } from "../base/dtype.ts";
import type { Rows } from "./along.ts";

// One function a case: what the arrays are and how far apart the elements of a row lie decides about its speed.

/** Where rows begin, and the step along them: backwards for a scan from the end. */
const direction = ({ size, inner }: Rows, reverse: boolean): { first: number; step: number } =>
  reverse ? { first: (size - 1) * inner, step: -inner } : { first: 0, step: inner };

/** to_i = from_1 + ... + from_i in each row; from the end on with `reverse`. */
export function runningSum(
  from: TypedArray,
  offset: number,
  to: TypedArray,
  rows: Rows,
  reverse: boolean,
): void {
  if (from instanceof BigInt64Array) combineBig(from, offset, to as BigInt64Array, rows, reverse, false);
  else if (from instanceof Int32Array || from instanceof Uint8Array)
    combineWhole(from, offset, to as Int32Array, rows, reverse, false);
  else combine(from, offset, to as Float32Array, rows, reverse, false);
}

/** to_i = from_1 ... from_i in each row. */
export function runningProduct(from: TypedArray, offset: number, to: TypedArray, rows: Rows): void {
  if (from instanceof BigInt64Array) combineBig(from, offset, to as BigInt64Array, rows, false, true);
  else if (from instanceof Int32Array || from instanceof Uint8Array)
    combineWhole(from, offset, to as Int32Array, rows, false, true);
  else combine(from, offset, to as Float32Array, rows, false, true);
}

function combine(
  from: Float32Array | Float64Array,
  offset: number,
  to: Float32Array | Float64Array,
  rows: Rows,
  reverse: boolean,
  product: boolean,
): void {
  const { outer, size, inner } = rows;
  const { first, step } = direction(rows, reverse);
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    let at = o * size * inner + first;
    if (inner === 1) {
      let sum = product ? 1 : 0;
      if (product)
        for (let i = 0; i < size; i++, at += step) {
          sum *= from[offset + at]!;
          to[at] = sum;
        }
      else
        for (let i = 0; i < size; i++, at += step) {
          sum += from[offset + at]!;
          to[at] = sum;
        }
      continue;
    }
    sums.fill(product ? 1 : 0);
    for (let i = 0; i < size; i++, at += step)
      if (product)
        for (let k = 0; k < inner; k++) {
          const s = sums[k]! * from[offset + at + k]!;
          sums[k] = s;
          to[at + k] = s;
        }
      else
        for (let k = 0; k < inner; k++) {
          const s = sums[k]! + from[offset + at + k]!;
          sums[k] = s;
          to[at + k] = s;
        }
  }
}

function combineWhole(
  from: Int32Array | Uint8Array,
  offset: number,
  to: Int32Array | Uint8Array,
  rows: Rows,
  reverse: boolean,
  product: boolean,
): void {
  const { outer, size, inner } = rows;
  const { first, step } = direction(rows, reverse);
  for (let o = 0; o < outer; o++) {
    const start = o * size * inner + first;
    for (let k = 0; k < inner; k++) to[start + k] = from[offset + start + k]!;
    for (let i = 1, at = start + step; i < size; i++, at += step)
      for (let k = at; k < at + inner; k++) {
        const before = to[k - step]!;
        const v = from[offset + k]!;
        to[k] = product ? Math.imul(before, v) : before + v;
      }
  }
}

function combineBig(
  from: BigInt64Array,
  offset: number,
  to: BigInt64Array,
  rows: Rows,
  reverse: boolean,
  product: boolean,
): void {
  const { outer, size, inner } = rows;
  const { first, step } = direction(rows, reverse);
  for (let o = 0; o < outer; o++) {
    const start = o * size * inner + first;
    for (let k = 0; k < inner; k++) to[start + k] = from[offset + start + k]!;
    for (let i = 1, at = start + step; i < size; i++, at += step)
      for (let k = at; k < at + inner; k++) {
        const before = to[k - step]!;
        const v = from[offset + k]!;
        to[k] = product ? before * v : before + v;
      }
  }
}

/** to_i = log(e^from_1 + ... + e^from_i) in each row. */
export function runningLogSumExp(from: TypedArray, offset: number, to: TypedArray, rows: Rows): void {
  const { outer, size, inner } = rows;
  const values = from as Float32Array;
  const out = to as Float32Array;
  const totals = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    totals.fill(Number.NEGATIVE_INFINITY);
    for (let i = 0, at = o * size * inner; i < size; i++, at += inner)
      for (let k = 0; k < inner; k++) {
        const total = logAdd(totals[k]!, values[offset + at + k]!);
        totals[k] = total;
        out[at + k] = total;
      }
  }
}

/** log(e^a + e^b). */
function logAdd(a: number, b: number): number {
  // Of two equal infinities the difference would be NaN.
  if (a === b && !Number.isFinite(a)) return a;
  const high = a > b ? a : b;
  const low = a > b ? b : a;
  return high + Math.log1p(Math.exp(low - high));
}

/** {@link runningExtremum} of one row, from one better element to the next: there are few, and what lies between is alike. */
function extremumOfRow(
  from: Float32Array,
  at: number,
  values: Float32Array,
  indices: Int32Array,
  to: number,
  size: number,
  largest: boolean,
): void {
  let best = from[at]!;
  let place = 0;
  for (let i = 0; i < size; ) {
    let next = i;
    if (largest) while (next < size && from[at + next]! < best) next++;
    else while (next < size && from[at + next]! > best) next++;
    for (; i < next; i++) {
      values[to + i] = best;
      indices[to + i] = place;
    }
    if (next === size) return;
    const v = from[at + next]!;
    if ((largest ? v >= best : v <= best) || Number.isNaN(v)) {
      best = v;
      place = next;
    }
    values[to + next] = best;
    indices[to + next] = place;
    i++;
  }
}

/** The extremum of each row so far and the last place where it stood; NaN from the first one on. */
export function runningExtremum(
  from: Float32Array,
  offset: number,
  values: Float32Array,
  indices: Int32Array,
  { outer, size, inner }: Rows,
  largest: boolean,
): void {
  for (let o = 0; o < outer; o++) {
    const start = o * size * inner;
    if (inner === 1) {
      extremumOfRow(from, offset + start, values, indices, start, size, largest);
      continue;
    }
    for (let k = start; k < start + inner; k++) values[k] = from[offset + k]!;
    for (let i = 1, at = start + inner; i < size; i++, at += inner)
      for (let k = at; k < at + inner; k++) {
        const v = from[offset + k]!;
        const best = values[k - inner]!;
        const better = largest ? v >= best : v <= best;
        const taken = better || Number.isNaN(v);
        values[k] = taken ? v : best;
        indices[k] = taken ? i : indices[k - inner]!;
      }
  }
}

/**
 * to_i = from_i + factors_i to_{i+1} in each row, from its end; without `reverse`, to_i = from_i + factors_{i-1}
 * to_{i-1} from its beginning.
 */
export function recurrence(
  from: TypedArray,
  offset: number,
  factors: TypedArray,
  factorOffset: number,
  to: TypedArray,
  rows: Rows,
  reverse: boolean,
): void {
  const { outer, size, inner } = rows;
  const { first, step } = direction(rows, reverse);
  const x = from as Float32Array;
  const a = factors as Float32Array;
  const out = to as Float32Array;
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    sums.fill(0);
    for (let i = 0, at = o * size * inner + first; i < size; i++, at += step) {
      // The factor between this element and the one before it in the direction of the scan.
      const between = factorOffset + (reverse ? at : at - inner);
      for (let k = 0; k < inner; k++) {
        const s = i === 0 ? x[offset + at + k]! : x[offset + at + k]! + a[between + k]! * sums[k]!;
        sums[k] = s;
        out[at + k] = s;
      }
    }
  }
}
