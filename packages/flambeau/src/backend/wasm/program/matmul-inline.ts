// Products whose tiles are written into the step's own function: small ones, and those of few rows.
// Floor L2 (backend/wasm/program).

import type { Local } from "../encoder.ts";
import { v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import { Finisher } from "./matmul-finish.ts";
import type { Cut } from "./matmul-loops.ts";
import { evenCut, everyPiece, onePiece, pointer, sharedPairs, widthCut } from "./matmul-loops.ts";
import { packPanel } from "./matmul-pack.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { isLight, Results, scaled, sumOf } from "./matmul-results.ts";
import { emitTile } from "./matmul-tile.ts";

export interface InlinePlan {
  readonly kind: "tiles";
  readonly rows: Cut;
  readonly cols: Cut;
  /** Whether b is packed: not at all, per matrix by the thread that needs it, or all of it by all threads. */
  readonly packing: "none" | "own" | "shared";
  readonly light: boolean;
  readonly sharedBytes: number;
  readonly ownBytes: number;
}

/** Matrices from which threads share whole ones. */
const manyMatrices = 8;

/** `wide`: 32 vector registers' worth, that is, vectors pair up into 256 bits. */
export function planInline(p: Problem, el: Element, wide: boolean): InlinePlan {
  const groups = groupsOf(p.m, Math.ceil(p.n / 4), wide && el.bytes === 4);
  const light = isLight(p);
  const rows = evenCut(p.m, groups === 1 ? 8 : 6);
  const cols = widthCut(p.n, 4 * groups);
  const panelBytes = cols.size * el.bytes * p.k;
  const matrices = p.b.batch === 0 ? 1 : p.batch;
  const packing = p.b.col === el.bytes || p.k === 0 ? "none" : matrices >= manyMatrices ? "own" : "shared";
  return {
    kind: "tiles",
    rows,
    cols,
    packing,
    light,
    sharedBytes: packing === "shared" ? matrices * cols.count * panelBytes + 64 : 0,
    ownBytes:
      (packing === "own" ? cols.count * panelBytes + 64 : 0) + (light ? 0 : rows.size * cols.size * el.bytes),
  };
}

/** Groups of columns of a tile: few rows want more of them, so that there are sums enough to hide their latency. */
function groupsOf(m: number, groups: number, paired: boolean): number {
  const best = paired ? (m === 1 ? 8 : m === 2 ? 8 : m === 3 ? 6 : 4) : m === 1 ? 4 : 2;
  return groups >= best ? best : groups <= 2 ? groups : Math.min(best, groups + (groups & 1));
}

export function emitInline(c: Context, p: Problem, el: Element, plan: InlinePlan): void {
  const { f } = c;
  const { rows, cols, packing } = plan;
  const [a, b] = (p.turned ? [c.addresses[1], c.addresses[0]] : c.addresses) as readonly [Local, Local];
  const places = c.addresses.slice(2);
  const results = plan.light ? new Results(c.e, p, places) : null;
  const finisher = plan.light ? null : new Finisher(c, p, places);
  const panelRow = cols.size * el.bytes;
  const panelBytes = panelRow * p.k;
  const packedBatch = p.b.batch === 0 ? 0 : cols.count * panelBytes;

  const tile = (height: number, i: Index, width: number, piece: Index, j: Index, t: Index): void => {
    const ap = pointer(f, sumOf(a, scaled(t, p.a.batch), scaled(i, p.a.row)));
    const bp = pointer(
      f,
      packing === "none"
        ? sumOf(b, scaled(t, p.b.batch), scaled(j, el.bytes))
        : packing === "own"
          ? sumOf(c.own, scaled(piece, panelBytes))
          : sumOf(c.shared, scaled(t, packedBatch), scaled(piece, panelBytes)),
    );
    const groups = Math.ceil(width / 4);
    // An even number of groups pairs up; what is computed past the end goes nowhere.
    const computed = groups > 1 ? Math.min(cols.size / 4, groups + (groups & 1)) : 1;
    const sums = emitTile(
      c.e,
      el,
      { rows: height, groups: computed },
      { aRow: p.a.row, aCol: p.a.col, bRow: packing === "none" ? p.b.row : panelRow, k: p.k },
      ap,
      bp,
    );
    if (results) {
      results.moveTo(t, i, j);
      results.write(height, width, (r, g) => sums[r]![g]!);
    } else {
      const at = pointer(f, sumOf(c.own, packing === "own" ? cols.count * panelBytes : 0));
      sums.forEach((row, r) => row.flat().forEach((v, q) => f.do(v128.store(at, v, r * panelRow + 16 * q))));
      finisher!.write(at, panelRow, height, width, t, i, j);
    }
  };

  const pack = (t: Index, piece: Index, j: Index, width: number, to: Local, toBatch: number): void =>
    f.do(
      packPanel(
        c.module,
        el,
        p.b,
        sumOf(b, scaled(t, p.b.batch), scaled(j, p.b.col)),
        sumOf(to, scaled(t, toBatch), scaled(piece, panelBytes)),
        panelRow,
        width,
        p.k,
      ),
    );

  if (packing === "own") {
    sharedPairs(c, p.batch, 1, (t) => {
      everyPiece(f, cols, (width, piece, j) => pack(t, piece, j, width, c.own, 0));
      everyPiece(f, cols, (width, piece, j) =>
        everyPiece(f, rows, (height, _, i) => tile(height, i, width, piece, j, t)),
      );
    });
    return;
  }
  if (packing === "shared") {
    sharedPairs(c, p.b.batch === 0 ? 1 : p.batch, cols.count, (t, piece) =>
      onePiece(f, cols, piece, (width, _, j) => pack(t, piece, j, width, c.shared, packedBatch)),
    );
    c.barrier();
  }
  if (p.batch >= manyMatrices) {
    sharedPairs(c, p.batch, 1, (t) =>
      everyPiece(f, cols, (width, piece, j) =>
        everyPiece(f, rows, (height, _, i) => tile(height, i, width, piece, j, t)),
      ),
    );
  } else if (cols.count >= rows.count) {
    sharedPairs(c, p.batch, cols.count, (t, piece) =>
      onePiece(f, cols, piece, (width, _, j) =>
        everyPiece(f, rows, (height, __, i) => tile(height, i, width, piece, j, t)),
      ),
    );
  } else {
    sharedPairs(c, p.batch, rows.count, (t, piece) =>
      onePiece(f, rows, piece, (height, _, i) =>
        everyPiece(f, cols, (width, panel, j) => tile(height, i, width, panel, j, t)),
      ),
    );
  }
}
