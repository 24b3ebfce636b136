// Which elements of a matrix are not 0, a bit for each, and how their multiples of the rows of another are added up.
// Floor L2 (backend/wasm/program).

import type { Func, Local, ModuleBuilder } from "../encoder.ts";
import { f32, f32x4, i8x16, i16x8, i32, i32x4, i64, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, countUp, i32s } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";

/** Elements whose bits a word has, the first in its lowest bit. */
export const wordElements = 64;
const wordBytes = 8;
/** Bytes of the words of a row. */
export const maskBytes = (elements: number): number => wordBytes * Math.ceil(elements / wordElements);

/** `masks(from, fromRow, depth, rows, to, toRow, count)`: the words of rows; at `count`, how many bits are set. */
export function emitMasks(module: ModuleBuilder): Func {
  const group = 16;
  return module.func(
    "masks",
    i32s("from", "fromRow", "depth", "rows", "to", "toRow", "count"),
    [],
    (f, x) => {
      const [at, end, to, bits, bit] = [0, 0, 0, 0, 0].map(() => f.local("i32")) as [
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const count = f.let("i32", 0);
      const zero = f.let("v128", v128.constI32(0));
      const whole = f.let("i32", i32.mul(i32.div_u(x.depth, group), 4 * group));
      const rest = f.let("i32", i32.rem_u(x.depth, group));
      const last = f.let("i32", i32.shl(i32.shr_u(i32.sub(x.depth, 1), 6), 3));
      const write = (): void => {
        f.do(i32.store16(to, bits));
        f.set(count, i32.add(count, i32.popcnt(bits)));
      };
      countDown(f, x.rows, () => {
        // The last word may have bits of no element.
        f.do(i64.store(i32.add(x.to, last), 0));
        f.set(at, x.from);
        f.set(end, i32.add(at, whole));
        f.set(to, x.to);
        countUp(f, at, end, 4 * group, () => {
          const none = [0, 16, 32, 48].map((offset) => f32x4.eq(v128.load(at, offset), zero));
          const low = i16x8.narrow_i32x4_s(none[0]!, none[1]!);
          const high = i16x8.narrow_i32x4_s(none[2]!, none[3]!);
          f.set(bits, i32.xor(i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)), 0xffff));
          write();
          bump(f, to, 2);
        });
        f.if(rest, () => {
          f.set(bits, 0);
          f.set(bit, 0);
          countUp(f, bit, rest, 1, () => {
            const value = f32.load(i32.add(at, i32.shl(bit, 2)));
            f.set(bits, i32.or(bits, i32.shl(f32.ne(value, 0), bit)));
          });
          write();
        });
        f.set(x.from, i32.add(x.from, x.fromRow));
        bump(f, x.to, x.toRow);
      });
      f.do(i32.store(x.count, count));
    },
  );
}

/** How rows of b lie in their block, and sums, in bytes. */
export interface MaskedShape {
  readonly pairs: number;
  readonly blockRow: number;
  readonly sumsRow: number;
}

/** Bits of a round of the loop, each of which may be the last. */
const together = 2;

/**
 * `masked(a, aRow, masks, maskRow, rows, block, sums, first)`: to the sums of each row adds, for each bit that is set in the row's word,
 * in order, the multiple of the block's row. `first`: sums begin at 0.
 */
export function emitMasked(
  module: ModuleBuilder,
  el: Element,
  { pairs, blockRow, sumsRow }: MaskedShape,
): Func {
  const names = i32s("a", "aRow", "masks", "maskRow", "rows", "block", "sums", "first");
  return module.func(`masked${pairs}`, names, [], (f, x) => {
    const acc = Array.from({ length: 2 * pairs }, () => f.local("v128"));
    const [av, bv] = [f.local("v128"), f.local("v128")];
    const [bits, k, row] = [f.local("i64"), f.local("i32"), f.local("i32")];
    const next = (): void => {
      f.set(k, i32.wrap_i64(i64.ctz(bits)));
      f.set(row, i32.add(x.block, i32.mul(k, blockRow)));
      f.set(av, el.splat(i32.add(x.a, i32.shl(k, 2)), 0));
      acc.forEach((sum, v) => {
        f.set(bv, v128.load(row, 16 * v));
        f.set(sum, el.madd(av, bv, sum));
      });
      f.set(bits, i64.and(bits, i64.sub(bits, 1)));
    };
    countDown(f, x.rows, () => {
      f.if(
        x.first,
        () => acc.forEach((sum) => f.set(sum, el.zero)),
        () => acc.forEach((sum, v) => f.set(sum, v128.load(x.sums, 16 * v))),
      );
      f.set(bits, i64.load(x.masks));
      f.block((done) => {
        f.brIf(done, i64.eqz(bits));
        f.loop((again) => {
          for (let u = 1; u < together; u++) {
            next();
            f.brIf(done, i64.eqz(bits));
          }
          next();
          f.brIf(again, i64.ne(bits, 0));
        });
      });
      storeVectors(f, acc, x.sums, 0);
      f.set(x.a, i32.add(x.a, x.aRow));
      f.set(x.masks, i32.add(x.masks, x.maskRow));
      bump(f, x.sums, sumsRow);
    });
  });
}

/** `finite(at, lines)`: 1 if all numbers of the lines are finite, which have `length` of them and lie `step` bytes apart. */
export function emitFinite(module: ModuleBuilder, length: number, step: number): Func {
  const looks = 8;
  return module.func(`finite${length}`, i32s("at", "lines"), ["i32"], (f, x) => {
    const largest = Array.from({ length: looks }, () => f.let("v128", v128.constI32(0)));
    const [at, end] = [f.local("i32"), f.local("i32")];
    const look = (v: number, offset: number): void => {
      const most = largest[v % looks]!;
      f.set(most, i32x4.max_s(most, f32x4.abs(v128.load(at, offset))));
    };
    const bytes = 4 * length;
    const round = 16 * looks;
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
