// Places of temps: on each other where they are not needed at the same time.

import { expect, test } from "vitest";
import { planTemps } from "../../src/backend/wasm/program/plan.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { accessesOf } from "../../src/ir/accesses.ts";
import type { Access, Buffer, Program, Step } from "../../src/ir/program.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { randomProgram } from "../ir/random-program.ts";

const k = new ExprBuilder();
const n = 1000;
const at = (buffer: number, stride = 1): Access => ({ buffer, offset: 0, strides: [stride] });
const buffer = (kind: Buffer["kind"], name: string): Buffer => ({ dtype: "float32", length: n, kind, name });

/** to = from + from2, elementwise. */
const add = (to: number, ...from: readonly Access[]): Step => ({
  kind: "loop",
  name: "add",
  outer: [],
  inner: [n],
  operands: from.map((source) => ({ dtype: "float32", source })),
  stages: [],
  maps: [{ body: k.add(k.input(0, "float32"), k.input(from.length - 1, "float32")), to: at(to) }],
  values: [],
});

test("a chain of maps takes one place", () => {
  const temps = [1, 2, 3, 4, 5];
  const program: Program = {
    buffers: [buffer("input", "x"), ...temps.map((i) => buffer("temp", `t${i}`)), buffer("output", "y")],
    steps: [...temps, 6].map((to) => add(to, at(to - 1))),
    scalars: [],
  };
  const { offsets, bytes, allBytes } = planTemps(program);
  expect(temps.map((id) => offsets.get(id))).toEqual([0, 0, 0, 0, 0]);
  expect(allBytes).toBe(5 * bytes);
});

test("a result lies on no operand that is needed later, or read in another order", () => {
  const program: Program = {
    buffers: [
      buffer("input", "x"),
      buffer("temp", "a"),
      buffer("temp", "b"),
      buffer("temp", "c"),
      buffer("output", "y"),
    ],
    steps: [
      add(1, at(0)),
      add(2, at(1)),
      add(3, at(2), { buffer: 2, offset: n - 1, strides: [-1] }),
      add(4, at(1), at(3)),
    ],
    scalars: [],
  };
  const { offsets } = planTemps(program);
  expect(new Set([1, 2, 3].map((id) => offsets.get(id))).size).toBe(3);
});

test("temps of the same time lie apart", () => {
  for (let seed = 1; seed < 150; seed++) {
    const { program } = randomProgram(seed, { steps: 20, elements: 20 });
    const { offsets } = planTemps(program);
    const touches = program.steps.map((step) =>
      step.kind === "host"
        ? [...step.reads, ...step.writes]
        : accessesOf(step, program).map((access) => access.buffer),
    );
    const steps = (id: number): number[] => touches.flatMap((ids, i) => (ids.includes(id) ? [i] : []));
    for (const [a, from] of offsets)
      for (const [b, other] of offsets) {
        const [s, t] = [steps(a), steps(b)];
        // The last step of one may write the other over it, element by element.
        if (a === b || s.at(-1)! <= t[0]! || t.at(-1)! <= s[0]!) continue;
        const { length, dtype } = program.buffers[a]!;
        const where = `${seed}: ${a} and ${b}`;
        if (from <= other) expect(from + length * dtypes[dtype].bytes, where).toBeLessThanOrEqual(other);
      }
  }
});
