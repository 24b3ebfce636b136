// Eigenvalues and eigenvectors of symmetric matrices: reflections to tridiagonal form, then implicit QL and QR steps.
// Floor L4 (ops). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 8.3

import { makeReflector, multiplyQ } from "./householder.ts";
import { diagonaliseSymmetric } from "./tridiagonal.ts";

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
  if (!diagonaliseSymmetric(d, e, n, z)) return null;
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
