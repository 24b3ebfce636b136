// What lessons print and save: tables, running text, curves that are kept, figures.

import * as d2l from "@flambeau/d2l";
import type { CommonOptions, Language } from "./options.ts";

/** Width to print at. */
export const columns = (): number => Math.min(process.stdout.columns ?? 100, 100);

/** A table whose columns are as wide as their widest cell, or one block for each row where the terminal is narrow. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  width: number = columns(),
): string {
  const widths = heading.map((_, i) =>
    Math.max(...[heading, ...rows].map((row) => d2l.textWidth(row[i] ?? ""))),
  );
  const pad = (text: string, size: number, right: boolean): string => {
    const space = " ".repeat(size - d2l.textWidth(text));
    return right ? space + text : text + space;
  };
  if (widths.reduce((sum, w) => sum + w + 3, 0) - 3 > width)
    return rows
      .map((row) => row.map((cell, i) => (i === 0 ? cell : `  ${heading[i]}: ${cell}`)).join("\n"))
      .join("\n");
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, i > 0))
      .join("   ")
      .trimEnd();
  return [line(heading), ...rows.map(line)].join("\n");
}

/** Breaks a text into lines, between words or Chinese characters. */
export function wrap(text: string, width: number = columns()): string {
  const lines = [""];
  for (const word of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    const line = lines.at(-1) ?? "";
    if (line && d2l.textWidth(line + word.trimEnd()) > width) lines.push(word);
    else lines[lines.length - 1] = line + word;
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** A loss in a table: four digits, with an exponent below a thousandth. */
export const showLoss = (loss: number | undefined): string =>
  loss === undefined ? "-" : loss > 0 && loss < 1e-3 ? loss.toExponential(3) : loss.toPrecision(4);

/** A number in running text. */
export const short = (x: number): string =>
  x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(2) : x.toPrecision(2);

/** An animator that keeps what it draws; it draws nothing where only numbers are asked for. */
export class Curve extends d2l.Animator {
  readonly points: { readonly x: number; readonly y: readonly number[] }[] = [];

  constructor(options: d2l.AnimatorOptions, { json, quiet }: Pick<CommonOptions, "json" | "quiet">) {
    super({ ...options, display: json || quiet ? "none" : "auto" });
  }

  override add(x: number, y: readonly number[]): void {
    this.points.push({ x, y });
    super.add(x, y);
  }
}

/** Sentences that every lesson has. */
export const sentences: Record<Language, { saved(file: string): string; readonly diverged: string }> = {
  en: {
    saved: (file) => `Figure written to ${file}`,
    diverged: "The training diverged: a loss is not finite. Try a smaller --lr or --lambda.",
  },
  zh: {
    saved: (file) => `图已写入 ${file}`,
    diverged: "训练发散了：损失已不是有限的数。请减小 --lr 或 --lambda。",
  },
};

/** Draws finished figures in the terminal, where curves would be drawn too; two in a row where there is room. */
export function draw(figures: readonly d2l.Figure[], { json, quiet }: CommonOptions): void {
  if (!process.stdout.isTTY || json || quiet) return;
  const width = columns();
  console.log(d2l.Figure.grid(figures, width >= 80 ? 2 : 1).toTerminal({ columns: width }));
}

/** Saves the figures as one picture where `--out` says, and says so. */
export async function save(
  { out, json, lang }: CommonOptions,
  figures: readonly d2l.Figure[],
  figuresInRow: number,
): Promise<void> {
  if (!out) return;
  await d2l.Figure.grid(figures, figuresInRow).save(out);
  if (!json) console.log(sentences[lang].saved(out));
}
