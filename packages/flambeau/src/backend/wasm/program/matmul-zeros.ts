// Products of a matrix many of whose elements are 0, as rectifiers leave it: their multiply-adds are left out. What is added is added
// in the order of k, so results are those of the tiles to the last bit.
// Floor L2 (backend/wasm/program).

import type { Arg, Local } from "../encoder.ts";
import { call, i32 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countUp } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import { Finisher } from "./matmul-finish.ts";
import type { Cut } from "./matmul-loops.ts";
import { bounds, evenCut, evenParts, onePiece, pointer, sharedPairs } from "./matmul-loops.ts";
import { packLines, packPanel } from "./matmul-pack.ts";
import type { TilePlan } from "./matmul-plan.ts";
import type { Problem, Product } from "./matmul-problem.ts";
import { transposed } from "./matmul-problem.ts";
import { placesOf, scalarBytes, scaled, sumOf } from "./matmul-results.ts";
import { emitTiles } from "./matmul-tiles.ts";
import { emitFinite, emitMasked, emitMasks, maskBytes, wordElements } from "./zeros-masks.ts";

/**
 * Each row of a gets a mask of what is not 0. A unit of work is some rows by a strip of columns: stretch by stretch of k, a block of b is
 * brought to first-level cache, and for every bit of a row's mask the multiple of the block's row is added to the row's sums.
 */
export interface ZerosPlan {
  readonly kind: "zeros";
  /** The product; `across` if it is that of the transposes, whose sums are turned before they become results. */
  readonly product: Product;
  readonly across: boolean;
  /** For matrices with too few zeros, and for b with NaN or infinity (0 times those is NaN), which only a run knows. */
  readonly tiles: TilePlan;
  /** Elements that may be not 0, at most, for masks to be faster than tiles. */
  readonly most: number;
  /** Columns in strips, counted in pairs of vectors. */
  readonly strips: Cut;
  /** Rows in parts, of which threads take whole ones: their masks and results stay in one thread's cache. */
  readonly parts: Cut;
  /** Whether rows of a are turned, and blocks of b packed. */
  readonly turned: boolean;
  readonly packed: boolean;
  /** Shared memory begins with the rows of a if they are turned; then come masks, counts of bits, what was found of b. */
  readonly masksAt: number;
  readonly countsAt: number;
  readonly checksAt: number;
  readonly sharedBytes: number;
  /** Memory of a thread: the block, if it is packed, sums, and those turned. */
  readonly ownBytes: number;
  readonly sumsAt: number;
  /** Where sums are turned to. */
  readonly turnedAt: number;
}

/** Pairs of vectors in a strip, whose sums are in registers: where each pair is one, or where it is two. */
const stripPairs = { wide: 13, narrow: 6 } as const;
const pairColumns = 8;
const pairBytes = 32;
/** Rows of b in a block: half of first-level cache. */
const stretch: number = wordElements;
/** Rows whose masks are made at once, and lines of b that are looked through at once. */
const chunk = 16;
/** Fewer rows are one thread's more often; more share the cost of packing. */
const partRows = { packed: 256, inPlace: 128 } as const;
/** Rows of b that a multiple of this many bytes separates fall on too few sets of first-level cache to stay there. */
const crowded = 512;

/** Cycles of a pair of multiply-adds' vectors: in tiles, for bits of masks; of an element whose bit is made. Measured on Zen 5. */
const cycles = { tiles: 0.54, bits: 0.64, element: 1 } as const;
/** Multiply-adds, rows, and parts of elements that may be not 0, from which it pays to look for zeros. */
const leastWork = 1 << 22;
const leastRows = 64;
const leastShare = 0.65;
const mostTurnedBytes = 1 << 24;
/** Columns of results of turned sums that one function writes. */
const finishedTogether = 64;

/** Bytes from row to row of what is turned, of so many elements each: rows do not all lie in one set of the cache. */
const turnedRow = (elements: number): number => 16 * Math.ceil(elements / 4) + 64;

/** How to leave out zeros of a, or `across` those of b; null where that does not pay. `wide`: vectors pair up. */
export function planZeros(
  p: Problem,
  el: Element,
  tiles: TilePlan,
  wide: boolean,
  across: boolean,
): ZerosPlan | null {
  const product = across ? transposed(p) : p;
  const { m, n, k, a, b } = product;
  const { bytes } = el;
  if (el.dtype !== "float32" || p.batch !== 1 || n % pairColumns !== 0 || m * n * k < leastWork) return null;
  if (a.row !== bytes && a.col !== bytes) return null;
  if (b.row !== bytes && (b.col !== bytes || k < 4)) return null;
  const pairs = n / pairColumns;
  const share = (0.95 * (cycles.tiles - cycles.element / pairs)) / cycles.bits;
  if (share < leastShare || m < leastRows) return null;
  const turned = a.col !== bytes;
  const turnedBytes = turned ? m * turnedRow(k) : 0;
  if (turnedBytes > mostTurnedBytes) return null;
  const strips = stripsOf(pairs, wide);
  const packed = b.col !== bytes || b.row % pairBytes !== 0 || b.row % crowded === 0;
  const parts = evenCut(m, packed ? partRows.packed : partRows.inPlace);
  const sumsRow = strips.size * pairBytes;
  // Tiles may overwrite what comes before the counts, which other threads may still be reading.
  const countsAt = Math.max(tiles.sharedBytes, turnedBytes + m * maskBytes(k));
  const checksAt = countsAt + 4 * Math.ceil(m / chunk);
  const sumsAt = packed ? stretch * sumsRow + 64 : 0;
  const turnedAt = sumsAt + parts.size * sumsRow;
  const end = turnedAt + (across ? strips.size * pairColumns * turnedRow(parts.size) : 0);
  return {
    kind: "zeros",
    product,
    across,
    tiles,
    most: Math.floor(share * m * k),
    strips,
    parts,
    turned,
    packed,
    masksAt: turnedBytes,
    countsAt,
    checksAt,
    sharedBytes: checksAt + 4 * Math.ceil(linesOf(product, el).count / chunk),
    ownBytes: Math.max(tiles.ownBytes, end + scalarBytes(p)),
    sumsAt,
    turnedAt,
  };
}

/** The lines of adjacent elements that b consists of. */
const linesOf = ({ b, k, n }: Product, el: Element): { count: number; length: number; step: number } =>
  b.col === el.bytes ? { count: k, length: n, step: b.row } : { count: n, length: k, step: b.col };

/** Strips of which two threads get about the same: for a number of them that is odd one would take much longer. */
function stripsOf(pairs: number, wide: boolean): Cut {
  const least = evenCut(pairs, wide ? stripPairs.wide : stripPairs.narrow);
  const more = evenParts(pairs, least.count + 1);
  // Half of the strips, the larger ones: what a bit takes in each, loads or the latency of the sums.
  const bit = (size: number): number => Math.max((wide ? 1 : 2) * size + 1, 8);
  const half = (cut: Cut): number => {
    const mine = Math.ceil(cut.count / 2);
    const tall = Math.min(mine, cut.tall);
    return tall * bit(cut.size) + (mine - tall) * bit(cut.rest);
  };
  return half(more) < half(least) ? more : least;
}

export function emitZeros(c: Context, p: Problem, el: Element, plan: ZerosPlan): void {
  const zeros = new Zeros(c, p, el, plan);
  zeros.makeMasks();
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
  /** What becomes of the product, and the product as it is computed. */
  readonly #p: Problem;
  readonly #product: Product;
  readonly #el: Element;
  readonly #plan: ZerosPlan;
  readonly #a: Local;
  readonly #b: Local;
  /** Bytes from row to row: of a as it is read, of masks, of a block of b, of sums. */
  readonly #aRow: number;
  readonly #maskRow: number;
  readonly #blockRow: number;
  readonly #sumsRow: number;

  constructor(c: Context, p: Problem, el: Element, plan: ZerosPlan) {
    this.#c = c;
    this.#p = p;
    this.#el = el;
    this.#plan = plan;
    this.#product = plan.product;
    const { k, a, b } = plan.product;
    const [first, second] = c.addresses as readonly [Local, Local];
    [this.#a, this.#b] = p.turned !== plan.across ? [second, first] : [first, second];
    this.#aRow = plan.turned ? turnedRow(k) : a.row;
    this.#maskRow = maskBytes(k);
    this.#sumsRow = plan.strips.size * pairBytes;
    this.#blockRow = plan.packed ? this.#sumsRow : b.row;
  }

  /** Every mask, by all threads. */
  makeMasks(): void {
    const { f, module, shared } = this.#c;
    const { m, k, a } = this.#product;
    const make = module.helper("masks", () => emitMasks(module));
    sharedPairs(this.#c, 1, Math.ceil(m / chunk), (_, x) => {
      const row = pointer(f, scaled(x, chunk));
      const rows = this.#left(m, row, chunk);
      const from = this.#rowAt(row);
      if (this.#plan.turned) {
        const source = { row: this.#el.bytes, col: a.col };
        const first = sumOf(this.#a, scaled(row, a.row));
        f.do(packPanel(module, this.#el, source, first, from, this.#aRow, k, rows));
      }
      const count = sumOf(shared, this.#plan.countsAt, scaled(x, 4));
      f.do(call(make, from, this.#aRow, k, rows, this.#maskAt(row), this.#maskRow, count));
    });
  }

  /** Whether all of b is finite, by all threads. */
  check(): void {
    const { f, module, shared } = this.#c;
    const { count, length, step } = linesOf(this.#product, this.#el);
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
    const { countsAt, checksAt, sharedBytes, most } = this.#plan;
    const sum = f.let("i32", 0);
    const finite = f.let("i32", 1);
    const at = pointer(f, sumOf(shared, countsAt));
    const checks = pointer(f, sumOf(shared, checksAt));
    const end = pointer(f, sumOf(shared, sharedBytes));
    countUp(f, at, checks, 4, () => f.set(sum, i32.add(sum, i32.load(at))));
    countUp(f, at, end, 4, () => f.set(finite, i32.and(finite, i32.load(at))));
    return i32.and(finite, i32.le_s(sum, most));
  }

  multiply(): void {
    const { strips, parts, sumsAt, ownBytes } = this.#plan;
    const { f, own } = this.#c;
    const cells = sumOf(own, ownBytes - scalarBytes(this.#p));
    const places = placesOf(this.#c.e, this.#p, this.#c.addresses.slice(2), cells);
    const finisher = new Finisher(this.#c, this.#p, places);
    sharedPairs(this.#c, parts.count, strips.count, (x, y) => {
      const [first, end] = bounds(f, parts, x);
      const row = pointer(f, first);
      const rows = f.let("i32", i32.sub(end, row));
      const sums = pointer(f, sumOf(own, sumsAt));
      onePiece(f, strips, y, (pairs, _, start) => {
        const j = pointer(f, scaled(start, pairColumns));
        this.#unit(row, rows, pairs, j, sums);
        const columns = pairs * pairColumns;
        if (!this.#plan.across) finisher.write(sums, this.#sumsRow, rows, columns, 0, row, j);
        else onePiece(f, parts, x, (size) => this.#finishTurned(finisher, sums, row, size, j, columns));
      });
    });
  }

  /** Results of sums whose rows are columns of the results. */
  #finishTurned(finisher: Finisher, sums: Local, row: Local, rows: number, j: Local, columns: number): void {
    const { f, module, own } = this.#c;
    const { bytes } = this.#el;
    const turned = pointer(f, sumOf(own, this.#plan.turnedAt));
    const toRow = turnedRow(this.#plan.parts.size);
    f.do(packPanel(module, this.#el, { row: bytes, col: this.#sumsRow }, sums, turned, toRow, rows, columns));
    for (let done = 0; done < rows; done += finishedTogether) {
      const from = pointer(f, sumOf(turned, done * bytes));
      const width = Math.min(finishedTogether, rows - done);
      finisher.write(from, toRow, columns, width, 0, j, pointer(f, sumOf(row, done)));
    }
  }

  /** Sums of some rows in a strip. */
  #unit(row: Local, rows: Local, pairs: number, j: Local, sums: Local): void {
    const { f, module } = this.#c;
    const { k } = this.#product;
    const shape = { pairs, blockRow: this.#blockRow, sumsRow: this.#sumsRow };
    const add = module.helper(`masked ${pairs} ${this.#blockRow} ${this.#sumsRow}`, () =>
      emitMasked(module, this.#el, shape),
    );
    const [a, masks] = [this.#rowAt(row), this.#maskAt(row)];
    const from = f.let("i32", 0);
    countUp(f, from, k, stretch, () => {
      const depth = this.#left(k, from, stretch);
      const block = this.#block(from, depth, pairs, j);
      f.do(call(add, a, this.#aRow, masks, this.#maskRow, rows, block, sums, i32.eqz(from)));
      bump(f, a, 4 * stretch);
      bump(f, masks, maskBytes(stretch));
    });
  }

  /** How many there are of `total` from `from` on, though not more than `most`. */
  #left(total: number, from: Local, most: number): Local {
    const { f } = this.#c;
    const left = f.let("i32", i32.sub(total, from));
    f.if(i32.gt_s(left, most), () => f.set(left, most));
    return left;
  }

  /** Where a row of a is, to be read along k, and its mask. */
  #rowAt(row: Local): Local {
    const base = this.#plan.turned ? this.#c.shared : this.#a;
    return pointer(this.#c.f, sumOf(base, scaled(row, this.#aRow)));
  }

  #maskAt(row: Local): Local {
    return pointer(this.#c.f, sumOf(this.#c.shared, this.#plan.masksAt, scaled(row, this.#maskRow)));
  }

  /** Where `depth` rows of b are, from row `from` and column `j` on. */
  #block(from: Local, depth: Local, pairs: number, j: Local): Arg {
    const { f, module, own } = this.#c;
    const { b } = this.#product;
    const el = this.#el;
    const at = sumOf(this.#b, scaled(from, b.row), scaled(j, b.col));
    if (!this.#plan.packed) return at;
    // Rows of whole strips, the last of which may take along what lies behind it.
    if (b.col === el.bytes)
      f.do(packLines(module, el, this.#plan.strips.size * pairColumns, at, b.row, own, depth, 1));
    else f.do(packPanel(module, el, b, at, own, this.#blockRow, pairs * pairColumns, depth));
    return own;
  }
}
