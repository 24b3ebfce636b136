// Geometry of accesses: whether two may meet, and how the index of one loop follows from that of another.
// Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { Places } from "../../ir/accesses.ts";
import { placeRange } from "../../ir/accesses.ts";

/** Sizes of dimensions and the strides of one access over them. */
export interface Strided {
  readonly offset: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/**
 * Whether two looks may have a place in common: no false no, and few false yeses. Besides ranges that do not overlap, it tells
 * apart different columns of one matrix.
 */
export function mayMeet(a: Places, b: Places): boolean {
  if (a.buffer !== b.buffer) return false;
  const [ra, rb] = [placeRange(a), placeRange(b)];
  if (!ra || !rb || ra[1] < rb[0] || rb[1] < ra[0]) return false;
  for (let d = 0; d < a.strides.length; d++) {
    const row = a.strides[d]!;
    if (row > 1 && a.sizes[d]! > 1 && b.strides.some((s, i) => s === row && b.sizes[i]! > 1)) {
      const [ca, cb] = [columns(a, row), columns(b, row)];
      if (ca && cb && (ca[1] < cb[0] || cb[1] < ca[0])) return false;
    }
  }
  return true;
}

/** The columns that a look has in rows of `row` places; null if they reach over a row's end. */
function columns({ offset, sizes, strides }: Strided, row: number): [number, number] | null {
  let first = offset % row;
  let last = first;
  for (let d = 0; d < sizes.length; d++) {
    const stride = strides[d]!;
    if (stride % row === 0) continue;
    const reach = (sizes[d]! - 1) * stride;
    if (reach < 0) first += reach;
    else last += reach;
  }
  return first < 0 || last >= row ? null : [first, last];
}

/** Part of a reader's dimension: how many indices, and how far one of them goes along a dimension of the writer. */
export interface Part {
  readonly size: number;
  /** The writer's dimension; -1 where the place does not depend on the index. */
  readonly dim: number;
  readonly step: number;
}

/** How a reader's index says at which index its place was written. */
export interface Composition {
  /** For each of the reader's dimensions its parts, outer ones first. */
  readonly parts: readonly (readonly Part[])[];
  /** The writer's index where the reader's is 0. */
  readonly start: readonly number[];
}

/**
 * The writer's index as a function of the reader's, which may have to be split for it: index of dimension k = start[k] + sum of index *
 * step over the parts of k. Null where it is no such function, or where the reader sees places that the writer does not write.
 */
export function compose(reader: Strided, writer: Strided): Composition | null {
  // The writer's dimensions as digits of the distance from its first place, the most significant one first.
  const digits = writer.sizes
    .map((size, dim) => ({ dim, size, stride: writer.strides[dim]! }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.stride - a.stride);
  for (let i = 0; i < digits.length; i++) {
    const { stride } = digits[i]!;
    const next = digits[i + 1];
    if (stride <= 0 || (next && stride < next.stride * next.size)) return null;
  }
  const start: number[] = writer.sizes.map(() => 0);
  let rest = reader.offset - writer.offset;
  if (rest < 0) return null;
  for (const { dim, size, stride } of digits) {
    start[dim] = Math.floor(rest / stride);
    if (start[dim]! >= size) return null;
    rest -= start[dim]! * stride;
  }
  if (rest !== 0) return null;
  const last = [...start];
  const parts: Part[][] = [];
  for (let d = 0; d < reader.sizes.length; d++) {
    const found = split(reader.sizes[d]!, reader.strides[d]!, digits);
    if (!found) return null;
    for (const { dim, size, step } of found) if (dim >= 0) last[dim]! += (size - 1) * step;
    parts.push(found);
  }
  // A sum of digits that carries would not be the writer's index.
  return digits.every(({ dim, size }) => last[dim]! < size) ? { parts, start } : null;
}

function split(
  size: number,
  stride: number,
  digits: readonly { readonly dim: number; readonly size: number; readonly stride: number }[],
): Part[] | null {
  if (size === 1 || stride === 0) return [{ size, dim: -1, step: 0 }];
  if (stride < 0) return null;
  const digit = digits.find((d) => d.stride <= stride);
  if (!digit || stride % digit.stride !== 0) return null;
  const step = stride / digit.stride;
  if (step * (size - 1) < digit.size) return [{ size, dim: digit.dim, step }];
  const within = digit.size / step;
  if (!Number.isInteger(within) || size % within !== 0 || within === 1) return null;
  const outer = split(size / within, stride * within, digits);
  return outer && [...outer, { size: within, dim: digit.dim, step }];
}

/** The strides, over a reader's parts, of an access that the writer has over its own dimensions; and its offset. */
export function carry(
  strides: readonly number[],
  offset: number,
  { parts, start }: Composition,
): { offset: number; strides: number[] } {
  let at = offset;
  for (let k = 0; k < start.length; k++) at += start[k]! * (strides[k] ?? 0);
  return { offset: at, strides: parts.flat().map(({ dim, step }) => (dim < 0 ? 0 : step * strides[dim]!)) };
}

/** A writer's dimension as the parts that cover it, the outer one first: numbers of parts (counted over all dimensions), and sizes. */
export interface Cover {
  readonly parts: readonly number[];
  readonly sizes: readonly number[];
}

/** For each of the writer's dimensions the parts that it consists of, if every index is read exactly once; else null. */
export function covers({ parts, start }: Composition, sizes: readonly number[]): Cover[] | null {
  const flat = parts.flat();
  const result: Cover[] = [];
  for (let k = 0; k < sizes.length; k++) {
    if (start[k] !== 0) return null;
    const own = flat
      .map((part, i) => ({ ...part, i }))
      .filter(({ dim, size }) => dim === k && size > 1)
      .sort((a, b) => a.step - b.step);
    let step = 1;
    for (const part of own) {
      if (part.step !== step) return null;
      step *= part.size;
    }
    if (step !== sizes[k]) return null;
    own.reverse();
    result.push({ parts: own.map(({ i }) => i), sizes: own.map(({ size }) => size) });
  }
  return result;
}

/** Whether an access of these strides reaches each of `length` places exactly once. */
export function fillsBuffer({ offset, sizes, strides }: Strided, length: number): boolean {
  if (offset !== 0 || numel(sizes) !== length) return false;
  const dims = sizes
    .map((size, d) => ({ size, stride: strides[d]! }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => a.stride - b.stride);
  let step = 1;
  for (const { size, stride } of dims) {
    if (stride !== step) return false;
    step *= size;
  }
  return true;
}
