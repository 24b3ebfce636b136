// LU decomposition with partial pivoting, by halves of the columns (as LAPACK's getrf2).
// Floor L4 (ops). Source: S. Toledo, Locality of reference in LU decomposition with partial pivoting

import { subtractProduct } from "./blocks.ts";
import { solveTriangle } from "./triangular.ts";

const base = 12;

/**
 * Factors a row-major m x n matrix in place into L (unit lower, below the diagonal) and U. Row i was exchanged with row
 * `pivots[i] - 1`, for i in order.
 * @returns 0, or the place, counted from 1, of the first zero on U's diagonal
 */
export function factorLU(a: Float64Array, at: number, m: number, n: number, pivots: Int32Array): number {
  return recurse(a, at, n, m, n, pivots);
}

function recurse(a: Float64Array, at: number, ld: number, m: number, n: number, pivots: Int32Array): number {
  const k = Math.min(m, n);
  if (k <= base) return panel(a, at, ld, m, n, pivots);
  const left = k >> 1;
  const right = n - left;
  let info = recurse(a, at, ld, m, left, pivots);
  exchangeRows(a, at + left, ld, right, pivots, 0, left);
  solveTriangle({ data: a, at, row: ld, column: 1 }, left, false, true, a, at + left, ld, right);
  const below = at + left * ld;
  subtractProduct(
    m - left,
    right,
    left,
    { data: a, at: below, row: ld, column: 1 },
    { data: a, at: at + left, row: ld, column: 1 },
    a,
    below + left,
    ld,
  );
  const inner = pivots.subarray(left, k);
  const later = recurse(a, below + left, ld, m - left, right, inner);
  if (info === 0 && later > 0) info = later + left;
  for (let i = 0; i < inner.length; i++) inner[i]! += left;
  exchangeRows(a, at, ld, left, pivots, left, k);
  return info;
}

/** Exchanges rows as pivots from..to say, in n columns. */
function exchangeRows(
  a: Float64Array,
  at: number,
  ld: number,
  n: number,
  pivots: Int32Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const p = pivots[i]! - 1;
    if (p !== i) swap(a, at + i * ld, at + p * ld, n);
  }
}

function swap(a: Float64Array, x: number, y: number, n: number): void {
  for (let j = 0; j < n; j++) {
    const t = a[x + j]!;
    a[x + j] = a[y + j]!;
    a[y + j] = t;
  }
}

function panel(a: Float64Array, at: number, ld: number, m: number, n: number, pivots: Int32Array): number {
  let info = 0;
  const k = Math.min(m, n);
  for (let j = 0; j < k; j++) {
    let p = j;
    let largest = Math.abs(a[at + j * ld + j]!);
    for (let i = j + 1; i < m; i++) {
      const v = Math.abs(a[at + i * ld + j]!);
      if (v > largest) {
        largest = v;
        p = i;
      }
    }
    pivots[j] = p + 1;
    const row = at + j * ld;
    if (p !== j) swap(a, row, at + p * ld, n);
    const d = a[row + j]!;
    if (d === 0) {
      if (info === 0) info = j + 1;
      continue;
    }
    for (let i = j + 1; i < m; i++) {
      const to = at + i * ld;
      const f = a[to + j]! / d;
      a[to + j] = f;
      if (f !== 0) for (let c = j + 1; c < n; c++) a[to + c]! -= f * a[row + c]!;
    }
  }
  return info;
}

/** The places of the rows after all exchanges: row i of the result is row `order[i]` of the original. */
export function rowOrder(pivots: ArrayLike<number>, from: number, count: number, rows: number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const p = pivots[from + i]! - 1;
    const t = order[i]!;
    order[i] = order[p]!;
    order[p] = t;
  }
  return order;
}

/** X := A^-1 B from the factors of A (n x n): both have n rows of k columns; X is row-major. */
export function solveLU(
  lu: Float64Array,
  at: number,
  n: number,
  pivots: Int32Array,
  b: Float64Array,
  bAt: number,
  k: number,
  x: Float64Array,
  xAt: number,
): void {
  const order = rowOrder(pivots, 0, n, n);
  for (let i = 0; i < n; i++) {
    const from = bAt + order[i]! * k;
    x.set(b.subarray(from, from + k), xAt + i * k);
  }
  const t = { data: lu, at, row: n, column: 1 };
  solveTriangle(t, n, false, true, x, xAt, k, k);
  solveTriangle(t, n, true, false, x, xAt, k, k);
}
