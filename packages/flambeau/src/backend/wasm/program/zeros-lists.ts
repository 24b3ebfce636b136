// Lists of what is not 0 in the rows of a matrix: how they are made, and how their multiples of rows are added up.
// Floor L2 (backend/wasm/program).

import type { Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { f32x4, i8x16, i32, i32x4, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, countUp, i32s } from "../matmul/elements.ts";

/** Elements of a row that one list looks at, and rows of b in a block, which is half of a first-level cache with that. */
export const stretch = 128;
/** A list is elements of a, then the places in the block of the rows of b that they multiply. Writing goes a vector beyond the end. */
const placesAt = 4 * (stretch + 4);
export const listBytes: number = 2 * placesAt;

/** For each set of four lanes, the bytes of a shuffle that brings them to the front. */
export const tableBytes = 256;
export function writeTable(f: FunctionBuilder, to: Local): void {
  for (let set = 0; set < 16; set++) {
    const lanes = [0, 1, 2, 3].filter((lane) => set & (1 << lane));
    const words = [0, 1, 2, 3].map((x) => 0x03020100 + 0x04040404 * (lanes[x] ?? 0));
    f.do(v128.store(to, v128.constI32(...(words as [number, number, number, number])), 16 * set));
  }
}

/** `lists(from, fromRow, depth, rows, lists, lengths, table)`: a list for each row. Lengths are in pairs of entries, at least one. */
export function emitLists(module: ModuleBuilder, blockRow: number): Func {
  const names = i32s("from", "fromRow", "depth", "rows", "lists", "lengths", "table");
  return module.func("lists", names, [], (f, x) => {
    const [at, end, entry, set] = [0, 0, 0, 0].map(() => f.local("i32")) as [Local, Local, Local, Local];
    const [value, places, order] = [0, 0, 0].map(() => f.local("v128")) as [Local, Local, Local];
    const zero = f.let("v128", v128.constI32(0));
    const step = f.let("v128", v128.constI32(4 * blockRow));
    // Of the last four elements, those before the end.
    const lastSet = f.let("i32", i32.shr_u(15, i32.and(i32.sub(0, x.depth), 3)));
    countDown(f, x.rows, () => {
      f.set(at, x.from);
      f.set(end, i32.add(at, i32.shl(x.depth, 2)));
      f.set(entry, x.lists);
      f.set(places, v128.constI32(0, blockRow, 2 * blockRow, 3 * blockRow));
      countUp(f, at, end, 16, () => {
        f.set(value, v128.load(at));
        // Neither 0 nor -0, and no more than there are.
        f.set(set, i32x4.bitmask(i32x4.ne(i32x4.shl(value, 1), zero)));
        f.if(i32.gt_u(i32.add(at, 16), end), () => f.set(set, i32.and(set, lastSet)));
        f.set(order, v128.load(i32.add(x.table, i32.shl(set, 4))));
        f.do(v128.store(entry, i8x16.swizzle(value, order)));
        f.do(v128.store(entry, i8x16.swizzle(places, order), placesAt));
        f.set(places, i32x4.add(places, step));
        bump(f, entry, i32.shl(i32.popcnt(set), 2));
      });
      // Entries that add nothing make lists even, and none of them empty.
      f.do(v128.store(entry, zero));
      f.do(v128.store(entry, zero, placesAt));
      const pairs = i32.shr_u(i32.add(i32.sub(entry, x.lists), 4), 3);
      f.do(i32.store(x.lengths, i32.or(pairs, i32.eqz(pairs))));
      f.set(x.from, i32.add(x.from, x.fromRow));
      bump(f, x.lists, listBytes);
      bump(f, x.lengths, 4);
    });
  });
}

/** `add(lists, lengths, rows, block, sums, first)`: adds what a list has to the sums of its row, for each row; to 0 if `first`. */
export function emitAdd(module: ModuleBuilder, el: Element, pairs: number, blockRow: number): Func {
  const vectors = 2 * pairs;
  const names = i32s("lists", "lengths", "rows", "block", "sums", "first");
  return module.func(`listed${pairs}`, names, [], (f, x) => {
    const acc = Array.from({ length: vectors }, () => f.local("v128"));
    const bv = f.local("v128");
    const av = f.local("v128");
    const [entry, left, row] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const step = (at: number): void => {
      f.set(row, i32.add(x.block, i32.load(entry, placesAt + at)));
      f.set(av, el.splat(entry, at));
      acc.forEach((sum, v) => {
        f.set(bv, v128.load(row, 16 * v));
        f.set(sum, el.madd(av, bv, sum));
      });
    };
    countDown(f, x.rows, () => {
      f.if(
        x.first,
        () => acc.forEach((sum) => f.set(sum, el.zero)),
        () => acc.forEach((sum, v) => f.set(sum, v128.load(x.sums, 16 * v))),
      );
      f.set(entry, x.lists);
      f.set(left, i32.load(x.lengths));
      countDown(f, left, () => {
        step(0);
        step(4);
        bump(f, entry, 8);
      });
      acc.forEach((sum, v) => f.do(v128.store(x.sums, sum, 16 * v)));
      bump(f, x.lists, listBytes);
      bump(f, x.lengths, 4);
      bump(f, x.sums, blockRow);
    });
  });
}

/** `finite(at, lines)`: 1 if all numbers of the lines are finite, which have `length` of them and lie `step` bytes apart. */
export function emitFinite(module: ModuleBuilder, length: number, step: number): Func {
  const together = 8;
  return module.func(`finite${length}`, i32s("at", "lines"), ["i32"], (f, x) => {
    const largest = Array.from({ length: together }, () => f.let("v128", v128.constI32(0)));
    const [at, end] = [f.local("i32"), f.local("i32")];
    const look = (v: number, offset: number): void => {
      const most = largest[v % together]!;
      f.set(most, i32x4.max_s(most, f32x4.abs(v128.load(at, offset))));
    };
    const bytes = 4 * length;
    const round = 16 * together;
    const whole = bytes - (bytes % round);
    countDown(f, x.lines, () => {
      f.set(at, x.at);
      f.set(end, i32.add(at, whole));
      countUp(f, at, end, round, () => largest.forEach((_, v) => look(v, 16 * v)));
      for (let offset = 0; offset + 16 <= bytes - whole; offset += 16) look(offset / 16, offset);
      // What is left of the line, together with what was seen.
      if (length % 4 > 0) {
        f.set(at, i32.add(x.at, bytes - 16));
        look(0, 0);
      }
      bump(f, x.at, step);
    });
    const most = largest.reduce((p, q) => f.let("v128", i32x4.max_s(p, q)));
    f.return(i32x4.all_true(i32x4.lt_s(most, v128.constI32(0x7f800000))));
  });
}
