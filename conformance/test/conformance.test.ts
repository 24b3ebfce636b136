// The committed fixtures: every check of every case passes, but for those that exceptions.json lists with the reason.

import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { complaints, exceptions } from "../src/exceptions.ts";
import { listFixtures } from "../src/fixtures.ts";
import { sections } from "../src/outcome.ts";

const files = listFixtures(fileURLToPath(new URL("../fixtures", import.meta.url)));

// PyTorch warns in some of the recorded calls, and so do we.
beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

it("every exception is one of a file", () => {
  const names = new Set(files.map((f) => `${f.section}/${f.name}`));
  expect(Object.keys(exceptions).filter((name) => !names.has(name))).toEqual([]);
});

describe.each(sections)("%s", (section) => {
  it("passes, but for the exceptions", () => {
    const own = files.filter((f) => f.section === section);
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(complaints)).toEqual([]);
    // Thousands of cases: a busy machine takes longer than a test usually may.
  }, 120_000);
});
