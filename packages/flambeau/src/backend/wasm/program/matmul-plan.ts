// How a product is cut into tiles, blocks of them and stretches of k, and what is packed.
// Floor L2 (backend/wasm/program). Source: Goto, van de Geijn: Anatomy of High-Performance Matrix Multiplication (2008)

import { features } from "../features.ts";
import type { Element } from "../matmul/elements.ts";
import type { Cut } from "./matmul-loops.ts";
import { evenCut, evenParts, widthCut } from "./matmul-loops.ts";
import type { Problem } from "./matmul-problem.ts";
import { isLight, scalarBytes } from "./matmul-results.ts";

export interface TilePlan {
  readonly kind: "tiles";
  readonly rows: Cut;
  readonly cols: Cut;
  /** Stretches of k. More than one: sums are gathered in memory of the thread. */
  readonly depths: Cut;
  /** Units of work: blocks of the tiles' rows by groups of panels. */
  readonly blocks: Cut;
  readonly groups: Cut;
  /** Whether b is packed into panels: not at all, per matrix by the thread that needs it, or all of it by all threads. */
  readonly panels: "none" | "own" | "shared";
  /** Whether threads share the columns: each packs the panels that it uses. */
  readonly columns: boolean;
  /** Whether the rows of each tile are packed side by side, by each unit of work for itself. */
  readonly packed: boolean;
  /** Whether results are computed from sums in registers. */
  readonly light: boolean;
  /** Whether tiles are functions of their own. */
  readonly calls: boolean;
  readonly sharedBytes: number;
  /** Memory of the thread: sums at 0, then packed rows of a, then panels. */
  readonly ownBytes: number;
  readonly packedAt: number;
  readonly panelsAt: number;
}

/** Matrices from which threads share whole ones. */
const manyMatrices = 8;
/** Units of work where there are enough tiles: some for each of a few threads, more where the last one could take long. */
const units = 12;
const manyUnits = 32;
/** Panels from which threads take whole ones: where those are most of the work, and else, where shares must be more even. */
const fewPanels = 8;
const manyPanels = 16;
/** Tiles for which it pays to bring a panel to first-level cache. */
const fullPanel = 8;
/** Multiply-adds below which threads share nothing. */
const sharedWork = 1 << 14;
/** Bytes of a in a block: a part of second-level cache. */
const blockBytes = 196608;
/** Span of memory from which walking along k across it costs more than packing: pages and ways of the caches run out. */
const widePackedA = 524288;
const widePanels = 1048576;
/** A page each for that many rows of b leaves none to the rest in the cache of addresses. */
const pageBytes = 4096;
const manyPages = 48;
/** The longest stretch of k that needs no second one, and the length of several. */
const longest = 2048;
const stretch = 1024;
/** Multiply-adds, and k, from which tiles are functions, which V8 optimises while the step still runs. */
const manyMultiplications = 1 << 19;
const longCalls = 32;

/** Rows of a tile by its groups of columns; the sums fill most of sixteen vector registers. */
const tallest = (groups: number, relaxed: boolean): number => (!relaxed ? 4 : groups === 1 ? 8 : 6);

/** `wide`: tiles may have sixteen columns. */
export function planTiles(p: Problem, el: Element, wide: boolean): TilePlan {
  const { batch, m, n, k } = p;
  const size = el.bytes;
  const width = groupsOf(m, Math.ceil(n / 4), wide && size === 4);
  const rows = evenCut(m, tallest(width, features().relaxedSimd));
  const cols = widthCut(n, 4 * width);
  const matrices = p.b.batch === 0 ? 1 : batch;
  const distant =
    rows.count >= 8 && ((p.b.row * k >= widePanels && k >= 128) || (p.b.row >= pageBytes && k >= manyPages));
  const panels =
    k === 0 || (p.b.col === size && !distant) ? "none" : matrices >= manyMatrices ? "own" : "shared";
  const packed = p.a.col !== size && p.a.col * k >= widePackedA && cols.count >= 4 && rows.count > 1;
  const depths =
    k <= longest ? widthCut(k, Math.max(k, 1)) : widthCut(k, 4 * Math.ceil(k / Math.ceil(k / stretch) / 4));

  const columns =
    panels === "shared" &&
    batch === 1 &&
    !packed &&
    depths.count === 1 &&
    cols.count >= (cols.count >= rows.count ? fewPanels : manyPanels);
  const { blocks, groups } = columns
    ? { blocks: blocksInCache(rows, k * size), groups: evenParts(cols.count, 1) }
    : panels === "own" || batch >= manyMatrices
      ? { blocks: evenParts(rows.count, 1), groups: evenParts(cols.count, 1) }
      : unitsOf(p, rows, cols, packed, depths.size * size);
  const light = isLight(p, rows.size) && depths.count === 1;
  const panelsBytes = matrixPanels({ cols, el, k });
  const sumsBytes =
    depths.count > 1
      ? blocks.size * rows.size * cols.count * cols.size * size
      : light
        ? 0
        : rows.size * cols.size * size;
  const packedAt = round(sumsBytes);
  const panelsAt = packedAt + (packed ? round(blocks.size * rows.size * depths.size * size + 16) : 0);
  return {
    kind: "tiles",
    rows,
    cols,
    depths,
    blocks,
    groups,
    panels,
    columns,
    packed,
    light,
    calls: batch * m * n * k >= manyMultiplications && k >= longCalls,
    sharedBytes: panels === "shared" ? matrices * panelsBytes + 64 : 0,
    ownBytes: panelsAt + (panels === "own" ? round(panelsBytes + 64) : 0) + scalarBytes(p),
    packedAt,
    panelsAt,
  };
}

/**
 * How tiles become units of work, of which threads get about the same. Where a is large, its block stays in cache while panels pass by;
 * else a panel does while all tiles pass by, or a tile, whichever are fewer.
 */
function unitsOf(
  { batch, m, n, k }: Problem,
  rows: Cut,
  cols: Cut,
  packed: boolean,
  depthBytes: number,
): Pick<TilePlan, "blocks" | "groups"> {
  const work = batch * m * n * k;
  const rowBytes = rows.size * depthBytes;
  if (packed || rows.count * rowBytes > blockBytes) {
    const least = blocksInCache(rows, depthBytes).count;
    const most = Math.min(rows.count, Math.max(2 * least, Math.floor(rows.count / fullPanel)));
    const factor = [12, 8, 4, 2].find((c) => c * Math.ceil(least / c) <= most) ?? 1;
    const count = factor * Math.ceil(least / factor);
    // Rows are packed once, by one unit.
    const parts = packed ? 1 : Math.ceil(units / count / batch);
    return { blocks: evenParts(rows.count, count), groups: evenParts(cols.count, parts) };
  }
  const wanted = (work >= manyMultiplications ? manyUnits : work >= sharedWork ? units : 1) / batch;
  if (cols.count >= rows.count) {
    const blocks = evenParts(rows.count, Math.ceil(wanted / cols.count));
    return { groups: evenParts(cols.count, cols.count), blocks };
  }
  return {
    blocks: evenParts(rows.count, rows.count),
    groups: evenParts(cols.count, Math.ceil(wanted / rows.count)),
  };
}

/** As few blocks of the rows as stay in cache, `bytes` each row. */
function blocksInCache(rows: Cut, bytes: number): Cut {
  const tiles = Math.max(1, Math.floor(blockBytes / (rows.size * bytes)));
  return evenParts(rows.count, Math.ceil(rows.count / tiles));
}

/** Bytes of the panels of one matrix. */
export const matrixPanels = ({ cols, el, k }: { cols: Cut; el: Element; k: number }): number =>
  cols.count * cols.size * el.bytes * k;

/** Groups of columns of a tile: few rows want more of them, so that there are sums enough to hide their latency. */
function groupsOf(m: number, groups: number, wide: boolean): number {
  const best = wide ? (m <= 2 ? 8 : m === 3 ? 6 : 4) : m === 1 ? 4 : 2;
  return groups >= best ? best : groups <= 2 ? groups : Math.min(best, groups + (groups & 1));
}

const round = (bytes: number): number => 64 * Math.ceil(bytes / 64);
