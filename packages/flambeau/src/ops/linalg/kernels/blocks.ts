// What the kernels of decompositions have in common: the update C - A B of a block of a row-major matrix.
// Floor L4 (ops).

import { matrixProduct } from "../../../tensor/routines.ts";

/** A block of a matrix: element (i, j) is data[at + i * row + j * column]. */
export interface Block {
  readonly data: Float64Array;
  readonly at: number;
  readonly row: number;
  readonly column: number;
}

/** Below this number of multiplications the call of the matrix product costs more than it gains. */
const smallProduct = 12 * 12 * 12;

/** The block's transpose. */
export const transposed = (b: Block): Block => ({ data: b.data, at: b.at, row: b.column, column: b.row });

/** The part of a block that starts at (i, j). */
export const part = (b: Block, i: number, j: number): Block => ({
  data: b.data,
  at: b.at + i * b.row + j * b.column,
  row: b.row,
  column: b.column,
});

/** A B, row-major. */
export function product(m: number, n: number, k: number, a: Block, b: Block): Float64Array {
  const out = new Float64Array(m * n);
  matrixProduct(
    1,
    m,
    n,
    k,
    { data: a.data, offset: a.at, rowStride: a.row, colStride: a.column },
    0,
    { data: b.data, offset: b.at, rowStride: b.row, colStride: b.column },
    0,
    out,
    0,
    null,
  );
  return out;
}

/** C := C - A B for C of m rows and n contiguous columns, `ld` apart, from `at` of `c`. */
export function subtractProduct(
  m: number,
  n: number,
  k: number,
  a: Block,
  b: Block,
  c: Float64Array,
  at: number,
  ld: number,
): void {
  if (m === 0 || n === 0 || k === 0) return;
  if (m * n * k > smallProduct) {
    const sum = product(m, n, k, a, b);
    for (let i = 0; i < m; i++) {
      const to = at + i * ld;
      const from = i * n;
      for (let j = 0; j < n; j++) c[to + j]! -= sum[from + j]!;
    }
    return;
  }
  for (let i = 0; i < m; i++) {
    const to = at + i * ld;
    for (let p = 0; p < k; p++) {
      const f = a.data[a.at + i * a.row + p * a.column]!;
      const from = b.at + p * b.row;
      for (let j = 0; j < n; j++) c[to + j]! -= f * b.data[from + j * b.column]!;
    }
  }
}

/** The transpose of a row-major matrix. */
export function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}

/** The identity, row-major. */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}
