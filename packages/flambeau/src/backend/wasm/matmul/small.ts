// Kernels for small products, in which every element of the result is one chain of multiply-adds from p = 0 upwards.
// Operands lie in linear memory as they were copied; nothing is packed. All arguments are in bytes but counts.
// Floor L2 (backend/wasm).

import type { Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { i32, select, v128 } from "../encoder.ts";
import { storeVectors } from "../stores.ts";
import type { Element } from "./elements.ts";
import { bump, countDown, countUp, i32s, transposed } from "./elements.ts";

/**
 * c[i, j] = bias[j] + sum a[i, p] * b[p, j] for each of `batch` matrices, c contiguous. Columns of b are adjacent.
 * `bias` 0 means none. With `more`, which needs m = 1, the chain goes on from the values in c.
 *
 * There are no masks at the edges: vectors read past the end of a row, and write past it into the next row, which is
 * computed later. That holds because columns are computed from last to first and rows from first to last. So c
 * needs 16 bytes of slack, and b as many.
 */
export type SmallKernel = (
  batch: number,
  a: number,
  aBatch: number,
  aRow: number,
  aCol: number,
  b: number,
  bBatch: number,
  bRow: number,
  c: number,
  m: number,
  n: number,
  k: number,
  bias: number,
  more: number,
) => void;

export function emitSmall(module: ModuleBuilder, e: Element): void {
  const params = i32s(
    "batch",
    "a",
    "aBatch",
    "aRow",
    "aCol",
    "b",
    "bBatch",
    "bRow",
    "c",
    "m",
    "n",
    "k",
    "bias",
    "more",
  );
  module.func(
    "small",
    params,
    [],
    (f, x) => {
      const nBytes = f.let("i32", i32.mul(x.n, e.bytes));
      const [i, ai, j, full, p, bp] = Array.from({ length: 6 }, () => f.local("i32")) as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];

      // `rows` rows by `vectors` vectors at row i, byte j of the row.
      const block = (rows: number, vectors: number): void => {
        const ap = Array.from({ length: rows }, (_, r) =>
          f.let("i32", r === 0 ? ai : i32.add(ai, i32.mul(x.aRow, r))),
        );
        const bv = Array.from({ length: vectors }, () => f.local("v128"));
        const av = f.local("v128");
        const cp = f.let("i32", i32.add(x.c, j));
        const acc = Array.from({ length: rows * vectors }, () => f.let("v128", e.zero));
        if (rows === 1) f.if(x.more, () => acc.forEach((s, v) => f.set(s, v128.load(cp, 16 * v))));
        f.set(bp, i32.add(x.b, j));
        f.set(p, x.k);
        countDown(f, p, () => {
          bv.forEach((b, v) => f.set(b, v128.load(bp, 16 * v)));
          ap.forEach((a, r) => {
            f.set(av, e.splat(a));
            bv.forEach((b, v) => f.set(acc[r * vectors + v]!, e.madd(av, b, acc[r * vectors + v]!)));
          });
          for (const a of ap) bump(f, a, x.aCol);
          bump(f, bp, x.bRow);
        });
        f.if(x.bias, () => {
          f.set(bp, i32.add(x.bias, j));
          acc.forEach((s, q) => f.set(s, e.add(s, v128.load(bp, 16 * (q % vectors)))));
        });
        for (let r = 0; r < rows; r++) {
          storeVectors(f, acc.slice(r * vectors, (r + 1) * vectors), cp, 0);
          if (r + 1 < rows) bump(f, cp, nBytes);
        }
      };

      const strip = (rows: number, vectors: number): void => {
        f.set(full, i32.and(nBytes, -16 * vectors));
        const down = (by: number, end: Local | number, body: () => void): void =>
          f.block((leave) =>
            f.loop((again) => {
              f.brIf(leave, i32.lt_s(j, end));
              body();
              f.set(j, i32.sub(j, by));
              f.br(again);
            }),
          );
        // The last vector that begins inside the row; before `full` when nothing remains.
        f.set(j, i32.and(i32.sub(nBytes, 1), -16));
        down(16, full, () => block(rows, 1));
        f.set(j, i32.sub(full, 16 * vectors));
        down(16 * vectors, 0, () => block(rows, vectors));
        bump(f, ai, i32.mul(x.aRow, rows));
        bump(f, x.c, i32.mul(nBytes, rows));
      };

      countDown(f, x.batch, () => {
        f.set(i, 0);
        f.set(ai, x.a);
        countUp(f, i, i32.and(x.m, -4), 4, () => strip(4, 2));
        countUp(f, i, x.m, 1, () => strip(1, 4));
        bump(f, x.a, x.aBatch);
        bump(f, x.b, x.bBatch);
      });
    },
    { export: true },
  );
}

/**
 * c[i] = bias + sum a[i, p] * b[p]: a matrix stored by rows times a vector, as one chain per row. The lanes of
 * an accumulator are rows: blocks of a are transposed on the way. `bias` is the address of one element or 0.
 * Writes 2 * 16 bytes at a time: c needs 32 bytes of slack.
 */
export type ColumnKernel = (
  a: number,
  aRow: number,
  b: number,
  c: number,
  m: number,
  k: number,
  bias: number,
) => void;

export function emitColumn(module: ModuleBuilder, e: Element): void {
  const { lanes, bytes } = e;
  const half = (rows: readonly Local[], g: number): readonly Local[] =>
    rows.slice(g * lanes, (g + 1) * lanes);
  module.func(
    "column",
    i32s("a", "aRow", "b", "c", "m", "k", "bias"),
    [],
    (f, x) => {
      const row = f.local("i32");
      const i = f.local("i32");
      const p = f.local("i32");
      const bp = f.local("i32");
      const w = f.local("v128");
      const last = f.let("i32", i32.sub(x.m, 1));
      const ap = Array.from({ length: 2 * lanes }, () => f.local("i32"));
      const acc = [f.local("v128"), f.local("v128")] as const;
      countUp(f, i, x.m, 2 * lanes, () => {
        // Rows past the end repeat the last one; what they give is overwritten by nobody and read by nobody.
        ap.forEach((a, r) => {
          f.set(row, i32.add(i, r));
          f.set(a, i32.add(x.a, i32.mul(x.aRow, select("i32", row, last, i32.lt_s(row, last)))));
        });
        f.set(bp, x.b);
        for (const s of acc) f.set(s, e.zero);
        f.set(p, i32.div_u(x.k, lanes));
        f.if(p, () =>
          countDown(f, p, () => {
            const t = acc.map((_, g) =>
              transposed(
                f,
                e,
                half(ap, g).map((a) => f.let("v128", v128.load(a))),
              ),
            );
            for (let s = 0; s < lanes; s++) {
              f.set(w, e.splat(bp, s * bytes));
              acc.forEach((sum, g) => f.set(sum, e.madd(t[g]![s]!, w, sum)));
            }
            for (const a of ap) bump(f, a, 16);
            bump(f, bp, 16);
          }),
        );
        f.set(p, i32.rem_u(x.k, lanes));
        f.if(p, () =>
          countDown(f, p, () => {
            f.set(w, e.splat(bp));
            acc.forEach((sum, g) => f.set(sum, e.madd(gather(f, e, half(ap, g)), w, sum)));
            for (const a of ap) bump(f, a, bytes);
            bump(f, bp, bytes);
          }),
        );
        f.if(x.bias, () => {
          f.set(w, e.splat(x.bias));
          for (const s of acc) f.set(s, e.add(s, w));
        });
        f.set(row, i32.add(x.c, i32.mul(i, bytes)));
        storeVectors(f, acc, row, 0);
      });
    },
    { export: true },
  );
}

function gather(f: FunctionBuilder, e: Element, addresses: readonly Local[]): Local {
  const load = e.bytes === 4 ? v128.load32_lane : v128.load64_lane;
  const t = f.let("v128", e.zero);
  addresses.forEach((a, lane) => f.set(t, load(a, t, lane)));
  return t;
}

/** to[p, j] = from[j, p] for j < n, p < k, elements of a row adjacent; writes vectors, so `toRow` is a multiple of 16. */
export type TransposeKernel = (
  from: number,
  fromRow: number,
  to: number,
  toRow: number,
  n: number,
  k: number,
) => void;

export function emitTranspose(module: ModuleBuilder, e: Element, name = "transpose"): Func {
  const { lanes } = e;
  return module.func(
    name,
    i32s("from", "fromRow", "to", "toRow", "n", "k"),
    [],
    (f, x) => {
      const row = f.local("i32");
      const j = f.local("i32");
      const p = f.local("i32");
      const to = f.local("i32");
      const last = f.let("i32", i32.sub(x.n, 1));
      const rows = Array.from({ length: lanes }, () => f.local("i32"));
      countUp(f, j, x.n, lanes, () => {
        rows.forEach((r, q) => {
          f.set(row, i32.add(j, q));
          f.set(r, i32.add(x.from, i32.mul(x.fromRow, select("i32", row, last, i32.lt_s(row, last)))));
        });
        f.set(to, i32.add(x.to, i32.mul(j, e.bytes)));
        const write = (vectors: readonly Local[]): void => {
          for (const v of vectors) {
            f.do(v128.store(to, v));
            bump(f, to, x.toRow);
          }
        };
        f.set(p, i32.div_u(x.k, lanes));
        f.if(p, () =>
          countDown(f, p, () => {
            write(
              transposed(
                f,
                e,
                rows.map((r) => f.let("v128", v128.load(r))),
              ),
            );
            for (const r of rows) bump(f, r, 16);
          }),
        );
        f.set(p, i32.rem_u(x.k, lanes));
        f.if(p, () =>
          countDown(f, p, () => {
            write([gather(f, e, rows)]);
            for (const r of rows) bump(f, r, e.bytes);
          }),
        );
      });
    },
    { export: true },
  );
}
