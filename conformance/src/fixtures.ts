// Reads fixture folders, and runs the cases of a file.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isCompiling } from "./compiling.ts";
import type { ModuleCase } from "./modules.ts";
import { runModuleCase } from "./modules.ts";
import type { OpFile } from "./opinfo.ts";
import { runOpCase, runOpError } from "./opinfo.ts";
import type { OptimCase } from "./optim.ts";
import { runOptimCase } from "./optim.ts";
import type { CaseReport, Section } from "./outcome.ts";
import { sections } from "./outcome.ts";
import type { RandomCase } from "./random.ts";
import { runRandomCase } from "./random.ts";
import type { SchedulerCase } from "./schedulers.ts";
import { runSchedulerCase } from "./schedulers.ts";

/** One file of a fixture folder. */
export interface FixtureFile {
  readonly section: Section;
  /** The file's name without `.json`: an op, a module, ... */
  readonly name: string;
  readonly path: string;
}

/** A folder or a choice that leaves nothing to run; the message is for the user. */
export class NothingToRun extends Error {
  override name = "NothingToRun";
}

/** What to run of a folder; empty lists mean everything. */
export interface Selection {
  readonly sections?: readonly string[];
  readonly names?: readonly string[];
}

/** The files of a folder, in the order of sections and names. @throws NothingToRun if there are none. */
export function listFixtures(dir: string, selection: Selection = {}): FixtureFile[] {
  if (!existsSync(dir)) throw new NothingToRun(`no such directory: ${dir}`);
  const { sections: wanted = [], names = [] } = selection;
  const all = sections.flatMap((section) => {
    const folder = join(dir, section);
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder)
      .filter((f) => f.endsWith(".json"))
      .sort();
    return files.map((f): FixtureFile => ({ section, name: basename(f, ".json"), path: join(folder, f) }));
  });
  if (all.length === 0)
    throw new NothingToRun(
      `no fixtures in ${dir}: expected the folders ${sections.join(", ")} with .json files`,
    );
  const missing = names.find((name) => !all.some((f) => f.name === name));
  if (missing !== undefined) throw new NothingToRun(`no fixtures for "${missing}" in ${dir}`);
  const chosen = all.filter(
    (f) =>
      (wanted.length === 0 || wanted.includes(f.section)) && (names.length === 0 || names.includes(f.name)),
  );
  if (chosen.length === 0)
    throw new NothingToRun(`no fixtures in ${dir} for this choice of sections and names`);
  return chosen;
}

interface CaseFile<C> {
  readonly cases: readonly C[];
}

function read<T>(f: FixtureFile): T {
  try {
    return JSON.parse(readFileSync(f.path, "utf8")) as T;
  } catch (error) {
    throw new NothingToRun(`cannot read ${f.path}: ${(error as Error).message}`);
  }
}

function each<C extends { readonly id: number }>(
  f: FixtureFile,
  run: (c: C) => CaseReport["outcomes"],
): CaseReport[] {
  return read<CaseFile<C>>(f).cases.map((c) => ({
    section: f.section,
    name: f.name,
    id: String(c.id),
    outcomes: run(c),
  }));
}

/** Runs all cases of a file. */
export function runFile(f: FixtureFile): CaseReport[] {
  switch (f.section) {
    case "opinfo": {
      const file = read<OpFile>(f);
      const report = (id: string, outcomes: CaseReport["outcomes"]): CaseReport => ({
        section: f.section,
        name: f.name,
        id,
        outcomes,
      });
      return [
        ...file.cases.map((c) => report(String(c.id), runOpCase(file, c))),
        // That something is refused does not depend on how it would have been computed.
        ...(isCompiling() ? [] : file.errors).map((c, i) => report(`error ${i}`, [runOpError(file, c)])),
      ];
    }
    case "modules":
      return each<ModuleCase>(f, runModuleCase);
    case "optim":
      return each<OptimCase>(f, runOptimCase);
    case "lr_scheduler":
      return each<SchedulerCase>(f, runSchedulerCase);
    case "random":
      return each<RandomCase>(f, runRandomCase);
  }
}
