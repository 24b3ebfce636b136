// The orthogonal factor of a QR decomposition, by Householder reflections in double precision.
// Floor L5 (nn). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 5.2

/**
 * Q of A = QR with a positive diagonal of R (a zero of it gives a zero column); A is `rows` x `cols`, row-major,
 * rows >= cols. Q has the shape of A and orthonormal columns.
 */
export function orthonormalColumns(a: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const r = Float64Array.from(a);
  const reflectors: Float64Array[] = [];
  for (let k = 0; k < cols; k++) {
    const v = new Float64Array(rows);
    let norm2 = 0;
    for (let i = k; i < rows; i++) {
      v[i] = r[i * cols + k]!;
      norm2 += v[i]! * v[i]!;
    }
    // Away from the sign of the pivot, so that nothing cancels.
    const norm = Math.sqrt(norm2) * (v[k]! < 0 ? -1 : 1);
    v[k] = v[k]! + norm;
    const length2 = norm2 + norm * norm + 2 * norm * r[k * cols + k]!;
    if (length2 > 0) {
      const scale = Math.sqrt(2 / length2);
      for (let i = k; i < rows; i++) v[i]! *= scale;
    }
    reflectors.push(v);
    reflect(r, v, k, rows, cols);
  }
  const q = new Float64Array(rows * cols);
  for (let k = 0; k < cols; k++) q[k * cols + k] = 1;
  for (let k = cols - 1; k >= 0; k--) reflect(q, reflectors[k]!, k, rows, cols);
  for (let k = 0; k < cols; k++) {
    const sign = Math.sign(r[k * cols + k]!);
    for (let i = 0; i < rows; i++) q[i * cols + k]! *= sign;
  }
  return q;
}

/** A - v (v^T A), for rows from k on. */
function reflect(a: Float64Array, v: Float64Array, k: number, rows: number, cols: number): void {
  for (let j = 0; j < cols; j++) {
    let dot = 0;
    for (let i = k; i < rows; i++) dot += v[i]! * a[i * cols + j]!;
    if (dot !== 0) for (let i = k; i < rows; i++) a[i * cols + j]! -= dot * v[i]!;
  }
}
