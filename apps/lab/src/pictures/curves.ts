// Pictures of curves as uPlot wants them.

import type uPlot from "uplot";
import { written } from "../live/scale.ts";
import { align } from "./align.ts";
import type { Size } from "./axes.ts";
import type { Colors } from "./colors.ts";
import { labelFont } from "./colors.ts";
import type { Of } from "./types.ts";

type Curves = Of<"curves">;
type Curve = Curves["curves"][number];

export const colorOf = ({ color }: Curve, place: number, { series, ink }: Colors): string =>
  series[(color ?? place) % series.length] ?? ink;

export const dashOf = ({ dashed }: Curve): number[] => (dashed ? [4, 4] : []);

/** What a plot is made for; new data and names of the same curves keep it. */
export function shapeOf({ curves, ...axes }: Curves): string {
  return JSON.stringify([curves.map(({ points, dashed, color }) => [points, dashed, color]), axes]);
}

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** The curves over the union of their x. What has no place on the axis, such as NaN, is a gap. */
export function dataOf({ curves, yscale }: Curves): uPlot.AlignedData {
  const shown = (y: number | undefined): number | null =>
    y !== undefined && Number.isFinite(y) && (yscale !== "log" || y > 0) ? y : null;
  const first = curves[0]?.x ?? [];
  if (ascending(first) && curves.every((curve) => same(curve.x, first)))
    return [Array.from(first), ...curves.map((curve) => Array.from(curve.y, shown))];
  const { xs, at } = align(curves);
  // An x of other curves is no gap of this one.
  const rows = curves.map(({ y }, c) => at[c]!.map((i) => (i === undefined ? undefined : shown(y[i]))));
  return [[...xs], ...rows];
}

function ascending(x: ArrayLike<number>): boolean {
  for (let i = 1; i < x.length; i++) if (!(x[i - 1]! <= x[i]!)) return false;
  return true;
}

/** Powers of ten between two numbers, in steps that leave about five; within a decade also its 2 and 5. */
function powers(least: number, most: number): number[] {
  const from = Math.floor(Math.log10(least));
  const to = Math.ceil(Math.log10(most));
  const step = Math.max(1, Math.ceil((to - from) / 5));
  const factors = to - from <= 1 ? [1, 2, 5] : [1];
  const all: number[] = [];
  for (let n = Math.ceil(from / step) * step; n <= to; n += step)
    for (const factor of factors) all.push(factor * 10 ** n);
  return all.filter((value) => value >= least * 0.999 && value <= most * 1.001);
}

const raised = (n: number): string => String(n).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "⁻");

function power(value: number): string {
  const n = Math.round(Math.log10(value));
  return Math.abs(value / 10 ** n - 1) > 1e-6 || (n >= -2 && n <= 3) ? written(value) : `10${raised(n)}`;
}

type Kind = "linear" | "log" | undefined;

function axisOf({ ink, line }: Colors, kind: Kind, label: string | undefined): uPlot.Axis {
  return {
    stroke: ink,
    font: labelFont,
    labelFont,
    labelGap: 0,
    labelSize: 20,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 5 },
    ...(label === undefined ? {} : { label }),
    ...(kind === "log"
      ? {
          splits: (_, __, least, most) => powers(least, most),
          values: (_, values) => values.map(power),
          filter: (_, values) => values,
        }
      : { values: (_, values) => values.map(written) }),
  };
}

function scaleOf(kind: Kind, limits: readonly [number, number] | undefined): uPlot.Scale {
  return {
    time: false,
    ...(kind === "log" ? { distr: 3 } : {}),
    ...(limits ? { range: [limits[0], limits[1]] } : {}),
  };
}

/**
 * @param pointed is told the place of the point under the pointer
 */
export function optionsOf(
  picture: Curves,
  { width, height, colors }: Size,
  pointed: (index: number | null) => void,
): uPlot.Options {
  const { xlim, ylim, xscale, yscale, xlabel, ylabel, curves } = picture;
  return {
    width,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: scaleOf(xscale, xlim), y: scaleOf(yscale, ylim) },
    axes: [
      { ...axisOf(colors, xscale, xlabel), size: 28 },
      { ...axisOf(colors, yscale, ylabel), size: 50 },
    ],
    series: [
      {},
      ...curves.map((curve, i): uPlot.Series => {
        const stroke = colorOf(curve, i, colors);
        return {
          stroke,
          dash: dashOf(curve),
          width: curve.points ? 0 : 1.8,
          points: { show: curve.points === true, size: 6, fill: stroke, stroke },
        };
      }),
    ],
    hooks: { setCursor: [(plot) => pointed(plot.cursor.idx ?? null)] },
  };
}
