// The tables of `bench -- train`: on a terminal, as lines of JSON, and in docs/performance.md.

import { digits, machine, writeSection } from "../document.ts";
import { threadsOfTorch } from "../side.ts";
import type { Check, Compilation, Result } from "./measure.ts";
import type { Name, Versions } from "./sides.ts";
import { names, ratios } from "./sides.ts";

const round = (x: number): number => Number(x.toPrecision(5));
const rounded = (record: Readonly<Record<string, number | undefined>>): Record<string, number | undefined> =>
  Object.fromEntries(Object.entries(record).map(([key, x]) => [key, x === undefined ? x : round(x)]));

/** One row as a line of JSON. */
export const json = ({ row, us, ratio }: Result): string =>
  JSON.stringify({ bench: row, us: rounded(us), ratio: rounded(ratio) });

export const compilationJson = ({ row, ms }: Compilation): string =>
  JSON.stringify({ bench: `${row}-compile`, ms: rounded(ms) });

/** The same as a sentence. */
export const compilationText = ({ row, ms }: Compilation): string =>
  `Capture and compilation of the ${row} step: ${ms.first.toFixed(0)} ms, and ${ms.second.toFixed(0)} ms in a second process.`;

export const checkJson = ({ row, apart, reference }: Check, tolerance: number): string =>
  // Infinity is not JSON.
  JSON.stringify({ bench: row, reference, apart, tolerance }, (_, x) =>
    x === Number.POSITIVE_INFINITY ? "Infinity" : x,
  );

interface Column {
  readonly heading: string;
  readonly cells: readonly string[];
}

/** Columns to the right of `first`, in as many blocks as the width of the terminal asks for. */
function blocks(first: Column, columns: readonly Column[], width: number): string {
  const widthOf = (c: Column): number => Math.max(c.heading.length, ...c.cells.map((cell) => cell.length));
  const left = widthOf(first);
  const texts: string[] = [];
  let rest = [...columns];
  while (rest.length > 0) {
    let used = left;
    const fit = rest.findIndex((c) => (used += widthOf(c) + 2) > width);
    const now = rest.slice(0, fit < 0 ? rest.length : Math.max(fit, 1));
    rest = rest.slice(now.length);
    const line = (head: string, cell: (c: Column) => string): string =>
      head.padEnd(left) + now.map((c) => cell(c).padStart(widthOf(c) + 2)).join("");
    const lines = [line(first.heading, (c) => c.heading)];
    for (const [i, head] of first.cells.entries()) lines.push(line(head, (c) => c.cells[i]!));
    texts.push(lines.join("\n"));
  }
  return texts.join("\n\n");
}

const present = (records: readonly Readonly<Partial<Record<Name, number>>>[]): Name[] =>
  names.filter((name) => records.some((record) => record[name] !== undefined));
const cell = (x: number | undefined, show: (x: number) => string): string =>
  x === undefined ? "–" : show(x);
const shownRatios = (results: readonly Result[]): string[] =>
  ratios.map(([a, b]) => `${a}/${b}`).filter((key) => results.some(({ ratio }) => ratio[key] !== undefined));
const twoDigits = (x: number): string => x.toFixed(2);

/** The table for a terminal that is `width` wide. */
export function table(results: readonly Result[], width: number): string {
  const us = present(results.map((r) => r.us)).map((name) => ({
    heading: name,
    cells: results.map((r) => cell(r.us[name], digits)),
  }));
  const ratio = shownRatios(results).map((key) => ({
    heading: key,
    cells: results.map((r) => cell(r.ratio[key], twoDigits)),
  }));
  const first = (heading: string): Column => ({ heading, cells: results.map((r) => r.row) });
  const parts = [blocks(first("us a step"), us, width)];
  if (ratio.length > 0) parts.push(blocks(first("ratio"), ratio, width));
  return parts.join("\n\n");
}

/** The table of `--check`. */
export function checkTable(checks: readonly Check[], width: number): string {
  const columns = present(checks.map((c) => c.apart)).map((name) => ({
    heading: name,
    cells: checks.map((c) => cell(c.apart[name], (x) => x.toExponential(1))),
  }));
  const first = { heading: "row", cells: checks.map((c) => c.row) };
  return blocks(
    first,
    [{ heading: "reference", cells: checks.map((c) => c.reference ?? "–") }, ...columns],
    width,
  );
}

const settings = (n: number): string =>
  Object.entries(threadsOfTorch(n))
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");

/** Machine, versions and libraries, a line each. */
export function conditions(versions: Versions): string[] {
  const lines = [`Machine: ${machine()}. Node ${versions.node ?? "unknown"}.`];
  if (versions.torch)
    lines.push(
      `PyTorch ${versions.torch}, kernels for ${versions.cpu}; its BLAS: ${versions.blas}.`,
      `torch1 with ${settings(1)}; torch2 with ${settings(2)}; torch.set_num_threads as many.`,
    );
  if (versions.jaxjs)
    lines.push(`jaxjs: @jax-js/jax ${versions.jaxjs}, backend wasm, jit; in Node it has one thread.`);
  if (versions.tfjs)
    lines.push(`tfjs: @tensorflow/tfjs-core and -backend-wasm ${versions.tfjs}; in Node it has one thread.`);
  return lines;
}

/** Writes the section of docs/performance.md; gives its path. */
export function write(
  results: readonly Result[],
  compilations: readonly Compilation[],
  versions: Versions,
  notes: readonly string[],
): string {
  const columns = present(results.map((r) => r.us));
  const keys = shownRatios(results);
  const lines = [
    "Whole training steps (forward, backward, optimizer) and single operations, written by `npm run bench -- train --write`;",
    "other machines give other numbers. Microseconds a step, medians of turns that all sides take one after the other;",
    "compiled1 and compiled2 are `torch.compile` on one and two threads, eager1 the same step without it. A ratio is the",
    "first one's time by the second one's, the median over the turns. The models are in bench/train/models.ts.",
    "",
    ...conditions(versions).flatMap((line) => [line, ""]),
    `| row | ${[...columns, ...keys].join(" | ")} |`,
    `|---|${[...columns, ...keys].map(() => "---:|").join("")}`,
    ...results.map(
      (r) =>
        `| ${[r.row, ...columns.map((name) => cell(r.us[name], digits)), ...keys.map((key) => cell(r.ratio[key], twoDigits))].join(" | ")} |`,
    ),
    ...compilations.flatMap((c) => ["", compilationText(c)]),
    ...(notes.length > 0 ? ["", "Not there:", "", ...notes.map((note) => `- ${note}`)] : []),
  ];
  return writeSection("Training steps", lines);
}
