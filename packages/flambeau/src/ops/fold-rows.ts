// Loops that combine elements: every element of a row with that of another row, whose numbers are given.
// Floor L4 (ops).

import type { DType } from "../base/dtype.ts";
import { addRowsOf } from "../tensor/routines.ts";
import type { Data } from "./elements.ts";

/** What becomes of an element that another one is folded into. */
export type Fold = "sum" | "prod" | "amax" | "amin";

type Loop = (to: Data, offset: number, rows: Int32Array, from: Data, start: number, inner: number) => void;

// The same code for float32 alone stays fast when a program adds other dtypes as well; single elements and rows have loops
// of their own, since a loop in a loop costs more than one element.

/** Four elements at a time: the gradient of every lookup of rows. */
const sum: Loop = (to, offset, rows, from, start, inner) => {
  if (inner === 1) {
    for (let i = 0; i < rows.length; i++) to[offset + rows[i]!]! += from[start + i]!;
    return;
  }
  for (let i = 0, q = start; i < rows.length; i++)
    for (let p = offset + rows[i]! * inner, end = p + inner; p < end; p++, q++) to[p]! += from[q]!;
};
const sumFloat32: Loop = (to, offset, rows, from, start, inner) => {
  const a = to as unknown as Float32Array;
  const b = from as unknown as Float32Array;
  if (inner === 1) {
    for (let i = 0; i < rows.length; i++) a[offset + rows[i]!]! += b[start + i]!;
    return;
  }
  if (addRowsOf(rows, inner, a, offset, b, start)) return;
  const fours = inner - (inner % 4);
  let q = start;
  for (let i = 0; i < rows.length; i++) {
    let p = offset + rows[i]! * inner;
    const end = p + inner;
    for (const stop = p + fours; p < stop; p += 4, q += 4) {
      a[p]! += b[q]!;
      a[p + 1]! += b[q + 1]!;
      a[p + 2]! += b[q + 2]!;
      a[p + 3]! += b[q + 3]!;
    }
    for (; p < end; p++, q++) a[p]! += b[q]!;
  }
};
const prod: Loop = (to, offset, rows, from, start, inner) => {
  for (let i = 0, q = start; i < rows.length; i++)
    for (let p = offset + rows[i]! * inner, end = p + inner; p < end; p++, q++) to[p]! *= from[q]!;
};
/** 32 bits of the product, which a float does not hold. */
const prodInt32: Loop = (to, offset, rows, from, start, inner) => {
  for (let i = 0, q = start; i < rows.length; i++)
    for (let p = offset + rows[i]! * inner, end = p + inner; p < end; p++, q++)
      to[p] = Math.imul(to[p]!, from[q]!);
};
const amax: Loop = (to, offset, rows, from, start, inner) => {
  if (inner === 1) {
    for (let i = 0; i < rows.length; i++) {
      const p = offset + rows[i]!;
      const v = from[start + i]!;
      if (v > to[p]! || Number.isNaN(v)) to[p] = v;
    }
    return;
  }
  for (let i = 0, q = start; i < rows.length; i++)
    for (let p = offset + rows[i]! * inner, end = p + inner; p < end; p++, q++) {
      const v = from[q]!;
      if (v > to[p]! || Number.isNaN(v)) to[p] = v;
    }
};
const amin: Loop = (to, offset, rows, from, start, inner) => {
  if (inner === 1) {
    for (let i = 0; i < rows.length; i++) {
      const p = offset + rows[i]!;
      const v = from[start + i]!;
      if (v < to[p]! || Number.isNaN(v)) to[p] = v;
    }
    return;
  }
  for (let i = 0, q = start; i < rows.length; i++)
    for (let p = offset + rows[i]! * inner, end = p + inner; p < end; p++, q++) {
      const v = from[q]!;
      if (v < to[p]! || Number.isNaN(v)) to[p] = v;
    }
};

/** The sum of bools is whether there is one, their product whether all are. */
const loopOf = (fold: Fold, dtype: DType): Loop => {
  if (fold === "amax" || (fold === "sum" && dtype === "bool")) return amax;
  if (fold === "amin" || (fold === "prod" && dtype === "bool")) return amin;
  if (fold === "sum") return dtype === "float32" ? sumFloat32 : sum;
  return dtype === "int32" ? prodInt32 : prod;
};

/** Folds row i of `from` into row `rows[i]` of `to`; rows are `inner` elements from `start` and `offset` on. */
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
  loopOf(fold, dtype)(to, offset, rows, from, start, inner);
}
