// The Vega-Lite spec of a matrix: heatmaps with named axes, and grey pictures without. One rectangle an element.
// Source: https://vega.github.io/vega-lite/docs/rect.html; ramps after ColorBrewer (https://colorbrewer2.org).

import { estimateEms } from "./text-width.ts";
import type { ColorMap } from "./theme.ts";
import { RAMPS } from "./theme.ts";

/** What is drawn of a matrix. */
export interface Tiles {
  /** Row by row; NaN leaves its place empty. */
  readonly values: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** The numbers that the ends of the colours stand for. */
  readonly limits: readonly [number, number];
  readonly cmap: ColorMap;
  /** Names of the rows, from the top; null: their numbers; undefined: no axes. */
  readonly rowNames?: readonly string[] | null;
  readonly columnNames?: readonly string[] | null;
  readonly xlabel?: string | undefined;
  readonly ylabel?: string | undefined;
  readonly title?: string | undefined;
  /** Whether the colours are explained beside it. */
  readonly legend: boolean;
  /** Width and height of the largest drawing, in px. */
  readonly room: readonly [number, number];
}

/** An axis of a matrix: places are whole numbers from 0. */
export interface Places {
  field: "i" | "j";
  type: "ordinal";
  title: string | null;
  scale: { domain: number[]; paddingInner: 0; paddingOuter: 0 };
  axis: Record<string, unknown> | null;
}

/** A matrix with its axes. The elements stand in one row of the data, and are taken apart by the transform. */
export interface TilePanel {
  title?: string;
  width: number;
  height: number;
  data: { values: [{ v: (number | null)[] }] };
  transform: Record<string, unknown>[];
  mark: { type: "rect"; aria: false };
  encoding: {
    x: Places;
    y: Places;
    color: {
      field: "v";
      type: "quantitative";
      title: null;
      scale: { domain: number[]; range: string[]; interpolate: "rgb" };
      legend: Record<string, unknown> | null;
    };
  };
  view?: { stroke: null };
}

/** Builds a panel. */
export function tilePanel(tiles: Tiles): TilePanel {
  const { rows, columns, limits, legend, title } = tiles;
  const [width, height] = sizeOf(tiles);
  const axes = tiles.rowNames !== undefined;
  const range = RAMPS[tiles.cmap].map((ramp) => ramp.light);
  const last = range.length - 1;
  const [lo, hi] = limits;
  return {
    ...(title ? { title } : {}),
    width,
    height,
    data: {
      values: [{ v: tiles.values.map((v) => (Number.isFinite(v) ? Number(v.toPrecision(5)) : null)) }],
    },
    transform: [
      { flatten: ["v"] },
      { window: [{ op: "row_number", as: "at" }] },
      { calculate: `floor((datum.at - 1) / ${columns})`, as: "i" },
      { calculate: `(datum.at - 1) % ${columns}`, as: "j" },
      // What has the colour of the ground needs no rectangle: pictures are mostly ground.
      { filter: axes ? "isValid(datum.v)" : `datum.v > ${lo}` },
    ],
    // A label for each element would make up most of the file.
    mark: { type: "rect", aria: false },
    encoding: {
      x: places("j", columns, tiles.columnNames ?? null, axes ? width : null, tiles.xlabel),
      y: places("i", rows, tiles.rowNames ?? null, axes ? height : null, tiles.ylabel),
      color: {
        field: "v",
        type: "quantitative",
        title: null,
        scale: { domain: range.map((_, i) => lo + ((hi - lo) * i) / last), range, interpolate: "rgb" },
        legend: legend
          ? {
              gradientLength: Math.max(60, height),
              gradientThickness: 10,
              strokeColor: "transparent",
              fillColor: "transparent",
            }
          : null,
      },
    },
    ...(axes ? {} : { view: { stroke: null } }),
  };
}

/** Whole pixels an element, or neighbours would leave seams; squares, unless one side would get too thin. */
function sizeOf({ rows, columns, room }: Tiles): [width: number, height: number] {
  const square = Math.max(1, Math.floor(Math.min(room[0] / columns, room[1] / rows)));
  const flat = Math.max(rows, columns) > 3 * Math.min(rows, columns);
  const most = 36;
  return flat
    ? [
        columns * Math.max(1, Math.min(most, Math.floor(room[0] / columns))),
        rows * Math.max(1, Math.min(most, Math.floor(room[1] / rows))),
      ]
    : [columns * Math.min(most, square), rows * Math.min(most, square)];
}

function places(
  field: "i" | "j",
  count: number,
  names: readonly string[] | null,
  length: number | null,
  label: string | undefined,
): Places {
  const domain = Array.from({ length: count }, (_, at) => at);
  return {
    field,
    type: "ordinal",
    title: label || null,
    scale: { domain, paddingInner: 0, paddingOuter: 0 },
    axis: length === null ? null : axisOf(field, count, names, length),
  };
}

const LABEL_PX = 11;

/** Labels at every place that has a name; where there is no room for all, at every second, fifth, tenth, ... of them. */
function axisOf(
  field: "i" | "j",
  count: number,
  names: readonly string[] | null,
  length: number,
): Places["axis"] {
  const label = (at: number): string => names?.[at] ?? (names ? "" : String(at));
  const { places, gap } = labelled(count, names);
  const longest = Math.max(0, ...places.map((at) => estimateEms(label(at)))) * LABEL_PX;
  const step = (gap * length) / count;
  // Names that do not fit side by side stand upright.
  const upright = field === "j" && names !== null && longest + 4 > step;
  const needed = field === "j" && !upright ? longest + 6 : LABEL_PX + 1;
  const every = everyNth(places.length, step, needed);
  return {
    values: places.filter((_, k) => k % every === 0),
    ...(names ? { labelExpr: `${JSON.stringify(names)}[datum.value]` } : {}),
    labelAngle: upright ? -90 : 0,
    labelOverlap: false,
    grid: false,
    ticks: false,
  };
}

/** The places of an axis that have a label, and the least distance of two of them. */
export function labelled(count: number, names: readonly string[] | null): { places: number[]; gap: number } {
  const places = Array.from({ length: count }, (_, at) => at).filter((at) => !names || names[at]);
  const gap = Math.min(count, ...places.slice(1).map((at, k) => at - (places[k] ?? 0)));
  return { places, gap };
}

/** Which places to label: every n-th, where n is round and `needed` fits into n steps. */
export function everyNth(count: number, step: number, needed: number): number {
  return [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => n * step >= needed) ?? count;
}

/** The names of an axis; null where its places have their numbers. */
export function namesOf({ axis }: Places): string[] | null {
  const expression = axis?.["labelExpr"];
  return typeof expression === "string" ? JSON.parse(expression.slice(0, expression.lastIndexOf("["))) : null;
}
