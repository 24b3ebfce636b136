// Eigenvalues and eigenvectors of symmetric matrices: reflections to tridiagonal form, then implicit QL.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 8.3; J. H. Wilkinson, The implicit QL algorithm

import { makeReflector, multiplyQ } from "./householder.ts";

const maxSweeps = 60;

/**
 * The eigenvalues of a symmetric row-major n x n matrix in ascending order; with `vectors`, its eigenvectors are left in
 * the columns of `a`. Only the lower triangle is read; `a` is overwritten.
 * @returns null if there are none to be found: the matrix holds NaN or infinities
 */
export function eigenSymmetric(a: Float64Array, n: number, vectors: boolean): Float64Array | null {
  let largest = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const v = Math.abs(a[i * n + j]!);
      if (!Number.isFinite(v)) return null;
      if (v > largest) largest = v;
    }
  // Squares must neither overflow nor vanish.
  const scale = largest > 1e100 || (largest > 0 && largest < 1e-100) ? largest : 1;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const v = a[i * n + j]! / scale;
      a[i * n + j] = v;
      a[j * n + i] = v;
    }
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  const tau = new Float64Array(n);
  tridiagonalise(a, n, d, e, tau);
  // Eigenvectors of the tridiagonal matrix are rows: a rotation mixes two of them.
  const z = vectors ? new Float64Array(n * n) : null;
  if (z) for (let i = 0; i < n; i++) z[i * n + i] = 1;
  if (!implicitQL(d, e, n, z)) return null;
  const order = Array.from(d.keys()).sort((i, j) => d[i]! - d[j]!);
  const values = Float64Array.from(order, (i) => d[i]! * scale);
  if (z) {
    const columns = new Float64Array(n * n);
    order.forEach((from, j) => {
      for (let i = 0; i < n; i++) columns[i * n + j] = z[from * n + i]!;
    });
    if (n > 1) multiplyQ(a, n, n, tau, 0, n - 1, n - 1, columns, n, n, n, false);
    a.set(columns);
  }
  return values;
}

/** Q^T A Q tridiagonal, for Q of reflections that are left below the diagonal: their vectors start one row below it. */
function tridiagonalise(
  a: Float64Array,
  n: number,
  d: Float64Array,
  e: Float64Array,
  tau: Float64Array,
): void {
  const w = new Float64Array(n);
  const v = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    const first = k + 1;
    const t = makeReflector(a, first * n + k, n, n - first);
    tau[k] = t;
    e[k] = a[first * n + k]!;
    if (t === 0) continue;
    for (let i = first; i < n; i++) v[i] = i === first ? 1 : a[i * n + k]!;
    // The rest B becomes B - v w^T - w v^T with w = tau (B v - tau/2 (v^T B v) v).
    let inner = 0;
    for (let i = first; i < n; i++) {
      const row = i * n;
      let sum = 0;
      for (let j = first; j < n; j++) sum += a[row + j]! * v[j]!;
      w[i] = t * sum;
      inner += w[i]! * v[i]!;
    }
    const half = (t * inner) / 2;
    for (let i = first; i < n; i++) w[i]! -= half * v[i]!;
    for (let i = first; i < n; i++) {
      const row = i * n;
      const x = v[i]!;
      const y = w[i]!;
      for (let j = first; j < n; j++) a[row + j]! -= x * w[j]! + y * v[j]!;
    }
  }
  for (let i = 0; i < n; i++) d[i] = a[i * n + i]!;
}

/** Makes e zero by rotations, which are applied to the rows of z. */
function implicitQL(d: Float64Array, e: Float64Array, n: number, z: Float64Array | null): boolean {
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      for (; m < n - 1; m++) {
        const size = Math.abs(d[m]!) + Math.abs(d[m + 1]!);
        if (Math.abs(e[m]!) <= Number.EPSILON * 0.5 * size || Math.abs(e[m]!) < Number.MIN_VALUE) break;
      }
      if (m === l) break;
      if (sweep === maxSweeps) return false;
      // The shift is the eigenvalue of the leading 2 x 2 block that is closer to d[l].
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        if (z) rotate(z, i * n, (i + 1) * n, n, c, s);
      }
      if (r === 0 && i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return true;
}

/** (x, y) := (c x - s y, s x + c y) for two rows of n elements. */
export function rotate(z: Float64Array, x: number, y: number, n: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const f = z[y + k]!;
    const g = z[x + k]!;
    z[y + k] = s * g + c * f;
    z[x + k] = c * g - s * f;
  }
}
