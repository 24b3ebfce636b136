// Panels of b: columns that a tile reads together, adjacent in memory for every step of k.
// Floor L2 (backend/wasm/program).

import type { Arg, Func, ModuleBuilder } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, i32s } from "../matmul/elements.ts";
import { emitTranspose } from "../matmul/small.ts";

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
  k: number,
): readonly number[] {
  if (source.row === el.bytes) {
    const name = `transpose ${el.dtype}`;
    const transpose = module.helper(name, () => emitTranspose(module, el, name));
    return call(transpose, from, source.col, to, toRow, width, k);
  }
  const copy = module.helper(`panel ${el.dtype}`, () => emitCopy(module, el));
  return call(copy, from, source.row, source.col, to, toRow, width, k);
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
