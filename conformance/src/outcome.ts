// What came of a check, and the tally of a section.

import type { Difference } from "./compare.ts";
import { showDifference } from "./compare.ts";
import { Unsupported } from "./values.ts";

/** The five parts of a fixture folder. */
export type Section = "opinfo" | "modules" | "optim" | "lr_scheduler" | "random";
export const sections: readonly Section[] = ["opinfo", "modules", "optim", "lr_scheduler", "random"];

/** What a case says: the values, their gradients, or that an error is raised. */
export type Kind = "forward" | "grad" | "error";

/** A difference of values, an error that should not be, or none that should; a string where there are no two values. */
export type Problem = Difference | string;

export interface Outcome {
  readonly kind: Kind;
  readonly status: "passed" | "failed" | "unsupported";
  readonly problem: Problem | null;
}

export const passed = (kind: Kind): Outcome => ({ kind, status: "passed", problem: null });
export const failed = (kind: Kind, problem: Problem): Outcome => ({ kind, status: "failed", problem });
export const unsupported = (kind: Kind, reason: string): Outcome => ({
  kind,
  status: "unsupported",
  problem: reason,
});
/** Passed if nothing differs. */
export const judged = (kind: Kind, problem: Problem | null): Outcome =>
  problem === null ? passed(kind) : failed(kind, problem);

/** What an exception means for a check that should not raise one. */
export function raised(kind: Kind, error: unknown): Outcome {
  if (error instanceof Unsupported) return unsupported(kind, error.message);
  return failed(kind, showError(error));
}

/** `RuntimeError: ...`, the first line. */
export function showError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n", 1)[0]!;
}

export const showProblem = (p: Problem): string => (typeof p === "string" ? p : showDifference(p));

/** Counts of one section. `cases` and its like count the values; gradients and errors are counted beside. */
export interface Tally {
  cases: number;
  passed: number;
  failed: number;
  unsupported: number;
  gradCases: number;
  gradPassed: number;
  errorCases: number;
  errorPassed: number;
  /** Why cases were unsupported, with how many. */
  readonly reasons: Map<string, number>;
}

export const emptyTally = (): Tally => ({
  cases: 0,
  passed: 0,
  failed: 0,
  unsupported: 0,
  gradCases: 0,
  gradPassed: 0,
  errorCases: 0,
  errorPassed: 0,
  reasons: new Map(),
});

export function count(t: Tally, o: Outcome): void {
  // A gradient is missing for the reason that its case is.
  if (o.status === "unsupported" && o.kind !== "grad")
    t.reasons.set(String(o.problem), (t.reasons.get(String(o.problem)) ?? 0) + 1);
  const ok = o.status === "passed" ? 1 : 0;
  if (o.kind === "grad") {
    t.gradCases++;
    t.gradPassed += ok;
  } else if (o.kind === "error") {
    t.errorCases++;
    t.errorPassed += ok;
  } else {
    t.cases++;
    t[o.status]++;
  }
}

/** One case of one file, with everything that was checked. */
export interface CaseReport {
  readonly section: Section;
  /** The file: an op, a module, an optimizer, ... */
  readonly name: string;
  /** The case's `id`, or `error 3` for error cases. */
  readonly id: string;
  readonly outcomes: readonly Outcome[];
}
