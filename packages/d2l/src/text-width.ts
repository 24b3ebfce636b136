// How wide Vega believes text to be where there is no canvas to measure it, as in Node. Vega's own estimate,
// 0.8 em for every character, makes legends too wide for Latin and too narrow for Chinese text.
// Source: the advance widths of DejaVu Sans, which toPng uses; few sans-serif fonts are wider.

/** The part of Vega's `textMetrics` that is replaced here; Vega provides for that ("user defined"). */
export interface TextMetrics {
  width: (item: { fontSize?: number }, text: unknown) => number;
  readonly estimateWidth: TextMetrics["width"];
}

/** Puts the estimate below in the place of Vega's; a canvas, where there is one, stays in charge. */
export function improveEstimate(metrics: TextMetrics): void {
  if (metrics.width !== metrics.estimateWidth) return;
  metrics.width = (item, text) => estimateEms(text == null ? "" : String(text)) * (item.fontSize ?? 11);
}

/** The width of a text in units of its font size. */
export function estimateEms(text: string): number {
  let ems = 0;
  for (const char of text.trim()) ems += ADVANCES.find(([chars]) => chars.test(char))?.[1] ?? 0.64;
  return ems;
}

const ADVANCES: readonly (readonly [RegExp, number])[] = [
  [/\p{M}/u, 0],
  [/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u, 1],
  [/[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u, 1],
  [/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀-₉]/u, 0.42],
  [/[ijlI.,:;'|!/\\ ]/u, 0.32],
  [/[frt()[\]{}"°-]/u, 0.42],
  [/[mwMW@%—]/u, 0.96],
  [/[=+−<>~≤≥]/u, 0.84],
  [/\p{Lu}/u, 0.7],
];
