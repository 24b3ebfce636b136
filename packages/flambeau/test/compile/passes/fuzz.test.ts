// Random programs compute the same before and after the passes, all of them and each alone.

import { expect, test } from "vitest";
import type { TypedArray } from "../../../src/base/dtype.ts";
import type { OptimiseOptions } from "../../../src/compile/passes/index.ts";
import { optimise } from "../../../src/compile/passes/index.ts";
import { interpretProgram } from "../../../src/ir/interpret-program.ts";
import type { Program } from "../../../src/ir/program.ts";
import { verifyProgram } from "../../../src/ir/verify-program.ts";
import type { RandomProgram, RandomProgramOptions } from "../../ir/random-program.ts";
import { describeSteps, difference, randomProgram } from "../../ir/random-program.ts";

const fusions = { epilogues: false, inlining: false, merging: false, siblings: false };
const none: OptimiseOptions = {
  functionalise: false,
  simplify: false,
  constants: false,
  common: false,
  copies: false,
  pieces: false,
  dead: false,
  fusion: false,
  schedule: false,
  inPlace: false,
};
const alone: readonly (readonly [string, OptimiseOptions])[] = [
  ...Object.keys(none).map((name) => [name, { ...none, [name]: true }] as const),
  ...Object.keys(fusions).map((name) => [name, { ...none, fusion: { ...fusions, [name]: true } }] as const),
];

const run = (made: RandomProgram, program: Program): ((id: number) => TypedArray) => {
  const memory = made.memory();
  interpretProgram(program, memory, made.scalars);
  return (id) => memory.get(id)!;
};

const kinds: readonly RandomProgramOptions[] = [
  {},
  { kinds: ["loop"] },
  { kinds: ["loop", "matmul"] },
  { kinds: ["loop"], dtypes: ["float32"] },
];
const made = (seed: number): RandomProgram =>
  randomProgram(seed, { ...kinds[seed % kinds.length], steps: 14, elements: 100 });

function compare(seed: number, options: OptimiseOptions, name: string): Program {
  const before = made(seed);
  const { program } = optimise(before.program, options);
  const label = `seed ${seed}, ${name}\n${describeSteps(before.program.steps)}\n=>\n${describeSteps(program.steps)}`;
  expect(() => verifyProgram(program), label).not.toThrow();
  expect(difference(before, run(before, program), run(before, before.program)), label).toBeNull();
  return program;
}

test("all passes together", () => {
  let [before, after] = [0, 0];
  for (let seed = 0; seed < 120; seed++) {
    after += compare(seed, {}, "all").steps.length;
    before += made(seed).program.steps.length;
  }
  expect(after).toBeLessThan(0.8 * before);
});

test.each(alone)("%s alone", (name, options) => {
  for (let seed = 1000; seed < 1025; seed++) compare(seed, options, name);
});
