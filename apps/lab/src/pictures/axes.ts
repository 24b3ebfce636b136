// Axes of the pictures that are drawn by hand.

import type { Colors } from "./colors.ts";

/** The room a picture has, in CSS pixels, and the theme's colours. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
}

/** Round numbers that divide a range into about `count` parts. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
