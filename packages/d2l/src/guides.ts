// Axes and legend of a line figure, as parts of its Vega-Lite spec: domains, ticks and the legend's corner.
// Source: matplotlib's choices (margins, powers of ten, the legend where the fewest points are).

import type { AxesOptions, Curve, Position } from "./spec.ts";
import { autoDomain, logTicks } from "./ticks.ts";

/** In a small picture a longer list covers the curves, so it goes beside them. */
const MOST_NAMES_INSIDE = 6;

/** The x or y channel of the spec, with about `tickCount` ticks. */
export function position(
  field: "x" | "y",
  axes: AxesOptions,
  curves: readonly Curve[],
  tickCount: number,
): Position {
  const [label, scale = "linear", limits] =
    field === "x" ? [axes.xlabel, axes.xscale, axes.xlim] : [axes.ylabel, axes.yscale, axes.ylim];
  const domain = autoDomain(
    curves.map((curve) => curve[field]),
    scale,
    limits,
  );
  return {
    field,
    type: "quantitative",
    title: label || null,
    scale: { type: scale, domain, ...(scale === "linear" ? { zero: false } : {}), nice: false },
    axis: scale === "log" ? logAxis(domain, tickCount) : linearAxis(domain, tickCount),
  };
}

/** Vega's own ticks; 8e+6 instead of 8,000,000, which would push the curves aside. */
function linearAxis(domain: readonly [number, number], tickCount: number): Record<string, unknown> {
  const largest = Math.max(Math.abs(domain[0]), Math.abs(domain[1]));
  const format = largest >= 1e5 || largest < 1e-3 ? { format: "~e" } : {};
  return { tickCount: Math.max(2, Math.round(tickCount)), ...format };
}

/** Ticks at powers of ten, labelled 10⁻², with short unlabelled ones between them; 1-2-5 within a decade. */
function logAxis(domain: readonly [number, number], tickCount: number): Record<string, unknown> {
  const ticks = logTicks(domain[0], domain[1], Math.max(2, Math.round(tickCount * 1.5)));
  const labels = Object.fromEntries(
    ticks.filter((tick) => tick.label !== "").map((tick) => [tick.value, tick.label]),
  );
  const labelled = `${JSON.stringify(labels)}[datum.value]`;
  return {
    values: ticks.map((tick) => tick.value),
    labelExpr: `${labelled} || ''`,
    labelOverlap: false,
    tickSize: { condition: { test: labelled, value: 5 }, value: 2.5 },
    gridOpacity: { condition: { test: labelled, value: 1 }, value: 0 },
  };
}

/** Inside, in the corner with the fewest points, as matplotlib's "best"; a long list goes to the right. */
export function legendPlace(
  curves: readonly Curve[],
  names: readonly string[],
  x: Position,
  y: Position,
): Record<string, unknown> {
  if (names.length > MOST_NAMES_INSIDE) return { orient: "right" };
  const share = (value: number, { scale }: Position): number => {
    const f = scale.type === "log" ? Math.log : (v: number): number => v;
    const [lo, hi] = scale.domain;
    return (f(value) - f(lo)) / (f(hi) - f(lo));
  };
  const counts = { "top-right": 0, "top-left": 0, "bottom-right": 0, "bottom-left": 0 };
  const depth = 0.1 + 0.09 * names.length;
  for (const curve of curves) {
    for (let i = 0; i < curve.y.length; i++) {
      const u = share(curve.x[i] ?? Number.NaN, x);
      const v = share(curve.y[i] ?? Number.NaN, y);
      const side = u > 0.5 ? "right" : "left";
      if (u >= 0 && u <= 1 && v >= 1 - depth && v <= 1) counts[`top-${side}`]++;
      if (u >= 0 && u <= 1 && v >= 0 && v <= depth) counts[`bottom-${side}`]++;
    }
  }
  const corners = Object.entries(counts);
  const best = corners.reduce((a, b) => (b[1] < a[1] ? b : a));
  return { orient: best[0] };
}
