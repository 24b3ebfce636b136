// Triangular systems T X = B, solved in place, by halves so that the bulk of the work is a matrix product.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 3.1

import type { Block } from "./blocks.ts";
import { part, subtractProduct } from "./blocks.ts";

const base = 16;

/**
 * B := T^-1 B for a triangular T of n rows; only its triangle is read. B has n rows of k contiguous columns, `ld` apart,
 * from `at` of `b`. With `unit`, the diagonal is taken for ones. A zero on the diagonal gives infinities and NaN.
 */
export function solveTriangle(
  t: Block,
  n: number,
  upper: boolean,
  unit: boolean,
  b: Float64Array,
  at: number,
  ld: number,
  k: number,
): void {
  if (n === 0 || k === 0) return;
  if (n > base) {
    const half = n >> 1;
    const rest = n - half;
    if (upper) {
      solveTriangle(part(t, half, half), rest, upper, unit, b, at + half * ld, ld, k);
      const known: Block = { data: b, at: at + half * ld, row: ld, column: 1 };
      subtractProduct(half, k, rest, part(t, 0, half), known, b, at, ld);
      solveTriangle(t, half, upper, unit, b, at, ld, k);
    } else {
      solveTriangle(t, half, upper, unit, b, at, ld, k);
      const known: Block = { data: b, at, row: ld, column: 1 };
      subtractProduct(rest, k, half, part(t, half, 0), known, b, at + half * ld, ld);
      solveTriangle(part(t, half, half), rest, upper, unit, b, at + half * ld, ld, k);
    }
    return;
  }
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const row = at + i * ld;
    const from = upper ? i + 1 : 0;
    const to = upper ? n : i;
    for (let j = from; j < to; j++) {
      const f = t.data[t.at + i * t.row + j * t.column]!;
      const other = at + j * ld;
      for (let c = 0; c < k; c++) b[row + c]! -= f * b[other + c]!;
    }
    if (unit) continue;
    const d = t.data[t.at + i * (t.row + t.column)]!;
    for (let c = 0; c < k; c++) b[row + c]! /= d;
  }
}
