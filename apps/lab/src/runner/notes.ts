// Finds the numbers that say a training diverged, where a program shows them.

import type { FigureSpec } from "@flambeau/d2l";

/** How much of a text is looked at. */
const MOST = 10_000;

/** Whether a printed text has a NaN in it: JavaScript's `NaN`, a tensor's `nan`. */
export function hasNaN(text: string): boolean {
  return /(?<![\w.])nan(?![\w(])/i.test(text.slice(0, MOST));
}

/** The first curve of a picture with a value that is no finite number, and its x. */
export function curveWithNaN(spec: FigureSpec): { curve: string; x: number | null } | undefined {
  const panels = "concat" in spec ? spec.concat : [spec];
  for (const panel of panels as readonly { data?: { values?: readonly unknown[] } }[]) {
    for (const row of panel.data?.values ?? []) {
      const { x, y, series } = row as { x?: number | null; y?: number | null; series?: string };
      // A spec writes null for what JSON has no number for.
      if (y === null && series !== undefined) return { curve: series, x: x ?? null };
    }
  }
  return undefined;
}
