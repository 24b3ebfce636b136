// The Vega-Lite spec of a figure: its types, and the one place that builds it from curves and axes (matrices: tiles.ts).
// Everything that draws (SVG, PNG, terminal, notebook, page) reads this spec; there is no second data model.
// Source: https://vega.github.io/vega-lite/docs/spec.html; the defaults follow matplotlib.

import { isDots } from "./format.ts";
import { legendPlace, position } from "./guides.ts";
import { PALETTE, RAMPS, THEMES } from "./theme.ts";
import type { ScaleType } from "./ticks.ts";
import type { TilePanel } from "./tiles.ts";

/** One drawn curve: its points, its name in the legend (none when empty) and its look. */
export interface Curve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly color: string;
  readonly dash: readonly number[];
}

/** Limits of an axis, in data units; the first may be the larger one. */
export type Limits = readonly [number, number];

/** The look of the axes, with the book's names. */
export interface AxesOptions {
  /** Label under the x axis. */
  xlabel?: string | undefined;
  /** Label of the y axis. */
  ylabel?: string | undefined;
  /** One name per curve; curves beyond the list are drawn without a name. */
  legend?: readonly string[] | undefined;
  /** Limits of x; default: the data with a margin of 5 %. */
  xlim?: Limits | null | undefined;
  /** Limits of y; default: the data with a margin of 5 %. */
  ylim?: Limits | null | undefined;
  /** `"linear"` (default) or `"log"`. */
  xscale?: ScaleType | undefined;
  /** `"linear"` (default) or `"log"`. */
  yscale?: ScaleType | undefined;
  /** Line above the axes; default none. */
  title?: string | undefined;
  /** Width and height of the picture in inches of 100 px; default [3.5, 2.5]. */
  figsize?: readonly [number, number] | undefined;
}

/** One row of a spec's data. `null` stands for NaN and the infinities, which JSON cannot hold. */
export interface Row {
  x: number | null;
  y: number | null;
  series: string;
}

/** The x or the y channel: label, domain and ticks. */
export interface Position {
  field: "x" | "y";
  type: "quantitative";
  title: string | null;
  scale: { type: ScaleType; domain: [number, number]; zero?: false; nice: false };
  axis: Record<string, unknown>;
}

/** One pair of axes: with curves, or with a matrix. */
export type Panel = LinePanel | TilePanel;

/** One pair of axes with its curves. */
export interface LinePanel {
  /** Stands above the axes; of a figure with one panel, the title of the figure. */
  title?: string;
  width: number;
  height: number;
  data: { values: Row[] };
  transform?: { calculate: string; as: string }[];
  mark: {
    type: "line";
    clip: true;
    strokeWidth: number;
    strokeCap: "round";
    strokeJoin: "round";
    /** Present where curves are drawn as dots: on these alone. */
    point?: { filled: true; opacity: 1; size: { expr: string } };
  };
  encoding: {
    x: Position;
    y: Position;
    color: {
      field: "series";
      type: "nominal";
      title: null;
      scale: { domain: string[]; range: string[] };
      legend: Record<string, unknown> | null;
    };
    strokeDash: {
      field: "series";
      type: "nominal";
      title: null;
      scale: { domain: string[]; range: number[][] };
      legend: Record<string, unknown> | null;
    };
    order: { value: null };
  };
}

interface TopLevel {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json";
  title?: string;
  background: string;
  padding: number;
  config: Record<string, unknown>;
}

/** Spec of a figure with one pair of axes. */
export type PanelSpec = TopLevel & LinePanel & { autosize: { type: "fit"; contains: "padding" } };
/** Spec of a figure with a grid of axes. */
export type GridSpec = TopLevel & { concat: Panel[]; columns: number; resolve: typeof APART };
/** Spec of a figure with one matrix. */
export type TileSpec = TopLevel & TilePanel;
/** A Vega-Lite v6 spec of the kind that `plot`, `Animator`, `showHeatmaps` and `showImages` build. */
export type FigureSpec = PanelSpec | TileSpec | GridSpec;

// Panels would otherwise share the looks of the first one's curves.
const APART = {
  scale: { color: "independent", strokeDash: "independent" },
  legend: { color: "independent", strokeDash: "independent" },
} as const;
const PIXELS_PER_INCH = 100;
const PADDING = 6;
const DOT_PX2 = 20;

/** Builds the spec of one pair of axes. */
export function panelSpec(curves: readonly Curve[], axes: AxesOptions = {}): PanelSpec {
  const [inchesWide, inchesHigh] = axes.figsize ?? [3.5, 2.5];
  const panel = buildPanel(curves, axes, inchesWide * PIXELS_PER_INCH, inchesHigh * PIXELS_PER_INCH);
  return { ...topLevel(axes.title), autosize: { type: "fit", contains: "padding" }, ...panel };
}

/** Builds the spec of a grid of axes, filled row by row; every panel has the same axes options. */
export function gridSpec(
  panels: readonly (readonly Curve[])[],
  columns: number,
  axes: AxesOptions,
): GridSpec {
  const [inchesWide, inchesHigh] = axes.figsize ?? [3.5 * columns, 2.5 * Math.ceil(panels.length / columns)];
  const rows = Math.ceil(panels.length / columns);
  // A grid has no "fit": these are the sizes of the plotting areas, so room for the labels is taken off.
  const width = Math.max(60, (inchesWide * PIXELS_PER_INCH) / columns - 70);
  const height = Math.max(60, (inchesHigh * PIXELS_PER_INCH) / rows - 60);
  const concat = panels.map((curves) => buildPanel(curves, axes, width, height));
  return { ...topLevel(axes.title), concat, columns, resolve: APART };
}

/** One figure from several, side by side: each keeps its axes, its legend and, above it, its title. */
export function joinSpecs(specs: readonly FigureSpec[], columns: number, title?: string): GridSpec {
  const concat = specs.flatMap((spec) => panelsOf(spec).map(withoutTopLevel));
  return { ...topLevel(title), concat, columns, resolve: APART };
}

/** A figure of matrices, row by row. */
export function tileSpec(panels: readonly TilePanel[], columns: number): FigureSpec {
  const only = panels.length === 1 ? panels[0] : undefined;
  if (only) return { ...topLevel(undefined), ...only };
  return { ...topLevel(undefined), concat: [...panels], columns, resolve: APART };
}

/** What a panel has beside others. */
function withoutTopLevel(panel: Panel): Panel {
  const top = new Set(["$schema", "background", "padding", "config", "autosize"]);
  return Object.fromEntries(Object.entries(panel).filter(([name]) => !top.has(name))) as unknown as Panel;
}

/** The panels of any figure, in reading order. */
export function panelsOf(spec: FigureSpec): readonly Panel[] {
  return "concat" in spec ? spec.concat : [spec];
}

/** Whether a panel shows a matrix. */
export function isTiles(panel: Panel): panel is TilePanel {
  return panel.mark.type === "rect";
}

/** Reads the curves back from a panel: what it draws, before any gap rule. None from a matrix. */
export function curvesOf(panel: Panel): Curve[] {
  if (isTiles(panel)) return [];
  const { domain, range } = panel.encoding.color.scale;
  const points = new Map(domain.map((name) => [name, { x: [] as number[], y: [] as number[] }]));
  for (const row of panel.data.values) {
    points.get(row.series)?.x.push(row.x ?? Number.NaN);
    points.get(row.series)?.y.push(row.y ?? Number.NaN);
  }
  const named = new Set(panel.encoding.color.legend?.["values"] as string[] | undefined);
  return domain.map((name, i): Curve => {
    const { x, y } = points.get(name) ?? { x: [], y: [] };
    const dash = panel.encoding.strokeDash.scale.range[i] ?? [];
    const gapless = (values: number[]): number[] => (isDots(dash) ? values.filter(Number.isFinite) : values);
    return { name: named.has(name) ? name : "", x: gapless(x), y: gapless(y), color: range[i] ?? "", dash };
  });
}

function topLevel(title: string | undefined): TopLevel {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...(title ? { title } : {}),
    background: THEMES.light.background,
    padding: PADDING,
    config: THEMES.light.config,
  };
}

function buildPanel(curves: readonly Curve[], axes: AxesOptions, width: number, height: number): LinePanel {
  const keys = seriesKeys(curves.map((curve) => curve.name));
  const domain = keys.map((key) => key.key);
  const x = position("x", axes, curves, width / 60);
  const y = position("y", axes, curves, height / 45);
  // On a log axis Vega has no place for values up to zero; a null breaks the line there.
  const transform = [x, y]
    .filter((channel) => channel.scale.type === "log")
    .map(({ field }) => ({ calculate: `datum.${field} > 0 ? datum.${field} : null`, as: field }));
  const dotted = domain.filter((_, i) => isDots(curves[i]?.dash ?? []));
  const names = keys.filter((key) => key.named).map((key) => key.key);
  // Vega-Lite draws one legend for colour and dash when both describe it alike.
  const legend = names.length > 0 ? { values: names, ...legendPlace(curves, names, x, y) } : null;
  return {
    width,
    height,
    data: { values: curves.flatMap((curve, i) => rowsOf(curve, domain[i] ?? "")) },
    ...(transform.length > 0 ? { transform } : {}),
    mark: {
      type: "line",
      clip: true,
      strokeWidth: 1.8,
      strokeCap: "round",
      strokeJoin: "round",
      ...(dotted.length > 0 ? { point: { filled: true, opacity: 1, size: dotSize(dotted) } } : {}),
    },
    encoding: {
      x,
      y,
      color: {
        field: "series",
        type: "nominal",
        title: null,
        scale: { domain, range: curves.map((curve) => curve.color) },
        legend,
      },
      strokeDash: {
        field: "series",
        type: "nominal",
        title: null,
        scale: { domain, range: curves.map((curve) => [...curve.dash]) },
        legend,
      },
      // Without this Vega-Lite sorts the points by x; the book draws them as they come.
      order: { value: null },
    },
  };
}

/** The size of the dots of some series; lines have dots of no size. */
const dotSize = (series: readonly string[]): { expr: string } => ({
  expr: `indexof(${JSON.stringify(series)}, datum.series) >= 0 ? ${DOT_PX2} : 0`,
});

function rowsOf(curve: Curve, series: string): Row[] {
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  const rows = curve.y.map((y, i): Row => ({ x: finite(curve.x[i]), y: finite(y), series }));
  if (!isDots(curve.dash)) return rows;
  // No line joins dots: a gap stands after each.
  const drawn = rows.filter((row) => row.x !== null && row.y !== null);
  return drawn.flatMap((row): Row[] => [row, { x: null, y: null, series }]);
}

/** A series needs a name of its own in the data, also when the legend has none for it, or one twice. */
function seriesKeys(names: readonly string[]): { key: string; named: boolean }[] {
  const taken = new Set<string>();
  return names.map((name, i) => {
    let key = name || `line ${i + 1}`;
    for (let copy = 2; taken.has(key); copy++) key = `${name || `line ${i + 1}`} (${copy})`;
    taken.add(key);
    return { key, named: name !== "" };
  });
}

/** The same figure in other colours: every colour of a theme has its partner in the other. */
export function themed<S extends FigureSpec>(spec: S, theme: "light" | "dark"): S {
  const swapped = (colors: readonly { light: string; dark: string }[]): Map<string, string> =>
    new Map(colors.map(({ light, dark }) => (theme === "dark" ? [light, dark] : [dark, light])));
  const inks = swapped(PALETTE);
  const ramps = swapped(Object.values(RAMPS).flat());
  const copy = structuredClone(spec);
  copy.background = THEMES[theme].background;
  copy.config = THEMES[theme].config;
  for (const panel of panelsOf(copy)) {
    const { scale } = panel.encoding.color;
    const swap = isTiles(panel) ? ramps : inks;
    scale.range = scale.range.map((color) => swap.get(color) ?? color);
  }
  return copy;
}
