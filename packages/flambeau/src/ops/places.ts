// Where gather, scatter, index_select and their like read and write: checks, and places as plain arrays.
// Floor L4 (ops).

import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { contiguousStrides, normalizeDim, numel, sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import {
  alongRules,
  checkRange,
  gatherRules,
  indexError,
  rawIndices,
  readIndices,
  rowsAlong,
} from "./elements.ts";

/** Places of `n` indices along the last dimension. */
function placesOfRow(
  places: Int32Array,
  row: number,
  data: Int32Array,
  start: number,
  n: number,
  base: number,
): void {
  for (let k = 0; k < n; k++) places[row + k] = (base + data[start + k]!) | 0;
}

/** Places of `n` indices along another dimension, whose elements lie `step` apart. */
function placesAcross(
  places: Int32Array,
  row: number,
  data: Int32Array,
  start: number,
  n: number,
  base: number,
  step: number,
): void {
  for (let k = 0; k < n; k++) places[row + k] = (base + k + Math.imul(data[start + k]!, step)) | 0;
}

/** For each element of `index`, row by row, the place in `x` (packed) that it names along `dim`. */
export function placesAlong(x: Shape, dim: number, index: AnyTensor, op: string): Int32Array {
  const shape: Shape = index.shape;
  if (numel(shape) === 0) return new Int32Array(0);
  const size = x[dim] ?? 1;
  const outOfRange = indexError(gatherRules, op, dim, size);
  const { data, offset } = rawIndices(index, op, gatherRules, outOfRange);
  checkRange(data, offset, numel(shape), size, outOfRange);
  const rank = x.length === 0 ? 0 : shape.length;
  const places = new Int32Array(numel(shape));
  const strides = contiguousStrides(x);
  const step = strides[dim] ?? 1;
  const last = Math.max(rank - 1, 0);
  const n = rank === 0 ? places.length : shape[last]!;
  const at = new Array<number>(rank).fill(0);
  let base = 0;
  for (let row = 0; row < places.length; row += n) {
    // Elements of a row lie next to each other, unless the row is what the indices run along.
    if (dim === last) placesOfRow(places, row, data, offset + row, n, base);
    else placesAcross(places, row, data, offset + row, n, base, step);
    for (let d = last - 1; d >= 0; d--) {
      const stride = d === dim ? 0 : strides[d]!;
      base += stride;
      if (++at[d]! < shape[d]!) break;
      base -= stride * shape[d]!;
      at[d] = 0;
    }
  }
  return places;
}

/** Checks the index of gather and scatter, and the source of scatter; gives the dimension. */
export function checkIndex(
  x: AnyTensor,
  dim: number,
  index: AnyTensor,
  op: string,
  source: AnyTensor | null = null,
): number {
  const d = normalizeDim(dim, x.ndim, op);
  if (numel(index.shape) === 0) return d;
  if (index.dtype !== "int32" && index.dtype !== "int64")
    throw new DTypeError(op, `${op}(): Expected dtype int32 or int64 for index, but got ${index.dtype}`);
  const rank = (t: AnyTensor): number => Math.max(t.ndim, 1);
  if (rank(index) !== rank(x))
    throw new RuntimeError(
      `${op}(): Index tensor must have the same number of dimensions as ${op === "gather" ? "input" : "self"} tensor, got ${showShape(index.shape)} and ${showShape(x.shape)}`,
    );
  if (source && rank(source) !== rank(index))
    throw new RuntimeError(
      `${op}(): Index tensor must have the same number of dimensions as src tensor, got ${showShape(index.shape)} and ${showShape(source.shape)}`,
    );
  const extent = (t: AnyTensor, i: number): number => t.shape[i] ?? 1;
  for (let i = 0; i < rank(index); i++) {
    const n = extent(index, i);
    if ((i !== d && n > extent(x, i)) || (source && n > extent(source, i)))
      throw new ShapeError(
        op,
        [index.shape, x.shape],
        `${op}(): Size does not match at dimension ${i}: expected index ${showShape(index.shape)} to be smaller than self ${showShape(x.shape)} apart from dimension ${d}${source ? ` and to be smaller size than src ${showShape(source.shape)}` : ""}`,
      );
  }
  return d;
}

/** The leading part of `x` that an index of `shape` names, packed. */
export function corner(x: AnyTensor, shape: Shape): AnyTensor {
  let part = x;
  for (let i = 0; i < x.ndim; i++) {
    const n = shape[i] ?? 1;
    if (n < x.shape[i]!) part = part.narrow(i, 0, n);
  }
  return part.contiguous();
}

/** What every scatter asks of its arguments; gives the dimension. */
export function checkScatter(
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor | null,
  op: string,
): number {
  const d = checkIndex(self, dim, index, op, source);
  if (source && source.dtype !== self.dtype)
    throw new DTypeError(
      op,
      `${op}(): Expected self.dtype to be equal to src.dtype: ${self.dtype} and ${source.dtype}`,
    );
  return d;
}

/** What every scatter begins with: checks, the places in `self`, and the source packed in the shape of the index. */
export function scatterPlan(
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor | null,
  op: string,
): { places: Int32Array; from: AnyTensor | null } {
  const d = checkScatter(self, dim, index, source, op);
  const places = placesAlong(self.shape, d, index, op);
  return { places, from: source && places.length > 0 ? corner(source, index.shape) : source };
}

/** Zeros of `shape` with x in the leading corner. */
export function padTo(x: AnyTensor, shape: Shape): AnyTensor {
  if (sameShape(x.shape, shape)) return x;
  if (numel(x.shape) === numel(shape)) return x.reshape(shape);
  const whole = x.newZeros(shape);
  if (numel(x.shape) === 0) return whole;
  let part: AnyTensor = whole;
  shape.forEach((_, i) => {
    part = part.narrow(i, 0, x.shape[i] ?? 1);
  });
  part.copy_(x.reshape(part.shape));
  return whole;
}

/** A shape as [outer, size, inner] around dimension d. */
export const extentsAround = (shape: Shape, d: number): { outer: number; size: number; inner: number } => ({
  outer: numel(shape.slice(0, d)),
  size: shape[d] ?? 1,
  inner: numel(shape.slice(d + 1)),
});

/** Refuses an index of several dimensions. */
export const checkVector = (index: AnyTensor, op: string): void => {
  if (index.ndim > 1)
    throw new IndexError(
      `${op}(): Index is supposed to be a vector, but got dim: ${index.ndim} and size: ${showShape(index.shape)}`,
    );
};

/** What index_add and index_reduce ask of their source; gives the dimension, and the shape that the source stands for. */
export function checkSliceSource(
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor,
  op: string,
): { d: number; expected: Shape } {
  const d = normalizeDim(dim, self.ndim, op);
  checkVector(index, op);
  if (source.dtype !== self.dtype)
    throw new DTypeError(
      op,
      `${op}(): self (${self.dtype}) and source (${source.dtype}) must have the same scalar type`,
    );
  const count = numel(index.shape);
  if (source.ndim === 0 && count !== 1)
    throw new IndexError(`${op}(): a source without dimensions takes one index, got ${count}`);
  const size0 = source.ndim === 0 ? 1 : (source.shape[d] ?? 1);
  if (count !== size0)
    throw new ShapeError(
      op,
      [self.shape, source.shape],
      `${op}(): Number of indices (${count}) should be equal to source.size(dim): (${size0}), for dim: ${d}`,
    );
  const expected = self.shape.slice();
  if (self.ndim > 0) expected[d] = count;
  if (
    self.ndim > 0 &&
    count > 0 &&
    !sameShape(expected, source.shape) &&
    !(source.ndim === 0 && numel(expected) === 1)
  )
    throw new ShapeError(
      op,
      [self.shape, source.shape],
      `${op}(): source of shape ${showShape(source.shape)} does not fit ${count} slices of ${showShape(self.shape)} along dim ${d}`,
    );
  return { d, expected };
}

/** The same checks, and the places that indices name. */
export function checkSource(
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor,
  op: string,
): { d: number; rows: Int32Array; inner: number } {
  const { d } = checkSliceSource(self, dim, index, source, op);
  const { outer, size, inner } = extentsAround(self.shape, d);
  return { d, rows: rowsAlong(outer, size, readIndices(index, size, op, d, alongRules)), inner };
}
