// A figure as text: reads its Vega-Lite spec; curves are braille dots, matrices shades of blocks.
// Below 30 columns, or with too few rows for axes, each curve becomes one line of text.

import type { Curve, FigureSpec, Panel } from "../spec.ts";
import { curvesOf, isTiles, panelsOf } from "../spec.ts";
import { compact } from "../ticks.ts";
import { assignInks, paint } from "./color.ts";
import { environment } from "./environment.ts";
import { renderPanel } from "./panel.ts";
import { cells, centre, oneLine, shorten } from "./text.ts";
import { renderTiles, tilesScale, tilesWidth } from "./tiles.ts";

/** How a figure is drawn as text. */
export interface TerminalOptions {
  /** Width in cells; default the terminal's, 80 where there is none, at most 100. */
  columns?: number | undefined;
  /** Height in lines, labels included; default follows from the width (11 to 24). */
  rows?: number | undefined;
  /** Whether to colour the curves; default what the terminal can, and `NO_COLOR` allows. */
  color?: boolean | undefined;
}

const NARROWEST = 30;
const LOWEST = 9;
const WIDEST_BY_DEFAULT = 100;
/** Cells between panels. */
const GAP = 2;
/** Lines that a matrix may take where nobody says how many. */
const TALLEST = 60;

/** Draws a figure as lines of text, none wider than `columns`, without trailing spaces. */
export function renderTerminal(spec: FigureSpec, options: TerminalOptions = {}): string {
  const terminal = environment();
  const columns = whole(options.columns ?? Math.min(terminal.columns, WIDEST_BY_DEFAULT));
  const color = options.color ?? terminal.color;
  const panels = panelsOf(spec);
  const { perRow, width } = arrange(spec, panels, columns);
  const rowsOfPanels = Math.ceil(panels.length / perRow);
  const wanted = Math.max(11, Math.min(24, Math.round(width * 0.27)));
  const free = options.rows === undefined;
  // A matrix brings its own.
  const title = "concat" in spec || !isTiles(spec) ? oneLine(spec.title ?? "") : "";
  const rows = whole(options.rows ?? wanted * rowsOfPanels + (title ? 1 : 0));
  const height = Math.floor((rows - (title ? 1 : 0)) / rowsOfPanels);
  const lines = title && rows > LOWEST && columns >= NARROWEST ? [centre(title, columns)] : [];
  for (let first = 0; first < panels.length; first += perRow) {
    const blocks = panels
      .slice(first, first + perRow)
      .map((panel) =>
        block(panel, width, isTiles(panel) && free ? TALLEST : height, color, "concat" in spec),
      );
    lines.push(...sideBySide(panels.every(isTiles) ? blocks.map(lowered(blocks)) : blocks, width));
  }
  const explained = panels.find((panel) => isTiles(panel) && panel.encoding.color.legend !== null);
  if (explained && isTiles(explained) && free) lines.push(tilesScale(explained, color));
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Panels in a row, and the width of each: curves take all there is, matrices what they need. */
function arrange(
  spec: FigureSpec,
  panels: readonly Panel[],
  columns: number,
): { perRow: number; width: number } {
  const inRow = (needed: number, gap: number): number =>
    "concat" in spec ? Math.max(1, Math.min(spec.columns, Math.floor((columns + gap) / (needed + gap)))) : 1;
  const share = (perRow: number): number => Math.floor((columns - (perRow - 1) * GAP) / perRow);
  if (!panels.every(isTiles)) {
    const perRow = inRow(NARROWEST, 0);
    return { perRow, width: share(perRow) };
  }
  const [best, least] = (["best", "least"] as const).map((kind) =>
    Math.max(...panels.map((panel) => tilesWidth(panel)[kind])),
  ) as [number, number];
  const whole = inRow(best, GAP);
  if ("concat" in spec && whole < spec.columns && least < best)
    return { perRow: inRow(least, GAP), width: least };
  return { perRow: whole, width: Math.min(best, share(whole)) };
}

function whole(value: number): number {
  return Number.isFinite(value) ? Math.max(1, Math.floor(value)) : 80;
}

function block(panel: Panel, columns: number, rows: number, color: boolean, titled: boolean): string[] {
  if (isTiles(panel)) return renderTiles(panel, columns, rows, color);
  // The title of a figure with one panel stands above already.
  const title = titled && rows > LOWEST ? oneLine(panel.title ?? "") : "";
  if (title) return [centre(title, columns), ...block(panel, columns, rows - 1, color, false)];
  const drawn = columns >= NARROWEST && rows >= LOWEST ? renderPanel(panel, columns, rows, color) : undefined;
  return drawn ?? summary(panel, columns, color);
}

/** The last value of each curve, where there is no room for a drawing. */
function summary(panel: Panel, columns: number, color: boolean): string[] {
  const curves = curvesOf(panel);
  const inks = assignInks(curves.map((curve) => curve.color));
  return curves.map((curve, i) => {
    const name = oneLine(curve.name) || `line ${i + 1}`;
    const value = lastValue(curve);
    const room = columns - cells(value) - 2;
    const text = room > 1 ? `${shorten(name, room)}: ${value}` : shorten(value, columns);
    return paint(text, color ? (inks.get(curve.color) ?? "") : "");
  });
}

function lastValue(curve: Curve): string {
  const last = curve.y.at(-1);
  return last === undefined ? "no data" : compact(last);
}

/** Matrices stand on one line, however long their titles are. */
function lowered(blocks: readonly string[][]): (lines: string[]) => string[] {
  const height = Math.max(...blocks.map((lines) => lines.length));
  return (lines) => [...new Array<string>(height - lines.length).fill(""), ...lines];
}

/** Joins blocks of lines; measures them without their colours. */
function sideBySide(blocks: readonly string[][], width: number): string[] {
  if (blocks.length === 1) return blocks[0] ?? [];
  const height = Math.max(...blocks.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    blocks
      .map((lines) => {
        const line = lines[row] ?? "";
        return line + " ".repeat(Math.max(0, width - cells(stripColors(line))));
      })
      .join("  "),
  );
}

/** The text without the colours of {@link paint}. */
export function stripColors(text: string): string {
  return text.replace(/\u001b\[\d+m/g, "");
}
