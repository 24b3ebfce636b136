// A plot in words, for those who cannot see it: its title, its axes, and each curve with its last value.

import type { FigureSpec } from "@flambeau/d2l";

interface Row {
  readonly x?: number | null;
  readonly y?: number | null;
  readonly series?: string;
}

interface Axes {
  readonly title?: unknown;
  readonly data?: { readonly values?: readonly Row[] };
  readonly encoding?: {
    readonly x?: { readonly title?: unknown };
    readonly y?: { readonly title?: unknown };
  };
}

/** Reads what specs of line plots have; of others, what is the same there. */
export function describe(spec: FigureSpec): string {
  const panels = ("concat" in spec ? spec.concat : [spec]) as readonly Axes[];
  const title = typeof spec.title === "string" ? spec.title : "";
  return [title, ...panels.map((panel) => ofPanel(panel, title))].filter((part) => part !== "").join(". ");
}

function ofPanel(panel: Axes, above: string): string {
  const { title, encoding, data } = panel;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const axes = [encoding?.y, encoding?.x].map((axis) => text(axis?.title)).filter((name) => name !== "");
  const last = new Map<string, Row>();
  for (const row of data?.values ?? []) if (row.series !== undefined) last.set(row.series, row);
  const curves = [...last].map(([name, { x, y }]) => `${name}: ${show(y)} (${show(x)})`);
  const name = text(title) === above ? "" : text(title);
  return [name, axes.join(" / "), ...curves].filter((part) => part !== "").join(", ");
}

function show(value: number | null | undefined): string {
  return value == null ? "NaN" : String(Number(value.toPrecision(4)));
}
