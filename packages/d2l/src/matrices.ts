// showHeatmaps (section 10.1) and showImages (section 3.5) of the book's first edition: matrices as pictures.

import { announce } from "./display.ts";
import { Figure } from "./figure.ts";
import type { HasToList, Vector } from "./numbers.ts";
import { isList, scalar, unwrapped, vectors } from "./numbers.ts";
import { tileSpec } from "./spec.ts";
import type { ColorMap, Theme } from "./theme.ts";
import { RAMPS } from "./theme.ts";
import { tilePanel } from "./tiles.ts";

/** A tensor of two or more dimensions, or nested lists. */
export type Matrices = HasToList | readonly (Vector | Matrices)[];

/** Options of {@link showHeatmaps}. */
export interface HeatmapOptions {
  readonly xlabel?: string | undefined;
  readonly ylabel?: string | undefined;
  /** One line above each heatmap, in reading order; or one for each column, as in the book. */
  readonly titles?: readonly string[] | undefined;
  /** Width and height of the whole figure in inches of 100 px; default 1.8 inches for each drawing, and its labels. */
  readonly figsize?: readonly [number, number] | undefined;
  /** Colours from low to high; default "Reds". */
  readonly cmap?: ColorMap | undefined;
  /** Names of the rows; default their numbers. */
  readonly rowNames?: readonly string[] | undefined;
  readonly columnNames?: readonly string[] | undefined;
  /** What the ends of the colours stand for; default the least and the largest element of all. */
  readonly vlim?: readonly [number, number] | undefined;
  /** Whether the colours are explained beside the heatmaps. Default true. */
  readonly legend?: boolean | undefined;
  /** Heatmaps in a row, where the matrices come in one list; default all of them. */
  readonly columns?: number | undefined;
  readonly theme?: Theme | undefined;
}

/** Options of {@link showImages}. */
export interface ImageOptions {
  /** A text above each picture; it may have several lines. */
  readonly titles?: readonly string[] | undefined;
  /** Inches of 60 px along the longer side of a picture; default 1.5. */
  readonly scale?: number | undefined;
  /** Colours from low to high; default "Greys": the ground for the least, ink for the largest. */
  readonly cmap?: ColorMap | undefined;
  /** What the ends of the colours stand for; default the least and the largest element of all. */
  readonly vlim?: readonly [number, number] | undefined;
  readonly theme?: Theme | undefined;
}

const ROOM_PX = 180;
const IMAGE_PX = 60;

/**
 * Draws matrices as coloured squares, such as weights of attention: row 0 is on top.
 *
 * Differs from the book: all heatmaps share one scale of colours.
 *
 * **Shape** [rows of the figure, columns of the figure, rows, columns], or less: one list of matrices, or a single one.
 *
 * @param options see {@link HeatmapOptions}
 * @throws RangeError when the matrices differ in size, or an option is not usable
 * @throws TypeError when something that is not a number stands in the data
 * @example d2l.showHeatmaps(torch.eye(10).reshape(1, 1, 10, 10), { xlabel: "Keys", ylabel: "Queries" });
 */
export function showHeatmaps(matrices: Matrices, options: HeatmapOptions = {}): Figure {
  const where = "showHeatmaps";
  const plain = unwrapped(matrices);
  const depth = depthOf(plain, where);
  const rowsOfFigure = depth === 4 ? (plain as unknown[]).length : 1;
  const list = (depth === 4 ? listOf(plain).flatMap(listOf) : depth === 3 ? listOf(plain) : [plain]).map(
    (m) => vectors(m, where),
  );
  const columns = options.columns ?? Math.max(1, Math.ceil(list.length / rowsOfFigure));
  const [rows, width] = sameSize(list, where);
  for (const [name, names, count] of [
    ["rowNames", options.rowNames, rows],
    ["columnNames", options.columnNames, width],
  ] as const)
    if (names && names.length !== count)
      throw new RangeError(`${where}: ${name} has ${names.length} names, expected ${count}`);
  const { figsize, titles = [] } = options;
  const room: [number, number] = figsize
    ? [
        Math.max(40, (figsize[0] * 100) / columns - 60),
        Math.max(40, (figsize[1] * 100) / Math.ceil(list.length / columns) - 60),
      ]
    : [roomFor(options.columnNames), roomFor(options.rowNames)];
  const limits = limitsOf(list, options.vlim, where);
  const panels = list.map((m, at) =>
    tilePanel({
      values: m.flat(),
      rows,
      columns: width,
      limits,
      cmap: colors(options.cmap ?? "Reds", where),
      rowNames: options.rowNames ?? null,
      columnNames: options.columnNames ?? null,
      xlabel: options.xlabel,
      ylabel: options.ylabel,
      title: titles.length === columns ? titles[at % columns] : titles[at],
      legend: options.legend !== false && at === Math.min(columns, list.length) - 1,
      room,
    }),
  );
  return shown(new Figure(tileSpec(panels, columns)), options.theme);
}

/**
 * Draws grey pictures in a grid, such as digits with their labels.
 *
 * Differs from the book: pictures are drawn in one colour; those with channels are not taken.
 *
 * **Shape** imgs [pictures, height, width]; pictures beyond numRows · numCols are left out.
 *
 * @param numRows rows of the grid
 * @param numCols columns of the grid
 * @param options see {@link ImageOptions}
 * @throws RangeError when the pictures differ in size, or an option is not usable
 * @throws TypeError when something that is not a number stands in the data
 * @example d2l.showImages(X.reshape(18, 28, 28), 2, 9, { titles: y.tolist().map(String) });
 */
export function showImages(
  imgs: Matrices,
  numRows: number,
  numCols: number,
  options: ImageOptions = {},
): Figure {
  const where = "showImages";
  for (const count of [numRows, numCols])
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(
        `${where}: numRows and numCols must be positive integers, got ${numRows} and ${numCols}`,
      );
  const plain = unwrapped(imgs);
  if (depthOf(plain, where) !== 3)
    throw new RangeError(`${where}: expected pictures of [height, width], without channels, in a list`);
  const list = listOf(plain)
    .slice(0, numRows * numCols)
    .map((image) => vectors(image, where));
  const [rows, columns] = sameSize(list, where);
  const { scale = 1.5, titles = [] } = options;
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new RangeError(`${where}: scale must be a positive number, got ${scale}`);
  const limits = limitsOf(list, options.vlim, where);
  const panels = list.map((image, at) =>
    tilePanel({
      values: image.flat(),
      rows,
      columns,
      limits,
      cmap: colors(options.cmap ?? "Greys", where),
      title: titles[at],
      legend: false,
      room: [scale * IMAGE_PX, scale * IMAGE_PX],
    }),
  );
  return shown(new Figure(tileSpec(panels, numCols)), options.theme);
}

/** Names need room beside each other. */
function roomFor(names: readonly string[] | undefined): number {
  return Math.max(ROOM_PX, (names?.length ?? 0) * 13);
}

function shown(plain: Figure, theme: Theme | undefined): Figure {
  const figure = theme ? plain.withTheme(theme) : plain;
  announce(figure);
  return figure;
}

function listOf(value: unknown): unknown[] {
  const plain = unwrapped(value);
  return isList(plain) ? Array.from(plain) : [];
}

/** Dimensions, as the first elements show them. */
function depthOf(value: unknown, where: string): number {
  let depth = 0;
  let inner = unwrapped(value);
  while (isList(inner)) {
    if (inner.length === 0) throw new RangeError(`${where}: there is nothing to draw`);
    depth++;
    inner = unwrapped(inner[0]);
  }
  if (depth < 2 || depth > 4) throw new RangeError(`${where}: expected 2 to 4 dimensions, got ${depth}`);
  return depth;
}

function sameSize(list: readonly (readonly (readonly number[])[])[], where: string): [number, number] {
  const [rows, columns] = [list[0]?.length ?? 0, list[0]?.[0]?.length ?? 0];
  for (const matrix of list)
    if (matrix.length !== rows || matrix.some((row) => row.length !== columns))
      throw new RangeError(`${where}: expected matrices of one size, [${rows}, ${columns}] as the first`);
  return [rows, columns];
}

function limitsOf(
  list: readonly (readonly (readonly number[])[])[],
  given: readonly [number, number] | undefined,
  where: string,
): [number, number] {
  if (given) {
    const [lo, hi] = given.map((v) => scalar(v, where));
    if (!(lo !== undefined && hi !== undefined && lo < hi && Number.isFinite(hi - lo)))
      throw new RangeError(
        `${where}: vlim must be two numbers, the smaller first, got ${JSON.stringify(given)}`,
      );
    return [lo, hi];
  }
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of list.flat(2)) {
    if (!Number.isFinite(value)) continue;
    lo = Math.min(lo, value);
    hi = Math.max(hi, value);
  }
  return lo < hi ? [lo, hi] : Number.isFinite(lo) ? [lo, lo + 1] : [0, 1];
}

function colors(cmap: string, where: string): ColorMap {
  if (!Object.hasOwn(RAMPS, cmap))
    throw new RangeError(
      `${where}: cmap must be one of ${Object.keys(RAMPS).join(", ")}, got ${JSON.stringify(cmap)}`,
    );
  return cmap as ColorMap;
}
