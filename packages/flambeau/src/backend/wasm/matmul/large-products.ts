// Large products: tiles of the result, stretches of k, packed panels of b, blocks of a; bounded linear memory.
// Floor L2 (backend/wasm). Source: Goto, van de Geijn: Anatomy of High-Performance Matrix Multiplication (2008)

import type { TypedArray } from "../../../base/dtype.ts";
import type { MatrixView } from "../../../ir/routines.ts";
import type { LinearMemory } from "../memory.ts";
import type { MatmulDType } from "./elements.ts";
import { heapOf } from "./elements.ts";
import type { BlockKernels, SmallKernels } from "./kernels.ts";
import type { Bias } from "./small-products.ts";
import type { Layout } from "./stage.ts";
import { copyOut, dodge, dodgeBytes, gather, layoutOf, span, stageRuns } from "./stage.ts";

/** Stretch of k (KC): a panel of b, KC * NR elements, stays in first-level cache. */
const stretch = 256;
/** Tile of the result that is kept in linear memory. */
const tileRows = 1024;
const tileBytes = 8192;
/** Bytes of a (MC * KC) and of unpacked b that are staged at a time: in second-level cache with room for a panel. */
const stageBytes = 196608;
/** b is read where it lies, without packing, if it has at most so many columns, or a so few rows. */
const unpackedColumns = 128;
const unpackedRows = 16;
/** Up to this many multiply-adds every sum is one chain, as in OpenBLAS's kernels for small matrices; k is not cut. */
const chainLimit = 1e6;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** How a product is cut; sizes in elements. */
export interface Plan {
  /** Rows (MB) and columns (NB) of a tile of the result. */
  readonly rows: number;
  readonly cols: number;
  /** Stretch of k. */
  readonly depth: number;
  /** Rows of a staged at a time (MC). */
  readonly aRows: number;
  readonly packed: boolean;
}

export class LargeProducts {
  readonly #memory: LinearMemory;
  readonly #dtype: MatmulDType;
  readonly #bytes: number;
  readonly #small: SmallKernels;
  readonly #kernels: BlockKernels;

  constructor(
    memory: LinearMemory,
    dtype: MatmulDType,
    bytes: number,
    small: SmallKernels,
    kernels: BlockKernels,
  ) {
    this.#memory = memory;
    this.#dtype = dtype;
    this.#bytes = bytes;
    this.#small = small;
    this.#kernels = kernels;
  }

  plan(m: number, n: number, k: number, bLayout: Layout): Plan {
    const { rows: mr, vectors } = this.#kernels.tile;
    const nr = (vectors * 16) / this.#bytes;
    const rows = Math.min(m, roundUp(tileRows, mr));
    const cols = Math.min(n, tileBytes / this.#bytes);
    const cuts = m * n * k <= chainLimit ? 1 : Math.ceil(k / stretch);
    const depth = Math.min(k, roundUp(Math.ceil(k / cuts), 4));
    const aRows = Math.min(rows, Math.max(mr, Math.floor(stageBytes / this.#bytes / depth / mr) * mr));
    const packed = bLayout === "columns" || !(cols <= Math.max(unpackedColumns, nr) || m <= unpackedRows);
    return { rows, cols, depth, aRows, packed };
  }

  multiply(
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
    const { rows: mr, vectors } = this.#kernels.tile;
    const nr = (vectors * 16) / size;
    const aLayout = layoutOf(a, m, k);
    const bLayout = layoutOf(b, k, n);
    const p = this.plan(m, n, k, bLayout);

    // Runs of b that are staged before they are packed; all of b's stretch when it is not packed.
    const rawRuns = p.packed
      ? Math.max(nr, Math.floor(stageBytes / size / (bLayout === "columns" ? p.depth : p.cols) / nr) * nr)
      : p.depth;
    const rawBytes = span(rawRuns, bLayout === "columns" ? p.depth : p.cols) * size;
    const panelsBytes = p.packed ? p.depth * roundUp(p.cols, nr) * size : 0;
    const aBytes = span(p.aRows + mr, p.depth) * size;
    const slack = dodgeBytes + 1024;
    const area = (bytes: number): number => roundUp(bytes + slack, 64);
    const cBytes = p.rows * p.cols * size;
    const base = this.#memory.scratch(
      area(cBytes) +
        area(aBytes) +
        area(rawBytes) +
        area(panelsBytes) +
        area(p.cols * size) +
        area(mr * nr * size),
      "matmul",
    );
    const memory = this.#memory;
    const heap = heapOf(memory, this.#dtype);
    /** Tiles of the result are computed where they go, if kernels reach that. */
    const direct = memory.holds(out);
    const aBase = base + area(cBytes);
    const rawBase = aBase + area(aBytes);
    const panels = rawBase + area(rawBytes);
    const biasAt = panels + area(panelsBytes);
    const spare = biasAt + area(p.cols * size);
    const { block, pack, addBias } = this.#kernels;

    for (let j = 0; j < n; j += p.cols) {
      const cols = Math.min(p.cols, n - j);
      if (bias)
        gather(heap, biasAt / size, 0, bias.data, bias.offset + j * bias.stride, 0, bias.stride, 1, cols);
      for (let i = 0; i < m; i += p.rows) {
        const rows = Math.min(p.rows, m - i);
        const firstOut = outOffset + i * n + j;
        const c = direct
          ? out.byteOffset + firstOut * size
          : base + dodge(base, out.byteOffset + firstOut * size);
        const cRun = direct ? n : cols;
        for (let q = 0; q < k; q += p.depth) {
          const depth = Math.min(p.depth, k - q);
          let bAt = panels;
          let bPanel = depth * nr * size;
          let bRow = nr * size;
          for (let s = 0, runs = bLayout === "columns" ? cols : depth; s < runs; s += rawRuns) {
            const count = Math.min(rawRuns, runs - s);
            const from = bOffset + q * b.rowStride + j * b.colStride;
            const raw = rawBase + dodge((b.data.byteOffset + from * size) % 4096, rawBase);
            if (bLayout === "columns") {
              const [at, run] = stageRuns(
                memory,
                heap,
                raw,
                b.data,
                from + s * b.colStride,
                b.colStride,
                count,
                depth,
              );
              for (let t = 0; t < count; t += nr)
                this.#small.transpose(
                  at + t * run * size,
                  run * size,
                  panels + (s + t) * depth * size,
                  nr * size,
                  Math.min(nr, count - t),
                  depth,
                );
              continue;
            }
            let [at, run] = [raw, cols];
            if (bLayout === "rows")
              [at, run] = stageRuns(
                memory,
                heap,
                raw,
                b.data,
                from + s * b.rowStride,
                b.rowStride,
                count,
                cols,
              );
            else
              gather(
                heap,
                raw / size,
                cols,
                b.data,
                from + s * b.rowStride,
                b.rowStride,
                b.colStride,
                count,
                cols,
              );
            if (p.packed) {
              pack(at, run * size, panels + s * nr * size, bPanel, cols, count);
            } else {
              bAt = at;
              bPanel = nr * size;
              bRow = run * size;
            }
          }
          for (let r = 0; r < rows; r += p.aRows) {
            const height = Math.min(p.aRows, rows - r);
            const from = aOffset + (i + r) * a.rowStride + q * a.colStride;
            let aAt = aBase + dodge((a.data.byteOffset + from * size) % 4096, aBase);
            let run = depth;
            if (aLayout === "columns")
              [aAt, run] = stageRuns(memory, heap, aAt, a.data, from, a.colStride, depth, height);
            else if (aLayout === "rows")
              [aAt, run] = stageRuns(memory, heap, aAt, a.data, from, a.rowStride, height, depth);
            else gather(heap, aAt / size, depth, a.data, from, a.rowStride, a.colStride, height, depth);
            block(
              aAt,
              run * size,
              aLayout === "columns" ? 1 : 0,
              bAt,
              bPanel,
              bRow,
              c + r * cRun * size,
              cRun * size,
              height,
              cols,
              depth,
              q > 0 ? 1 : 0,
              spare,
            );
          }
        }
        if (bias && cRun === cols) addBias(c, biasAt, rows, cols);
        else if (bias) for (let r = 0; r < rows; r++) addBias(c + r * cRun * size, biasAt, 1, cols);
        if (direct) continue;
        if (cols === n) copyOut(out, firstOut, heap, c / size, rows * n);
        else for (let r = 0; r < rows; r++) copyOut(out, firstOut + r * n, heap, c / size + r * cols, cols);
      }
    }
  }
}
