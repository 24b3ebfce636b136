// docs/ops.md is what the ops, their sources and the recorded cases say.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { opTable } from "../src/op-table.ts";

it("is up to date: npm run docs:ops", { timeout: 120_000 }, () => {
  const { text, undocumented, unexplained } = opTable();
  expect(undocumented).toEqual([]);
  expect(unexplained).toEqual([]);
  expect(readFileSync(new URL("../../docs/ops.md", import.meta.url), "utf8") === text).toBe(true);
});
