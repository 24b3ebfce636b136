// Results that the mathematics leaves open, as a file's `nonunique` says: the sign of a vector, the index of one of
// several equal elements. Used only after the exact comparison has failed.

import * as torch from "flambeau";
import type { Tolerance } from "./compare.ts";
import { close, compareTensor, sameDType } from "./compare.ts";
import type { RecordedTensor } from "./values.ts";
import { isRecordedTensor, toNumber } from "./values.ts";

/** How an accepted result differs from the recorded one, for the gradients that follow. */
export interface Freedom {
  /** For each output, the factor +1 or -1 of every element, where signs were free; null where none were. */
  readonly signs: readonly (Float32Array | null)[];
  /** Whether gradients still follow from the recorded ones by those signs. */
  readonly gradients: boolean;
}

/** The freedom by which `ours` is as good as `expected`, or null if it is not. */
export function acceptable(
  nonunique: string,
  ours: readonly unknown[],
  expected: readonly unknown[],
  input: torch.AnyTensor | undefined,
  t: Tolerance,
): Freedom | null {
  if (/sign/.test(nonunique)) return upToSigns(ours, expected, t);
  if (/ind(ex|ices)/.test(nonunique) && input) return upToTies(ours, expected, input, t);
  return null;
}

/** Equal up to the sign of whole columns, or whole rows, of matrices. */
function upToSigns(ours: readonly unknown[], expected: readonly unknown[], t: Tolerance): Freedom | null {
  const signs: (Float32Array | null)[] = [];
  for (let i = 0; i < expected.length; i++) {
    const x = ours[i];
    const y = expected[i];
    if (!isRecordedTensor(y) || !torch.isTensor(x)) return null;
    if (compareTensor(x, y, "", t) === null) {
      signs.push(null);
      continue;
    }
    const factors = signsOf(x, y, t);
    if (!factors) return null;
    signs.push(factors);
  }
  return { signs, gradients: true };
}

function signsOf(x: torch.AnyTensor, y: RecordedTensor, t: Tolerance): Float32Array | null {
  const rank = y.shape.length;
  if (x.shape.join() !== y.shape.join() || rank < 2 || !y.data) return null;
  const rows = y.shape[rank - 2]!;
  const columns = y.shape[rank - 1]!;
  const a = x.toTypedArray();
  const b = y.data.map(toNumber);
  for (const byColumn of [true, false]) {
    const factors = new Float32Array(b.length).fill(1);
    let fits = true;
    const lines = b.length / (byColumn ? rows : columns);
    for (let line = 0; line < lines && fits; line++) {
      const at = (k: number): number =>
        byColumn
          ? Math.floor(line / columns) * rows * columns + k * columns + (line % columns)
          : line * columns + k;
      const length = byColumn ? rows : columns;
      const places = Array.from({ length }, (_, k) => at(k));
      const sign = [1, -1].find((s) => places.every((p) => close(s * Number(a[p]), b[p]!, t)));
      if (sign === undefined) fits = false;
      else for (const p of places) factors[p] = sign;
    }
    if (fits) return factors;
  }
  return null;
}

/** Equal except for integer outputs, which must point at equal elements of the input along some dimension. */
function upToTies(
  ours: readonly unknown[],
  expected: readonly unknown[],
  input: torch.AnyTensor,
  t: Tolerance,
): Freedom | null {
  for (let i = 0; i < expected.length; i++) {
    const x = ours[i];
    const y = expected[i];
    if (!isRecordedTensor(y) || !torch.isTensor(x)) return null;
    if (compareTensor(x, y, "", t) === null) continue;
    if (!y.dtype.startsWith("int") || !sameDType(x.dtype, y.dtype) || !sameElements(x, y, input)) return null;
  }
  return { signs: expected.map(() => null), gradients: false };
}

function sameElements(x: torch.AnyTensor, y: RecordedTensor, input: torch.AnyTensor): boolean {
  if (x.shape.join() !== y.shape.join() || !y.data) return false;
  const shape: readonly number[] = input.shape;
  const values = input.toTypedArray();
  const ours = Array.from(x.toTypedArray(), Number);
  const theirs = y.data.map(toNumber);
  // The dimension is a keyword of the call that the result does not show: one must explain all elements.
  for (let dim = 0; dim < shape.length; dim++) {
    const inner = shape.slice(dim + 1).reduce((n, d) => n * d, 1);
    const size = shape[dim]!;
    const outer = values.length / Math.max(size * inner, 1);
    const kept = ours.length / Math.max(outer * inner, 1);
    if (!Number.isInteger(kept) || kept > size) continue;
    const value = (place: number, index: number): unknown => {
      const o = Math.floor(place / (kept * inner));
      return values[(o * size + index) * inner + (place % inner)];
    };
    const inRange = ours.every((i) => Number.isInteger(i) && i >= 0 && i < size);
    const distinct = (place: number): boolean => {
      for (let k = place - inner * kept; k < place; k += inner)
        if (
          k >= 0 &&
          Math.floor(k / (kept * inner)) === Math.floor(place / (kept * inner)) &&
          ours[k] === ours[place]
        )
          return false;
      return true;
    };
    if (inRange && ours.every((i, p) => Object.is(value(p, i), value(p, theirs[p]!)) && distinct(p)))
      return true;
  }
  return false;
}
