// Axes and labels of the pictures that are drawn by hand.

import { written } from "../live/scale.ts";
import type { Colors } from "./colors.ts";
import { labelFont } from "./colors.ts";

/** The room a picture has, in CSS pixels, and the theme's colours. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
}

/** Where the data lie in a picture. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Round numbers that divide a range into about `count` parts. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Least and largest finite value; both 0 if there is none. */
export function extent(...lists: readonly ArrayLike<number>[]): [least: number, most: number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const list of lists)
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!;
      if (!Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  return least <= most ? [least, most] : [0, 0];
}

type Align = "left" | "center" | "right";

/** A line of text around a point; in less than its width it is cut short. */
export function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  options: { color: string; align?: Align; room?: number; bold?: boolean },
): void {
  context.font = options.bold ? `600 ${labelFont}` : labelFont;
  context.fillStyle = options.color;
  context.textAlign = options.align ?? "left";
  context.textBaseline = "middle";
  let shown = text;
  while (options.room && shown.length > 1 && context.measureText(shown).width > options.room)
    shown = `${shown.slice(0, shown.endsWith("…") ? -2 : -1)}…`;
  context.fillText(shown, x, y);
}

/** Ticks and name of a horizontal axis below an area. */
export function bottomAxis(
  context: CanvasRenderingContext2D,
  area: Area,
  range: readonly [number, number],
  colors: Colors,
  name?: string,
): void {
  const bottom = area.top + area.height;
  const [from, to] = range;
  for (const tick of ticks(from, to, Math.max(2, area.width / 70))) {
    const x = area.left + ((tick - from) / (to - from)) * area.width;
    context.fillStyle = colors.line;
    context.fillRect(Math.round(x), bottom, 1, 4);
    label(context, written(tick), x, bottom + 12, { color: colors.ink, align: "center" });
  }
  if (name)
    label(context, name, area.left + area.width / 2, bottom + 30, { color: colors.ink, align: "center" });
}
