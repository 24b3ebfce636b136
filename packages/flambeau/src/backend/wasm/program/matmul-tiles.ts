// The code of products in register tiles: loops over units of work, packing, and the tiles.
// Floor L2 (backend/wasm/program).

import type { Arg, Func, Local } from "../encoder.ts";
import { call, i32, select } from "../encoder.ts";
import { Emitter } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { countUp, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import { Finisher } from "./matmul-finish.ts";
import {
  bounds,
  evenCut,
  everyPiece,
  onePiece,
  pieceStart,
  piecesOf,
  pointer,
  sharedPairs,
} from "./matmul-loops.ts";
import { packLines, packPanel } from "./matmul-pack.ts";
import type { TilePlan } from "./matmul-plan.ts";
import { matrixPanels } from "./matmul-plan.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { placesAt, placesOf, Results, scalarBytes, scaled, sumOf } from "./matmul-results.ts";
import { emitTile, storeSums } from "./matmul-tile.ts";

/** Panels that are packed together: of a row of b that is alone on its page they take more than a line of cache. */
const panelsTogether = 4;

/** Where a tile is: its size, batch, first row, panel, first column; and a stretch of k. */
interface TileAt {
  readonly height: number;
  readonly width: number;
  readonly t: Index;
  readonly i: Index;
  readonly panel: Index;
  readonly j: Index;
}

interface Stretch {
  readonly depth: number;
  readonly from: Index;
}

export function emitTiles(c: Context, p: Problem, el: Element, plan: TilePlan): void {
  new Tiles(c, p, el, plan).emit();
}

class Tiles {
  readonly #c: Context;
  readonly #p: Problem;
  readonly #el: Element;
  readonly #plan: TilePlan;
  readonly #a: Local;
  readonly #b: Local;
  readonly #places: readonly Local[];
  readonly #finisher: Finisher;
  readonly #functions = new Map<string, Func>();
  /** Bytes of a row of a panel, of a panel, and of a matrix of them. */
  readonly #panelRow: number;
  readonly #panelBytes: number;
  readonly #panelBatch: number;
  readonly #packedA: Local;
  /** First row of the unit of work. */
  #firstRow: Index = 0;

  constructor(c: Context, p: Problem, el: Element, plan: TilePlan) {
    this.#c = c;
    this.#p = p;
    this.#el = el;
    this.#plan = plan;
    const [a, b, ...places] = c.addresses as readonly [Local, Local, ...Local[]];
    [this.#a, this.#b] = p.turned ? [b, a] : [a, b];
    this.#places = placesOf(c.e, p, places, sumOf(c.own, plan.ownBytes - scalarBytes(p)));
    this.#finisher = new Finisher(c, p, this.#places);
    this.#panelRow = plan.cols.size * el.bytes;
    this.#panelBytes = this.#panelRow * p.k;
    this.#panelBatch = p.b.batch === 0 || plan.panels === "own" ? 0 : matrixPanels({ ...plan, el, k: p.k });
    this.#packedA = pointer(c.f, sumOf(c.own, plan.packedAt));
  }

  emit(): void {
    const { cols, blocks, groups, panels, columns } = this.#plan;
    const { batch } = this.#p;
    if (columns) {
      this.#columns();
      return;
    }
    if (panels === "shared") {
      const parts = evenCut(cols.count, panelsTogether);
      sharedPairs(this.#c, this.#p.b.batch === 0 ? 1 : batch, parts.count, (t, part) =>
        this.#packPanels(t, ...bounds(this.#c.f, parts, part)),
      );
      this.#c.barrier();
    }
    sharedPairs(this.#c, batch * blocks.count, groups.count, (tx, y) => {
      const [t, x] = this.#split(tx, blocks.count);
      if (panels === "own") this.#packPanels(t, 0, cols.count);
      this.#unit(t, x, y);
    });
  }

  /** Each thread packs the panels that it then takes all rows through, block by block. */
  #columns(): void {
    const { rows, cols, blocks } = this.#plan;
    const { f } = this.#c;
    const { start, end } = this.#c.share(cols.count, 1);
    this.#packPanels(0, start, end);
    everyPiece(f, evenCut(blocks.count, 1), (_, x) => {
      const panel = f.let("i32", start);
      countUp(f, panel, end, 1, () =>
        onePiece(f, cols, panel, (width, __, j) =>
          piecesOf(f, rows, blocks, x, (height, ___, i) =>
            this.#tile({ height, width, t: 0, i, panel, j }, { depth: this.#p.k, from: 0 }),
          ),
        ),
      );
    });
  }

  /** A number of batch and block as the two. */
  #split(tx: Index, blocks: number): readonly [Index, Index] {
    const { f } = this.#c;
    if (blocks === 1) return [tx, 0];
    if (this.#p.batch === 1) return [0, tx];
    if (typeof tx === "number") return [Math.floor(tx / blocks), tx % blocks];
    return [f.let("i32", i32.div_u(tx, blocks)), f.let("i32", i32.rem_u(tx, blocks))];
  }

  /** Block x of the rows by group y of the panels of batch t. */
  #unit(t: Index, x: Index, y: Index): void {
    const { rows, cols, depths, blocks, groups, packed } = this.#plan;
    const { f } = this.#c;
    let block: readonly [Index, Index] = [0, 0];
    if (packed || depths.count > 1) {
      block = bounds(f, blocks, x);
      this.#firstRow = pieceStart(f, rows, block[0]);
    }
    const all = (stretch: Stretch): void => {
      if (packed) this.#packRows(t, x, block, stretch);
      piecesOf(f, cols, groups, y, (width, panel, j) =>
        piecesOf(f, rows, blocks, x, (height, _, i) =>
          this.#tile({ height, width, t, i, panel, j }, stretch),
        ),
      );
    };
    if (depths.count <= 1) {
      all({ depth: this.#p.k, from: 0 });
      return;
    }
    f.memoryFill(this.#c.own, 0, this.#plan.packedAt);
    everyPiece(f, depths, (depth, _, from) => all({ depth, from }));
    const first = this.#firstRow;
    const height = sumOf(
      pieceStart(f, rows, block[1]),
      typeof first === "number" ? -first : i32.sub(0, first),
    );
    piecesOf(f, cols, groups, y, (width, panel, j) => {
      const from = pointer(f, sumOf(this.#c.own, scaled(panel, this.#panelRow)));
      this.#finisher.write(from, this.#sumsRow, height, width, t, first, j);
    });
  }

  /** Bytes of a row of the sums of several stretches. */
  get #sumsRow(): number {
    return this.#plan.cols.count * this.#panelRow;
  }

  /** Packs the panels from number `first` to `end`. */
  #packPanels(t: Index, first: Index, end: Index): void {
    const { cols, panels, panelsAt } = this.#plan;
    const { module, f, shared, own } = this.#c;
    const { b, k } = this.#p;
    const el = this.#el;
    const base = panels === "own" ? sumOf(own, panelsAt) : shared;
    const from = (panel: Index): Arg => sumOf(this.#b, scaled(t, b.batch), scaled(panel, cols.size * b.col));
    const to = (panel: Index): Arg =>
      sumOf(base, scaled(t, this.#panelBatch), scaled(panel, this.#panelBytes));
    if (b.col === el.bytes) {
      // The last panel takes what lies behind the row along.
      f.do(packLines(module, el, cols.size, from(first), b.row, to(first), k, i32.sub(end, first)));
      return;
    }
    const panel = f.let("i32", first);
    countUp(f, panel, end, 1, () =>
      onePiece(f, cols, panel, (width) =>
        f.do(packPanel(module, el, b, from(panel), to(panel), this.#panelRow, width, k)),
      ),
    );
  }

  /** Packs the rows of block x, the tiles from number `first` to `end`. */
  #packRows(t: Index, x: Index, [first, end]: readonly [Index, Index], { depth, from }: Stretch): void {
    const { rows, blocks } = this.#plan;
    const { f, module } = this.#c;
    const { a } = this.#p;
    const el = this.#el;
    const at = (i: Index): Local =>
      pointer(f, sumOf(this.#a, scaled(t, a.batch), scaled(i, a.row), scaled(from, a.col)));
    const to = (i: Index): Local => pointer(f, sumOf(this.#packedA, this.#inBlock(i, depth * el.bytes)));
    if (a.row !== el.bytes) {
      const source = { row: a.col, col: a.row };
      piecesOf(f, rows, blocks, x, (height, _, i) =>
        f.do(packPanel(module, el, source, at(i), to(i), height * el.bytes, height, depth)),
      );
      return;
    }
    const run = (height: number, start: Local, behind: Local): void => {
      const row = pieceStart(f, rows, start);
      const count = f.let("i32", i32.sub(behind, start));
      f.if(i32.gt_s(count, 0), () =>
        f.do(packLines(module, el, height, at(row), a.col, to(row), depth, count)),
      );
    };
    const [start, behind] = [f.let("i32", first), f.let("i32", end)];
    const smaller = (y: Local, z: number): Local => f.let("i32", select("i32", y, z, i32.lt_s(y, z)));
    const larger = (y: Local, z: number): Local => f.let("i32", select("i32", y, z, i32.gt_s(y, z)));
    if (rows.tall > 0) run(rows.size, start, smaller(behind, rows.tall));
    if (rows.rest > 0) run(rows.rest, larger(start, rows.tall), behind);
  }

  /** Rows of the block before row i, times `factor`. */
  #inBlock(i: Index, factor: number): readonly number[] | Index {
    const before = this.#firstRow;
    if (typeof i === "number" && typeof before === "number") return (i - before) * factor;
    return i32.mul(before === 0 ? i : i32.sub(i, before), factor);
  }

  #tile(at: TileAt, { depth, from }: Stretch): void {
    const { packed, panels, panelsAt, depths, light, calls } = this.#plan;
    const { f, own, shared, e } = this.#c;
    const { a, b } = this.#p;
    const { bytes } = this.#el;
    const ap = packed
      ? sumOf(this.#packedA, this.#inBlock(at.i, depth * bytes))
      : sumOf(this.#a, scaled(at.t, a.batch), scaled(at.i, a.row), scaled(from, a.col));
    const inPanel = [scaled(at.panel, this.#panelBytes), scaled(from, this.#panelRow)] as const;
    const bp =
      panels === "none"
        ? sumOf(this.#b, scaled(at.t, b.batch), scaled(at.j, bytes), scaled(from, b.row))
        : panels === "own"
          ? sumOf(own, panelsAt, ...inPanel)
          : sumOf(shared, scaled(at.t, this.#panelBatch), ...inPanel);
    const sums =
      depths.count > 1
        ? sumOf(own, scaled(at.panel, this.#panelRow), this.#inBlock(at.i, this.#sumsRow))
        : own;
    const places = light ? placesAt(this.#p, this.#places, at.t, at.i, at.j) : [];
    if (calls) f.do(call(this.#function(at.height, at.width, depth), ap, bp, sums, ...places));
    else {
      const locals = [ap, bp, sums, ...places].map((x) => pointer(f, x));
      this.#body(e, at.height, at.width, depth, locals);
    }
    if (!light && depths.count <= 1)
      this.#finisher.write(own, this.#panelRow, at.height, at.width, at.t, at.i, at.j);
  }

  #function(height: number, width: number, depth: number): Func {
    const key = `${height} ${width} ${depth}`;
    let func = this.#functions.get(key);
    if (!func) {
      const { e, module } = this.#c;
      const names = ["a", "b", "sums", ...(this.#plan.light ? this.#places.map((_, x) => `place${x}`) : [])];
      func = module.func(`tile${height}x${width}`, i32s(...names), [], (f, params) => {
        const inner = new Emitter(f, module, e.memory, e.features, e.host);
        this.#body(inner, height, width, depth, Object.values(params) as Local[]);
      });
      this.#functions.set(key, func);
    }
    return func;
  }

  /** The code of a tile. Results are at `places`, or the sums are stored. */
  #body(e: Emitter, height: number, width: number, depth: number, locals: readonly Local[]): void {
    const { packed, panels, depths, light, cols } = this.#plan;
    const p = this.#p;
    const { bytes } = this.#el;
    const [a, b, at, ...places] = locals as [Local, Local, Local, ...Local[]];
    const groups = Math.ceil(width / 4);
    // An even number of groups pairs up; what is computed past the end goes nowhere.
    const computed = groups > 1 ? Math.min(cols.size / 4, groups + (groups & 1)) : 1;
    const stored = { at, row: depths.count > 1 ? this.#sumsRow : this.#panelRow };
    const sums = emitTile(
      e,
      this.#el,
      { rows: height, groups: computed },
      {
        aRow: packed ? bytes : p.a.row,
        aCol: packed ? height * bytes : p.a.col,
        bRow: panels === "none" ? p.b.row : this.#panelRow,
        k: depth,
      },
      a,
      b,
      depths.count > 1 ? stored : null,
    );
    if (light) {
      const results = new Results(e, p, places);
      results.moveTo(0, 0, 0);
      results.write(height, width, (r, g) => sums[r]![g]!);
    } else storeSums(e, sums, stored);
  }
}
