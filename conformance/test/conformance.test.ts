// The committed fixtures: the files listed in complete.json must pass whole.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { FixtureFile } from "../src/fixtures.ts";
import { listFixtures, runFile } from "../src/fixtures.ts";
import type { Outcome } from "../src/outcome.ts";
import { sections, showProblem } from "../src/outcome.ts";

const complete = JSON.parse(readFileSync(new URL("../complete.json", import.meta.url), "utf8")) as string[];
const files = new Map(
  listFixtures(fileURLToPath(new URL("../fixtures", import.meta.url))).map((f) => [
    `${f.section}/${f.name}`,
    f,
  ]),
);

// PyTorch warns in some of the recorded calls, and so do we.
beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

/** One line for each check that did not pass. */
const complaints = (file: FixtureFile, accept: (o: Outcome) => boolean = () => false): string[] =>
  runFile(file).flatMap(({ id, outcomes }) =>
    outcomes
      .filter((o) => o.status !== "passed" && !accept(o))
      .map((o) => `${file.section}/${file.name} ${id}, ${o.kind}: ${showProblem(o.problem ?? o.status)}`),
  );

describe("complete.json", () => {
  it("names files that exist, sorted, once each", () => {
    expect(complete.filter((name) => !files.has(name))).toEqual([]);
    expect(complete).toEqual([...new Set(complete)].sort());
  });
  it("holds what the first lesson stands on", () => {
    expect(complete).toEqual(
      expect.arrayContaining([
        "modules/Linear",
        "modules/MSELoss",
        "opinfo/add",
        "opinfo/matmul",
        "optim/SGD",
        "random/generators",
      ]),
    );
  });
});

const inComplete = sections.filter((section) => complete.some((name) => name.startsWith(`${section}/`)));
describe.each(inComplete)("%s", (section) => {
  it("passes every case of the complete files", () => {
    const names = complete.filter((name) => name.startsWith(`${section}/`));
    expect(names.flatMap((name) => complaints(files.get(name)!))).toEqual([]);
    // Thousands of cases: a busy machine takes longer than a test usually may.
  }, 120_000);
});

describe("random", () => {
  it("draws PyTorch's numbers wherever there is something to call", () => {
    const all = [...files.values()].filter((f) => f.section === "random");
    expect(all.flatMap((f) => complaints(f, (o) => o.status === "unsupported"))).toEqual([]);
  });
});
