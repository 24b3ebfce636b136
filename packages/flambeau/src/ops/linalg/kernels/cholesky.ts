// Cholesky decomposition, by halves.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 4.2

import { subtractProduct } from "./blocks.ts";

const base = 24;

/**
 * Factors the lower triangle of a symmetric row-major n x n matrix in place into L with A = L L^T; what is above the
 * diagonal is scratch.
 * @returns 0, or the order of the first leading minor that is not positive
 */
export function factorCholesky(a: Float64Array, at: number, n: number, ld: number = n): number {
  if (n <= base) return panel(a, at, n, ld);
  const half = n >> 1;
  const rest = n - half;
  const info = factorCholesky(a, at, half, ld);
  if (info > 0) return info;
  const below = at + half * ld;
  solveRight(a, at, half, ld, below, rest);
  subtractProduct(
    rest,
    rest,
    half,
    { data: a, at: below, row: ld, column: 1 },
    { data: a, at: below, row: 1, column: ld },
    a,
    below + half,
    ld,
  );
  const later = factorCholesky(a, below + half, rest, ld);
  return later > 0 ? later + half : 0;
}

function panel(a: Float64Array, at: number, n: number, ld: number): number {
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const d = a[at + j * ld + j]!;
    if (!(d > 0)) return j + 1;
    const root = Math.sqrt(d);
    a[at + j * ld + j] = root;
    for (let i = j + 1; i < n; i++) {
      const row = at + i * ld;
      const f = a[row + j]! / root;
      a[row + j] = f;
      column[i] = f;
      for (let c = j + 1; c <= i; c++) a[row + c]! -= f * column[c]!;
    }
  }
  return 0;
}

/** X := X L^-T for the `rows` rows of n elements from `x`, where L is the n x n triangle at `at`. */
function solveRight(a: Float64Array, at: number, n: number, ld: number, x: number, rows: number): void {
  if (n > base) {
    const half = n >> 1;
    solveRight(a, at, half, ld, x, rows);
    const below = at + half * ld;
    subtractProduct(
      rows,
      n - half,
      half,
      { data: a, at: x, row: ld, column: 1 },
      { data: a, at: below, row: 1, column: ld },
      a,
      x + half,
      ld,
    );
    solveRight(a, below + half, n - half, ld, x + half, rows);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const row = x + r * ld;
    for (let j = 0; j < n; j++) {
      const l = at + j * ld;
      let v = a[row + j]!;
      for (let p = 0; p < j; p++) v -= a[row + p]! * a[l + p]!;
      a[row + j] = v / a[l + j]!;
    }
  }
}
