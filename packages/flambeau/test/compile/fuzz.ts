// The fuzzer of torch.compile: how many programs, and what to do with one that differs. Test files take a part each, so that they run
// side by side.
//
//   FLAMBEAU_FUZZ=20000 npx vitest run fuzz      so many programs instead of those of the usual tests
//   FLAMBEAU_SEED=123 npx vitest run fuzz        one of them

import { expect, test, vi } from "vitest";
import { compareSteps } from "./compare-steps.ts";

const usual = 2000;
const perTest = 50;

/** Tests of the seeds that leave `part` when divided by `parts`. */
export function fuzz(part: number, parts: number): void {
  const { FLAMBEAU_FUZZ: wanted, FLAMBEAU_SEED: seed } = process.env;
  const count = Number(wanted ?? usual);
  const all = seed === undefined ? Array.from({ length: count }, (_, i) => i) : [Number(seed)];
  const seeds = all.filter((s) => s % parts === part);
  for (let from = 0; from < seeds.length; from += perTest) {
    const some = seeds.slice(from, from + perTest);
    test(`seeds ${some[0]} to ${some.at(-1)}`, { timeout: 120_000 }, () => {
      // Some ops warn, as PyTorch's do.
      const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      expect(some.flatMap((s) => compareSteps(s) ?? [])).toEqual([]);
      warn.mockRestore();
    });
  }
  if (seeds.length === 0) test.skip("no seeds in this part");
}
