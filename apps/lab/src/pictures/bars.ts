// Bars: one a value, from a line at zero.

import { written } from "../live/scale.ts";
import type { Size } from "./axes.ts";
import { ticks } from "./axes.ts";
import { labelFont } from "./colors.ts";
import type { Of } from "./types.ts";

export function drawBars(
  context: CanvasRenderingContext2D,
  { width, height, colors }: Size,
  { values, reference, xlabel }: Of<"bars">,
): void {
  const left = 44;
  const bottom = xlabel ? 24 : 8;
  const top = 8;
  let low = 0;
  let high = 0;
  for (const list of [values, reference ?? []])
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!;
      if (Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  if (low === high) high = 1;
  const y = (value: number): number => top + ((high - value) / (high - low)) * (height - top - bottom);
  context.font = labelFont;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of ticks(low, high, 4)) {
    context.fillStyle = colors.line;
    context.fillRect(left, Math.round(y(tick)), width - left, 1);
    context.fillStyle = colors.ink;
    context.fillText(written(tick), left - 6, y(tick));
  }
  const each = (width - left) / Math.max(1, values.length);
  const thick = Math.max(1, each * 0.8);
  context.fillStyle = colors.series[0] ?? colors.ink;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const from = y(Math.max(0, value));
    context.fillRect(left + i * each + (each - thick) / 2, from, thick, y(Math.min(0, value)) - from);
  }
  if (reference) {
    context.fillStyle = colors.series[1] ?? colors.ink;
    for (let i = 0; i < reference.length; i++)
      context.fillRect(left + i * each, y(reference[i]!) - 1, Math.max(1, each), 2);
  }
  if (xlabel) {
    context.fillStyle = colors.ink;
    context.textAlign = "center";
    context.fillText(xlabel, left + (width - left) / 2, height - 9);
  }
}
