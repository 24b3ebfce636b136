// A matrix as colours, with its names, the values where there is room, and the scale of the colours.

import { written } from "../live/scale.ts";
import type { Size } from "./axes.ts";
import { extent, label } from "./axes.ts";
import { isDark, ramp } from "./colors.ts";
import type { Of } from "./types.ts";

type Heatmap = Of<"heatmap">;

interface Plan {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly height: number;
}

const scaleHeight = 34;

function plan({ rows, columns, rowNames, columnNames, xlabel, ylabel }: Heatmap, width: number): Plan {
  const left = rowNames ? Math.min(90, width * 0.25) : ylabel ? 8 : 0;
  const top = (ylabel ? 22 : 0) + (columnNames ? 20 : 0);
  const cellWidth = (width - left) / Math.max(1, columns);
  const cellHeight = Math.max(Math.min(cellWidth, 40, 320 / Math.max(1, rows)), rowNames ? 14 : 2);
  const height = top + cellHeight * rows + (xlabel ? 24 : 6) + scaleHeight;
  return { left, top, cellWidth, cellHeight, height };
}

export const heatmapHeight = (picture: Heatmap, width: number): number => plan(picture, width).height;

export function drawHeatmap(
  context: CanvasRenderingContext2D,
  { width, height, colors }: Size,
  picture: Heatmap,
): void {
  const { rows, columns, values, rowNames, columnNames, xlabel, ylabel } = picture;
  const { left, top, cellWidth, cellHeight } = plan(picture, width);
  const [least, most] = extent(values);
  const signed = least < 0 && most > 0;
  const reach = Math.max(-least, most);
  const [from, to] = signed ? [-reach, reach] : least === most ? [least, least + 1] : [least, most];
  const color = ramp(signed ? colors.diverging : colors.sequential);
  const at = (value: number): number => (value - from) / (to - from);
  const withText = cellWidth >= 34 && cellHeight >= 16;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const value = values[i * columns + j]!;
      const x = left + j * cellWidth;
      const y = top + i * cellHeight;
      const rgb = color(Number.isFinite(value) ? at(value) : 0);
      context.fillStyle = Number.isFinite(value) ? `rgb(${rgb.join(" ")})` : colors.error;
      // Neighbours overlap by half a pixel, so that no ground shows between them.
      context.fillRect(x, y, cellWidth + 0.5, cellHeight + 0.5);
      if (withText)
        label(context, value.toFixed(2), x + cellWidth / 2, y + cellHeight / 2, {
          color: isDark(rgb) ? "#ffffff" : "#1f1d1a",
          align: "center",
        });
    }
  if (ylabel) label(context, ylabel, 0, 8, { color: colors.soft });
  const every = Math.ceil(14 / cellHeight);
  for (const [i, name] of (rowNames ?? []).entries())
    if (i % every === 0)
      label(context, name, left - 6, top + (i + 0.5) * cellHeight, {
        color: colors.ink,
        align: "right",
        room: left - 8,
      });
  for (const [j, name] of (columnNames ?? []).entries())
    label(context, name, left + (j + 0.5) * cellWidth, top - 9, {
      color: colors.ink,
      align: "center",
      room: cellWidth,
    });
  if (xlabel)
    label(context, xlabel, left + (width - left) / 2, top + rows * cellHeight + 14, {
      color: colors.ink,
      align: "center",
    });

  const long = Math.min(160, width * 0.5);
  const start = width - long;
  for (let x = 0; x < long; x++) {
    context.fillStyle = `rgb(${color(x / (long - 1)).join(" ")})`;
    context.fillRect(start + x, height - 26, 1.5, 8);
  }
  label(context, written(Number(from.toPrecision(3))), start, height - 8, { color: colors.soft });
  label(context, written(Number(to.toPrecision(3))), width, height - 8, {
    color: colors.soft,
    align: "right",
  });
}
