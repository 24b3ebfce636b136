// The orthogonal factor of a QR decomposition, for initialisation.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_

import { factorQR, multiplyQ } from "../ops/linalg/kernels/householder.ts";

/**
 * Q of A = QR with a positive diagonal of R (a zero of it gives a zero column); A is `rows` x `cols`, row-major,
 * rows >= cols. Q has the shape of A and orthonormal columns.
 */
export function orthonormalColumns(a: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const r = Float64Array.from(a);
  const tau = new Float64Array(cols);
  factorQR(r, 0, rows, cols, tau, 0);
  const q = new Float64Array(rows * cols);
  for (let k = 0; k < cols; k++) q[k * cols + k] = Math.sign(r[k * cols + k]!);
  multiplyQ(r, 0, cols, tau, 0, cols, rows, q, 0, cols, cols, false);
  return q;
}
