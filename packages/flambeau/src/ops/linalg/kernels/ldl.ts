// L D L^T decomposition of symmetric indefinite matrices with Bunch-Kaufman pivoting, and its solver.
// Floor L4 (ops). Source: J. R. Bunch, L. Kaufman, Some stable methods for calculating inertia and solving symmetric linear systems

const alpha = (1 + Math.sqrt(17)) / 8;

function swap(a: Float64Array, i: number, j: number): void {
  const t = a[i]!;
  a[i] = a[j]!;
  a[j] = t;
}

/**
 * Factors the lower triangle of a row-major n x n matrix in place (LAPACK's sytf2, "L"). Pivots count from 1; two equal
 * negative ones mark a block of 2 x 2.
 * @returns 0, or the place, counted from 1, of the first zero block of D
 */
export function factorLDL(a: Float64Array, at: number, n: number, pivots: Int32Array, pAt: number): number {
  const x = (i: number, j: number): number => at + i * n + j;
  let info = 0;
  for (let k = 0; k < n; ) {
    const diagonal = Math.abs(a[x(k, k)]!);
    let column = 0;
    let row = k;
    for (let i = k + 1; i < n; i++) {
      const v = Math.abs(a[x(i, k)]!);
      if (v > column) {
        column = v;
        row = i;
      }
    }
    let step = 1;
    let pivot = k;
    if (Math.max(diagonal, column) === 0 || Number.isNaN(diagonal)) {
      if (info === 0) info = k + 1;
      pivots[pAt + k] = k + 1;
      k++;
      continue;
    }
    if (diagonal < alpha * column) {
      let largest = 0;
      for (let j = k; j < row; j++) largest = Math.max(largest, Math.abs(a[x(row, j)]!));
      for (let i = row + 1; i < n; i++) largest = Math.max(largest, Math.abs(a[x(i, row)]!));
      if (diagonal < alpha * column * (column / largest)) {
        pivot = row;
        if (Math.abs(a[x(row, row)]!) < alpha * largest) step = 2;
      }
    }
    const last = k + step - 1;
    if (pivot !== last) {
      for (let i = pivot + 1; i < n; i++) swap(a, x(i, last), x(i, pivot));
      for (let i = last + 1; i < pivot; i++) swap(a, x(i, last), x(pivot, i));
      swap(a, x(last, last), x(pivot, pivot));
      if (step === 2) swap(a, x(k + 1, k), x(pivot, k));
    }
    if (step === 1) eliminateOne(a, at, n, k);
    else eliminateTwo(a, at, n, k);
    for (let i = k; i <= last; i++) pivots[pAt + i] = step === 1 ? pivot + 1 : -(pivot + 1);
    k += step;
  }
  return info;
}

function eliminateOne(a: Float64Array, at: number, n: number, k: number): void {
  const d = a[at + k * n + k]!;
  for (let i = k + 1; i < n; i++) {
    const row = at + i * n;
    const f = a[row + k]! / d;
    // Rows below still need the old column.
    for (let j = k + 1; j <= i; j++) a[row + j]! -= f * a[at + j * n + k]! * (j < i ? d : 1);
    a[row + k] = f;
  }
}

function eliminateTwo(a: Float64Array, at: number, n: number, k: number): void {
  const x = (i: number, j: number): number => at + i * n + j;
  const off = a[x(k + 1, k)]!;
  const first = a[x(k + 1, k + 1)]! / off;
  const second = a[x(k, k)]! / off;
  const scale = 1 / (first * second - 1) / off;
  for (let j = k + 2; j < n; j++) {
    const u = scale * (first * a[x(j, k)]! - a[x(j, k + 1)]!);
    const v = scale * (second * a[x(j, k + 1)]! - a[x(j, k)]!);
    for (let i = j; i < n; i++) a[x(i, j)]! -= a[x(i, k)]! * u + a[x(i, k + 1)]! * v;
    a[x(j, k)] = u;
    a[x(j, k + 1)] = v;
  }
}

function swapRows(b: Float64Array, at: number, k: number, i: number, j: number): void {
  if (i !== j) for (let c = 0; c < k; c++) swap(b, at + i * k + c, at + j * k + c);
}

/** Row i of B minus f times row j. */
function subtractRow(b: Float64Array, at: number, k: number, i: number, f: number, j: number): void {
  for (let c = 0; c < k; c++) b[at + i * k + c]! -= f * b[at + j * k + c]!;
}

/** B := A^-1 B from the factors of A: n rows of k columns, row-major. */
export function solveLDL(
  a: Float64Array,
  at: number,
  n: number,
  pivots: ArrayLike<number>,
  pAt: number,
  b: Float64Array,
  bAt: number,
  k: number,
): void {
  const x = (i: number, j: number): number => a[at + i * n + j]!;
  for (let i = 0; i < n; ) {
    const p = Number(pivots[pAt + i]);
    if (p > 0 || i + 1 >= n) {
      swapRows(b, bAt, k, i, Math.abs(p) - 1);
      for (let r = i + 1; r < n; r++) subtractRow(b, bAt, k, r, x(r, i), i);
      for (let c = 0; c < k; c++) b[bAt + i * k + c]! /= x(i, i);
      i++;
      continue;
    }
    swapRows(b, bAt, k, i + 1, -p - 1);
    for (let r = i + 2; r < n; r++) {
      subtractRow(b, bAt, k, r, x(r, i), i);
      subtractRow(b, bAt, k, r, x(r, i + 1), i + 1);
    }
    const off = x(i + 1, i);
    const first = x(i, i) / off;
    const second = x(i + 1, i + 1) / off;
    const scale = first * second - 1;
    for (let c = 0; c < k; c++) {
      const u = b[bAt + i * k + c]! / off;
      const v = b[bAt + (i + 1) * k + c]! / off;
      b[bAt + i * k + c] = (second * u - v) / scale;
      b[bAt + (i + 1) * k + c] = (first * v - u) / scale;
    }
    i += 2;
  }
  for (let i = n - 1; i >= 0; ) {
    const p = Number(pivots[pAt + i]);
    for (let r = i + 1; r < n; r++) subtractRow(b, bAt, k, i, x(r, i), r);
    if (p > 0 || i === 0) {
      swapRows(b, bAt, k, i, Math.abs(p) - 1);
      i--;
      continue;
    }
    for (let r = i + 1; r < n; r++) subtractRow(b, bAt, k, i - 1, x(r, i - 1), r);
    swapRows(b, bAt, k, i, -p - 1);
    i -= 2;
  }
}
