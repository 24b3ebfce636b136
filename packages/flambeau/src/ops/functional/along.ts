// Each place of the result along one dimension as a weighted sum of a few places of the input: borders, resampling.
// Floor L4 (ops).

import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { HostAccess, recorder } from "../../tensor/capturing.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import type { Data } from "../elements.ts";
import { dataOf } from "../elements.ts";
import { recordSlices } from "../index-steps.ts";

/** A sparse matrix: place m of the result is the sum of weights[e] * place at[e] for e from first[m] below first[m + 1]. */
export interface Taps {
  /** Extent of the input. */
  readonly length: number;
  readonly first: Int32Array;
  readonly at: Int32Array;
  /** Null where every place has one tap of weight 1. */
  readonly weights: Float64Array | null;
}

/** One tap each, of weight 1. */
export const copies = (length: number, at: Int32Array): Taps => ({
  length,
  first: Int32Array.from({ length: at.length + 1 }, (_, i) => i),
  at,
  weights: null,
});

/** The product of taps with dimension `dim` of x, or with `back` of their transpose. */
export const along: (x: AnyTensor, dim: number, taps: Taps, back: boolean) => AnyTensor = op({
  name: "resample",
  forward: (x: AnyTensor, dim: number, taps: Taps, back: boolean) => {
    const shape = (x.shape as Shape).slice();
    const outer = numel(shape.slice(0, dim));
    const inner = numel(shape.slice(dim + 1));
    const rows = taps.first.length - 1;
    (shape as number[])[dim] = back ? taps.length : rows;
    if (recorder !== null) return recordTaps(recorder, x, dim, taps, back, shape);
    const y: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
    const packed = x.contiguous();
    const from = dataOf(packed);
    const to = dataOf(y);
    const size = back ? taps.length : rows;
    const sourceSize = back ? rows : taps.length;
    for (let o = 0; o < outer; o++) {
      const source = packed.offset + o * sourceSize * inner;
      const target = o * size * inner;
      if (back) scatterRows(from, source, to, target, taps, inner);
      else if (taps.weights === null) copyRows(from, source, to, target, taps.at, inner);
      else if (inner === 1) sums(from, source, to, target, taps, taps.weights);
      else sumRows(from, source, to, target, taps, taps.weights, inner);
    }
    return y;
  },
  vjp: (g, s) => along(g, s.meta(1), s.meta(2), !s.meta(3)),
});

/** Taps of a place beyond this are left to JavaScript. */
const mostTaps = 8;

/** The same in steps of the program that is recorded: one for the first tap of each place, one for the second, ... */
function recordTaps(
  to: Recorder,
  x: AnyTensor,
  dim: number,
  { first, at, weights }: Taps,
  back: boolean,
  shape: Shape,
): AnyTensor {
  const rows = first.length - 1;
  let most = 0;
  for (let m = 0; m < rows; m++) most = Math.max(most, first[m + 1]! - first[m]!);
  if (most > mostTaps) throw new HostAccess("many elements were added up");
  const listed = (list: Int32Array | Float64Array, dtype: DType): AnyTensor => fresh(list, [rows], dtype);
  const column = shape.map((_, d) => (d === dim ? rows : 1));
  let y: AnyTensor = x.newZeros(shape);
  for (let t = 0; t < most; t++) {
    const places = new Int32Array(rows);
    // A place with fewer taps has others of weight 0.
    const factors = new Float64Array(rows);
    for (let m = 0; m < rows; m++) {
      const e = first[m]! + t;
      if (e >= first[m + 1]!) continue;
      places[m] = at[e]!;
      factors[m] = weights ? weights[e]! : 1;
    }
    const numbers = listed(places, "int32");
    const weight = factors.every((w) => w === 1)
      ? null
      : listed(factors, "float64").to(x.dtype).reshape(column);
    if (back) {
      const part: AnyTensor = weight ? x.mul(weight) : x;
      recordSlices(to, "resample", "scatterAdd", y, dim, numbers, part);
    } else {
      const part: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
      recordSlices(to, "resample", "gather", x, dim, numbers, part);
      const term: AnyTensor = weight ? part.mul(weight) : part;
      y = t === 0 ? term : y.add(term);
    }
  }
  return y;
}

function copyRows(from: Data, source: number, to: Data, target: number, at: Int32Array, inner: number): void {
  for (let m = 0, w = target; m < at.length; m++) {
    const row = source + at[m]! * inner;
    for (let i = row; i < row + inner; i++) to[w++] = from[i]!;
  }
}

function sums(
  from: Data,
  source: number,
  to: Data,
  target: number,
  { first, at }: Taps,
  weights: Float64Array,
): void {
  const rows = first.length - 1;
  if (at.length === 2 * rows) {
    // Straight lines: two taps each.
    for (let m = 0, e = 0; m < rows; m++, e += 2)
      to[target + m] = weights[e]! * from[source + at[e]!]! + weights[e + 1]! * from[source + at[e + 1]!]!;
    return;
  }
  for (let m = 0; m < rows; m++) {
    let sum = 0;
    const end = first[m + 1]!;
    for (let e = first[m]!; e < end; e++) sum += weights[e]! * from[source + at[e]!]!;
    to[target + m] = sum;
  }
}

/** Two taps at a time, so that results are read and written half as often. */
function sumRows(
  from: Data,
  source: number,
  to: Data,
  target: number,
  { first, at }: Taps,
  weights: Float64Array,
  inner: number,
): void {
  const rows = first.length - 1;
  for (let m = 0; m < rows; m++) {
    const row = target + m * inner;
    const start = first[m]!;
    const end = first[m + 1]!;
    let e = start;
    if ((end - start) % 2 === 1) {
      const a = weights[e]!;
      let i = source + at[e]! * inner;
      for (let w = row; w < row + inner; w++) to[w] = a * from[i++]!;
      e++;
    }
    for (; e < end; e += 2) {
      const a = weights[e]!;
      const b = weights[e + 1]!;
      let i = source + at[e]! * inner;
      let j = source + at[e + 1]! * inner;
      if (e === start) for (let w = row; w < row + inner; w++) to[w] = a * from[i++]! + b * from[j++]!;
      else for (let w = row; w < row + inner; w++) to[w]! += a * from[i++]! + b * from[j++]!;
    }
  }
}

function scatterRows(
  from: Data,
  source: number,
  to: Data,
  target: number,
  { first, at, weights }: Taps,
  inner: number,
): void {
  const rows = first.length - 1;
  for (let m = 0; m < rows; m++) {
    const row = source + m * inner;
    for (let e = first[m]!; e < first[m + 1]!; e++) {
      const weight = weights ? weights[e]! : 1;
      let w = target + at[e]! * inner;
      for (let i = row; i < row + inner; i++) to[w++]! += weight * from[i]!;
    }
  }
}
