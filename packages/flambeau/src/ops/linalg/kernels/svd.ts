// Singular value decomposition: reflections to bidiagonal form, then implicit QR steps.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 8.6

import { diagonalise, lowerToUpper } from "./bidiagonal.ts";
import { identity, transpose } from "./blocks.ts";
import { factorQR, makeReflector, multiplyQ, reflect } from "./householder.ts";

/** A = U diag(s) Vh. U and Vh are null where only the singular values were asked for. */
export interface SVD {
  /** In descending order. */
  readonly s: Float64Array;
  /** m x m, or m x min(m, n). */
  readonly u: Float64Array | null;
  /** n x n, or min(m, n) x n. */
  readonly vh: Float64Array | null;
}

type Vectors = "none" | "reduced" | "full";

/** Of a row-major m x n matrix, which is overwritten; with vectors "full", both are square. Null if one is not finite. */
export function decomposeSVD(a: Float64Array, m: number, n: number, vectors: Vectors): SVD | null {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i]!)) return null;
  const k = Math.min(m, n);
  // Of a tall or a wide matrix first the triangle.
  if (Math.max(m, n) >= Math.max(Math.floor((k * 11) / 6), k + 1) && k > 0)
    return m > n ? tall(a, m, n, vectors) : flipped(wide(transpose(a, m, n), n, m, vectors), n, m);
  return m >= n
    ? upright(a, m, n, vectors, false)
    : flipped(upright(transpose(a, m, n), n, m, vectors, true), n, m);
}

/** The decomposition of A^T from that of the m x n matrix A. */
function flipped(svd: SVD | null, m: number, n: number): SVD | null {
  if (!svd?.u || !svd.vh) return svd;
  return { s: svd.s, u: transpose(svd.vh, svd.vh.length / n, n), vh: transpose(svd.u, m, svd.u.length / m) };
}

/** The upper triangle of a factored m x n matrix, or its transpose. */
function triangleOf(a: Float64Array, n: number, lower: boolean): Float64Array {
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[lower ? j * n + i : i * n + j] = a[i * n + j]!;
  return r;
}

/** Q times the n x n matrix x, with more columns of Q where U is to be square. */
function throughQ(
  a: Float64Array,
  tau: Float64Array,
  m: number,
  n: number,
  x: Float64Array,
  vectors: Vectors,
): Float64Array {
  const columns = vectors === "full" ? m : n;
  const u = new Float64Array(m * columns);
  for (let i = 0; i < n; i++) u.set(x.subarray(i * n, (i + 1) * n), i * columns);
  for (let i = n; i < columns; i++) u[i * columns + i] = 1;
  multiplyQ(a, 0, n, tau, 0, n, m, u, 0, columns, columns, false);
  return u;
}

/** m > n, by A = Q R. */
function tall(a: Float64Array, m: number, n: number, vectors: Vectors): SVD | null {
  const tau = new Float64Array(n);
  factorQR(a, 0, m, n, tau, 0);
  const inner = upright(triangleOf(a, n, false), n, n, vectors, false);
  return inner?.u ? { s: inner.s, u: throughQ(a, tau, m, n, inner.u, vectors), vh: inner.vh } : inner;
}

/** The decomposition of A^T for a tall A (m > n), turned round: by that of R^T, as LAPACK does for a wide matrix. */
function wide(a: Float64Array, m: number, n: number, vectors: Vectors): SVD | null {
  const tau = new Float64Array(n);
  factorQR(a, 0, m, n, tau, 0);
  const inner = upright(triangleOf(a, n, true), n, n, vectors, false);
  if (!inner?.u || !inner.vh) return inner;
  const v = transpose(inner.vh, n, n);
  return { s: inner.s, u: throughQ(a, tau, m, n, v, vectors), vh: transpose(inner.u, n, n) };
}

/** m >= n. With `turned`, A is the transpose of what is decomposed, and its bidiagonal form is worked on as such. */
function upright(a: Float64Array, m: number, n: number, vectors: Vectors, turned: boolean): SVD | null {
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  const left = new Float64Array(n);
  const right = new Float64Array(n);
  bidiagonalise(a, m, n, d, e, left, right);
  const zu = vectors === "none" ? null : identity(n);
  const zv = vectors === "none" ? null : identity(n);
  if (turned) lowerToUpper(d, e, n, zu);
  if (!diagonalise(d, e, n, zu, zv)) return null;
  for (let i = 0; i < n; i++) {
    if (d[i]! >= 0 && !Object.is(d[i], -0)) continue;
    d[i] = -d[i]!;
    // LAPACK gives the sign to V, but for a single value.
    const z = n === 1 ? zu : zv;
    if (z) for (let j = 0; j < n; j++) z[i * n + j] = -z[i * n + j]!;
  }
  const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]!);
  const s = Float64Array.from(order, (i) => d[i]!);
  if (!zu || !zv) return { s, u: null, vh: null };
  const [first, second] = turned ? [zv, zu] : [zu, zv];
  const columns = vectors === "full" ? m : n;
  const u = new Float64Array(m * columns);
  const v = new Float64Array(n * n);
  order.forEach((from, j) => {
    for (let i = 0; i < n; i++) {
      u[i * columns + j] = first[from * n + i]!;
      v[i * n + j] = second[from * n + i]!;
    }
  });
  for (let i = n; i < columns; i++) u[i * columns + i] = 1;
  multiplyQ(a, 0, n, left, 0, n, m, u, 0, columns, columns, false);
  // The right reflections lie in rows; multiplyQ wants them in columns.
  if (n > 1)
    multiplyQ(transpose(a.subarray(0, n * n), n, n), n, n, right, 0, n - 1, n - 1, v, n, n, n, false);
  return { s, u, vh: transpose(v, n, n) };
}

/** Q^T A P upper bidiagonal (d, e), for m >= n. Vectors of Q stand below the diagonal, those of P right of it, one place on. */
function bidiagonalise(
  a: Float64Array,
  m: number,
  n: number,
  d: Float64Array,
  e: Float64Array,
  left: Float64Array,
  right: Float64Array,
): void {
  for (let k = 0; k < n; k++) {
    const at = k * n + k;
    const t = makeReflector(a, at, n, m - k);
    left[k] = t;
    d[k] = a[at]!;
    reflect(a, at, n, t, a, at + 1, n, m - k, n - k - 1);
    if (k === n - 1) break;
    const count = n - k - 1;
    const s = makeReflector(a, at + 1, 1, count);
    right[k] = s;
    e[k] = a[at + 1]!;
    if (s === 0) continue;
    for (let i = k + 1; i < m; i++) {
      const row = i * n + k + 1;
      let sum = a[row]!;
      for (let j = 1; j < count; j++) sum += a[row + j]! * a[at + 1 + j]!;
      sum *= s;
      a[row]! -= sum;
      for (let j = 1; j < count; j++) a[row + j]! -= sum * a[at + 1 + j]!;
    }
  }
}
