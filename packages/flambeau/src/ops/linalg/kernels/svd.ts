// Singular value decomposition: reflections to bidiagonal form, then implicit QR steps.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 8.6

import { identity, transpose } from "./blocks.ts";
import { factorQR, makeReflector, multiplyQ, reflect } from "./householder.ts";
import { rotate } from "./symmetric.ts";

const maxSteps = 75;

/** A = U diag(s) Vh. U and Vh are null where only the singular values were asked for. */
export interface SVD {
  /** In descending order. */
  readonly s: Float64Array;
  /** m x m, or m x min(m, n). */
  readonly u: Float64Array | null;
  /** n x n, or min(m, n) x n. */
  readonly vh: Float64Array | null;
}

/** Of a row-major m x n matrix, which is overwritten; with vectors "full", both are square. */
export function decomposeSVD(
  a: Float64Array,
  m: number,
  n: number,
  vectors: "none" | "reduced" | "full",
): SVD | null {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i]!)) return null;
  if (m < n) {
    const t = decomposeSVD(transpose(a, m, n), n, m, vectors);
    if (!t?.u || !t.vh) return t;
    return { s: t.s, u: transpose(t.vh, t.vh.length / m, m), vh: transpose(t.u, n, t.u.length / n) };
  }
  // A tall matrix has the singular values of its R.
  if (m > 1.6 * n && n > 0) return tall(a, m, n, vectors);
  return upright(a, m, n, vectors);
}

function tall(a: Float64Array, m: number, n: number, vectors: "none" | "reduced" | "full"): SVD | null {
  const tau = new Float64Array(n);
  factorQR(a, 0, m, n, tau, 0);
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[i * n + j] = a[i * n + j]!;
  const inner = upright(r, n, n, vectors);
  if (!inner?.u) return inner;
  const columns = vectors === "full" ? m : n;
  const u = new Float64Array(m * columns);
  for (let i = 0; i < n; i++) u.set(inner.u.subarray(i * n, (i + 1) * n), i * columns);
  for (let i = n; i < columns; i++) u[i * columns + i] = 1;
  multiplyQ(a, 0, n, tau, 0, n, m, u, 0, columns, columns, false);
  return { s: inner.s, u, vh: inner.vh };
}

function upright(a: Float64Array, m: number, n: number, vectors: "none" | "reduced" | "full"): SVD | null {
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  const left = new Float64Array(n);
  const right = new Float64Array(n);
  bidiagonalise(a, m, n, d, e, left, right);
  const zu = vectors === "none" ? null : identity(n);
  const zv = vectors === "none" ? null : identity(n);
  if (!diagonalise(d, e, n, zu, zv)) return null;
  for (let i = 0; i < n; i++) {
    if (d[i]! >= 0 && !Object.is(d[i], -0)) continue;
    d[i] = -d[i]!;
    if (zv) for (let j = 0; j < n; j++) zv[i * n + j] = -zv[i * n + j]!;
  }
  const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]!);
  const s = Float64Array.from(order, (i) => d[i]!);
  if (!zu || !zv) return { s, u: null, vh: null };
  const columns = vectors === "full" ? m : n;
  const u = new Float64Array(m * columns);
  const v = new Float64Array(n * n);
  order.forEach((from, j) => {
    for (let i = 0; i < n; i++) {
      u[i * columns + j] = zu[from * n + i]!;
      v[i * n + j] = zv[from * n + i]!;
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

/** c and s with c f + s g = r and -s f + c g = 0. */
function givens(f: number, g: number, out: { c: number; s: number; r: number }): void {
  if (g === 0) {
    out.c = 1;
    out.s = 0;
    out.r = f;
    return;
  }
  const r =
    Math.abs(f) > 1e-140 && Math.abs(g) > 1e-140 && Math.abs(f) < 1e140 && Math.abs(g) < 1e140
      ? Math.sqrt(f * f + g * g)
      : Math.hypot(f, g);
  out.c = f / r;
  out.s = g / r;
  out.r = r;
}

/** Makes e zero by rotations from the left, applied to the rows of zu, and from the right, applied to those of zv. */
function diagonalise(
  d: Float64Array,
  e: Float64Array,
  n: number,
  zu: Float64Array | null,
  zv: Float64Array | null,
): boolean {
  const eps = Number.EPSILON / 2;
  const q = { c: 1, s: 0, r: 0 };
  const turn = (z: Float64Array | null, i: number, j: number): void => {
    if (z && q.s !== 0) rotate(z, i * n, j * n, n, q.c, -q.s);
  };
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!), Math.abs(e[i]!));
  const tiny = norm * eps;
  let steps = maxSteps * n;
  let hi = n - 1;
  while (hi > 0) {
    for (let i = 0; i < hi; i++)
      if (Math.abs(e[i]!) <= eps * (Math.abs(d[i]!) + Math.abs(d[i + 1]!)) || Math.abs(e[i]!) <= tiny * eps)
        e[i] = 0;
    if (e[hi - 1] === 0) {
      hi--;
      continue;
    }
    if (steps-- === 0) return false;
    let lo = hi - 1;
    while (lo > 0 && e[lo - 1] !== 0) lo--;
    let zero = -1;
    for (let i = lo; i <= hi; i++) if (Math.abs(d[i]!) <= tiny * eps) zero = i;
    if (zero === hi) {
      // A zero at the end: its column goes by rotations from the right.
      let f = e[hi - 1]!;
      e[hi - 1] = 0;
      d[hi] = 0;
      for (let j = hi - 1; j >= lo; j--) {
        givens(d[j]!, f, q);
        d[j] = q.r;
        if (j > lo) {
          f = -q.s * e[j - 1]!;
          e[j - 1]! *= q.c;
        }
        turn(zv, j, hi);
      }
      continue;
    }
    if (zero >= 0) {
      // A zero inside: its row goes by rotations from the left.
      let f = e[zero]!;
      e[zero] = 0;
      d[zero] = 0;
      for (let j = zero + 1; j <= hi; j++) {
        givens(d[j]!, f, q);
        d[j] = q.r;
        f = -q.s * e[j]!;
        if (j < hi) e[j]! *= q.c;
        turn(zu, j, zero);
      }
      continue;
    }
    implicitStep(
      d,
      e,
      lo,
      hi,
      q,
      (i) => turn(zv, i, i + 1),
      (i) => turn(zu, i, i + 1),
    );
  }
  return true;
}

/** One QR step on B^T B of the block lo..hi, without forming it; `q` holds each rotation when it is reported. */
function implicitStep(
  d: Float64Array,
  e: Float64Array,
  lo: number,
  hi: number,
  q: { c: number; s: number; r: number },
  right: (i: number) => void,
  left: (i: number) => void,
): void {
  // The shift: the eigenvalue of the last 2 x 2 block of B^T B that is closer to its last element, over d[lo].
  const scale = Math.max(Math.abs(d[hi]!), Math.abs(d[hi - 1]!), Math.abs(e[hi - 1]!));
  const p = d[hi - 1]! / scale;
  const r = d[hi]! / scale;
  const b = e[hi - 1]! / scale;
  const above = hi - 1 > lo ? e[hi - 2]! / scale : 0;
  const x = p * p + above * above;
  const y = r * r + b * b;
  const off = p * b;
  const half = (x - y) / 2;
  const root = Math.hypot(half, off);
  const shift = off === 0 ? y : y - (off * off) / (half + (half >= 0 ? root : -root));
  let f = d[lo]! / scale - shift / (d[lo]! / scale);
  let g = e[lo]! / scale;
  for (let k = lo; k < hi; k++) {
    givens(f, g, q);
    if (k > lo) e[k - 1] = q.r;
    f = q.c * d[k]! + q.s * e[k]!;
    e[k] = q.c * e[k]! - q.s * d[k]!;
    g = q.s * d[k + 1]!;
    d[k + 1]! *= q.c;
    right(k);
    givens(f, g, q);
    d[k] = q.r;
    f = q.c * e[k]! + q.s * d[k + 1]!;
    d[k + 1] = q.c * d[k + 1]! - q.s * e[k]!;
    if (k < hi - 1) {
      g = q.s * e[k + 1]!;
      e[k + 1]! *= q.c;
    }
    left(k);
  }
  e[hi - 1] = f;
}
