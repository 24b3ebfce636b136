// Panels of b: columns that a tile reads together, adjacent in memory for every step of k.
// Floor L2 (backend/wasm/program).

import type { Arg, Func, Local, ModuleBuilder } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, countUp, i32s, transposed } from "../matmul/elements.ts";
import { emitTranspose } from "../matmul/small.ts";
import { storeVectors } from "../stores.ts";

/** How the columns of a panel lie before it is packed, in bytes. */
export interface PanelSource {
  readonly row: number;
  readonly col: number;
}

/**
 * Code that packs `width` columns of k rows at `from` to a panel at `to`, whose rows are `toRow` bytes apart. It may write
 * anything to the rest of a panel's row up to a multiple of 16 bytes.
 */
export function packPanel(
  module: ModuleBuilder,
  el: Element,
  source: PanelSource,
  from: Arg,
  to: Arg,
  toRow: number,
  width: Arg,
  k: Arg,
): readonly number[] {
  if (source.row === el.bytes) {
    if (typeof width === "number" && width % el.lanes === 0 && width <= mostTurned && source.col >= 0) {
      const name = `turn ${el.dtype} ${width} ${source.col} ${toRow}`;
      const turn = module.helper(name, () => emitTurn(module, el, width, source.col, toRow));
      return call(turn, from, to, k);
    }
    const name = `transpose ${el.dtype}`;
    const transpose = module.helper(name, () => emitTranspose(module, el, name));
    return call(transpose, from, source.col, to, toRow, width, k);
  }
  const copy = module.helper(`panel ${el.dtype}`, () => emitCopy(module, el));
  return call(copy, from, source.row, source.col, to, toRow, width, k);
}

/** Most columns of which several are read at a time, so that whole lines of the panel are written. */
const mostTurned = 16;

/** `turn(from, to, k)`: a panel of columns of adjacent elements, `col` bytes apart. */
function emitTurn(module: ModuleBuilder, el: Element, width: number, col: number, toRow: number): Func {
  const { lanes, bytes } = el;
  const load = bytes === 4 ? v128.load32_zero : v128.load64_zero;
  const store = bytes === 4 ? v128.store32_lane : v128.store64_lane;
  return module.func(`turn${width}`, i32s("from", "to", "k"), [], (f, x) => {
    const whole = f.let("i32", i32.div_u(x.k, lanes));
    const rest = f.let("i32", i32.rem_u(x.k, lanes));
    const loop = (times: Local, elements: number, body: () => void): void =>
      f.if(times, () =>
        countDown(f, times, () => {
          body();
          bump(f, x.from, elements * bytes);
          bump(f, x.to, elements * toRow);
        }),
      );
    loop(whole, lanes, () => {
      for (let j = 0; j < width; j += lanes) {
        const rows = Array.from({ length: lanes }, (_, q) => f.let("v128", v128.load(x.from, (j + q) * col)));
        transposed(f, el, rows).forEach((v, q) => f.do(v128.store(x.to, v, q * toRow + j * bytes)));
      }
    });
    loop(rest, 1, () => {
      for (let j = 0; j < width; j++) f.do(store(x.to, f.let("v128", load(x.from, j * col)), 0, j * bytes));
    });
  });
}

/** Steps of k that are packed of one tile before the next one's turn: lines of cache that survive any stride. */
const turn = 8;

/**
 * Code that packs lines of adjacent elements, `step` bytes apart, one for each of `depth` steps of k: columns of a for `tiles` tiles of
 * `height` rows, or rows of b for as many panels. What a tile needs of a line comes to stand behind what it needs of the line before.
 */
export function packLines(
  module: ModuleBuilder,
  el: Element,
  height: number,
  from: Arg,
  step: number,
  to: Arg,
  depth: Arg,
  tiles: Arg,
): readonly number[] {
  const name = `lines ${el.dtype} ${height}`;
  const pack = module.helper(name, () => emitPackLines(module, el, name, height));
  return call(pack, from, step, to, depth, tiles);
}

function emitPackLines(module: ModuleBuilder, el: Element, name: string, height: number): Func {
  const bytes = height * el.bytes;
  return module.func(name, i32s("from", "step", "to", "depth", "tiles"), [], (f, x) => {
    const [at, to, q, p, tile] = [0, 0, 0, 0, 0].map(() => f.local("i32")) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const end = f.local("i32");
    const toTile = f.let("i32", i32.mul(x.depth, bytes));
    const copy = (): void => {
      const vectors = Array.from({ length: Math.floor(bytes / 16) }, (_, v) => v128.load(at, 16 * v));
      storeVectors(f, vectors, to, 0);
      let done = 16 * vectors.length;
      if (bytes - done >= 8) {
        f.do(v128.store64_lane(to, v128.load64_zero(at, done), 0, done));
        done += 8;
      }
      if (bytes > done) f.do(v128.store32_lane(to, v128.load32_zero(at, done), 0, done));
    };
    countUp(f, q, x.depth, turn, () => {
      f.set(end, i32.add(q, turn));
      f.if(i32.gt_s(end, x.depth), () => f.set(end, x.depth));
      f.set(tile, 0);
      countUp(f, tile, x.tiles, 1, () => {
        f.set(at, i32.add(i32.add(x.from, i32.mul(q, x.step)), i32.mul(tile, bytes)));
        f.set(to, i32.add(i32.add(x.to, i32.mul(q, bytes)), i32.mul(tile, toTile)));
        f.set(p, q);
        countUp(f, p, end, 1, () => {
          copy();
          bump(f, at, x.step);
          bump(f, to, bytes);
        });
      });
    });
  });
}

/** Any strides, element by element: for what lies neither by rows nor by columns. */
function emitCopy(module: ModuleBuilder, el: Element): Func {
  const load = el.bytes === 4 ? v128.load32_zero : v128.load64_zero;
  const store = el.bytes === 4 ? v128.store32_lane : v128.store64_lane;
  return module.func(
    `panel ${el.dtype}`,
    i32s("from", "row", "col", "to", "toRow", "width", "k"),
    [],
    (f, x) => {
      const j = f.local("i32");
      const at = f.local("i32");
      const to = f.local("i32");
      countDown(f, x.k, () => {
        f.set(at, x.from);
        f.set(to, x.to);
        f.set(j, x.width);
        countDown(f, j, () => {
          const value = f.let("v128", load(at));
          f.do(store(to, value, 0));
          bump(f, at, x.col);
          bump(f, to, el.bytes);
        });
        f.set(x.from, i32.add(x.from, x.row));
        bump(f, x.to, x.toRow);
      });
    },
  );
}
