// Pictures of curves as uPlot wants them.

import type uPlot from "uplot";
import { colors, labelFont } from "./colors.ts";
import type { Of } from "./types.ts";

type Curves = Of<"curves">;

/** What a plot is made for; data that only move keep it. */
export function shapeOf({ curves, ...axes }: Curves): string {
  return JSON.stringify([curves.map(({ name, points }) => [name, points]), axes]);
}

/** The curves over the union of their x. */
export function dataOf({ curves, yscale }: Curves): uPlot.AlignedData {
  const xs = Float64Array.from(new Set(curves.flatMap((curve) => Array.from(curve.x)))).sort();
  const rows = curves.map((curve) => {
    const at = new Map(Array.from(curve.x, (x, i) => [x, curve.y[i] ?? Number.NaN]));
    return Array.from(xs, (x) => {
      const y = at.get(x);
      return y === undefined ? undefined : Number.isFinite(y) && (yscale !== "log" || y > 0) ? y : null;
    });
  });
  return [xs, ...rows] as uPlot.AlignedData;
}

export function optionsOf(picture: Curves, width: number): uPlot.Options {
  const { ink, line, series } = colors();
  const axis = (label: string | undefined): uPlot.Axis => ({
    stroke: ink,
    font: labelFont,
    labelFont,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    ...(label === undefined ? {} : { label, labelSize: 18 }),
  });
  const scale = (
    kind: "linear" | "log" | undefined,
    limits: readonly [number, number] | undefined,
  ): uPlot.Scale => ({
    time: false,
    ...(kind === "log" ? { distr: 3 as const } : {}),
    ...(limits ? { range: [...limits] as [number, number] } : {}),
  });
  return {
    width,
    height: 256,
    scales: { x: scale(picture.xscale, picture.xlim), y: scale(picture.yscale, picture.ylim) },
    axes: [axis(picture.xlabel), axis(picture.ylabel)],
    series: [
      {},
      ...picture.curves.map(({ name, points }, i): uPlot.Series => {
        const stroke = series[i % series.length] ?? ink;
        return {
          label: name,
          stroke,
          width: points ? 0 : 1.8,
          points: { show: points === true, size: 6, fill: stroke },
        };
      }),
    ],
  };
}
