// Distributions one above the other over one range, each as high as its row allows.

import type { Size } from "./axes.ts";
import { bottomAxis, extent, label } from "./axes.ts";
import type { Of } from "./types.ts";

const rowHeight = 44;
const axisHeight = 22;

export const histogramsHeight = ({ rows, xlabel }: Of<"histograms">): number =>
  rows.length * rowHeight + axisHeight + (xlabel ? 20 : 0);

export function drawHistograms(
  context: CanvasRenderingContext2D,
  { width, colors }: Size,
  { rows, from, to, xlabel }: Of<"histograms">,
): void {
  const left = Math.min(110, width * 0.28);
  const area = { left, top: 0, width: width - left - 8, height: rows.length * rowHeight };
  for (const [r, { name, counts }] of rows.entries()) {
    const base = (r + 1) * rowHeight;
    const [, most] = extent(counts);
    const tall = most > 0 ? (rowHeight - 6) / most : 0;
    const each = area.width / Math.max(1, counts.length);
    context.fillStyle = colors.series[r % colors.series.length] ?? colors.ink;
    context.beginPath();
    context.moveTo(left, base);
    for (let i = 0; i < counts.length; i++) {
      const y = base - (Number.isFinite(counts[i]) ? counts[i]! : 0) * tall;
      context.lineTo(left + i * each, y);
      context.lineTo(left + (i + 1) * each, y);
    }
    context.lineTo(left + area.width, base);
    context.globalAlpha = 0.75;
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = colors.line;
    context.fillRect(left, base, area.width, 1);
    label(context, name, 0, base - 10, { color: colors.ink, room: left - 8 });
  }
  bottomAxis(context, area, [from, to], colors, xlabel);
}
