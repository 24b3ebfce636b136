// The checks that do not pass, with the reason: everything else must (exceptions.json).

import { readFileSync } from "node:fs";
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
