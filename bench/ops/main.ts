// `npm run bench -- ops [--only a,b] [--json] [--write]`: eager ops beside PyTorch on one thread, taking turns.
//
// Each side is a process that lives for the whole run and answers lines of JSON: { op, n, ms } makes the operands and
// warms up for so long, { ms } times calls for about so long and answers the microseconds a call takes.

import { fileURLToPath } from "node:url";
import { median, Side, startTorch } from "../side.ts";
import type { Result } from "./report.ts";
import { print, write } from "./report.ts";
import type { Row } from "./rows.ts";
import { rows } from "./rows.ts";

const turns = 11;
const turnMs = 25;
const warmUpMs = 150;
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export interface OpsOptions {
  readonly json: boolean;
  /** Names of operations; with "/" and a size, of one row. Empty: all. */
  readonly only: readonly string[];
  /** Whether docs/performance.md is written. */
  readonly write: boolean;
}

const idOf = (row: Row): string => (row.n ? `${row.op}/${row.n}` : row.op);

async function measure(row: Row, ours: Side, torch: Side | null): Promise<Result> {
  const sides = torch ? [ours, torch] : [ours];
  const start = JSON.stringify({ op: row.op, n: row.n, ms: warmUpMs });
  const checks: number[] = [];
  for (const side of sides) checks.push(((await side.ask(start)) as { check: number }).check);
  const times = sides.map((): number[] => []);
  const turn = JSON.stringify({ ms: turnMs });
  for (let i = 0; i < turns; i++)
    for (const [s, side] of sides.entries()) times[s]!.push(((await side.ask(turn)) as { us: number }).us);
  const [us, torchUs] = [median(times[0]!), torch ? median(times[1]!) : null];
  // The ratio of each pair of turns, since the machine's speed drifts.
  const ratio = torch ? median(times[0]!.map((t, i) => times[1]![i]! / t)) : null;
  const [a, b] = checks;
  const apart = b === undefined ? 0 : Math.abs(a! - b) / Math.max(Math.abs(b), 1e-30);
  if (!(apart < 1e-3)) throw new Error(`${idOf(row)}: the sides do not compute the same: ${a} and ${b}`);
  return { ...row, us, torchUs, ratio };
}

/** Runs the rows that `only` names and shows the table. */
export async function benchOps(options: OpsOptions): Promise<void> {
  const wanted = rows.filter(
    (row) => options.only.length === 0 || options.only.some((name) => name === row.op || name === idOf(row)),
  );
  const unknown = options.only.filter((name) => !rows.some((row) => name === row.op || name === idOf(row)));
  if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(", ")}`);
  const ours = new Side("flambeau", process.execPath, [here("flambeau_ops.ts")]);
  const { node } = (await ours.read()) as { node: string };
  const torch = await startTorch(here("torch_ops.py"));
  if (!torch)
    console.error("no python3 with torch found (Debian: apt-get install python3-torch): our side only");
  const results: Result[] = [];
  try {
    for (const row of wanted) {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${results.length + 1}/${wanted.length} ${idOf(row)} `);
      results.push(await measure(row, ours, torch?.side ?? null));
    }
  } finally {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    ours.close();
    torch?.side.close();
  }
  const versions = { node, torch: torch?.version ?? null, blas: torch?.blas ?? null };
  if (options.json) console.log(JSON.stringify({ bench: "ops", ...versions, turns, rows: results }));
  else print(results);
  if (options.write) console.error(`written: ${write(results, versions)}`);
}
