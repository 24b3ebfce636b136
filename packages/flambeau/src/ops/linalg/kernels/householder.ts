// Householder reflections: QR decomposition and products with Q, in blocks of the form I - V T V^T.
// Floor L4 (ops). Source: R. Schreiber, C. Van Loan, A storage-efficient WY representation for products of Householder transformations

import type { Block } from "./blocks.ts";
import { product, subtractProduct } from "./blocks.ts";

const width = 24;

/**
 * The reflection H = I - tau v v^T with v[0] = 1 that takes x to beta e1 (LAPACK's larfg): x[0] becomes beta, the others
 * those of v. Beta has the sign opposite to x[0]; if all others are 0, H is I.
 * @returns tau
 */
export function makeReflector(a: Float64Array, at: number, stride: number, n: number): number {
  let largest = 0;
  for (let i = 1; i < n; i++) {
    const v = Math.abs(a[at + i * stride]!);
    if (v > largest || Number.isNaN(v)) largest = v;
  }
  if (largest === 0) return 0;
  const alpha = a[at]!;
  const scale = Math.max(largest, Math.abs(alpha));
  let sum = (alpha / scale) ** 2;
  for (let i = 1; i < n; i++) sum += (a[at + i * stride]! / scale) ** 2;
  const norm = scale * Math.sqrt(sum);
  const beta = alpha >= 0 ? -norm : norm;
  const f = alpha - beta;
  for (let i = 1; i < n; i++) a[at + i * stride]! /= f;
  a[at] = beta;
  return (beta - alpha) / beta;
}

/** C := (I - tau v v^T) C for C of m rows and n contiguous columns; v is 1, then m - 1 elements `stride` apart from `at + stride`. */
export function reflect(
  a: Float64Array,
  at: number,
  stride: number,
  tau: number,
  c: Float64Array,
  cAt: number,
  ld: number,
  m: number,
  n: number,
): void {
  if (tau === 0 || n === 0) return;
  const w = c.slice(cAt, cAt + n);
  for (let i = 1; i < m; i++) {
    const v = a[at + i * stride]!;
    const row = cAt + i * ld;
    if (v !== 0) for (let j = 0; j < n; j++) w[j]! += v * c[row + j]!;
  }
  for (let j = 0; j < n; j++) {
    w[j]! *= tau;
    c[cAt + j]! -= w[j]!;
  }
  for (let i = 1; i < m; i++) {
    const v = a[at + i * stride]!;
    const row = cAt + i * ld;
    if (v !== 0) for (let j = 0; j < n; j++) c[row + j]! -= v * w[j]!;
  }
}

/**
 * Factors a row-major m x n matrix in place: R in the upper triangle, below the diagonal the vectors of the reflections
 * H0, H1, ... with Q = H0 H1 ..., and their factors in `tau` (LAPACK's geqrf).
 */
export function factorQR(
  a: Float64Array,
  at: number,
  m: number,
  n: number,
  tau: Float64Array,
  tauAt: number,
): void {
  const k = Math.min(m, n);
  for (let start = 0; start < k; start += width) {
    const end = Math.min(start + width, k);
    for (let i = start; i < end; i++) {
      const d = at + i * n + i;
      const t = makeReflector(a, d, n, m - i);
      tau[tauAt + i] = t;
      reflect(a, d, n, t, a, d + 1, n, m - i, end - i - 1);
    }
    if (end < n)
      applyBlock(
        a,
        at + start * n + start,
        n,
        tau,
        tauAt + start,
        end - start,
        m - start,
        a,
        at + start * n + end,
        n,
        n - end,
        true,
      );
  }
}

/** C := Q C, or Q^T C, for the product Q of `k` reflections as {@link factorQR} leaves them in a (rows `lda` apart). */
export function multiplyQ(
  a: Float64Array,
  at: number,
  lda: number,
  tau: Float64Array,
  tauAt: number,
  k: number,
  m: number,
  c: Float64Array,
  cAt: number,
  ld: number,
  n: number,
  transpose: boolean,
): void {
  const blocks = Math.ceil(k / width);
  for (let b = 0; b < blocks; b++) {
    const start = (transpose ? b : blocks - 1 - b) * width;
    const count = Math.min(width, k - start);
    applyBlock(
      a,
      at + start * (lda + 1),
      lda,
      tau,
      tauAt + start,
      count,
      m - start,
      c,
      cAt + start * ld,
      ld,
      n,
      transpose,
    );
  }
}

/** The same for one block of reflections, all of which act on the m rows of C. */
function applyBlock(
  a: Float64Array,
  at: number,
  lda: number,
  tau: Float64Array,
  tauAt: number,
  count: number,
  m: number,
  c: Float64Array,
  cAt: number,
  ld: number,
  n: number,
  transpose: boolean,
): void {
  if (m * n < 1024 || count < 4) {
    for (let step = 0; step < count; step++) {
      const i = transpose ? step : count - 1 - step;
      reflect(a, at + i * (lda + 1), lda, tau[tauAt + i]!, c, cAt + i * ld, ld, m - i, n);
    }
    return;
  }
  const v = new Float64Array(m * count);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < Math.min(i + 1, count); j++) v[i * count + j] = i === j ? 1 : a[at + i * lda + j]!;
  const block: Block = { data: v, at: 0, row: count, column: 1 };
  const across: Block = { data: v, at: 0, row: 1, column: count };
  const t = compactFactor(product(count, count, m, across, block), tau, tauAt, count);
  const w = product(count, n, m, across, { data: c, at: cAt, row: ld, column: 1 });
  const factor: Block = { data: t, at: 0, row: transpose ? 1 : count, column: transpose ? count : 1 };
  const tw = product(count, n, count, factor, { data: w, at: 0, row: n, column: 1 });
  subtractProduct(m, n, count, block, { data: tw, at: 0, row: n, column: 1 }, c, cAt, ld);
}

/** The upper triangular T of I - V T V^T, from V^T V and the factors. */
function compactFactor(gram: Float64Array, tau: Float64Array, tauAt: number, n: number): Float64Array {
  const t = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const f = tau[tauAt + j]!;
    t[j * n + j] = f;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let p = i; p < j; p++) sum += t[i * n + p]! * gram[p * n + j]!;
      t[i * n + j] = -f * sum;
    }
  }
  return t;
}
