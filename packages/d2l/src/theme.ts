// Colours of the figures: the named ones of matplotlib's format strings and two themes, light and dark.
// Every colour of a curve is a pair, so that a finished figure can change its theme.

/** `"light"`: white ground, for paper; `"dark"`: for dark pages. */
export type Theme = "light" | "dark";

/** A colour in both themes. */
interface Pair {
  readonly light: string;
  readonly dark: string;
}

interface Ink extends Pair {
  /** Names in matplotlib's format strings. */
  readonly names: readonly string[];
}

// C0..C9 are matplotlib's tab10. Pure green, cyan and yellow are too pale on white and the plain blue too
// dark on black, so these are moved until thin lines are readable; the hue is matplotlib's.
export const PALETTE: readonly Ink[] = [
  { names: ["C0"], light: "#1f77b4", dark: "#5aa9e6" },
  { names: ["C1"], light: "#ff7f0e", dark: "#ff9f43" },
  { names: ["C2"], light: "#2ca02c", dark: "#63cf63" },
  { names: ["C3"], light: "#d62728", dark: "#ff6b6b" },
  { names: ["C4"], light: "#9467bd", dark: "#b794e0" },
  { names: ["C5"], light: "#8c564b", dark: "#c49a8e" },
  { names: ["C6"], light: "#e377c2", dark: "#f2a3da" },
  { names: ["C7"], light: "#7f7f7f", dark: "#a6a6a6" },
  { names: ["C8"], light: "#a3a51c", dark: "#d4d65a" },
  { names: ["C9"], light: "#17a2b8", dark: "#4dd0e1" },
  { names: ["b"], light: "#1f3fd6", dark: "#7b93ff" },
  { names: ["g"], light: "#158030", dark: "#4fd675" },
  { names: ["r"], light: "#e01b24", dark: "#ff7575" },
  { names: ["c"], light: "#0f98a8", dark: "#3fd9ea" },
  { names: ["m"], light: "#bf00bf", dark: "#ef7bef" },
  { names: ["y"], light: "#a88f00", dark: "#e6d14a" },
  { names: ["k"], light: "#222222", dark: "#e8e8e8" },
  { names: ["w"], light: "#f7f7f7", dark: "#111111" },
];

/** Colours of a heatmap or of grey pictures, from low to high. */
export type ColorMap = "Reds" | "Blues" | "Greys";

const ramp = (...pairs: readonly (readonly [light: string, dark: string])[]): readonly Pair[] =>
  pairs.map(([light, dark]) => ({ light, dark }));

// From the ground to the strongest ink, on either ground. No colour stands twice in one theme: themes are swapped by colour.
export const RAMPS: Readonly<Record<ColorMap, readonly Pair[]>> = {
  Reds: ramp(
    ["#fff5f0", "#1d1013"],
    ["#fcbba1", "#5f1d1a"],
    ["#fb6a4a", "#b5332b"],
    ["#cb181d", "#f46d50"],
    ["#67000d", "#ffd8c9"],
  ),
  Blues: ramp(
    ["#f7fbff", "#0e1724"],
    ["#c6dbef", "#173a5e"],
    ["#6baed6", "#2a6fae"],
    ["#2171b5", "#6db3ee"],
    ["#08306b", "#d9ecff"],
  ),
  Greys: ramp(
    ["#ffffff", "#0d1117"],
    ["#d9d9d9", "#343b45"],
    ["#969696", "#727c89"],
    ["#525252", "#b3bcc6"],
    ["#000000", "#ffffff"],
  ),
};

/** The light-theme colour of a name such as `m` or `C1`. */
export function inkOf(name: string): string | undefined {
  return PALETTE.find((ink) => ink.names.includes(name))?.light;
}

function config(text: string, lines: string, grid: string, ground: string): Record<string, unknown> {
  return {
    font: "sans-serif",
    lineBreak: "\n",
    view: { stroke: lines },
    title: { color: text, fontSize: 13, fontWeight: "normal" },
    axis: {
      labelColor: text,
      titleColor: text,
      titleFontWeight: "normal",
      labelFontSize: 11,
      titleFontSize: 12,
      titlePadding: 6,
      domain: false,
      tickColor: lines,
      gridColor: grid,
      labelFlush: false,
    },
    legend: {
      labelColor: text,
      labelFontSize: 11,
      labelLimit: 0,
      symbolSize: 500,
      symbolStrokeWidth: 1.8,
      symbolType: "stroke",
      rowPadding: 1,
      offset: 4,
      padding: 4,
      fillColor: { expr: `'${ground}d9'` },
      strokeColor: grid,
      cornerRadius: 3,
    },
  };
}

export const THEMES: Record<Theme, { background: string; config: Record<string, unknown> }> = {
  light: { background: "#ffffff", config: config("#222222", "#8a8a8a", "#e6e6e6", "#ffffff") },
  dark: { background: "#0d1117", config: config("#e6edf3", "#6e7681", "#262c36", "#0d1117") },
};
