// Contracts of the heavy kernels that are written by hand in each backend instead of being generated from a
// nest. All arrays are the caller's; offsets, strides and sizes count elements.
// Floor L1 (ir).

import type { TypedArray } from "../base/dtype.ts";

/** A matrix inside an array: element (r, c) is data[offset + r * rowStride + c * colStride]. */
export interface MatrixView {
  readonly data: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

export interface Routines {
  /**
   * out[i, j] = sum over p of a[i, p] * b[p, j] for each of `batch` matrices, where matrix number t starts
   * `t * batchStride` after its offset (0 repeats an operand). `out` is contiguous row-major [batch, m, n] from
   * `outOffset`. With `bias` (n elements from its offset, or null): out = bias[j] + the sum, rounded once at the end.
   * float32, float64, int32, int64. k = 0 gives zeros (or the bias). Stride arguments may be 0 or negative.
   *
   * The order of summation over p depends on the sizes and the layout, never on the machine's load or the tile
   * that was chosen. For float32 products of up to a million multiply-adds it is the order of PyTorch's BLAS
   * (OpenBLAS 0.3.21 with AVX-512), which the lessons' printed numbers follow: one chain of fused multiply-adds from
   * p = 0 upwards; but where a is stored by rows, b by columns and k >= 32, sixteen chains that are then added up.
   */
  matmul(
    batch: number,
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aBatchStride: number,
    b: MatrixView,
    bBatchStride: number,
    out: TypedArray,
    outOffset: number,
    bias: { readonly data: TypedArray; readonly offset: number; readonly stride: number } | null,
  ): void;
}
