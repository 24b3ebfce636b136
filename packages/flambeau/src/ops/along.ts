// Rows along a dimension, for ops that go through them in order: sorting, scans, extrema with positions.
// Floor L4 (ops).

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { DTypeError, IndexError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { where } from "./select.ts";

/** A packed tensor as [outer, size, inner], where `size` is the extent of dimension `d`. */
export interface Rows {
  readonly d: number;
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** The rows of `shape` along `dim`; a 0-d tensor is one row of one element. */
export function rowsAlong(shape: Shape, dim: number, op: string): Rows {
  const d = normalizeDim(dim, shape.length, op);
  return { d, outer: numel(shape.slice(0, d)), size: shape[d] ?? 1, inner: numel(shape.slice(d + 1)) };
}

/** The shape when dimension `d` is reduced; a 0-d shape stays. */
export function reducedShape(shape: Shape, d: number, keepdim: boolean): Shape {
  if (keepdim) return shape.map((n, i) => (i === d ? 1 : n));
  return shape.filter((_, i) => i !== d);
}

/** Refuses to pick an element of empty rows. */
export function checkRow(rows: Rows, op: string): void {
  if (rows.size === 0)
    throw new IndexError(`${op}(): Expected reduction dim ${rows.d} to have non-zero size.`);
}

/** Zeros of `shape` with the gradients of elements that were picked along `dim` at the places `indices`. */
export function toPlaces(
  g: AnyTensor,
  indices: AnyTensor,
  shape: Shape,
  dim: number,
  keepdim: boolean,
): AnyTensor {
  const dropped = !keepdim && shape.length > 0;
  return g
    .newZeros(shape)
    .scatter_(dim, dropped ? indices.unsqueeze(dim) : indices, dropped ? g.unsqueeze(dim) : g);
}

/** The gradient of an element that stands for the whole tensor: shared evenly among all that equal it, NaN with NaN. */
export function shareEvenly(g: AnyTensor, x: AnyTensor, y: AnyTensor): AnyTensor {
  const hits: AnyTensor =
    recorder !== null ? where(y.isnan(), x.isnan(), x.eq(y)) : Number.isNaN(y.item()) ? x.isnan() : x.eq(y);
  return g.newZeros(x.shape).maskedFill(hits, g.div(hits.sum().to(g.dtype)));
}

/** The error of a kernel that does not take a dtype. */
export const notFor = (op: string, dtype: DType): DTypeError =>
  new DTypeError(op, `"${op}" not implemented for '${dtypes[dtype].scalarName}'`);
