// The maker of random programs: legal, various, the same for a seed, and as close to the interpreter's numbers as it says.

import { expect, test } from "vitest";
import type { TypedArray } from "../../src/base/dtype.ts";
import { interpretProgram } from "../../src/ir/interpret-program.ts";
import { describeSteps, difference, randomProgram } from "./random-program.ts";

const seeds = Array.from({ length: 300 }, (_, i) => i);

test("programs are legal, run, and keep their numbers small", () => {
  const kinds = new Map<string, number>();
  for (const seed of seeds) {
    const made = randomProgram(seed);
    const memory = made.memory();
    interpretProgram(made.program, memory, made.scalars);
    for (const { kind } of made.program.steps) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    for (const [id, { kind, dtype }] of made.program.buffers.entries()) {
      if (kind !== "output" || !dtype.startsWith("float")) continue;
      const worst = Math.max(0, ...[...memory.get(id)!].map((v) => Math.abs(Number(v))));
      expect(worst, `seed ${seed}, buffer ${id}`).toBeLessThan(1e5);
      expect(made.tolerance(id), `seed ${seed}, buffer ${id}`).toBeLessThan(0.1);
    }
  }
  expect([...kinds.keys()].sort()).toEqual([
    "conv",
    "elements",
    "host",
    "loop",
    "matmul",
    "pool",
    "repeat",
    "rows",
  ]);
});

test("a seed gives one program", () => {
  for (const seed of seeds.slice(0, 20)) {
    const [a, b] = [randomProgram(seed), randomProgram(seed)];
    expect(a.program.buffers).toEqual(b.program.buffers);
    expect(describeSteps(a.program.steps)).toBe(describeSteps(b.program.steps));
    const run = (made: typeof a): ((id: number) => TypedArray) => {
      const memory = made.memory();
      interpretProgram(made.program, memory, made.scalars);
      return (id) => memory.get(id)!;
    };
    expect(difference(a, run(a), run(b))).toBeNull();
  }
});
