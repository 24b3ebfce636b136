// Products of a matrix many of whose elements are 0, as rectifiers leave it: their multiply-adds are left out. What is added is added
// in the order of k, so results are those of the tiles to the last bit.
// Floor L2 (backend/wasm/program).

import type { Arg, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { countUp } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import { Finisher } from "./matmul-finish.ts";
import type { Cut } from "./matmul-loops.ts";
import { bounds, evenCut, evenParts, onePiece, pointer, sharedPairs } from "./matmul-loops.ts";
import { packLines, packPanel } from "./matmul-pack.ts";
import type { TilePlan } from "./matmul-plan.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { placesOf, scalarBytes, scaled, sumOf } from "./matmul-results.ts";
import { emitTiles } from "./matmul-tiles.ts";
import { emitAdd, emitFinite, emitLists, listBytes, stretch, tableBytes, writeTable } from "./zeros-lists.ts";

/**
 * Rows of a become lists of what is not 0, for each stretch of k one. A unit of work is some rows by a strip of columns: stretch by
 * stretch, a block of b is brought to first-level cache, and every list adds its multiples of the block's rows to the sums of its row.
 */
export interface ZerosPlan {
  readonly kind: "zeros";
  /** For matrices with too few zeros, and for b with NaN or infinity (0 times those is NaN), which only a run knows. */
  readonly tiles: TilePlan;
  /** Elements that may be not 0, at most, for lists to be faster than tiles. */
  readonly most: number;
  /** Columns in strips, counted in pairs of vectors. */
  readonly strips: Cut;
  /** Rows in parts, of which threads take whole ones: their lists and results stay in one thread's cache. */
  readonly parts: Cut;
  /** Whether blocks of b are packed. */
  readonly packed: boolean;
  readonly sharedBytes: number;
  readonly ownBytes: number;
  /** Where the lengths of the lists are in shared memory, and what was found of b; the lists come first. */
  readonly lengthsAt: number;
  readonly checksAt: number;
}

/** Pairs of vectors in a strip, whose sums are in registers: where each pair is one, or where it is two. */
const stripPairs = { wide: 8, narrow: 6 } as const;
const pairColumns = 8;
const pairBytes = 32;
/** Rows whose lists are made at once, and lines of b that are looked through at once. */
const chunk = 16;
const partRows = 128;
/** Rows of b that a multiple of this many bytes separates fall on too few sets of first-level cache to stay there. */
const crowded = 512;

const blockBytes = stretch * stripPairs.wide * pairBytes;
const turnedBytes = chunk * 4 * stretch + 64;
/** Memory of a thread: the block, rows of a turned, a table, sums. */
const turnedAt = blockBytes;
const tableAt: number = turnedAt + turnedBytes;
const sumsAt: number = tableAt + tableBytes;

/** Cycles of a pair of multiply-adds' vectors: in tiles, in lists; of an element that is put to a list. Measured on Zen 5. */
const cycles = { tiles: 0.54, lists: 0.64, entry: 2.5 } as const;
/** Multiply-adds, rows, and parts of elements that may be not 0, from which it pays to look for zeros. */
const leastWork = 1 << 22;
const leastRows = 64;
const leastShare = 0.65;
/** Lists take twice the room of a. */
const mostListBytes = 1 << 24;

/** How to leave out zeros of a; null where that does not pay. `wide`: vectors pair up. */
export function planZeros(p: Problem, el: Element, tiles: TilePlan, wide: boolean): ZerosPlan | null {
  const { batch, m, n, k, a, b } = p;
  const { bytes } = el;
  if (el.dtype !== "float32" || batch !== 1 || n % pairColumns !== 0 || m * n * k < leastWork) return null;
  if (a.row !== bytes && a.col !== bytes) return null;
  if (b.row !== bytes && (b.col !== bytes || k < 4)) return null;
  const pairs = n / pairColumns;
  const share = (0.95 * (cycles.tiles - cycles.entry / pairs)) / cycles.lists;
  if (share < leastShare || m < leastRows) return null;
  const strips = stripsOf(pairs, wide);
  const parts = evenCut(m, partRows);
  const stretches = Math.ceil(k / stretch);
  const lists = stretches * m * listBytes;
  if (lists > mostListBytes) return null;
  const lengthsAt = lists;
  const checksAt = lengthsAt + 4 * stretches * m;
  const packed = b.col !== bytes || b.row % pairBytes !== 0 || b.row % crowded === 0;
  return {
    kind: "zeros",
    tiles,
    most: Math.floor(share * m * k),
    strips,
    parts,
    packed,
    lengthsAt,
    checksAt,
    sharedBytes: Math.max(tiles.sharedBytes, checksAt + 4 * Math.ceil(linesOf(p, el).count / chunk)),
    ownBytes: Math.max(tiles.ownBytes, sumsAt + parts.size * strips.size * pairBytes + scalarBytes(p)),
  };
}

/** The lines of adjacent elements that b consists of. */
const linesOf = ({ b, k, n }: Problem, el: Element): { count: number; length: number; step: number } =>
  b.col === el.bytes ? { count: k, length: n, step: b.row } : { count: n, length: k, step: b.col };

/** Strips of which two threads get about the same: for a number of them that is odd one would take much longer. */
function stripsOf(pairs: number, wide: boolean): Cut {
  const least = evenCut(pairs, wide ? stripPairs.wide : stripPairs.narrow);
  const more = evenParts(pairs, least.count + 1);
  // Half of the strips, the larger ones: what an entry of a list takes in each, loads or the latency of the sums.
  const entry = (size: number): number => Math.max((wide ? 1 : 2) * size + 1, 8);
  const half = (cut: Cut): number => {
    const mine = Math.ceil(cut.count / 2);
    const tall = Math.min(mine, cut.tall);
    return tall * entry(cut.size) + (mine - tall) * entry(cut.rest);
  };
  return half(more) < half(least) ? more : least;
}

export function emitZeros(c: Context, p: Problem, el: Element, plan: ZerosPlan): void {
  const zeros = new Zeros(c, p, el, plan);
  zeros.makeLists();
  zeros.check();
  c.barrier();
  c.f.if(
    zeros.pays(),
    () => zeros.multiply(),
    () => emitTiles(c, p, el, plan.tiles),
  );
}

class Zeros {
  readonly #c: Context;
  readonly #p: Problem;
  readonly #el: Element;
  readonly #plan: ZerosPlan;
  readonly #a: Local;
  readonly #b: Local;
  readonly #stretches: number;
  /** Bytes from row to row of a block of b, and of the sums. */
  readonly #blockRow: number;
  readonly #sumsRow: number;

  constructor(c: Context, p: Problem, el: Element, plan: ZerosPlan) {
    this.#c = c;
    this.#p = p;
    this.#el = el;
    this.#plan = plan;
    const [a, b] = c.addresses as readonly [Local, Local];
    [this.#a, this.#b] = p.turned ? [b, a] : [a, b];
    this.#stretches = Math.ceil(p.k / stretch);
    this.#sumsRow = plan.strips.size * pairBytes;
    this.#blockRow = plan.packed ? this.#sumsRow : p.b.row;
  }

  /** Every list, by all threads. */
  makeLists(): void {
    const { f, own, shared } = this.#c;
    const { m } = this.#p;
    writeTable(f, pointer(f, sumOf(own, tableAt)));
    sharedPairs(this.#c, Math.ceil(m / chunk), this.#stretches, (x, s) => {
      const row = pointer(f, scaled(x, chunk));
      const list = pointer(f, sumOf(shared, scaled(s, m * listBytes), scaled(row, listBytes)));
      const length = pointer(f, sumOf(shared, this.#plan.lengthsAt, scaled(s, 4 * m), scaled(row, 4)));
      this.#lists(s, row, list, length);
    });
  }

  /** Whether all of b is finite, by all threads. */
  check(): void {
    const { f, module, shared } = this.#c;
    const { count, length, step } = linesOf(this.#p, this.#el);
    const finite = module.helper(`finite ${length} ${step}`, () => emitFinite(module, length, step));
    sharedPairs(this.#c, 1, Math.ceil(count / chunk), (_, x) => {
      const line = pointer(f, scaled(x, chunk));
      const lines = this.#left(count, line, chunk);
      const to = pointer(f, sumOf(shared, this.#plan.checksAt, scaled(x, 4)));
      f.do(i32.store(to, call(finite, sumOf(this.#b, scaled(line, step)), lines)));
    });
  }

  /** Whether there are zeros enough, and all of b is finite. */
  pays(): readonly number[] {
    const { f, shared } = this.#c;
    const { lengthsAt, checksAt, most } = this.#plan;
    const { count } = linesOf(this.#p, this.#el);
    const sum = f.let("i32", 0);
    const finite = f.let("i32", 1);
    const at = pointer(f, sumOf(shared, lengthsAt));
    const end = f.let("i32", sumOf(shared, checksAt));
    countUp(f, at, end, 4, () => f.set(sum, i32.add(sum, i32.load(at))));
    f.set(end, i32.add(end, 4 * Math.ceil(count / chunk)));
    countUp(f, at, end, 4, () => f.set(finite, i32.and(finite, i32.load(at))));
    // Lengths are in pairs.
    return i32.and(finite, i32.le_s(i32.shl(sum, 1), most));
  }

  multiply(): void {
    const { strips, parts } = this.#plan;
    const { f } = this.#c;
    const cells = sumOf(this.#c.own, this.#plan.ownBytes - scalarBytes(this.#p));
    const places = placesOf(this.#c.e, this.#p, this.#c.addresses.slice(2), cells);
    const finisher = new Finisher(this.#c, this.#p, places);
    sharedPairs(this.#c, parts.count, strips.count, (x, y) => {
      const [first, end] = bounds(f, parts, x);
      const row = pointer(f, first);
      const rows = f.let("i32", i32.sub(end, row));
      onePiece(f, strips, y, (pairs, _, start) => {
        const j = pointer(f, scaled(start, pairColumns));
        this.#unit(row, rows, pairs, j);
        const sums = pointer(f, sumOf(this.#c.own, sumsAt));
        finisher.write(sums, this.#sumsRow, rows, pairs * pairColumns, 0, row, j);
      });
    });
  }

  /** Sums of some rows in a strip. */
  #unit(row: Local, rows: Local, pairs: number, j: Local): void {
    const { f, module, own, shared } = this.#c;
    const { m } = this.#p;
    const add = module.helper(`listed ${pairs} ${this.#sumsRow}`, () =>
      emitAdd(module, this.#el, pairs, this.#sumsRow),
    );
    const s = f.let("i32", 0);
    countUp(f, s, this.#stretches, 1, () => {
      const block = this.#block(s, pairs, j);
      const lists = sumOf(shared, i32.mul(i32.add(i32.mul(s, m), row), listBytes));
      const lengths = sumOf(shared, this.#plan.lengthsAt, i32.shl(i32.add(i32.mul(s, m), row), 2));
      f.do(call(add, lists, lengths, rows, block, sumOf(own, sumsAt), i32.eqz(s)));
    });
  }

  /** How many there are of `total` from `from` on, though not more than `most`. */
  #left(total: number, from: Arg, most: number): Local {
    const { f } = this.#c;
    const left = f.let("i32", i32.sub(total, from));
    f.if(i32.gt_s(left, most), () => f.set(left, most));
    return left;
  }

  /** Where the rows of b in stretch s are, from column j on. */
  #block(s: Local, pairs: number, j: Local): Arg {
    const { f, module, own } = this.#c;
    const { b, k } = this.#p;
    const el = this.#el;
    const from = sumOf(this.#b, i32.mul(s, stretch * b.row), scaled(j, b.col));
    if (!this.#plan.packed) return from;
    const depth = this.#left(k, scaled(s, stretch), stretch);
    // Rows of whole strips, the last of which may take along what lies behind it.
    if (b.col === el.bytes)
      f.do(packLines(module, el, this.#plan.strips.size * pairColumns, from, b.row, own, depth, 1));
    else f.do(packPanel(module, el, b, from, own, this.#blockRow, pairs * pairColumns, depth));
    return own;
  }

  /** The lists of a chunk of rows from `row` on, in stretch s. */
  #lists(s: Index, row: Local, lists: Local, lengths: Local): void {
    const { f, module, own } = this.#c;
    const { a, m, k } = this.#p;
    const { bytes } = this.#el;
    const depth = this.#left(k, scaled(s, stretch), stretch);
    const rows = this.#left(m, row, chunk);
    let from = pointer(f, sumOf(this.#a, scaled(row, a.row), scaled(s, stretch * a.col)));
    let fromRow = a.row;
    if (a.col !== bytes) {
      const to = pointer(f, sumOf(own, turnedAt));
      fromRow = bytes * stretch;
      f.do(packPanel(module, this.#el, { row: bytes, col: a.col }, from, to, fromRow, depth, rows));
      from = to;
    }
    const make = module.helper(`lists ${this.#blockRow}`, () => emitLists(module, this.#blockRow));
    f.do(call(make, from, fromRow, depth, rows, lists, lengths, sumOf(own, tableAt)));
  }
}
