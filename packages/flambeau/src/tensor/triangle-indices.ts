// Coordinates of the elements of a triangle: tril_indices, triu_indices.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/generated/torch.tril_indices.html

import type { DType } from "../base/dtype.ts";
import { checkDType, dtypes, isInteger } from "../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../base/errors.ts";
import { allocate } from "./storage.ts";
import type { Tensor } from "./tensor.ts";
import { fresh } from "./tensor.ts";

interface TriangleOptions<D extends DType> {
  /** An integer dtype. Default int32. */
  readonly dtype?: D;
}

/** Columns [from, to) of each row that belong to the triangle, as two rows of coordinates. */
function coordinates<D extends DType>(
  row: number,
  col: number,
  dtype: DType,
  from: (i: number) => number,
  to: (i: number) => number,
  op: string,
): Tensor<[2, number], D> {
  for (const [name, n] of [
    ["row", row],
    ["col", col],
  ] as const) {
    if (!Number.isInteger(n)) throw new ArgumentError(`${op}: ${name} must be an integer, got ${n}`);
    if (n < 0) throw new RuntimeError(`${op}: ${name} must be non-negative, got ${n}`);
  }
  if (!isInteger(checkDType(dtype)))
    throw new RuntimeError(`"${op}" not implemented for '${dtypes[dtype].scalarName}'`);
  const clip = (j: number): number => Math.min(Math.max(j, 0), col);
  let count = 0;
  for (let i = 0; i < row; i++) count += Math.max(0, clip(to(i)) - clip(from(i)));
  const out = allocate(dtype, 2 * count);
  const value = dtype === "int64" ? (n: number) => BigInt(n) as unknown as number : (n: number) => n;
  for (let i = 0, w = 0; i < row; i++)
    for (let j = clip(from(i)); j < clip(to(i)); j++, w++) {
      out[w] = value(i);
      out[count + w] = value(j);
    }
  return fresh(out, [2, count], dtype as D);
}

/**
 * Coordinates of the lower triangle of a `row` x `col` matrix, up to diagonal `offset` (default 0): row numbers over column
 * numbers.
 */
export function trilIndices<D extends DType = "int32">(
  row: number,
  col: number,
  offset = 0,
  options: TriangleOptions<D> = {},
): Tensor<[2, number], D> {
  const { dtype = "int32" } = options;
  return coordinates(
    row,
    col,
    dtype,
    () => 0,
    (i) => i + offset + 1,
    "tril_indices",
  );
}

/** Coordinates of the upper triangle, from diagonal `offset` (default 0) on: see {@link trilIndices}. */
export function triuIndices<D extends DType = "int32">(
  row: number,
  col: number,
  offset = 0,
  options: TriangleOptions<D> = {},
): Tensor<[2, number], D> {
  const { dtype = "int32" } = options;
  return coordinates(
    row,
    col,
    dtype,
    (i) => i + offset,
    () => col,
    "triu_indices",
  );
}
