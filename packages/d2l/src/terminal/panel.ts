// One pair of axes as text: legend on top, curves as braille dots, ticks and labels around them.

import { isDots } from "../format.ts";
import type { Curve, LinePanel } from "../spec.ts";
import { curvesOf } from "../spec.ts";
import type { ScaleType, Tick } from "../ticks.ts";
import { linearTicks, logTicks } from "../ticks.ts";
import type { Point } from "./canvas.ts";
import { BrailleCanvas } from "./canvas.ts";
import { assignInks, paint } from "./color.ts";
import { alignRight, cells, centre, oneLine, shorten } from "./text.ts";

interface Scale {
  type: ScaleType;
  domain: readonly [number, number];
}

/** Rows of curves below which axes are not worth their labels. */
const LOWEST_PLOT = 3;

/** The lines of a panel, exactly `rows` of them; nothing when there is no room for curves. */
export function renderPanel(
  panel: LinePanel,
  columns: number,
  rows: number,
  color: boolean,
): string[] | undefined {
  const { x, y } = panel.encoding;
  const curves = curvesOf(panel);
  const inks = color ? assignInks(curves.map((curve) => curve.color)) : new Map<string, string>();
  const xlabel = oneLine(x.title ?? "");
  const header = heading(oneLine(y.title ?? ""), curves, columns, inks);
  const height = rows - header.length - 2 - (xlabel ? 1 : 0);
  if (height < LOWEST_PLOT) return undefined;

  const yTicks = ticksOf(y.scale, Math.max(3, Math.round(height / 3)));
  const margin = Math.max(...yTicks.map((tick) => cells(tick.label)), 1);
  const width = columns - margin - 2;
  const canvas = new BrailleCanvas(width, height);
  for (const curve of curves) draw(canvas, curve, x.scale, y.scale, inks.get(curve.color) ?? "");

  const labels = new Map<number, string>();
  for (const { value, label } of yTicks) {
    const row = Math.round(share(value, y.scale, true) * (height * 4 - 1)) >> 2;
    if (row >= 0 && row < height && !labels.get(row)) labels.set(row, label);
  }
  const body = Array.from({ length: height }, (_, row) => {
    const label = labels.get(row);
    return `${alignRight(label ?? "", margin)} ${label ? "┤" : "│"}${canvas.row(row, paint)}`;
  });
  return [...header, ...body, ...xAxis(x.scale, margin + 1, width), ...footing(xlabel, margin + 2, width)];
}

/** Where a value lies on its axis, from 0 to 1; not finite for what a log axis cannot show. */
function share(value: number, { type, domain }: Scale, downwards = false): number {
  const f = type === "log" ? Math.log : (v: number): number => v;
  // Halved, because the difference of two huge limits would overflow.
  const at = (f(value) / 2 - f(domain[0]) / 2) / (f(domain[1]) / 2 - f(domain[0]) / 2);
  return downwards ? 1 - at : at;
}

function ticksOf(scale: Scale, count: number): Tick[] {
  const [lo, hi] = scale.domain;
  const ticks = scale.type === "log" ? logTicks(lo, hi, count) : linearTicks(lo, hi, count);
  return ticks.filter((tick) => tick.label !== "");
}

function draw(canvas: BrailleCanvas, curve: Curve, x: Scale, y: Scale, color: string): void {
  const { width, height } = canvas.size;
  let run: Point[] = [];
  const finish = (): void => {
    canvas.path(run, isDots(curve.dash) ? [] : curve.dash, color);
    run = [];
  };
  for (let i = 0; i < curve.y.length; i++) {
    const px = share(curve.x[i] ?? Number.NaN, x) * (width - 1);
    const py = share(curve.y[i] ?? Number.NaN, y, true) * (height - 1);
    if (Number.isFinite(px) && Number.isFinite(py)) run.push({ x: px, y: py });
    else finish();
    if (isDots(curve.dash)) finish();
  }
  finish();
}

/** The y label on the left and the legend on the right, on one line where both fit, on more where not. */
function heading(
  ylabel: string,
  curves: readonly Curve[],
  columns: number,
  inks: Map<string, string>,
): string[] {
  const entries = curves
    .filter((curve) => curve.name !== "")
    .map((curve) => {
      const name = shorten(oneLine(curve.name), columns - 4);
      return {
        width: cells(name) + 4,
        text: `${paint(marker(curve.dash), inks.get(curve.color) ?? "")} ${name}`,
      };
    });
  const total = entries.reduce((sum, entry) => sum + entry.width + 2, -2);
  const label = shorten(ylabel, columns);
  if (entries.length === 0) return label ? [label] : [];
  if (cells(label) + 2 + total <= columns) {
    const gap = " ".repeat(columns - cells(label) - total);
    return [label + gap + entries.map((entry) => entry.text).join("  ")];
  }
  const lines: string[] = [];
  let used = columns;
  for (const entry of entries) {
    if (used + 2 + entry.width <= columns) {
      lines.push(`${lines.pop()}  ${entry.text}`);
      used += 2 + entry.width;
    } else {
      lines.push(entry.text);
      used = entry.width;
    }
  }
  return label ? [...lines, label] : lines;
}

/** A short piece of the line, as it looks in the drawing. */
function marker(dash: readonly number[]): string {
  if (dash.length === 0) return "⠤⠤⠤";
  if (isDots(dash)) return "⠂⠄⠐";
  if (dash.length > 2) return "⠤⠄⠠";
  return (dash[0] ?? 0) > 2 ? "⠤ ⠤" : "⠄⠄⠄";
}

function xAxis(scale: Scale, left: number, width: number): [string, string] {
  const line = new Array<string>(width).fill("─");
  let labels = "";
  for (const { value, label } of ticksOf(scale, Math.max(2, Math.round(width / 12)))) {
    const column = Math.round(share(value, scale) * (width * 2 - 1)) >> 1;
    if (column < 0 || column >= width) continue;
    // The label's middle stands under its tick, unless that would leave the line.
    const start = Math.min(left + 1 + column - Math.floor(cells(label) / 2), left + 1 + width - cells(label));
    if (start < cells(labels) + (labels ? 1 : 0)) continue;
    line[column] = "┬";
    labels += " ".repeat(start - cells(labels)) + label;
  }
  return [`${" ".repeat(left)}└${line.join("")}`, labels];
}

function footing(xlabel: string, left: number, width: number): string[] {
  return xlabel ? [" ".repeat(left) + centre(xlabel, width)] : [];
}
