// The routines for products with shifted copies of one array: stage the operands, run the kernels, copy back.
// Floor L2 (backend/wasm).

import type { Routines, RowMoves, SpreadImages } from "../../../ir/routines.ts";
import { features } from "../features.ts";
import type { LinearMemory } from "../memory.ts";
import { revectorize } from "../revectorize.ts";
import type { ShiftedKernels } from "./kernels.ts";
import { compileShifted, productRows, sumColumns, sumRows } from "./kernels.ts";

/** Multiply-adds from which it pays to ask V8 for wider vectors. */
const largeWork = 2 ** 18;
/** Shifted copies, and elements of each, that are worked on together: what they touch stays in first-level cache. */
const depth = 256;
const stretch = 1024;
/** Elements past the end of a spread array that kernels may read, and that are then 0. */
const slack = 64;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Hands out places in the scratch region, in elements, each a multiple of 64 bytes from its start. */
class Layout {
  elements = 0;
  take(n: number): number {
    const at = this.elements;
    this.elements += roundUp(n, 16);
    return at;
  }
}

interface StagedMoves {
  readonly moves: RowMoves;
  readonly table: number;
}
const stageMoves = (layout: Layout, moves: RowMoves): StagedMoves => ({
  moves,
  table: layout.take(moves.rows.length),
});

/** Images in linear memory: as they are, and spread out. */
interface StagedImages {
  readonly images: SpreadImages;
  readonly raw: number;
  readonly at: number;
  readonly pitch: number;
  readonly length: number;
  readonly moves: readonly StagedMoves[];
}
const stageImages = (layout: Layout, images: SpreadImages, pitch: number, length: number): StagedImages => ({
  images,
  raw: layout.take(images.channels * images.size),
  at: layout.take(length + slack),
  pitch,
  length,
  moves: images.moves.map((m) => stageMoves(layout, m)),
});

/** One call's view of the scratch region. */
class Stage {
  readonly #memory: LinearMemory;
  readonly #kernels: ShiftedKernels;
  readonly base: number;
  readonly heap: Float32Array;
  readonly #first: number;

  constructor(memory: LinearMemory, kernels: ShiftedKernels, layout: Layout) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.base = memory.scratch(4 * layout.elements, "a convolution");
    this.heap = memory.f32;
    this.#first = this.base / 4;
  }
  address(at: number): number {
    return this.base + 4 * at;
  }
  view(at: number, n: number): Float32Array {
    return this.heap.subarray(this.#first + at, this.#first + at + n);
  }
  copyIn(at: number, data: Float32Array, offset: number, n: number): void {
    this.heap.set(data.subarray(offset, offset + n), this.#first + at);
  }
  zero(at: number, n: number): void {
    this.heap.fill(0, this.#first + at, this.#first + at + n);
  }
  offsets(at: number, list: Int32Array): void {
    const cells = this.#memory.i32;
    for (let i = 0; i < list.length; i++) cells[this.#first + at + i] = 4 * list[i]!;
  }
  prepare(s: StagedImages): void {
    this.zero(s.at, s.length + slack);
    for (const { moves, table } of s.moves) this.offsets(table, moves.rows);
  }
  /** Copies image number `t` in and spreads it out. */
  load(s: StagedImages, t: number): void {
    const { data, offset, stride, size, channels } = s.images;
    this.copyIn(s.raw, data as Float32Array, offset + t * stride, channels * size);
    for (const { moves, table } of s.moves) this.#move(moves, table, channels, s.raw, size, s.at, s.pitch, 0);
  }
  collect(
    m: StagedMoves,
    channels: number,
    from: number,
    pitch: number,
    to: number,
    size: number,
    bias: number,
  ): void {
    this.#move(m.moves, m.table, channels, from, pitch, to, size, bias);
  }
  #move(
    moves: RowMoves,
    table: number,
    channels: number,
    from: number,
    fromPitch: number,
    to: number,
    toPitch: number,
    bias: number,
  ): void {
    this.#kernels.move(
      channels,
      this.address(from),
      4 * fromPitch,
      this.address(to),
      4 * toPitch,
      this.address(table),
      moves.rows.length / 2,
      moves.count,
      4 * moves.fromStep,
      4 * moves.toStep,
      bias,
    );
  }
}

export function createShifted(memory: LinearMemory): Pick<Routines, "shiftedProduct" | "shiftedSums"> {
  const compiled: (ShiftedKernels | undefined)[] = [];
  const kernelsFor = (work: number): { kernels: ShiftedKernels; wide: boolean } => {
    const wide = work >= largeWork && revectorize();
    const tile = wide ? { vectors: 4, step: 2 } : { vectors: 2, step: 1 };
    const kernels = (compiled[wide ? 1 : 0] ??= compileShifted(memory, features().fusedMadd, tile));
    return { kernels, wide };
  };
  return {
    shiftedProduct(batch, images, parts, bias, out, offset, stride, size) {
      const work = parts.reduce((sum, p) => sum + p.m * p.n * p.shifts.length, 0);
      const { kernels, wide } = kernelsFor(batch * work);
      const layout = new Layout();
      const channels = Math.max(0, ...parts.map((p) => p.m));
      const x = stageImages(layout, images, images.pitch, images.length);
      const y = layout.take(channels * size);
      const biasAt = layout.take(channels);
      const staged = parts.map((part) => {
        const k = part.shifts.length;
        const rows = roundUp(part.m, productRows);
        return {
          ...part,
          k,
          rows,
          columns: roundUp(part.n, wide ? 16 : 8),
          a: layout.take(rows * k),
          table: layout.take(k),
          moves: stageMoves(layout, part.collect),
        };
      });
      const c = layout.take(Math.max(0, ...staged.map((p) => p.rows * p.columns)));
      const stage = new Stage(memory, kernels, layout);
      stage.prepare(x);
      stage.zero(y, channels * size);
      if (bias) stage.copyIn(biasAt, bias.data as Float32Array, bias.offset, channels);
      for (const p of staged) {
        stage.copyIn(p.a, p.data as Float32Array, p.offset, p.m * p.k);
        stage.zero(p.a + p.m * p.k, (p.rows - p.m) * p.k);
        stage.offsets(p.table, p.shifts);
        stage.offsets(p.moves.table, p.collect.rows);
      }
      const result = stage.view(y, channels * size);
      for (let t = 0; t < batch; t++) {
        stage.load(x, t);
        for (const p of staged) {
          for (let q = 0; q < p.k; q += depth)
            kernels.product(
              stage.address(p.a + q),
              4 * p.k,
              stage.address(x.at),
              stage.address(p.table + q),
              stage.address(c),
              4 * p.columns,
              p.rows,
              p.columns,
              Math.min(depth, p.k - q),
              q > 0 ? 1 : 0,
            );
          stage.collect(p.moves, p.m, c, p.columns, y, size, bias ? stage.address(biasAt) : 0);
        }
        out.set(result, offset + t * stride);
      }
    },

    shiftedSums(batch, images, outputs, n, shifts, out, offset) {
      const k = shifts.length;
      const m = outputs.channels;
      const { kernels, wide } = kernelsFor(batch * m * n * k);
      const rows = roundUp(m, sumRows);
      const columns = roundUp(k, sumColumns);
      const pitch = roundUp(n, wide ? 8 : 4);
      const layout = new Layout();
      const spare = layout.take(sumRows * sumColumns * 8);
      const c = layout.take(rows * columns);
      const table = layout.take(columns);
      const x = stageImages(layout, images, images.pitch, images.length);
      const g = stageImages(layout, outputs, pitch, rows * pitch);
      const stage = new Stage(memory, kernels, layout);
      stage.zero(c, rows * columns);
      stage.prepare(x);
      stage.prepare(g);
      const padded = new Int32Array(columns);
      padded.set(shifts);
      stage.offsets(table, padded);
      for (let t = 0; t < batch; t++) {
        stage.load(x, t);
        stage.load(g, t);
        for (let q = 0; q < pitch; q += stretch)
          kernels.sums(
            stage.address(g.at + q),
            4 * pitch,
            stage.address(x.at + q),
            stage.address(table),
            stage.address(c),
            4 * columns,
            rows,
            Math.min(stretch, pitch - q),
            columns,
            stage.address(spare),
          );
      }
      for (let i = 0; i < m; i++) out.set(stage.view(c + i * columns, k), offset + i * k);
    },
  };
}
