// Rows by their numbers, where both sides lie in linear memory: gathered, or added to.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../base/dtype.ts";
import type { Routines } from "../../ir/routines.ts";
import type { Local } from "./encoder.ts";
import { f32x4, i32, instantiate, ModuleBuilder, v128 } from "./encoder.ts";
import type { LinearMemory } from "./memory.ts";
import { revectorize } from "./revectorize.ts";
import { storeVectors } from "./stores.ts";

/** Rows `count` numbers name, of `bytes` (a multiple of 16) each: of the table at `table`, and one after the other at `list`. */
type Kernel = (count: number, numbers: number, table: number, bytes: number, list: number) => void;

/** Bytes below which calling costs more than the loop of JavaScript. */
const leastBytes = 8192;

/** run: list[i] = table[numbers[i]] for "take", table[numbers[i]] += list[i] for "add", in the order of i. */
function compile(memory: LinearMemory, mode: "take" | "add"): Kernel {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1 });
  const i = "i32" as const;
  m.func(
    "run",
    { count: i, numbers: i, table: i, bytes: i, list: i },
    [],
    (f, { count, numbers, table, bytes, list }) => {
      const move = (row: Local, vectors: number): void => {
        const [from, to] = mode === "take" ? [row, list] : [list, row];
        const at = Array.from({ length: vectors }, (_, v) => 16 * v);
        const loaded = at.map((a) => f.let("v128", v128.load(from, a)));
        const sums =
          mode === "take" ? loaded : loaded.map((x, v) => f.let("v128", f32x4.add(v128.load(to, at[v]!), x)));
        storeVectors(f, sums, to, 0);
        f.set(row, i32.add(row, 16 * vectors));
        f.set(list, i32.add(list, 16 * vectors));
      };
      const end = f.let("i32", i32.add(numbers, i32.mul(count, 4)));
      const long = f.let("i32", i32.and(bytes, -64));
      f.loop((nextRow) => {
        const row = f.let("i32", i32.add(table, i32.mul(i32.load(numbers), bytes)));
        const stop = f.let("i32", i32.add(row, bytes));
        const middle = f.let("i32", i32.add(row, long));
        f.if(long, () =>
          f.loop((again) => {
            move(row, 4);
            f.brIf(again, i32.lt_u(row, middle));
          }),
        );
        f.if(i32.lt_u(row, stop), () =>
          f.loop((again) => {
            move(row, 1);
            f.brIf(again, i32.lt_u(row, stop));
          }),
        );
        f.set(numbers, i32.add(numbers, 4));
        f.brIf(nextRow, i32.lt_u(numbers, end));
      });
    },
    { export: true },
  );
  return instantiate<{ run: Kernel }>(m.finish(), { env: { memory: memory.wasm } }).run;
}

export function createNumberedRows(memory: LinearMemory): Pick<Routines, "takeRows" | "addRows"> {
  const kernels: { take?: Kernel; add?: Kernel } = {};

  function run(
    mode: "take" | "add",
    rows: Int32Array,
    width: number,
    table: TypedArray,
    tableOffset: number,
    list: TypedArray,
    listOffset: number,
  ): boolean {
    const bytes = 4 * width;
    if (bytes % 16 !== 0 || rows.length * bytes < leastBytes || !memory.holds(table) || !memory.holds(list))
      return false;
    const numbers = memory.scratch(4 * rows.length, "numbers of rows");
    memory.i32.set(rows, numbers / 4);
    if (!kernels[mode]) revectorize();
    kernels[mode] ??= compile(memory, mode);
    kernels[mode](
      rows.length,
      numbers,
      table.byteOffset + 4 * tableOffset,
      bytes,
      list.byteOffset + 4 * listOffset,
    );
    return true;
  }

  return {
    takeRows: (rows, width, from, fromOffset, to, toOffset) =>
      run("take", rows, width, from, fromOffset, to, toOffset),
    addRows: (rows, width, to, toOffset, from, fromOffset) =>
      run("add", rows, width, to, toOffset, from, fromOffset),
  };
}
