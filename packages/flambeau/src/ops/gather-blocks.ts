// The loops of gather, scatter and scatterAdd where index and tensor have the same extents apart from one dimension: both are
// [outer, extent, inner] in memory, and no array of places is needed.
// Floor L4 (ops).

import type { DType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { Cells, Data } from "./elements.ts";

/** Indices [outer, count, inner] into elements [outer, size, inner]. */
export interface Blocks {
  readonly outer: number;
  readonly count: number;
  readonly size: number;
  readonly inner: number;
}

/** A tensor and its index as blocks around dimension `d`; null where an index of `shape` leaves elements out elsewhere. */
export function blocksOf(x: Shape, d: number, shape: Shape): Blocks | null {
  if (x.length !== shape.length || x.length === 0) return null;
  for (let i = 0; i < x.length; i++) if (i !== d && x[i] !== shape[i]) return null;
  return { outer: numel(x.slice(0, d)), count: shape[d]!, size: x[d]!, inner: numel(x.slice(d + 1)) };
}

/**
 * Picks elements of one cell. @returns a negative number if an index was out of range, else another one: one test at
 * the end instead of one an element
 */
export function gatherCells(
  to: Cells,
  from: Cells,
  offset: number,
  index: Int32Array,
  start: number,
  { outer, count, size, inner }: Blocks,
): number {
  let signs = 0;
  let w = 0;
  for (let o = 0; o < outer; o++) {
    const base = offset + o * size * inner;
    if (inner === 1) {
      for (const end = w + count; w < end; w++) {
        const v = index[start + w]!;
        signs |= v | (size - 1 - v);
        to[w] = from[base + v]!;
      }
      continue;
    }
    for (let i = 0; i < count; i++)
      for (let k = base; k < base + inner; k++, w++) {
        const v = index[start + w]!;
        signs |= v | (size - 1 - v);
        to[w] = from[k + v * inner]!;
      }
  }
  return signs;
}

/** Writes elements of one cell to where their indices, which must be in range, say. */
export function putCells(
  to: Cells,
  offset: number,
  index: Int32Array,
  start: number,
  from: Cells,
  at: number,
  { outer, count, size, inner }: Blocks,
): void {
  let w = 0;
  for (let o = 0; o < outer; o++) {
    const base = offset + o * size * inner;
    if (inner === 1) {
      for (const end = w + count; w < end; w++) to[base + index[start + w]!] = from[at + w]!;
      continue;
    }
    for (let i = 0; i < count; i++)
      for (let k = base; k < base + inner; k++, w++) to[k + index[start + w]! * inner] = from[at + w]!;
  }
}

type Add = (
  to: Data,
  offset: number,
  index: Int32Array,
  start: number,
  from: Data,
  at: number,
  b: Blocks,
) => void;

const addAny: Add = (to, offset, index, start, from, at, { outer, count, size, inner }) => {
  let w = 0;
  for (let o = 0; o < outer; o++) {
    const base = offset + o * size * inner;
    for (let i = 0; i < count; i++)
      for (let k = base; k < base + inner; k++, w++) to[k + index[start + w]! * inner]! += from[at + w]!;
  }
};
// Of its own, so that it stays fast when a program adds other dtypes as well.
const addFloat32: Add = (target, offset, index, start, source, at, { outer, count, size, inner }) => {
  const to = target as unknown as Float32Array;
  const from = source as unknown as Float32Array;
  let w = 0;
  for (let o = 0; o < outer; o++) {
    const base = offset + o * size * inner;
    if (inner === 1) {
      for (const end = w + count; w < end; w++) to[base + index[start + w]!]! += from[at + w]!;
      continue;
    }
    for (let i = 0; i < count; i++)
      for (let k = base; k < base + inner; k++, w++) to[k + index[start + w]! * inner]! += from[at + w]!;
  }
};

/** Adds every element of `from`, from `at` on, to the one that its index, which must be in range, names. */
export const addBlocks = (dtype: DType): Add => (dtype === "float32" ? addFloat32 : addAny);
