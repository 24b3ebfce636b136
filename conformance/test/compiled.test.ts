// The committed fixtures through torch.compile: what passes eagerly passes, but for what compiled.json lists with the reason.

import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { compiledComplaints, uncapturable } from "../src/exceptions.ts";
import { listFixtures } from "../src/fixtures.ts";

const files = listFixtures(fileURLToPath(new URL("../fixtures", import.meta.url)));

// PyTorch warns in some of the recorded calls, and so do we.
beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

it("everything listed is a file", () => {
  const names = new Set(files.map((f) => `${f.section}/${f.name}`));
  expect(Object.keys(uncapturable).filter((name) => !names.has(name))).toEqual([]);
});

// Schedulers and random numbers are no functions over tensors.
describe.each(["opinfo", "modules", "optim"])("%s", (section) => {
  it("passes, but for what cannot be captured", () => {
    expect(files.filter((f) => f.section === section).flatMap(compiledComplaints)).toEqual([]);
    // Thousands of programs: a busy machine takes longer than a test usually may.
  }, 240_000);
});
