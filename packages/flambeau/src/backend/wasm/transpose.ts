// Transposes matrices of four-byte elements: four rows by four columns at a time in registers.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../base/dtype.ts";
import type { Routines } from "../../ir/routines.ts";
import type { Local } from "./encoder.ts";
import { i8x16, i32, instantiate, ModuleBuilder, v128 } from "./encoder.ts";
import type { LinearMemory } from "./memory.ts";

type Kernel = (
  from: number,
  fromStep: number,
  to: number,
  toStep: number,
  rows: number,
  cols: number,
  vectorBytes: number,
) => void;

/** Rows of a block: as many as fill a line of the cache in the result. */
const blockRows = 16;
/** Columns of a tile: so many rows of the result are written side by side, each from one end to the other. */
const tileCols = 32;
/** Elements of linear memory that one pass uses on each side, about. */
const passElements = 2 ** 20;

/** Bytes of a and b in turns of four: lanes as numbers of words of the two. */
const words = (...lanes: number[]): number[] =>
  lanes.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]);

/**
 * run(from, fromStep, to, toStep, rows, cols, vectorBytes): element (r, c) at from + r * fromStep + 4 c goes to to + c * toStep + 4 r.
 * Steps are bytes; rows are rounded up to a multiple of 16, cols to one of 4. `vectorBytes` is 16: said at run time, so
 * that V8 does not see neighbours and pair the vectors (revectorize.ts), which makes shuffles three times slower.
 */
function compile(memory: LinearMemory): Kernel {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1 });
  const i = "i32" as const;
  m.func(
    "run",
    { from: i, fromStep: i, to: i, toStep: i, rows: i, cols: i, vectorBytes: i },
    [],
    (f, { from, fromStep, to, toStep, rows, cols, vectorBytes }) => {
      const v = (code: readonly number[]): Local => f.let("v128", code);
      f.loop((nextRows) => {
        const source = Array.from({ length: blockRows }, () => f.local("i32"));
        source.forEach((p, r) => {
          f.set(p, r === 0 ? from : i32.add(source[r - 1]!, fromStep));
        });
        const target = f.let("i32", to);
        const left = f.let("i32", cols);
        f.loop((nextCols) => {
          const lines = [0, 1, 2, 3].map(() => f.local("i32"));
          lines.forEach((p, c) => f.set(p, c === 0 ? target : i32.add(lines[c - 1]!, toStep)));
          for (let r = 0; r < blockRows; r += 4) {
            const x = [0, 1, 2, 3].map((k) => v(v128.load(source[r + k]!)));
            const low = [0, 2].map((k) => v(i8x16.shuffle(x[k]!, x[k + 1]!, words(0, 4, 1, 5))));
            const high = [0, 2].map((k) => v(i8x16.shuffle(x[k]!, x[k + 1]!, words(2, 6, 3, 7))));
            const columns = [
              i8x16.shuffle(low[0]!, low[1]!, words(0, 1, 4, 5)),
              i8x16.shuffle(low[0]!, low[1]!, words(2, 3, 6, 7)),
              i8x16.shuffle(high[0]!, high[1]!, words(0, 1, 4, 5)),
              i8x16.shuffle(high[0]!, high[1]!, words(2, 3, 6, 7)),
            ];
            columns.forEach((column, c) => f.do(v128.store(lines[c]!, column)));
            if (r + 4 < blockRows) for (const p of lines) f.set(p, i32.add(p, vectorBytes));
          }
          for (const p of source) f.set(p, i32.add(p, 16));
          f.set(target, i32.add(target, i32.mul(toStep, 4)));
          f.set(left, i32.sub(left, 4));
          f.brIf(nextCols, i32.gt_s(left, 0));
        });
        f.set(from, i32.add(from, i32.mul(fromStep, blockRows)));
        f.set(to, i32.add(to, 4 * blockRows));
        f.set(rows, i32.sub(rows, blockRows));
        f.brIf(nextRows, i32.gt_s(rows, 0));
      });
    },
    { export: true },
  );
  return instantiate<{ run: Kernel }>(m.finish(), { env: { memory: memory.wasm } }).run;
}

const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

export function createTranspose(memory: LinearMemory): Routines["transpose"] {
  let kernel: Kernel | null = null;
  return (rows, cols, from, fromOffset, to, toOffset) => {
    kernel ??= compile(memory);
    // Strips of rows, whose columns are pieces of the result's rows.
    const strip = Math.min(rows, Math.max(256, roundUp(Math.floor(passElements / cols), blockRows)));
    // A step that is an odd number of lines: rows a multiple of 4096 bytes apart would share one set of the cache.
    const fromStep = 4 * (roundUp(cols, 32) + 16);
    const toStep = 4 * (roundUp(strip, 32) + 16);
    const sourceBytes = fromStep * roundUp(strip, blockRows) + 64;
    const at = memory.scratch(sourceBytes + toStep * roundUp(cols, 4) + 64, "a transposed copy");
    const result = at + sourceBytes;
    const view = cellsOf(memory, from);
    const source = from as Float32Array;
    const target = to as Float32Array;
    for (let r = 0; r < rows; r += strip) {
      const n = Math.min(strip, rows - r);
      for (let i = 0; i < n; i++) {
        const start = fromOffset + (r + i) * cols;
        view.set(source.subarray(start, start + cols), (at + i * fromStep) / 4);
      }
      for (let c = 0; c < cols; c += tileCols)
        kernel(at + 4 * c, fromStep, result + c * toStep, toStep, n, Math.min(tileCols, cols - c), 16);
      for (let c = 0; c < cols; c++) {
        const start = (result + c * toStep) / 4;
        target.set(view.subarray(start, start + n), toOffset + c * rows + r);
      }
    }
  };
}

const cellsOf = (memory: LinearMemory, data: TypedArray): Float32Array =>
  (data instanceof Int32Array ? memory.i32 : memory.f32) as Float32Array;
