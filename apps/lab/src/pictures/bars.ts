// Bars: one a value, from a line at zero. A reference stands behind as a thin stem with a head.

import { written } from "../live/scale.ts";
import type { Size } from "./axes.ts";
import { extent, label, ticks } from "./axes.ts";
import type { Of } from "./types.ts";

export function drawBars(
  context: CanvasRenderingContext2D,
  { width, height, colors }: Size,
  { values, reference, names, xlabel, ylabel }: Of<"bars">,
): void {
  const named = names !== undefined && width / names.length > 28;
  const left = 46;
  const top = ylabel ? 24 : 8;
  const bottom = height - (xlabel ? 26 : 8) - (named ? 18 : 0);
  const [lowest, highest] = extent(values, reference ?? [], [0]);
  const space = 0.03 * (highest - lowest);
  const least = lowest < 0 ? lowest - space : 0;
  const high = highest > 0 ? highest + space : lowest < 0 ? 0 : 1;
  const y = (value: number): number => top + ((high - value) / (high - least)) * (bottom - top);
  if (ylabel) label(context, ylabel, 0, 8, { color: colors.soft });
  for (const tick of ticks(least, high, 5)) {
    context.fillStyle = colors.line;
    context.fillRect(left, Math.round(y(tick)), width - left, 1);
    label(context, written(tick), left - 6, y(tick), { color: colors.ink, align: "right" });
  }
  const each = (width - left) / Math.max(1, values.length);
  const thick = Math.max(1, each * (each > 6 ? 0.7 : 0.8));
  const bar = (i: number, value: number, across: number): void => {
    if (!Number.isFinite(value)) return;
    const from = y(Math.max(0, value));
    const tall = Math.max(value === 0 ? 0 : 1, y(Math.min(0, value)) - from);
    context.fillRect(left + (i + 0.5) * each - across / 2, from, across, tall);
  };
  if (reference) {
    context.fillStyle = colors.series[1] ?? colors.ink;
    const head = Math.max(2, thick);
    for (let i = 0; i < reference.length; i++) {
      context.globalAlpha = 0.35;
      bar(i, reference[i]!, Math.max(1, thick / 4));
      context.globalAlpha = 1;
      if (Number.isFinite(reference[i]))
        context.fillRect(left + (i + 0.5) * each - head / 2, y(reference[i]!) - 1, head, 2);
    }
  }
  context.fillStyle = colors.series[0] ?? colors.ink;
  for (let i = 0; i < values.length; i++) bar(i, values[i]!, thick);
  context.fillStyle = colors.soft;
  context.fillRect(left, Math.round(y(0)), width - left, 1);
  if (named)
    for (const [i, name] of names.entries())
      label(context, name, left + (i + 0.5) * each, bottom + 12, {
        color: colors.ink,
        align: "center",
        room: each - 4,
      });
  if (xlabel)
    label(context, xlabel, left + (width - left) / 2, height - 10, { color: colors.ink, align: "center" });
}
