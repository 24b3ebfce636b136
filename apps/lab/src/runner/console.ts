// The console of a program: values as Node prints them, so that a page shows what a terminal would.

import { format, inspect } from "node-inspect-extracted";
import type { Level } from "./outlet.ts";

/** Where a console prints. */
export interface ConsoleTarget {
  write(level: Level, text: string): void;
  clear(): void;
  /** Is given every argument; returns true for what it shows itself, a figure for one. */
  shows(value: unknown): boolean;
}

type Method = (...args: unknown[]) => void;
type Table = Readonly<Record<string, unknown>> | readonly unknown[];

/** Replaces the methods of `console`; what is not here stays the worker's own. */
export function takeConsole(target: ConsoleTarget, where: Console = console): void {
  let indent = "";
  const counts = new Map<string, number>();
  const times = new Map<string, number>();

  const write = (level: Level, args: readonly unknown[]): void => {
    const shown = args.map((arg) => target.shows(arg));
    const rest = args.filter((_, i) => !shown[i]);
    if (args.length > 0 && rest.length === 0) return;
    const text = format(...(rest as [unknown]));
    target.write(level, indent === "" ? text : text.replace(/^/gm, indent));
  };
  const at =
    (level: Level): Method =>
    (...args) =>
      write(level, args);
  const open: Method = (...args) => {
    if (args.length > 0) write("log", args);
    indent += "  ";
  };
  const elapsed = (label: string): string =>
    `${label}: ${(performance.now() - (times.get(label) ?? 0)).toFixed(3)} ms`;

  const methods: Record<string, Method> = {
    log: at("log"),
    info: at("info"),
    debug: at("debug"),
    warn: at("warn"),
    error: at("error"),
    dir: (value, options) => target.write("log", inspect(value, options as object)),
    trace: (...args) => write("error", ["Trace:", ...args]),
    assert: (ok, ...args) => {
      if (ok) return;
      const [first, ...rest] = args;
      if (args.length === 0) write("error", ["Assertion failed"]);
      else if (typeof first === "string") write("error", [`Assertion failed: ${first}`, ...rest]);
      else write("error", ["Assertion failed:", ...args]);
    },
    table: (value) => {
      const table = typeof value === "object" && value !== null ? tableOf(value as Table) : undefined;
      if (table === undefined) write("log", [value]);
      else target.write("log", table.replace(/^/gm, indent));
    },
    group: open,
    groupCollapsed: open,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    count: (label = "default") => {
      const count = (counts.get(String(label)) ?? 0) + 1;
      counts.set(String(label), count);
      write("log", [`${label}: ${count}`]);
    },
    countReset: (label = "default") => counts.delete(String(label)),
    time: (label = "default") => times.set(String(label), performance.now()),
    timeLog: (label = "default", ...args) => write("log", [elapsed(String(label)), ...args]),
    timeEnd: (label = "default") => {
      write("log", [elapsed(String(label))]);
      times.delete(String(label));
    },
    clear: () => target.clear(),
  };
  Object.assign(where, methods);
}

/** Rows and columns of objects or lists, in the frame that Node draws; nothing for other things. */
function tableOf(value: Table): string | undefined {
  const rows = Object.entries(value);
  if (rows.length === 0) return undefined;
  const names: string[] = [];
  for (const [, row] of rows) {
    const keys = typeof row === "object" && row !== null ? Object.keys(row) : ["Values"];
    for (const key of keys) if (!names.includes(key)) names.push(key);
  }
  const show = (cell: unknown): string => inspect(cell, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  const cells = rows.map(([index, row]) => [
    index,
    ...names.map((name) => {
      if (typeof row !== "object" || row === null) return name === "Values" ? show(row) : "";
      return name in row ? show((row as Record<string, unknown>)[name]) : "";
    }),
  ]);
  const head = ["(index)", ...names];
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const line = (row: readonly string[]): string =>
    `│${row.map((cell, i) => ` ${cell.padEnd(widths[i] ?? 0)} `).join("│")}│`;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...cells.map(line), rule("└", "┴", "┘")].join(
    "\n",
  );
}
