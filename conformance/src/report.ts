// Gathers case reports into tallies, and prints them: as text for people, as one JSON object for programs.

import type { CaseReport, Kind, Problem, Section, Tally } from "./outcome.ts";
import { count, emptyTally, sections, showProblem } from "./outcome.ts";

/** A failed check. */
export interface Failure {
  readonly section: Section;
  readonly name: string;
  readonly id: string;
  readonly kind: Kind;
  readonly problem: Problem;
}

export class Report {
  readonly tallies: ReadonlyMap<Section, Tally> = new Map(sections.map((s) => [s, emptyTally()]));
  readonly failures: Failure[] = [];

  /** Adds the cases of one file. */
  add(cases: readonly CaseReport[]): void {
    for (const { section, name, id, outcomes } of cases)
      for (const o of outcomes) {
        count(this.tallies.get(section)!, o);
        if (o.status === "failed")
          this.failures.push({ section, name, id, kind: o.kind, problem: o.problem ?? "failed" });
      }
  }

  /** Whether every check passed. */
  get perfect(): boolean {
    return [...this.tallies.values()].every(
      (t) => t.passed === t.cases && t.gradPassed === t.gradCases && t.errorPassed === t.errorCases,
    );
  }

  /** The object that `--json` prints. Gradients and errors are counted in opinfo only. */
  toJSON(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [section, t] of this.tallies) {
      const { gradCases, gradPassed, errorCases, errorPassed, reasons, ...base } = t;
      const more = section === "opinfo" ? { gradCases, gradPassed, errorCases, errorPassed } : {};
      result[section] = { ...base, ...more, reasons: Object.fromEntries(byCount(reasons)) };
    }
    result["failures"] = this.failures.map(({ problem, ...f }) =>
      typeof problem === "string"
        ? { ...f, message: problem }
        : { ...f, ...problem, message: showProblem(problem) },
    );
    return result;
  }
}

const byCount = (m: ReadonlyMap<string, number>): [string, number][] =>
  [...m].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

const percent = (a: number, b: number): string => (b === 0 ? "" : ` (${((100 * a) / b).toFixed(1)}%)`);

/** How many lines of each list are shown without `--verbose`. */
const limit = 40;

function listed(lines: readonly string[], verbose: boolean): string[] {
  if (verbose || lines.length <= limit) return [...lines];
  return [...lines.slice(0, limit), `  ... and ${lines.length - limit} more (--verbose shows all)`];
}

/** The report in words. */
export function formatReport(report: Report, verbose: boolean): string {
  const lines: string[] = [];
  for (const [section, t] of report.tallies) {
    if (t.cases + t.errorCases === 0) continue;
    lines.push(
      `${section}: ${t.cases} cases, ${t.passed} passed${percent(t.passed, t.cases)}, ${t.failed} failed, ${t.unsupported} unsupported`,
    );
    if (t.gradCases > 0)
      lines.push(
        `  gradients: ${t.gradPassed} of ${t.gradCases} passed${percent(t.gradPassed, t.gradCases)}`,
      );
    if (t.errorCases > 0)
      lines.push(
        `  errors: ${t.errorPassed} of ${t.errorCases} raised as expected${percent(t.errorPassed, t.errorCases)}`,
      );
    const reasons = byCount(t.reasons).map(
      ([reason, n]) => `  ${String(n).padStart(5)} unsupported: ${reason}`,
    );
    lines.push(...listed(reasons, verbose));
  }
  if (report.failures.length > 0) {
    lines.push("", "failures:");
    lines.push(
      ...listed(
        report.failures.map(
          (f) =>
            `  ${f.section}/${f.name} ${f.id}${f.kind === "forward" ? "" : `, ${f.kind}`}: ${showProblem(f.problem)}`,
        ),
        verbose,
      ),
    );
  }
  return lines.join("\n");
}
