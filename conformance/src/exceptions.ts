// The checks that do not pass, with the reason: everything else must (exceptions.json, compiled.json).

import { readFileSync } from "node:fs";
import { compiling } from "./compiling.ts";
import type { FixtureFile } from "./fixtures.ts";
import { runFile } from "./fixtures.ts";
import type { Outcome } from "./outcome.ts";
import { showProblem } from "./outcome.ts";

/** Checks of one file that do not pass, as {@link checkName} calls them. */
export interface Exception {
  readonly checks: readonly string[];
  readonly why: string;
}

/** By `section/name`. */
export const exceptions: Readonly<Record<string, Exception>> = JSON.parse(
  readFileSync(new URL("../exceptions.json", import.meta.url), "utf8"),
) as Record<string, Exception>;

/** What torch.compile may refuse to capture, with the reason, by `section/name` (compiled.json). */
export const uncapturable: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("../compiled.json", import.meta.url), "utf8"),
) as Record<string, string>;

const isRefusal = (problem: Outcome["problem"]): boolean =>
  typeof problem === "string" && problem.startsWith("CompileError: ");

/**
 * What is wrong with a file whose cases are compiled: checks that pass eagerly and do not now, unless torch.compile says that it
 * cannot capture what is listed as such; and what is listed though all of it passes.
 */
export function compiledComplaints(file: FixtureFile): string[] {
  const name = `${file.section}/${file.name}`;
  const excused = new Set(exceptions[name]?.checks);
  const listed = Object.hasOwn(uncapturable, name);
  let refusals = 0;
  const lines = compiling(true, () => runFile(file)).flatMap(({ id, outcomes }) =>
    outcomes.flatMap(({ kind, status, problem }) => {
      const check = checkName(id, kind);
      if (status === "passed" || excused.has(check)) return [];
      if (listed && isRefusal(problem)) {
        refusals++;
        return [];
      }
      return [`${name} ${check}: ${showProblem(problem ?? status)}`];
    }),
  );
  return listed && refusals === 0 ? [...lines, `${name}: passes; take it out of compiled.json`] : lines;
}

/** `12`, `12, grad`, `error 3` */
export const checkName = (id: string, kind: Outcome["kind"]): string =>
  kind === "forward" || id.startsWith("error") ? id : `${id}, ${kind}`;

/** What is wrong with a file: checks that should pass and do not, and exceptions that pass. One line each. */
export function complaints(file: FixtureFile): string[] {
  const name = `${file.section}/${file.name}`;
  const excused = new Set(exceptions[name]?.checks);
  const lines: string[] = [];
  for (const { id, outcomes } of runFile(file))
    for (const o of outcomes) {
      if (o.status === "passed") continue;
      const check = checkName(id, o.kind);
      if (!excused.delete(check)) lines.push(`${name} ${check}: ${showProblem(o.problem ?? o.status)}`);
    }
  for (const check of excused) lines.push(`${name} ${check}: passes; take it out of exceptions.json`);
  return lines;
}
