// Products of a matrix many of whose elements are 0, as rectifiers leave it: their multiply-adds are left out. What is added is added
// in the order of k, so results are those of the tiles to the last bit.
// Floor L2 (backend/wasm/program).

import type { Func, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { countUp } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import { Finisher } from "./matmul-finish.ts";
import type { Cut } from "./matmul-loops.ts";
import { bounds, evenCut, onePiece, pointer, sharedPairs } from "./matmul-loops.ts";
import { packLines, packPanel } from "./matmul-pack.ts";
import type { TilePlan } from "./matmul-plan.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { placesOf, scalarBytes, scaled, sumOf } from "./matmul-results.ts";
import { emitTiles } from "./matmul-tiles.ts";
import { emitAdd, emitFinite, emitLists, listBytes, stretch, tableBytes, writeTable } from "./zeros-lists.ts";

/**
 * Rows of a become lists of what is not 0, for each stretch of k one. A unit of work is some rows by a strip of columns: stretch by
 * stretch, rows of b are packed to a block in first-level cache, and every list adds its multiples of them to the sums of its row.
 */
export interface ZerosPlan {
  readonly kind: "zeros";
  /** For matrices with too few zeros, which only a run knows. */
  readonly tiles: TilePlan;
  /** Elements that may be not 0, at most, for lists to be faster than tiles. */
  readonly most: number;
  /** Columns in strips, counted in pairs of vectors. */
  readonly strips: Cut;
  /** Rows in parts whose sums stay in cache. */
  readonly parts: Cut;
  readonly sharedBytes: number;
  readonly ownBytes: number;
  /** Where the lengths of the lists are in shared memory; the lists come first. */
  readonly lengthsAt: number;
}

/** Pairs of vectors in a strip, whose sums are in registers: where each pair is one, or where it is two. */
const stripPairs = { wide: 8, narrow: 6 } as const;
const pairColumns = 8;
const pairBytes = 32;
/** Rows whose lists are made at once. */
const chunk = 16;
const partRows = 256;

const blockBytes = stretch * stripPairs.wide * pairBytes;
const turnedBytes = chunk * 4 * stretch + 64;
/** Memory of a thread: the block, rows of a turned, a table, lists with all elements and their lengths, sums. */
const turnedAt = blockBytes;
const tableAt: number = turnedAt + turnedBytes;
const ownListsAt: number = tableAt + tableBytes;
const ownLengthsAt: number = ownListsAt + chunk * listBytes;
const sumsAt: number = ownLengthsAt + chunk * 4;

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
  if (b.row !== bytes && b.col !== bytes) return null;
  const pairs = n / pairColumns;
  const share = (0.95 * (cycles.tiles - cycles.entry / pairs)) / cycles.lists;
  if (share < leastShare || m < leastRows) return null;
  const strips = evenCut(pairs, wide ? stripPairs.wide : stripPairs.narrow);
  const parts = evenCut(m, partRows);
  const stretches = Math.ceil(k / stretch);
  const lists = stretches * m * listBytes;
  if (lists > mostListBytes) return null;
  const lengthsAt = Math.max(tiles.sharedBytes, lists);
  return {
    kind: "zeros",
    tiles,
    most: Math.floor(share * m * k),
    strips,
    parts,
    lengthsAt,
    sharedBytes: lengthsAt + 4 * stretches * m,
    ownBytes: Math.max(tiles.ownBytes, sumsAt + parts.size * strips.size * pairBytes + scalarBytes(p)),
  };
}

export function emitZeros(c: Context, p: Problem, el: Element, plan: ZerosPlan): void {
  const zeros = new Zeros(c, p, el, plan);
  zeros.makeLists();
  c.barrier();
  c.f.if(
    i32.le_s(zeros.count(), plan.most),
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
  /** Bytes of a row of the block, and of the sums. */
  readonly #blockRow: number;

  constructor(c: Context, p: Problem, el: Element, plan: ZerosPlan) {
    this.#c = c;
    this.#p = p;
    this.#el = el;
    this.#plan = plan;
    const [a, b] = c.addresses as readonly [Local, Local];
    [this.#a, this.#b] = p.turned ? [b, a] : [a, b];
    this.#stretches = Math.ceil(p.k / stretch);
    this.#blockRow = plan.strips.size * pairBytes;
  }

  /** Every list, by all threads. */
  makeLists(): void {
    const { f, own, shared } = this.#c;
    const { m } = this.#p;
    writeTable(f, pointer(f, sumOf(own, tableAt)));
    sharedPairs(this.#c, this.#stretches, Math.ceil(m / chunk), (s, x) => {
      const row = pointer(f, scaled(x, chunk));
      const list = pointer(f, sumOf(shared, scaled(s, m * listBytes), scaled(row, listBytes)));
      const length = pointer(f, sumOf(shared, this.#plan.lengthsAt, scaled(s, 4 * m), scaled(row, 4)));
      this.#lists(s, row, list, length, 0);
    });
  }

  /** Elements that are in lists, about. */
  count(): Local {
    const { f, shared } = this.#c;
    const at = pointer(f, sumOf(shared, this.#plan.lengthsAt));
    const end = f.let("i32", i32.add(at, 4 * this.#stretches * this.#p.m));
    const sum = f.let("i32", 0);
    countUp(f, at, end, 4, () => f.set(sum, i32.add(sum, i32.load(at))));
    return f.let("i32", i32.shl(sum, 1));
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
        finisher.write(sums, this.#blockRow, rows, pairs * pairColumns, 0, row, j);
      });
    });
  }

  /** Sums of some rows in a strip. */
  #unit(row: Local, rows: Local, pairs: number, j: Local): void {
    const { f, module, own, shared } = this.#c;
    const { m } = this.#p;
    f.memoryFill(sumOf(own, sumsAt), 0, i32.mul(rows, this.#blockRow));
    const add = module.helper(`listed ${pairs} ${this.#blockRow}`, () =>
      emitAdd(module, this.#el, pairs, this.#blockRow),
    );
    const finite = module.helper(`finite ${pairs} ${this.#blockRow}`, () =>
      emitFinite(module, pairs, this.#blockRow),
    );
    const s = f.let("i32", 0);
    countUp(f, s, this.#stretches, 1, () => {
      const depth = this.#depth(s);
      this.#packBlock(s, depth, pairs, j);
      f.if(
        call(finite, own, depth),
        () => {
          const lists = sumOf(shared, i32.mul(i32.add(i32.mul(s, m), row), listBytes));
          const lengths = sumOf(shared, this.#plan.lengthsAt, i32.shl(i32.add(i32.mul(s, m), row), 2));
          f.do(call(add, lists, lengths, rows, own, sumOf(own, sumsAt)));
        },
        () => this.#addAll(add, s, row, rows),
      );
    });
  }

  /** As from lists, with lists that leave out nothing: 0 times infinity is NaN. */
  #addAll(add: Func, s: Local, row: Local, rows: Local): void {
    const { f, own } = this.#c;
    const done = f.let("i32", 0);
    const lists = pointer(f, sumOf(own, ownListsAt));
    const lengths = pointer(f, sumOf(own, ownLengthsAt));
    countUp(f, done, rows, chunk, () => {
      this.#lists(s, f.let("i32", i32.add(row, done)), lists, lengths, 15);
      const left = f.let("i32", i32.sub(rows, done));
      f.if(i32.gt_s(left, chunk), () => f.set(left, chunk));
      f.do(call(add, lists, lengths, left, own, sumOf(own, sumsAt, i32.mul(done, this.#blockRow))));
    });
  }

  /** Rows of b in stretch s. */
  #depth(s: Index): Local {
    const { f } = this.#c;
    const depth = f.let("i32", i32.sub(this.#p.k, scaled(s, stretch)));
    f.if(i32.gt_s(depth, stretch), () => f.set(depth, stretch));
    return depth;
  }

  #packBlock(s: Local, depth: Local, pairs: number, j: Local): void {
    const { f, module, own } = this.#c;
    const { b } = this.#p;
    const el = this.#el;
    const from = sumOf(this.#b, i32.mul(s, stretch * b.row), scaled(j, b.col));
    // Rows of whole strips, the last of which may take along what lies behind it.
    if (b.col === el.bytes)
      f.do(packLines(module, el, this.#plan.strips.size * pairColumns, from, b.row, own, depth, 1));
    else f.do(packPanel(module, el, b, from, own, this.#blockRow, pairs * pairColumns, depth));
  }

  /** The lists of a chunk of rows from `row` on, in stretch s: of all elements if `all` is 15. */
  #lists(s: Index, row: Local, lists: Local, lengths: Local, all: 0 | 15): void {
    const { f, module, own } = this.#c;
    const { a, m } = this.#p;
    const { bytes } = this.#el;
    const depth = this.#depth(s);
    const rows = f.let("i32", i32.sub(m, row));
    f.if(i32.gt_s(rows, chunk), () => f.set(rows, chunk));
    let from = pointer(f, sumOf(this.#a, scaled(row, a.row), scaled(s, stretch * a.col)));
    let fromRow = a.row;
    if (a.col !== bytes) {
      const to = pointer(f, sumOf(own, turnedAt));
      fromRow = bytes * stretch;
      f.do(packPanel(module, this.#el, { row: bytes, col: a.col }, from, to, fromRow, depth, rows));
      from = to;
    }
    const make = module.helper(`lists ${this.#blockRow}`, () => emitLists(module, this.#blockRow));
    f.do(call(make, from, fromRow, depth, rows, lists, lengths, sumOf(own, tableAt), all));
  }
}
