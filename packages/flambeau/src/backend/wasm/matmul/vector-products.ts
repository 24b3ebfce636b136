// Large products with a vector, and dot forms that are too large to stage at once: the matrix streams through
// linear memory in chunks that stay in cache, for each of its elements is used once.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../../base/dtype.ts";
import type { MatrixView } from "../../../ir/routines.ts";
import type { LinearMemory } from "../memory.ts";
import type { MatmulDType } from "./elements.ts";
import { heapOf } from "./elements.ts";
import type { SmallKernels } from "./kernels.ts";
import type { Bias } from "./small-products.ts";
import { copyIn, copyOut, copyRuns, dodge, dodgeBytes, gather, span, stageRuns } from "./stage.ts";

/** Elements of the matrix that are staged at a time. */
const chunk = 49152;
/** The longest stretch of k; longer sums are added up from stretches. */
const maxDepth = 131072;
/** Outputs at a time when the matrix is stored by columns. */
const maxWidth = 2048;
/** Up to this k, and up to so many elements, a sum is one chain: the order of the small products. */
const chainDepth = 256;
const chainElements = 1e6;
const slackBytes = 1024 + dodgeBytes;
/** Of the dot kernel. */
const spareBytes = 256;

/** The elements of a vector: a row or a column of a matrix. */
export interface VectorView {
  readonly data: TypedArray;
  readonly offset: number;
  readonly stride: number;
}

export class VectorProducts {
  readonly #memory: LinearMemory;
  readonly #dtype: MatmulDType;
  readonly #bytes: number;
  readonly #kernels: SmallKernels;

  constructor(memory: LinearMemory, dtype: MatmulDType, bytes: number, kernels: SmallKernels) {
    this.#memory = memory;
    this.#dtype = dtype;
    this.#bytes = bytes;
    this.#kernels = kernels;
  }

  /** out[i] = bias[i] + sum over p of matrix[i, p] * vector[p]; bias has its own stride, 0 to repeat. */
  multiply(
    m: number,
    k: number,
    matrix: MatrixView,
    vector: VectorView,
    out: TypedArray,
    outOffset: number,
    bias: Bias,
  ): void {
    if (matrix.colStride !== 1 && matrix.rowStride === 1)
      this.#byColumns(m, k, matrix, vector, out, outOffset);
    else this.#byRows(m, k, matrix, vector, out, outOffset);
    if (!bias) return;
    const result = out as Float32Array;
    const addend = bias.data as Float32Array;
    for (let i = 0; i < m; i++) result[outOffset + i]! += addend[bias.offset + i * bias.stride]!;
  }

  #byRows(
    m: number,
    k: number,
    matrix: MatrixView,
    vector: VectorView,
    out: TypedArray,
    outOffset: number,
  ): void {
    const size = this.#bytes;
    const dot = this.#dtype === "float32" && k > chainDepth && m * k > chainElements;
    const depth = Math.min(k, maxDepth);
    // Eight rows at least: the column kernel has a row in each lane of two vectors.
    const rows = Math.min(m, Math.max(8, Math.floor(chunk / depth / 8) * 8));
    const matrixBytes = span(rows, depth) * size + slackBytes;
    const vectorBytes = depth * size + slackBytes;
    const base = this.#memory.scratch(
      matrixBytes + vectorBytes + rows * size + slackBytes + spareBytes,
      "matmul",
    );
    const heap = heapOf(this.#memory, this.#dtype);
    const v = Math.ceil((base + matrixBytes) / 64) * 64;
    const c = Math.ceil((v + vectorBytes) / 64) * 64;
    const spare = Math.ceil((c + rows * size + 64) / 64) * 64;
    for (let q = 0; q < k; q += depth) {
      const d = Math.min(depth, k - q);
      stageVector(heap, v / size, vector, q, d);
      for (let i = 0; i < m; i += rows) {
        const height = Math.min(rows, m - i);
        const from = matrix.offset + i * matrix.rowStride + q * matrix.colStride;
        const at = base + dodge((matrix.data.byteOffset + from * size) % 4096, base);
        let run = d;
        if (matrix.colStride === 1)
          run = copyRuns(heap, at / size, matrix.data, from, matrix.rowStride, height, d);
        else gather(heap, at / size, d, matrix.data, from, matrix.rowStride, matrix.colStride, height, d);
        if (dot) this.#kernels.dot(at, run * size, v, 0, c, height, 1, d, 0, spare);
        else this.#kernels.column(at, run * size, v, c, height, d, 0);
        if (q === 0) {
          copyOut(out, outOffset + i, heap, c / size, height);
        } else {
          const result = out as Float32Array;
          for (let r = 0; r < height; r++)
            result[outOffset + i + r]! += (heap as Float32Array)[c / size + r]!;
        }
      }
    }
  }

  #byColumns(
    m: number,
    k: number,
    matrix: MatrixView,
    vector: VectorView,
    out: TypedArray,
    outOffset: number,
  ): void {
    const size = this.#bytes;
    const width = Math.min(m, maxWidth);
    const depth = Math.min(k, Math.max(1, Math.floor(chunk / width)));
    const matrixBytes = span(depth, width) * size + slackBytes;
    const vectorBytes = depth * size + slackBytes;
    const base = this.#memory.scratch(matrixBytes + vectorBytes + width * size + slackBytes, "matmul");
    const heap = heapOf(this.#memory, this.#dtype);
    const v = Math.ceil((base + matrixBytes) / 64) * 64;
    const c = Math.ceil((v + vectorBytes) / 64) * 64;
    for (let i = 0; i < m; i += width) {
      const w = Math.min(width, m - i);
      for (let q = 0; q < k; q += depth) {
        const d = Math.min(depth, k - q);
        stageVector(heap, v / size, vector, q, d);
        const from = matrix.offset + i + q * matrix.colStride;
        const at = base + dodge((matrix.data.byteOffset + from * size) % 4096, base);
        const run = copyRuns(heap, at / size, matrix.data, from, matrix.colStride, d, w);
        this.#kernels.small(1, v, 0, 0, size, at, 0, run * size, c, 1, w, d, 0, q > 0 ? 1 : 0);
      }
      copyOut(out, outOffset + i, heap, c / size, w);
    }
  }

  /** The dot form (dot.ts) of any size that it takes: at most 1e6 multiply-adds. */
  dots(
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aOffset: number,
    b: MatrixView,
    bOffset: number,
    out: TypedArray,
    outOffset: number,
    bias: Bias,
  ): void {
    const size = this.#bytes;
    const aBytes = Math.ceil((span(m, k) * size + slackBytes) / 64) * 64;
    const bBytes = Math.ceil((span(n, k) * size + slackBytes) / 64) * 64;
    const cBytes = Math.ceil((m * n * size + slackBytes) / 64) * 64;
    const base = this.#memory.scratch(
      aBytes + bBytes + cBytes + n * size + slackBytes + spareBytes,
      "matmul",
    );
    const heap = heapOf(this.#memory, this.#dtype);
    const memory = this.#memory;
    const spare = base + aBytes + bBytes + cBytes;
    const biasAt = spare + spareBytes;
    const direct = memory.holds(out);
    const c = direct ? out.byteOffset + outOffset * size : base + aBytes + bBytes;
    const [aAt, aRun] = stageRuns(memory, heap, base, a.data, aOffset, a.rowStride, m, k);
    const [bAt, bRun] = stageRuns(memory, heap, base + aBytes, b.data, bOffset, b.colStride, n, k);
    if (bias) gather(heap, biasAt / size, 0, bias.data, bias.offset, 0, bias.stride, 1, n);
    this.#kernels.dot(aAt, aRun * size, bAt, bRun * size, c, m, n, k, bias ? biasAt : 0, spare);
    if (!direct) copyOut(out, outOffset, heap, c / size, m * n);
  }
}

function stageVector(heap: TypedArray, to: number, vector: VectorView, from: number, n: number): void {
  const offset = vector.offset + from * vector.stride;
  if (vector.stride === 1) copyIn(heap, to, vector.data, offset, n);
  else gather(heap, to, 0, vector.data, offset, 0, vector.stride, 1, n);
}
