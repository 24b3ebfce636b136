// Small products: copies the operands to linear memory as they are, calls one kernel for many matrices, copies back.
// This is the hot path of eager training; it allocates nothing once views of the common result sizes exist.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../../base/dtype.ts";
import type { MatrixView } from "../../../ir/routines.ts";
import type { LinearMemory } from "../memory.ts";
import { isDotForm } from "./dot.ts";
import type { MatmulDType } from "./elements.ts";
import { heapOf } from "./elements.ts";
import type { SmallKernels } from "./kernels.ts";
import { copyIn, copyOut, copyRuns, dodge, dodgeBytes, gather, layoutOf, span } from "./stage.ts";

export type Bias = { readonly data: TypedArray; readonly offset: number; readonly stride: number } | null;

/** Most multiply-adds of a small product. Above, packing pays. */
export const smallLimit = 40000;

/** Elements of one operand that are staged at once, for all matrices of a call; in second-level cache. */
const areaElements = 49152;
const slackBytes = 1024;
/** Results up to this size are copied out through a view that is kept. */
const keptViews = 2048;

export class SmallProducts {
  readonly #memory: LinearMemory;
  readonly #dtype: MatmulDType;
  readonly #bytes: number;
  readonly #kernels: SmallKernels;
  #heap: TypedArray | null = null;
  #base = 0;
  #views: (TypedArray | undefined)[] = [];

  constructor(memory: LinearMemory, dtype: MatmulDType, bytes: number, kernels: SmallKernels) {
    this.#memory = memory;
    this.#dtype = dtype;
    this.#bytes = bytes;
    this.#kernels = kernels;
    this.#refresh();
  }

  #refresh(): TypedArray {
    const areaBytes = areaElements * this.#bytes + dodgeBytes + slackBytes;
    this.#base = this.#memory.scratch(5 * areaBytes, "matmul");
    this.#heap = heapOf(this.#memory, this.#dtype);
    this.#views = [];
    return this.#heap;
  }

  multiply(
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
    bias: Bias,
  ): void {
    const size = this.#bytes;
    const areaBytes = areaElements * size + dodgeBytes + slackBytes;
    // The heap is replaced when the memory grows. (Reading the memory's own size costs more than the rest of this.)
    let heap = heapOf(this.#memory, this.#dtype);
    if (heap !== this.#heap) heap = this.#refresh();
    const base = this.#base;
    const cBase = base + 2 * areaBytes;
    const biasAt = base + 3 * areaBytes;
    const rawAt = base + 4 * areaBytes;

    const dot =
      this.#dtype === "float32" &&
      a.colStride === 1 &&
      a.rowStride >= k &&
      b.rowStride === 1 &&
      b.colStride >= k &&
      isDotForm(m, n, k);
    const aLayout = layoutOf(a, m, k);
    // With one column, the lanes of a vector are rows of a: those of b in "small" if a is stored by columns.
    const column = n === 1 && !dot;
    const swapped = column && aLayout === "columns";
    if (bias) {
      if (swapped) gather(heap, biasAt / size, 0, bias.data, bias.offset, 0, 0, 1, m);
      else gather(heap, biasAt / size, 0, bias.data, bias.offset, 0, bias.stride, 1, n);
    }
    const biasArg = bias ? biasAt : 0;

    const largest = Math.max(m * k, k * n, m * n);
    const together = batch === 1 ? 1 : Math.max(1, Math.floor(areaElements / (span(1, largest) + 4)));
    for (let t = 0; t < batch; t += together) {
      const count = Math.min(together, batch - t);

      const aOffset = a.offset + t * aBatchStride;
      const aAt = base + dodge(a.data.byteOffset + aOffset * size, base);
      const aPitch = aBatchStride === 0 ? 0 : span(m, k);
      let aRun = k;
      for (let q = 0; q < (aPitch === 0 ? 1 : count); q++) {
        const to = aAt / size + q * aPitch;
        const from = aOffset + q * aBatchStride;
        if (aLayout === "rows") aRun = copyRuns(heap, to, a.data, from, a.rowStride, m, k);
        else if (aLayout === "columns") aRun = copyRuns(heap, to, a.data, from, a.colStride, k, m);
        else gather(heap, to, k, a.data, from, a.rowStride, a.colStride, m, k);
      }

      const bOffset = b.offset + t * bBatchStride;
      const bBase = base + areaBytes;
      const bAt = bBase + dodge(b.data.byteOffset + bOffset * size, bBase);
      const bRows = (n + 3) & -4;
      const bPitch = bBatchStride === 0 ? 0 : span(k, bRows);
      let bRun = n;
      for (let q = 0; q < (bPitch === 0 ? 1 : count); q++) {
        const to = bAt / size + q * bPitch;
        const from = bOffset + q * bBatchStride;
        if (column) {
          if (b.rowStride === 1) copyIn(heap, to, b.data, from, k);
          else gather(heap, to, 0, b.data, from, 0, b.rowStride, 1, k);
        } else if (dot) {
          bRun = copyRuns(heap, to, b.data, from, b.colStride, n, k);
        } else if (b.colStride === 1) {
          bRun = copyRuns(heap, to, b.data, from, b.rowStride, k, n);
        } else if (b.rowStride === 1 && k * n > 256) {
          const run = copyRuns(heap, rawAt / size, b.data, from, b.colStride, n, k);
          this.#kernels.transpose(rawAt, run * size, to * size, bRows * size, n, k);
          bRun = bRows;
        } else {
          gather(heap, to, n, b.data, from, b.rowStride, b.colStride, k, n);
        }
      }

      const results = count * m * n;
      const outAt = outOffset + t * m * n;
      const shift = dodge(cBase, out.byteOffset + outAt * size);
      const c = cBase + shift;
      if (dot || (column && !swapped)) {
        for (let q = 0; q < count; q++) {
          const aq = aAt + q * aPitch * size;
          const bq = bAt + q * bPitch * size;
          const cq = c + q * m * n * size;
          if (dot) this.#kernels.dot(aq, aRun * size, bq, bRun * size, cq, m, n, k, biasArg, rawAt);
          else this.#kernels.column(aq, aRun * size, bq, cq, m, k, biasArg);
        }
      } else if (swapped) {
        this.#kernels.small(
          count,
          bAt,
          bPitch * size,
          0,
          size,
          aAt,
          aPitch * size,
          aRun * size,
          c,
          1,
          m,
          k,
          biasArg,
          0,
        );
      } else {
        const aRow = aLayout === "columns" ? size : aRun * size;
        const aCol = aLayout === "columns" ? aRun * size : size;
        this.#kernels.small(
          count,
          aAt,
          aPitch * size,
          aRow,
          aCol,
          bAt,
          bPitch * size,
          bRun * size,
          c,
          m,
          n,
          k,
          biasArg,
          0,
        );
      }
      if (results <= 16 || results > keptViews) copyOut(out, outAt, heap, c / size, results);
      else (out as Float32Array).set(this.#view(heap as Float32Array, c, results, shift), outAt);
    }
  }

  #view(heap: Float32Array, at: number, n: number, shift: number): Float32Array {
    const key = 2 * n + (shift === 0 ? 0 : 1);
    return (this.#views[key] ??= heap.subarray(at / this.#bytes, at / this.#bytes + n)) as Float32Array;
  }
}
