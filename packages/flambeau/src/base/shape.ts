// Shapes as values: sizes, strides, broadcasting, dimension arguments. Sizes and strides count elements.
// Floor L0 (base). Source: https://pytorch.org/docs/stable/notes/broadcasting.html

import { IndexError, RuntimeError, ShapeError, showShape } from "./errors.ts";

/** Extents of a tensor's dimensions. */
export type Shape = readonly number[];

/** Number of elements: the product of the extents, 1 for a 0-d shape. */
export function numel(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

// Not `new Array(n)`: that has holes in V8's eyes, and code that meets arrays of both kinds is compiled anew again and
// again. Not by pushing either where it can be helped: the first push takes room for 17 elements.
function zeros(n: number): number[] {
  switch (n) {
    case 0:
      return [];
    case 1:
      return [0];
    case 2:
      return [0, 0];
    case 3:
      return [0, 0, 0];
    case 4:
      return [0, 0, 0, 0];
    default: {
      const list = [0, 0, 0, 0, 0];
      while (list.length < n) list.push(0);
      return list;
    }
  }
}

/** Row-major strides. An extent of 0 counts as 1, as in PyTorch. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = zeros(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i]!, 1);
  }
  return strides;
}

/** Number of storage elements from the first to the last element of a geometry, both included; 0 if it has none. */
export function span(shape: Shape, strides: readonly number[]): number {
  let last = 0;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 0) return 0;
    last += (shape[i]! - 1) * strides[i]!;
  }
  return last + 1;
}

/** Whether elements lie in row-major order without gaps; dimensions of extent 1 do not matter. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 0) return true;
    if (size !== 1) {
      if (strides[i] !== step) return numel(shape) === 0;
      step *= size;
    }
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The common shape of two operands. @throws ShapeError in PyTorch's words when an extent differs and none is 1. */
export function broadcastShapes(a: Shape, b: Shape, op: string): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = zeros(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a.length >= i ? a[a.length - i]! : 1;
    const y = b.length >= i ? b[b.length - i]! : 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new ShapeError(
        op,
        [a, b],
        `${op}: The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ` +
          `${rank - i}: shapes ${showShape(a)} and ${showShape(b)} cannot be broadcast together`,
      );
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}

/** Strides that read an operand of `shape` as if it had the shape `out`: 0 where it is repeated. */
export function broadcastStrides(shape: Shape, strides: readonly number[], out: Shape): number[] {
  const lead = out.length - shape.length;
  const result = zeros(out.length);
  for (let i = lead; i < out.length; i++)
    if (shape[i - lead] === out[i] || shape[i - lead] !== 1) result[i] = strides[i - lead]!;
  return result;
}

/** A dimension argument as a non-negative number; a 0-d tensor has one dimension to name, as in PyTorch. */
export function normalizeDim(dim: number, rank: number, op: string): number {
  const range = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -range || dim >= range)
    throw new IndexError(
      `${op}: Dimension out of range (expected to be in range of [${-range}, ${range - 1}], but got ${dim})`,
    );
  return dim < 0 ? dim + range : dim;
}

/** Dimension arguments in ascending order; none means all. @throws RuntimeError when one appears twice. */
export function normalizeDims(
  dim: number | readonly number[] | null | undefined,
  rank: number,
  op: string,
): number[] {
  if (rank > 64) throw new RuntimeError(`${op}: only tensors with up to 64 dims are supported, got ${rank}`);
  if (typeof dim === "number") {
    const only = normalizeDim(dim, rank, op);
    return rank === 0 ? [] : [only];
  }
  const dims = dim ?? [];
  if (dims.length === 0) {
    const all = zeros(rank);
    for (let i = 0; i < rank; i++) all[i] = i;
    return all;
  }
  const seen = new Set<number>();
  for (const d of dims) {
    const i = normalizeDim(d, rank, op);
    if (seen.has(i)) throw new RuntimeError(`${op}: dim ${i} appears multiple times in the list of dims`);
    seen.add(i);
  }
  return [...seen].filter((d) => d < rank).sort((x, y) => x - y);
}

/** Checks extents given by a user. @throws RuntimeError for a negative, fractional or NaN extent. */
export function checkShape(shape: Shape, op: string): Shape {
  for (const n of shape)
    if (!Number.isSafeInteger(n) || n < 0)
      throw new RuntimeError(`${op}: sizes must be non-negative integers, but got ${showShape(shape)}`);
  return shape;
}

/** Resolves one -1 in the target of a reshape. @throws ShapeError when the numbers of elements differ. */
export function inferShape(target: Shape, count: number, from: Shape, op: string): Shape {
  const bad = (): ShapeError =>
    new ShapeError(
      op,
      [from, target],
      `${op}: shape '${showShape(target)}' is invalid for input of size ${count}` +
        ` (input shape ${showShape(from)})`,
    );
  let hole = -1;
  let known = 1;
  for (let i = 0; i < target.length; i++) {
    const n = target[i]!;
    if (n === -1) {
      if (hole >= 0)
        throw new RuntimeError(`${op}: only one dimension can be inferred, got ${showShape(target)}`);
      hole = i;
    } else if (!Number.isInteger(n) || n < 0) {
      throw new RuntimeError(`${op}: invalid shape dimension ${n} in ${showShape(target)}`);
    } else known *= n;
  }
  if (hole < 0) {
    if (known !== count) throw bad();
    return target;
  }
  if (known === 0)
    throw new RuntimeError(
      `${op}: cannot reshape tensor of ${count} elements into shape ${showShape(target)} because the unspecified ` +
        "dimension size -1 can be any value and is ambiguous",
    );
  if (count % known !== 0) throw bad();
  return target.map((n, i) => (i === hole ? count / known : n));
}
