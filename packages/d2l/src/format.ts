// matplotlib's format strings for lines ("m--", "g-.", "r:"), as the book passes them in fmts.
// Source: matplotlib.axes.Axes.plot, "Format Strings".

import { inkOf } from "./theme.ts";

/** The look of a line. */
export interface LineStyle {
  color: string;
  /** Lengths in px of strokes and gaps in turn; empty for a solid line. */
  dash: number[];
}

/** Stands for dots at the points without a line; in the legend it is a row of dots. */
const DOTS: readonly number[] = [2.2, 5];

/** Whether a curve is drawn as dots. */
export const isDots = (dash: readonly number[]): boolean => dash[0] === DOTS[0];

const DASHES: Readonly<Record<string, readonly number[]>> = {
  "-": [],
  "--": [6, 4],
  "-.": [7, 4, 1, 4],
  ":": [1, 4],
  o: DOTS,
};

/** The book's four, then four more, so that eight curves differ. */
export const DEFAULT_FORMATS: readonly string[] = ["-", "m--", "g-.", "r:", "C1-", "c--", "k-.", "b:"];

/**
 * Reads a format string: a colour (`b g r c m y k w` or `C0`..`C9`, default `C0`) and a line (`- -- -. :`,
 * default `-`) or dots (`o`), in either order.
 *
 * Differs from matplotlib: dots are the only markers, and a curve has a line or dots.
 *
 * @throws RangeError when something else stands in it.
 * @example parseFormat("m--"); // { color: "#bf00bf", dash: [6, 4] }
 */
export function parseFormat(format: string): LineStyle {
  const match = /^(C\d|[bgrcmykw])?(--|-\.|-|:|o)?(C\d|[bgrcmykw])?$/.exec(format);
  const color = inkOf(match?.[1] ?? match?.[3] ?? "C0");
  if (!match || !color || (match[1] !== undefined && match[3] !== undefined)) {
    throw new RangeError(
      `fmts: "${format}" is not a line format; expected a colour (b g r c m y k w, C0 to C9) and ` +
        `a line (- -- -. :) or dots (o), such as "m--"`,
    );
  }
  return { color, dash: [...(DASHES[match[2] ?? "-"] ?? [])] };
}
