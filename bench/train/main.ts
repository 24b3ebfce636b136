// `npm run bench -- train [--json] [--check] [--only a,b] [--write] [--seconds s]`: training steps beside other libraries.
//
// Each side is a process of its own that lives for the whole run; serve.ts says what it is asked. All start from the
// same parameters and data and take turns, so that all see the same machine.

import { rmSync } from "node:fs";
import type { Check, Compilation, Result } from "./measure.ts";
import { check, checkedSteps, compilation, measure } from "./measure.ts";
import { rows } from "./models.ts";
import {
  checkJson,
  checkTable,
  compilationJson,
  compilationText,
  conditions,
  json,
  table,
  write,
} from "./report.ts";
import { Sides } from "./sides.ts";
import { writeStarts } from "./write.ts";

/**
 * Of losses over ten steps, relative: float32 sums in other orders, carried through ten updates. The ResNet magnifies:
 * changes of its first parameters by 1e-7 relative change its tenth loss by up to 5e-4, once a relu has changed sides.
 */
const toleranceOf = (row: string): number => (row === "resnet" ? 2e-3 : 1e-4);
const defaultSeconds = 2;
/** The row whose compilation is timed. */
const compiledRow = "transformer";

export interface TrainOptions {
  readonly json: boolean;
  /** Names of rows. Empty: all. */
  readonly only: readonly string[];
  /** Whether docs/performance.md is written. */
  readonly write: boolean;
  /** Compares losses instead of times. */
  readonly check: boolean;
  /** Measuring time of a side in a row, as the command line has it. */
  readonly seconds: string | undefined;
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return defaultSeconds;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds < 3600)) throw new Error(`--seconds wants a number above 0, not '${text}'`);
  return seconds;
}

const width = (): number => process.stdout.columns || Number(process.env["COLUMNS"]) || 120;

/** A line that is written over, on a terminal; elsewhere nothing. */
const progress = (text: string): void => {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
};

/** Runs the rows that `only` names and shows the table. */
export async function benchTrain(options: TrainOptions): Promise<void> {
  const seconds = secondsOf(options.seconds);
  const unknown = options.only.filter((name) => !rows.includes(name));
  if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(", ")}; there are ${rows.join(", ")}`);
  if (options.check && options.write) throw new Error("--check measures no times that --write could write");
  const wanted = rows.filter((row) => options.only.length === 0 || options.only.includes(row));

  const results: Result[] = [];
  const compilations: Compilation[] = [];
  const checks: Check[] = [];
  const missing = new Map<string, string[]>();
  /** What has no number: a side, and in which row, or in all from here on. */
  const note = (name: string, why: string, row = ""): void => {
    const key = JSON.stringify([name, why]);
    missing.set(key, [...(missing.get(key) ?? []), row]);
    progress("");
    if (options.json) process.stderr.write(`${name}${row && ` in ${row}`}: ${why}\n`);
  };
  const notes = (): string[] =>
    [...missing].map(([key, rows]) => {
      const [name, why] = JSON.parse(key) as [string, string];
      return `${name}${rows[0] && ` in ${rows.join(", ")}`}: ${why}`;
    });
  const show = (): void => {
    progress("");
    if (options.json) return;
    if (results.length > 0) console.log(table(results, width()));
    for (const times of compilations) console.log(`\n${compilationText(times)}`);
    if (checks.length > 0) console.log(checkTable(checks, width()));
    if (results.length > 0) console.log(`\n${conditions(sides.versions).join("\n")}`);
    if (missing.size > 0)
      console.log(
        `\nnot there:\n${notes()
          .map((text) => `  ${text}`)
          .join("\n")}`,
      );
  };
  const sides = new Sides();
  const folder = writeStarts(wanted);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // Before the handler that ends the sides: what is done is shown.
  process.once("SIGINT", show);
  try {
    for (const [i, row] of wanted.entries()) {
      const said = (what: string): void => progress(`${i + 1}/${wanted.length} ${row}: ${what}`);
      said("starting");
      const before = sides.skipped.size;
      await sides.start();
      for (const [name, why] of [...sides.skipped].slice(before)) note(name, why);
      const report = (name: string, why: string): void => note(name, why, row);
      if (options.check) {
        const found = await check(sides, row, folder, report, said);
        checks.push(found);
        if (options.json) console.log(checkJson(found, toleranceOf(row)));
      } else {
        const found = await measure(sides, row, folder, seconds, report, said);
        results.push(found);
        if (options.json) console.log(json(found));
        if (row === compiledRow && found.us.compiled1 !== undefined) {
          said("compiles in new processes");
          const times = await compilation(row, folder);
          compilations.push(times);
          if (options.json) console.log(compilationJson(times));
        }
      }
      if (!options.json && !process.stderr.isTTY) process.stderr.write(`${i + 1}/${wanted.length} ${row}\n`);
    }
  } finally {
    sides.close();
  }
  show();
  if (options.write) console.error(`written: ${write(results, compilations, sides.versions, notes())}`);
  if (!options.check) return;
  const far = checks.filter(({ row, apart }) => Object.values(apart).some((d) => !(d <= toleranceOf(row))));
  const verdict = `relative differences over ${checkedSteps} steps, tolerance ${toleranceOf("")}, of resnet ${toleranceOf("resnet")}`;
  if (far.length > 0)
    throw new Error(
      `the sides do not compute the same in ${far.map(({ row }) => row).join(", ")}: ${verdict}`,
    );
  if (!options.json) console.log(`\nall agree: ${verdict}`);
}
