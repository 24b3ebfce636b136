// Kernels of products with shifted copies of one array, which need not be made: what convolutions come down to.
// Floor L2 (backend/wasm).

import { call, f32, f32x4, i8x16, i32, instantiate, ModuleBuilder, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, countUp, element, i32s, importMemory, lanes32 } from "../matmul/elements.ts";
import { rowAddresses, storeTile, unrolled } from "../matmul/tile.ts";
import type { LinearMemory } from "../memory.ts";
import { storeVectors } from "../stores.ts";

/** Vectors of 16 bytes that belong together: as many as V8 makes one of, times how many the registers hold. */
export interface ShiftedTile {
  /** Vectors of a row of the product's tile. */
  readonly vectors: number;
  /** Vectors of a step of the sums. */
  readonly step: number;
}

/** Rows of the product's tile; rows and columns of that of the sums. */
export const productRows = 6;
export const sumRows = 4;
export const sumColumns = 3;

export interface ShiftedKernels {
  /**
   * c[i, q] = sum over p of a[i, p] * x[shifts[p] + q], or added to it; float32, shifts and strides in bytes. m and n are
   * multiples of the tile's.
   */
  product(
    a: number,
    aStride: number,
    x: number,
    shifts: number,
    c: number,
    cRow: number,
    m: number,
    n: number,
    k: number,
    add: number,
  ): void;
  /** c[i, p] += sum over q of g[i, q] * x[shifts[p] + q]; `spare` holds a tile of accumulators. */
  sums(
    g: number,
    gRow: number,
    x: number,
    shifts: number,
    c: number,
    cRow: number,
    m: number,
    n: number,
    k: number,
    spare: number,
  ): void;
}

export interface ShiftedKernels {
  /** Copies rows of each channel (see RowMoves); all in bytes. Adds bias[channel] unless `bias` is 0. */
  move(
    channels: number,
    from: number,
    fromPitch: number,
    to: number,
    toPitch: number,
    table: number,
    rows: number,
    count: number,
    fromStep: number,
    toStep: number,
    bias: number,
  ): void;
}

export function compileShifted(memory: LinearMemory, fused: boolean, tile: ShiftedTile): ShiftedKernels {
  const e = element("float32", fused ? "fused" : "plain");
  const m = new ModuleBuilder();
  importMemory(m);
  emitProduct(m, e, tile.vectors);
  emitSums(m, e, tile.step);
  emitMove(m);
  return instantiate<ShiftedKernels>(m.finish(), { env: { memory: memory.wasm } });
}

const unroll = 4;

function emitProduct(module: ModuleBuilder, e: Element, vectors: number): void {
  // A function of its own, small and called often, for V8 does not replace a function that is running.
  const micro = module.func(
    "shiftedTile",
    i32s("a", "aStride", "x", "shifts", "c", "cRow", "k", "add"),
    [],
    (f, x) => {
      const ap = rowAddresses(f, x.a, x.aStride, productRows);
      const acc = Array.from({ length: productRows * vectors }, () => f.let("v128", e.zero));
      const av = f.local("v128");
      const bv = Array.from({ length: vectors }, () => f.local("v128"));
      const at = f.local("i32");
      const steps = (count: number): void => {
        for (let u = 0; u < count; u++) {
          f.set(at, i32.add(x.x, i32.load(x.shifts, 4 * u)));
          bv.forEach((b, v) => f.set(b, v128.load(at, 16 * v)));
          for (let r = 0; r < productRows; r++) {
            f.set(av, e.splat(ap[r]!, 4 * u));
            bv.forEach((b, v) => f.set(acc[r * vectors + v]!, e.madd(av, b, acc[r * vectors + v]!)));
          }
        }
        bump(f, x.shifts, 4 * count);
        for (const a of ap) bump(f, a, 4 * count);
      };
      unrolled(f, x.k, unroll, steps);
      storeTile(f, e, acc, vectors, x);
    },
  );
  const params = i32s("a", "aStride", "x", "shifts", "c", "cRow", "m", "n", "k", "add");
  module.func(
    "product",
    params,
    [],
    (f, x) => {
      const i = f.local("i32");
      const j = f.local("i32");
      const ap = f.local("i32");
      const cp = f.local("i32");
      const width = vectors * e.lanes;
      countUp(f, j, x.n, width, () => {
        f.set(i, 0);
        f.set(ap, x.a);
        f.set(cp, x.c);
        countUp(f, i, x.m, productRows, () => {
          f.do(call(micro, ap, x.aStride, x.x, x.shifts, cp, x.cRow, x.k, x.add));
          bump(f, ap, i32.mul(x.aStride, productRows));
          bump(f, cp, i32.mul(x.cRow, productRows));
        });
        bump(f, x.x, 4 * width);
        bump(f, x.c, 4 * width);
      });
    },
    { export: true },
  );
}

/** A tile of rows of g by shifted copies; every sum is kept in `step` vectors of partial sums, added up at the end. */
function emitSums(module: ModuleBuilder, e: Element, step: number): void {
  const micro = module.func(
    "shiftedSumsTile",
    i32s("g", "gRow", "x", "shifts", "c", "cRow", "n", "spare"),
    [],
    (f, x) => {
      const gp = rowAddresses(f, x.g, x.gRow, sumRows);
      const xp = Array.from({ length: sumColumns }, (_, p) =>
        f.let("i32", i32.add(x.x, i32.load(x.shifts, 4 * p))),
      );
      const acc = gp.map(() => xp.map(() => Array.from({ length: step }, () => f.let("v128", e.zero))));
      const xv = xp.map(() => Array.from({ length: step }, () => f.local("v128")));
      const gv = Array.from({ length: step }, () => f.local("v128"));
      const q = f.local("i32");
      f.set(q, i32.div_u(x.n, step * e.lanes));
      countDown(f, q, () => {
        xp.forEach((address, p) => xv[p]!.forEach((v, u) => f.set(v, v128.load(address, 16 * u))));
        gp.forEach((address, r) => {
          gv.forEach((v, u) => f.set(v, v128.load(address, 16 * u)));
          xv.forEach((vectors, p) =>
            vectors.forEach((v, u) => f.set(acc[r]![p]![u]!, e.madd(gv[u]!, v, acc[r]![p]![u]!))),
          );
        });
        for (const address of [...gp, ...xp]) bump(f, address, 16 * step);
      });
      // By way of memory: V8 pairs vectors into 256 bits only where they end in adjacent stores.
      const at = (r: number, p: number): number => 16 * step * (r * sumColumns + p);
      acc.forEach((row, r) => row.forEach((sums, p) => storeVectors(f, sums, x.spare, at(r, p))));
      const sum = f.local("v128");
      acc.forEach((row, r) => {
        row.forEach((_, p) => {
          f.set(sum, v128.load(x.spare, at(r, p)));
          for (let u = 1; u < step; u++) f.set(sum, f32x4.add(sum, v128.load(x.spare, at(r, p) + 16 * u)));
          f.set(sum, f32x4.add(sum, i8x16.shuffle(sum, sum, lanes32(2, 3, 0, 1))));
          f.set(sum, f32x4.add(sum, i8x16.shuffle(sum, sum, lanes32(1, 0, 3, 2))));
          f.do(f32.store(x.c, f32.add(f32.load(x.c, 4 * p), f32x4.extract_lane(sum, 0)), 4 * p));
        });
        if (r + 1 < sumRows) bump(f, x.c, x.cRow);
      });
    },
  );
  const params = i32s("g", "gRow", "x", "shifts", "c", "cRow", "m", "n", "k", "spare");
  module.func(
    "sums",
    params,
    [],
    (f, x) => {
      const i = f.local("i32");
      const p = f.local("i32");
      const shift = f.local("i32");
      const cp = f.local("i32");
      countUp(f, i, x.m, sumRows, () => {
        f.set(p, 0);
        f.set(shift, x.shifts);
        f.set(cp, x.c);
        countUp(f, p, x.k, sumColumns, () => {
          f.do(call(micro, x.g, x.gRow, x.x, shift, cp, x.cRow, x.n, x.spare));
          bump(f, shift, 4 * sumColumns);
          bump(f, cp, 4 * sumColumns);
        });
        bump(f, x.g, i32.mul(x.gRow, sumRows));
        bump(f, x.c, i32.mul(x.cRow, sumRows));
      });
    },
    { export: true },
  );
}

function emitMove(module: ModuleBuilder): void {
  const params = i32s(
    "channels",
    "from",
    "fromPitch",
    "to",
    "toPitch",
    "table",
    "rows",
    "count",
    "fromStep",
    "toStep",
    "bias",
  );
  module.func(
    "move",
    params,
    [],
    (f, x) => {
      const c = f.local("i32");
      const r = f.local("i32");
      const q = f.local("i32");
      const row = f.local("i32");
      const from = f.local("i32");
      const to = f.local("i32");
      // Adding -0 changes nothing.
      const b = f.let("f32", f32.const(-0));
      const bv = f.local("v128");
      const adjacent = f.let("i32", i32.and(i32.eq(x.fromStep, 4), i32.eq(x.toStep, 4)));
      countUp(f, c, x.channels, 1, () => {
        f.if(x.bias, () => {
          f.set(b, f32.load(x.bias));
          bump(f, x.bias, 4);
        });
        f.set(bv, f32x4.splat(b));
        f.set(row, x.table);
        f.set(r, 0);
        countUp(f, r, x.rows, 1, () => {
          f.set(from, i32.add(x.from, i32.load(row)));
          f.set(to, i32.add(x.to, i32.load(row, 4)));
          f.set(q, 0);
          f.if(adjacent, () =>
            countUp(f, q, i32.sub(x.count, 3), 4, () => {
              f.do(v128.store(to, f32x4.add(v128.load(from), bv)));
              bump(f, from, 16);
              bump(f, to, 16);
            }),
          );
          countUp(f, q, x.count, 1, () => {
            f.do(f32.store(to, f32.add(f32.load(from), b)));
            bump(f, from, x.fromStep);
            bump(f, to, x.toStep);
          });
          bump(f, row, 8);
        });
        bump(f, x.from, x.fromPitch);
        bump(f, x.to, x.toPitch);
      });
    },
    { export: true },
  );
}
