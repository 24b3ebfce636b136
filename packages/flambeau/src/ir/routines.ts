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

/** Rows of adjacent or evenly spaced elements that go from one array to another. */
export interface RowMoves {
  /** Pairs of where a row begins: in the source, in the target. */
  readonly rows: Int32Array;
  /** Elements of each row. */
  readonly count: number;
  readonly fromStep: number;
  readonly toStep: number;
}

/** A batch of images of which each is spread out, channel by channel, into one array of `length` elements before it is used. */
export interface SpreadImages {
  readonly data: TypedArray;
  readonly offset: number;
  /** Distance of images, and of channels in an image. */
  readonly stride: number;
  readonly size: number;
  readonly channels: number;
  /** For each channel; elements that no row goes to are 0. */
  readonly moves: readonly RowMoves[];
  /** Distance of channels in the array. */
  readonly pitch: number;
  readonly length: number;
}

/** Rows of a matrix whose products with shifted copies of the array are wanted. */
export interface ShiftedPart {
  readonly m: number;
  /** Elements of each product. */
  readonly n: number;
  /** Row-major from `offset`, a column for each shift. */
  readonly data: TypedArray;
  readonly offset: number;
  readonly shifts: Int32Array;
  /** Where the elements of a product go in a channel of the result. */
  readonly collect: RowMoves;
}

export interface Routines {
  /**
   * to[c, r] = from[r, c] for matrices that lie in row-major order from their offsets. Elements of four bytes.
   */
  transpose(
    rows: number,
    cols: number,
    from: TypedArray,
    fromOffset: number,
    to: TypedArray,
    toOffset: number,
  ): void;

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

  /**
   * to[i, :] = from[rows[i], :] for rows of `width` elements of four bytes, all numbers being in range. Says whether it did it:
   * a backend may leave it to the caller.
   */
  takeRows(
    rows: Int32Array,
    width: number,
    from: TypedArray,
    fromOffset: number,
    to: TypedArray,
    toOffset: number,
  ): boolean;
  /** to[rows[i], :] += from[i, :] in the order of i, for rows of `width` float32, likewise. */
  addRows(
    rows: Int32Array,
    width: number,
    to: TypedArray,
    toOffset: number,
    from: TypedArray,
    fromOffset: number,
  ): boolean;

  /**
   * For each image and part: c[i, q] = bias[i] + sum over p of a[i, p] * x[shifts[p] + q], x being the image spread out; rows of
   * c go to channel i of the result's image. Results are `size` elements a channel, `stride` an image; elements that no row
   * goes to are 0. This is what convolutions and their adjoints are. float32. The order of summation is that of p, in chains
   * of at most 256.
   */
  shiftedProduct(
    batch: number,
    images: SpreadImages,
    parts: readonly ShiftedPart[],
    bias: { readonly data: TypedArray; readonly offset: number } | null,
    out: Float32Array,
    offset: number,
    stride: number,
    size: number,
  ): void;

  /**
   * out[i, p] = sum over images and q < n of g[i, q] * x[shifts[p] + q], g being the image of `outputs` spread out, with pitch n;
   * `out` is row-major from `offset` with a column for each shift. float32. An element of x beyond shifts[p] + n may
   * be multiplied by 0 along the way: where it is not finite, nor is the sum.
   */
  shiftedSums(
    batch: number,
    images: SpreadImages,
    outputs: SpreadImages,
    n: number,
    shifts: Int32Array,
    out: Float32Array,
    offset: number,
  ): void;
}
