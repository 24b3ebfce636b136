// Winograd's transforms over images with channels side by side: strips of tiles, eight channels at a time.
// Floor L2 (backend/wasm/program).

import type { Func, FunctionBuilder, Local } from "../encoder.ts";
import { call, i32, v128 } from "../encoder.ts";
import { Emitter } from "../lanes.ts";
import { bump, i32s } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";
import type { Context } from "./context.ts";
import type { Transform } from "./conv-transforms.ts";
import { repeat } from "./repeat.ts";

/** Tiles in an image: rows and columns of them. */
export interface TileGrid {
  readonly rows: number;
  readonly columns: number;
}

/** Arrays of values at the points are an odd number of cache lines apart, so that stores to all of them meet different sets. */
export function spread(bytes: number): number {
  const lines = Math.ceil(bytes / 64);
  return 64 * (lines + 1 - (lines % 2));
}

/** How a strip's transform goes through memory. All in bytes. */
export interface Strip {
  readonly tiles: number;
  /** Elements of a tile along a side, and of what comes out of it. */
  readonly from: number;
  readonly to: number;
  /** Of what is read: from row to row, and from column to column of a tile; from tile to tile. */
  readonly row: number;
  readonly column: number;
  readonly step: number;
  /** The same of what is written. */
  readonly toRow: number;
  readonly toColumn: number;
  readonly toStep: number;
  readonly channels: number;
}

/** Bytes of memory that a strip's transform needs for itself. */
export const stripBytes = (s: Strip): number => 32 * s.to * s.from;

/**
 * strip(from, to, tmp): transforms each tile of a strip by columns and then by rows, for all channels. What lies between goes through
 * `tmp`, since a tile does not fit the registers.
 */
export function stripFunction(c: Context, transform: Transform, s: Strip): Func {
  const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const block = (vectors: number): Func => {
    // A function without a loop: a local that is set in a loop lives on into its next round as far as V8 knows, which
    // keeps it from pairing vectors.
    const tile = c.module.func("convTransform", i32s("from", "to", "tmp"), [], (f, x) => {
      const e = new Emitter(f, c.module, c.e.memory, c.e.features, c.e.host);
      const load = (at: Local, offset: number): Local[] =>
        Array.from({ length: vectors }, (_, i) => e.v(v128.load(at, offset + 16 * i)));
      const store = (at: Local, offset: number, lanes: readonly Local[]): void =>
        storeVectors(f, lanes, at, offset);
      for (const j of numbers(s.from)) {
        const column = numbers(s.from).map((i) => load(x.from, i * s.row + j * s.column));
        transform(e, column).forEach((lanes, i) => store(x.tmp, 16 * vectors * (i * s.from + j), lanes));
      }
      for (const i of numbers(s.to)) {
        const row = numbers(s.from).map((j) => load(x.tmp, 16 * vectors * (i * s.from + j)));
        transform(e, row).forEach((lanes, j) => store(x.to, i * s.toRow + j * s.toColumn, lanes));
      }
    });
    return c.module.func("convTransforms", i32s("from", "to", "tmp"), [], (f, x) =>
      repeat(f, s.tiles, () => {
        f.do(call(tile, x.from, x.to, x.tmp));
        bump(f, x.from, s.step);
        bump(f, x.to, s.toStep);
      }),
    );
  };
  const whole = s.channels >= 8 ? block(2) : null;
  const rest = s.channels % 8 > 0 ? block(1) : null;
  return c.module.func("convStrip", i32s("from", "to", "tmp"), [], (f, x) => {
    const run = (body: Func, bytes: number): void => {
      f.do(call(body, x.from, x.to, x.tmp));
      bump(f, x.from, bytes);
      bump(f, x.to, bytes);
    };
    if (whole) repeat(f, Math.floor(s.channels / 8), () => run(whole, 32));
    if (rest) run(rest, 16);
  });
}

/** strip() for each row of tiles: body(number of the row's first tile). */
export function strips(
  f: FunctionBuilder,
  grid: TileGrid,
  strip: Func,
  [from, fromRow]: readonly [Local, number],
  [to, toRow]: readonly [Local, number],
  tmp: Local,
): void {
  const at = f.let("i32", from);
  const out = f.let("i32", to);
  repeat(f, grid.rows, () => {
    f.do(call(strip, at, out, tmp));
    f.set(at, i32.add(at, fromRow));
    f.set(out, i32.add(out, toRow));
  });
}
