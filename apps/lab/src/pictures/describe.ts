// Pictures in words and as tables, for those who cannot see them and for those who want the numbers.

import type { Picture } from "../../../../lessons/live.ts";
import { written } from "../live/scale.ts";
import { align } from "./align.ts";
import { extent } from "./axes.ts";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A number to four digits. */
export const short = (value: number | undefined): string =>
  value === undefined ? "" : Number.isFinite(value) ? written(Number(value.toPrecision(4))) : String(value);

const range = (values: ArrayLike<number>): string => extent(values).map(short).join(" … ");

/** What a picture shows, in a few numbers. */
export function summaryOf(picture: Picture): string {
  switch (picture.kind) {
    case "curves":
      return picture.curves
        .filter((curve) => curve.y.length > 0)
        .map(
          ({ name, x, y }) =>
            `${name}: ${short(y[0])} → ${short(y[y.length - 1])} (${picture.xlabel ?? "x"} ${short(x[0])} … ${short(x[x.length - 1])})`,
        )
        .join("; ");
    case "bars":
      return `${picture.values.length}: ${range(picture.values)}`;
    case "histograms":
      return picture.rows.map((row) => row.name).join(", ");
    case "heatmap":
      return `${picture.rows} × ${picture.columns}: ${range(picture.values)}`;
    case "images":
      return picture.captions.join(", ");
    default:
      return "";
  }
}

/** All numbers of a picture; null for those that are text already. */
export function tableOf(picture: Picture): Table | null {
  switch (picture.kind) {
    case "curves": {
      const { xs, at } = align(picture.curves);
      return {
        head: [picture.xlabel ?? "x", ...picture.curves.map((curve) => curve.name)],
        rows: xs.map((x, row) => [
          short(x),
          ...picture.curves.map(({ y }, c) => short(y[at[c]![row] ?? -1])),
        ]),
      };
    }
    case "bars": {
      const { values, names, reference, legend, xlabel } = picture;
      return {
        head: [xlabel ?? "", legend?.[0] ?? "", ...(reference ? [legend?.[1] ?? ""] : [])],
        rows: Array.from(values, (value, i) => [
          names?.[i] ?? String(i),
          short(value),
          ...(reference ? [short(reference[i])] : []),
        ]),
      };
    }
    case "histograms": {
      const { rows, from, to, xlabel } = picture;
      const bins = Math.max(0, ...rows.map((row) => row.counts.length));
      const edge = (i: number): string => short(from + ((to - from) * i) / bins);
      return {
        head: [xlabel ?? "", ...rows.map((row) => row.name)],
        rows: Array.from({ length: bins }, (_, i) => [
          `${edge(i)} … ${edge(i + 1)}`,
          ...rows.map((row) => short(row.counts[i])),
        ]),
      };
    }
    case "heatmap": {
      const { rows, columns, values, rowNames, columnNames } = picture;
      return {
        head: ["", ...Array.from({ length: columns }, (_, j) => columnNames?.[j] ?? String(j))],
        rows: Array.from({ length: rows }, (_, i) => [
          rowNames?.[i] ?? String(i),
          ...Array.from({ length: columns }, (_, j) => short(values[i * columns + j])),
        ]),
      };
    }
    case "images":
      return {
        head: ["", ""],
        rows: picture.captions.map((caption, i) => [
          String(i + 1),
          picture.wrong?.[i] ? `✗ ${caption}` : caption,
        ]),
      };
    default:
      return null;
  }
}
