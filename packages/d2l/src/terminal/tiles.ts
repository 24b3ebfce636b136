// A matrix as text: shades of blocks, two cells wide or half a line high so that elements are nearly square.

import { compact } from "../ticks.ts";
import type { TilePanel } from "../tiles.ts";
import { everyNth, labelled, namesOf } from "../tiles.ts";
import { assignInks, paint } from "./color.ts";
import { cells, centre, oneLine, shorten } from "./text.ts";

const SHADES = " ░▒▓█";
/** From so many columns on, an element is one cell wide. */
const MANY = 16;
/** The least width that shows something. */
const NARROWEST = 4;

interface Layout {
  /** Cells to the left of the drawing. */
  readonly margin: number;
  /** Cells and lines of the drawing. */
  readonly width: number;
  readonly height: number;
}

/** How wide a panel wants to be, its labels included; pictures can also be drawn at half their size. */
export function tilesWidth(panel: TilePanel): { best: number; least: number } {
  const { margin, width } = layout(panel, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const { x, y } = panel.encoding;
  const texts = [...titleOf(panel), oneLine(y.title ?? ""), " ".repeat(margin) + oneLine(x.title ?? "")];
  const text = Math.max(...texts.map(cells));
  const drawn = margin + width;
  const least = isPicture(panel) && width >= MANY ? Math.ceil(width / 2) : drawn;
  return { best: Math.max(text, drawn), least: Math.max(text, least) };
}

function titleOf(panel: TilePanel): string[] {
  return panel.title?.split("\n").map(oneLine) ?? [];
}

function isPicture(panel: TilePanel): boolean {
  return panel.encoding.y.axis === null;
}

/** The lines of a panel, none wider than `columns`; `rows` is how many there are at most. */
export function renderTiles(panel: TilePanel, columns: number, rows: number, color: boolean): string[] {
  const { x, y, color: shade } = panel.encoding;
  const heading = [...titleOf(panel), oneLine(y.title ?? "")].filter((line) => line !== "");
  const names = x.axis === null ? [] : xLabels(panel, layout(panel, columns, rows - heading.length - 1));
  const footing = [...names, ...(x.title ? [oneLine(x.title)] : [])];
  const { margin, width, height } = layout(panel, columns, rows - heading.length - footing.length);
  const { domain, range } = shade.scale;
  const [lo, hi] = [domain[0] ?? 0, domain.at(-1) ?? 1];
  const ink = color ? (assignInks([range[3] ?? ""]).get(range[3] ?? "") ?? "") : "";
  const labels = yLabels(panel, margin, height);
  const body = Array.from({ length: height }, (_, line) => {
    const cellsOfLine = Array.from({ length: width }, (_, cell) => {
      const share =
        (mean(panel, line / height, (line + 1) / height, cell / width, (cell + 1) / width) - lo) / (hi - lo);
      return SHADES.charAt(Math.round(Math.min(1, Math.max(0, share)) * (SHADES.length - 1))) || " ";
    });
    return `${labels[line] ?? ""}${paint(cellsOfLine.join(""), ink)}`;
  });
  return [
    ...heading.map((line) => shorten(line, columns)),
    ...body,
    ...names,
    ...(x.title ? [below(oneLine(x.title), margin, width, columns)] : []),
  ];
}

/** A label in the middle below the drawing; from its left edge on where it is longer. */
function below(label: string, margin: number, width: number, columns: number): string {
  return (
    " ".repeat(margin) + (cells(label) > width ? shorten(label, columns - margin) : centre(label, width))
  );
}

/** What the shades of a panel stand for, in one line. */
export function tilesScale(panel: TilePanel, color: boolean): string {
  const { domain, range } = panel.encoding.color.scale;
  const ink = color ? (assignInks([range[3] ?? ""]).get(range[3] ?? "") ?? "") : "";
  return `${compact(domain[0] ?? 0)} ${paint([...SHADES].map((shade) => shade.repeat(2)).join(""), ink)} ${compact(domain.at(-1) ?? 1)}`;
}

function layout(panel: TilePanel, columns: number, rows: number): Layout {
  const [count, lines] = extents(panel);
  const names = panel.encoding.y.axis === null ? [] : labelsOf(panel, "y");
  const margin =
    names.length === 0 ? 0 : Math.min(Math.max(...names.map(cells)) + 1, Math.max(0, columns - NARROWEST));
  const wide = count < MANY ? 2 * count : count;
  // Pictures have two rows a line; matrices with axes one, as long as that is not far too high.
  const high = count < MANY || (!isPicture(panel) && lines < MANY) ? lines : Math.ceil(lines / 2);
  const width = Math.max(1, Math.min(wide, columns - margin));
  const height = isPicture(panel) ? Math.ceil((high * width) / wide) : high;
  return { margin, width, height: Math.max(1, Math.min(height, rows)) };
}

function extents(panel: TilePanel): [columns: number, rows: number] {
  return [panel.encoding.x.scale.domain.length, panel.encoding.y.scale.domain.length];
}

function labelsOf(panel: TilePanel, axis: "x" | "y"): string[] {
  const places = panel.encoding[axis];
  const names = namesOf(places);
  return places.scale.domain.map((at) => oneLine(names ? (names[at] ?? "") : String(at)));
}

/** The mean of the elements whose middles lie between two shares of the height and of the width; else of the nearest. */
function mean(panel: TilePanel, top: number, bottom: number, left: number, right: number): number {
  const [columns, rows] = extents(panel);
  const { v } = panel.data.values[0];
  const [i0, i1] = span(top, bottom, rows);
  const [j0, j1] = span(left, right, columns);
  let sum = 0;
  let count = 0;
  for (let i = i0; i < i1; i++)
    for (let j = j0; j < j1; j++) {
      const value = v[i * columns + j];
      if (value == null) continue;
      sum += value;
      count++;
    }
  return sum / count;
}

function span(from: number, to: number, count: number): [number, number] {
  const first = Math.min(count - 1, Math.floor(from * count + 1e-9));
  return [first, Math.max(first + 1, Math.min(count, Math.floor(to * count + 1e-9)))];
}

/** A label for each line whose first element is a named row; as many as the picture has. */
function yLabels(panel: TilePanel, margin: number, height: number): string[] {
  if (margin === 0) return [];
  const names = labelsOf(panel, "y");
  return Array.from({ length: height }, (_, line) => {
    const row = Math.floor((line / height) * names.length + 1e-9);
    const taken = line > 0 && Math.floor(((line - 1) / height) * names.length + 1e-9) === row;
    const name = taken ? "" : shorten(names[row] ?? "", margin - 1);
    return `${" ".repeat(Math.max(0, margin - 1 - cells(name)))}${name} `;
  });
}

/** Names under the columns: in one line where there is room for some, otherwise upright. */
function xLabels(panel: TilePanel, { margin, width }: Layout): string[] {
  const names = labelsOf(panel, "x");
  const named = namesOf(panel.encoding.x);
  const { places, gap } = labelled(names.length, named);
  const cell = width / names.length;
  const startOf = (at: number): number => margin + Math.floor(at * cell);
  const longest = Math.max(0, ...places.map((at) => cells(names[at] ?? "")));
  if (!named || longest <= gap * cell) {
    const every = everyNth(places.length, gap * cell, longest > 1 ? longest + 1 : 1);
    let line = "";
    places.forEach((at, k) => {
      const name = names[at] ?? "";
      if (k % every !== 0 || startOf(at) + cells(name) > margin + width) return;
      line += " ".repeat(Math.max(0, startOf(at) - cells(line))) + name;
    });
    return line ? [line] : [];
  }
  if (cell < 1) return [];
  return Array.from({ length: longest }, (_, k) => {
    let line = "";
    for (const at of places)
      line += " ".repeat(Math.max(0, startOf(at) - cells(line))) + ([...(names[at] ?? "")][k] ?? " ");
    return line.trimEnd();
  });
}
