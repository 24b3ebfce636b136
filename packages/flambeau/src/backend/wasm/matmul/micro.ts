// Kernels for large products: a register tile of MR rows by NR columns over a stretch of k, and the loops around it.
// Floor L2 (backend/wasm). Source: Goto, van de Geijn: Anatomy of High-Performance Matrix Multiplication (2008)

import type { Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import { storeVectors } from "../stores.ts";
import type { Element } from "./elements.ts";
import { bump, countDown, countUp, i32s } from "./elements.ts";
import { rowAddresses, storeTile, unrolled } from "./tile.ts";

/** The shape of the register tile: `rows` (MR) by `vectors` vectors of 16 bytes (NR = vectors * lanes). */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
  /** Steps of k per iteration. */
  readonly unroll: number;
}

const microParams = i32s("a", "aStride", "b", "bRow", "c", "cRow", "k", "add");

/**
 * c[r, :] = (add ? c[r, :] : 0) + sum over p of a[r, p] * b[p, :], the sum as one chain from zero. a is stored by rows
 * `aStride` apart, or (`byColumns`) by columns `aStride` apart. Small and called often, for V8 does not
 * replace a function that is running. Adjacent vectors of a row pair up into 256 bits where V8 revectorises.
 */
function emitMicro(module: ModuleBuilder, e: Element, tile: Tile, byColumns: boolean): Func {
  return module.func(byColumns ? "microColumns" : "microRows", microParams, [], (f, x) => {
    const { rows, vectors } = tile;
    const ap = rowAddresses(f, x.a, x.aStride, byColumns ? 1 : rows);
    const acc = Array.from({ length: rows * vectors }, () => f.let("v128", e.zero));
    const av = f.local("v128");
    const bv = Array.from({ length: vectors }, () => f.local("v128"));

    const step = (u: number): void => {
      bv.forEach((b, v) => f.set(b, v128.load(x.b, 16 * v)));
      for (let r = 0; r < rows; r++) {
        f.set(av, byColumns ? e.splat(x.a, r * e.bytes) : e.splat(ap[r]!, u * e.bytes));
        bv.forEach((b, v) => f.set(acc[r * vectors + v]!, e.madd(av, b, acc[r * vectors + v]!)));
      }
      bump(f, x.b, x.bRow);
      if (byColumns) bump(f, x.a, x.aStride);
    };
    const steps = (count: number): void => {
      for (let u = 0; u < count; u++) step(u);
      if (!byColumns) for (const a of ap) bump(f, a, count * e.bytes);
    };
    unrolled(f, x.k, tile.unroll, steps);
    storeTile(f, e, acc, vectors, x);
  });
}

/**
 * The product of a block: for each panel of NR columns of b (panels `bPanel` bytes apart, rows of a panel `bRow`)
 * and each MR rows of a. Tiles that stick out of c go through `spare`, of MR * NR elements; a and b are read
 * past their ends there, so they need slack of MR - 1 rows and NR columns.
 */
export type BlockKernel = (
  a: number,
  aStride: number,
  aByColumns: number,
  b: number,
  bPanel: number,
  bRow: number,
  c: number,
  cRow: number,
  m: number,
  n: number,
  k: number,
  add: number,
  spare: number,
) => void;

export function emitBlock(module: ModuleBuilder, e: Element, tile: Tile): void {
  const byRows = emitMicro(module, e, tile, false);
  const byColumns = emitMicro(module, e, tile, true);
  const nr = (tile.vectors * 16) / e.bytes;
  const params = i32s(
    "a",
    "aStride",
    "aByColumns",
    "b",
    "bPanel",
    "bRow",
    "c",
    "cRow",
    "m",
    "n",
    "k",
    "add",
    "spare",
  );
  module.func(
    "block",
    params,
    [],
    (f, x) => {
      const i = f.local("i32");
      const j = f.local("i32");
      const ap = f.local("i32");
      const cp = f.local("i32");
      const height = f.local("i32");
      const width = f.local("i32");
      const aStep = f.let("i32", i32.mul(x.aStride, tile.rows));
      f.if(x.aByColumns, () => f.set(aStep, tile.rows * e.bytes));
      const micro = (c: Local, cRow: Local | number, add: Local | number): void =>
        f.if(
          x.aByColumns,
          () => f.do(call(byColumns, ap, x.aStride, x.b, x.bRow, c, cRow, x.k, add)),
          () => f.do(call(byRows, ap, x.aStride, x.b, x.bRow, c, cRow, x.k, add)),
        );
      countUp(f, j, x.n, nr, () => {
        f.set(i, 0);
        f.set(ap, x.a);
        f.set(cp, i32.add(x.c, i32.mul(j, e.bytes)));
        f.set(width, i32.sub(x.n, j));
        countUp(f, i, x.m, tile.rows, () => {
          f.set(height, i32.sub(x.m, i));
          f.if(
            i32.and(i32.ge_s(height, tile.rows), i32.ge_s(width, nr)),
            () => micro(cp, x.cRow, x.add),
            () => {
              micro(x.spare, nr * e.bytes, 0);
              copyEdge(f, e, tile, { from: x.spare, to: cp, toRow: x.cRow, height, width, add: x.add });
            },
          );
          bump(f, ap, aStep);
          bump(f, cp, i32.mul(x.cRow, tile.rows));
        });
        bump(f, x.b, x.bPanel);
      });
    },
    { export: true },
  );
}

interface Edge {
  readonly from: Local;
  readonly to: Local;
  readonly toRow: Local;
  readonly height: Local;
  readonly width: Local;
  readonly add: Local;
}

/** to[r, q] = from[r, q], or += , for r < min(height, MR), q < min(width, NR). */
function copyEdge(f: FunctionBuilder, e: Element, tile: Tile, x: Edge): void {
  const rowBytes = tile.vectors * 16;
  const load = e.bytes === 4 ? v128.load32_zero : v128.load64_zero;
  const store = e.bytes === 4 ? v128.store32_lane : v128.store64_lane;
  const r = f.let("i32", 0);
  const q = f.local("i32");
  const from = f.let("i32", x.from);
  const to = f.let("i32", x.to);
  const end = f.local("i32");
  const value = f.local("v128");
  f.set(end, i32.mul(x.width, e.bytes));
  f.if(i32.gt_s(end, rowBytes), () => f.set(end, rowBytes));
  f.block((leave) =>
    countUp(f, r, tile.rows, 1, () => {
      f.brIf(leave, i32.ge_s(r, x.height));
      f.set(q, 0);
      countUp(f, q, i32.sub(end, 15), 16, () => {
        f.set(value, v128.load(i32.add(from, q)));
        f.if(x.add, () => f.set(value, e.add(v128.load(i32.add(to, q)), value)));
        f.do(v128.store(i32.add(to, q), value));
      });
      countUp(f, q, end, e.bytes, () => {
        f.set(value, load(i32.add(from, q)));
        f.if(x.add, () => f.set(value, e.add(load(i32.add(to, q)), value)));
        f.do(store(i32.add(to, q), value, 0));
      });
      bump(f, from, rowBytes);
      bump(f, to, x.toRow);
    }),
  );
}

/** to[panel j][p, :] = from[p, j * NR ...]: rows of b (`fromRow` apart) into panels of NR columns, `toPanel` apart. */
export type PackKernel = (
  from: number,
  fromRow: number,
  to: number,
  toPanel: number,
  n: number,
  k: number,
) => void;

export function emitPack(
  module: ModuleBuilder,
  e: Element,
  tile: Pick<Tile, "vectors">,
  name = "pack",
): Func {
  const rowBytes = tile.vectors * 16;
  const params = i32s("from", "fromRow", "to", "toPanel", "n", "k");
  return module.func(
    name,
    params,
    [],
    (f, x) => {
      const p = f.local("i32");
      const end = f.let("i32", i32.mul(x.n, e.bytes));
      const j = f.local("i32");
      const fp = f.local("i32");
      const tp = f.local("i32");
      countUp(f, j, end, rowBytes, () => {
        f.set(fp, i32.add(x.from, j));
        f.set(tp, x.to);
        f.set(p, x.k);
        countDown(f, p, () => {
          const vectors = Array.from({ length: tile.vectors }, (_, v) => v128.load(fp, 16 * v));
          storeVectors(f, vectors, tp, 0);
          bump(f, fp, x.fromRow);
          bump(f, tp, rowBytes);
        });
        bump(f, x.to, x.toPanel);
      });
    },
    { export: true },
  );
}

/** c[r, :] += bias for each row of a contiguous c. */
export type BiasKernel = (c: number, bias: number, m: number, n: number) => void;

export function emitBias(module: ModuleBuilder, e: Element): void {
  const load = e.bytes === 4 ? v128.load32_zero : v128.load64_zero;
  const store = e.bytes === 4 ? v128.store32_lane : v128.store64_lane;
  module.func(
    "addBias",
    i32s("c", "bias", "m", "n"),
    [],
    (f, x) => {
      const end = f.let("i32", i32.mul(x.n, e.bytes));
      const q = f.local("i32");
      const cp = f.local("i32");
      countDown(f, x.m, () => {
        f.set(q, 0);
        countUp(f, q, i32.sub(end, 15), 16, () => {
          f.set(cp, i32.add(x.c, q));
          f.do(v128.store(cp, e.add(v128.load(cp), v128.load(i32.add(x.bias, q)))));
        });
        countUp(f, q, end, e.bytes, () => {
          f.set(cp, i32.add(x.c, q));
          const value = f.let("v128", e.add(load(cp), load(i32.add(x.bias, q))));
          f.do(store(cp, value, 0));
        });
        bump(f, x.c, end);
      });
    },
    { export: true },
  );
}
