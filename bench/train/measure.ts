// Times the sides of a row in turns, and compares what they compute.

import { median } from "../side.ts";
import type { Name, Sides } from "./sides.ts";
import { names, ratios, startCompiled } from "./sides.ts";

/** Turns of each side; one whose step takes longer than a turn has fewer, at least `leastTurns`. */
const rounds = 15;
const leastTurns = 3;
/** Threads of the two-threaded sides spin for some milliseconds after their work. */
const restMs = 20;
/** A step that takes longer is timed once, in the warm-up. */
const longestMs = 5000;
const answerLimitMs = 300_000;
const checkMs = 40_000;
/** Steps whose losses are compared. */
export const checkedSteps = 10;

export interface Result {
  readonly row: string;
  /** Microseconds a step: medians of the turns. */
  readonly us: Readonly<Partial<Record<Name, number>>>;
  /** Medians of the ratios of turns that followed one another. */
  readonly ratio: Readonly<Record<string, number>>;
}

export interface Check {
  readonly row: string;
  /** The largest relative difference from `reference`. */
  readonly apart: Readonly<Partial<Record<Name, number>>>;
  readonly reference: Name | null;
}

/** Is told why a side has no number in the row. */
export type Report = (side: Name, why: string) => void;

/** Of what a process wrote before it ended, the line that says why. */
function reason(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error))
    .split("\n")
    .map((line) => line.trim());
  return lines.length === 1
    ? lines[0]!
    : `ended: ${lines.findLast((line) => /Error\b.*:/.test(line)) ?? lines.at(-1)}`;
}

/** Asks a side about a row; null if it cannot answer: then the side has been ended or the row skipped. */
async function ask<A>(sides: Sides, name: Name, question: object, report: Report): Promise<A | null> {
  try {
    const answer = (await sides.running.get(name)?.ask(JSON.stringify(question), answerLimitMs)) as
      | (A & { skip?: string })
      | undefined;
    if (answer?.skip === undefined) return answer ?? null;
    report(name, answer.skip);
  } catch (error) {
    report(name, reason(error));
    sides.end(name);
  }
  return null;
}

const rest = (name: Name): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, name.endsWith("2") ? restMs : 0));

/** Times a row for about `seconds` a side. */
export async function measure(
  sides: Sides,
  row: string,
  folder: string,
  seconds: number,
  report: Report,
  progress: (what: string) => void,
): Promise<Result> {
  const times = new Map<Name, number[]>();
  for (const name of names) {
    if (!sides.running.has(name)) continue;
    progress(`${name} warms up`);
    const ms = Math.min(500, seconds * 500);
    const answer = await ask<{ us: number }>(sides, name, { row, folder, ms }, report);
    if (answer) times.set(name, answer.us > longestMs * 1000 ? [answer.us] : []);
    await rest(name);
  }
  const turnMs = (seconds * 1000) / rounds;
  const spent = new Map<Name, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, turns] of times) {
      if (turns[0]! > longestMs * 1000) continue;
      if ((spent.get(name) ?? 0) > seconds * 1500 && turns.length >= leastTurns) continue;
      progress(`round ${round + 1} of ${rounds}, ${name}`);
      const start = performance.now();
      const answer = await ask<{ us: number }>(sides, name, { ms: turnMs }, report);
      if (answer) turns.push(answer.us);
      else times.delete(name);
      spent.set(name, (spent.get(name) ?? 0) + performance.now() - start);
      await rest(name);
    }
  }
  const us = Object.fromEntries([...times].map(([name, turns]) => [name, median(turns)]));
  const ratio: Record<string, number> = {};
  for (const [a, b] of ratios) {
    const [p, q] = [times.get(a), times.get(b)];
    if (p && q) ratio[`${a}/${b}`] = median(p.slice(0, q.length).map((t, i) => t / q[i]!));
  }
  return { row, us, ratio };
}

/** Milliseconds that capture and compilation of a row take: in a new process, and in the next one. */
export interface Compilation {
  readonly row: string;
  readonly ms: { readonly first: number; readonly second: number };
}

/** Compiles a row in two new processes, one after the other. */
export async function compilation(row: string, folder: string): Promise<Compilation> {
  const once = async (): Promise<number> => {
    const side = await startCompiled();
    try {
      const question = JSON.stringify({ row, folder, ms: 500 });
      const { us, calls } = (await side.ask(question, answerLimitMs)) as { us: number; calls: number[] };
      // The second call captures, compiles and runs.
      return calls[1]! - us / 1000;
    } finally {
      side.close();
    }
  };
  return { row, ms: { first: await once(), second: await once() } };
}

/**
 * How far `values` are from the reference's: losses each by its own size, and elements of a result by the largest of
 * them, since one that is almost zero says nothing. NaN anywhere is infinitely far.
 */
function difference(values: readonly number[], reference: readonly number[], losses: boolean): number {
  const largest = Math.max(...reference.map(Math.abs));
  const each = values.map(
    (x, i) => Math.abs(x - reference[i]!) / (losses ? Math.abs(reference[i]!) : largest),
  );
  return each.every((d) => d >= 0) ? Math.max(...each) : Number.POSITIVE_INFINITY;
}

/** Lets all sides take some steps from the same start and compares their losses, or what a forward pass gives. */
export async function check(
  sides: Sides,
  row: string,
  folder: string,
  report: Report,
  progress: (what: string) => void,
): Promise<Check> {
  const found = new Map<Name, readonly number[]>();
  for (const name of names) {
    if (!sides.running.has(name)) continue;
    progress(name);
    const question = { row, folder, ms: checkMs, check: checkedSteps };
    const answer = await ask<{ values: number[] }>(sides, name, question, report);
    if (answer) found.set(name, answer.values);
  }
  const reference = (["torch1", "torch2", "eager1"] as const).find((name) => found.has(name)) ?? null;
  const expected = reference && found.get(reference);
  const losses = !/^(matmul|softmax|layer_norm)/.test(row);
  const apart: Partial<Record<Name, number>> = {};
  if (expected)
    for (const [name, values] of found)
      if (name !== reference) {
        apart[name] = difference(values, expected, losses);
        if (losses && values.length < expected.length)
          report(name, `only ${values.length} of ${checkedSteps} steps compared: they take too long`);
      }
  return { row, apart, reference };
}
