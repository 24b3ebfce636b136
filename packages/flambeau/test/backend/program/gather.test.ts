// Rows and elements by number against the interpreter, on one thread and on several.

import { describe, expect, test } from "vitest";
import type { StepCode } from "../../../src/backend/wasm/program/context.ts";
import { rowsCode } from "../../../src/backend/wasm/program/gather.ts";
import { elementsCode } from "../../../src/backend/wasm/program/gather-elements.ts";
import { createPrograms } from "../../../src/backend/wasm/program/index.ts";
import type { DType, TypedArray } from "../../../src/base/dtype.ts";
import { dtypes } from "../../../src/base/dtype.ts";
import { interpretProgram } from "../../../src/ir/interpret-program.ts";
import type { Buffer, ElementsStep, Program, RowsStep, Step } from "../../../src/ir/program.ts";
import { verifyProgram } from "../../../src/ir/verify-program.ts";
import { Random } from "../../ir/random-numbers.ts";
import { describeSteps, randomProgram } from "../../ir/random-program.ts";
import { StepRun } from "../step-harness.ts";

type GatherStep = RowsStep | ElementsStep;
const codeOf = (step: GatherStep, buffers: readonly Buffer[]): StepCode =>
  step.kind === "rows" ? rowsCode(step, buffers) : elementsCode(step, buffers);

/** Runs one step on so many threads and compares all bits: additions have one order. */
function check(step: GatherStep, buffers: readonly Buffer[], memory: Map<number, TypedArray>): void {
  const want = new Map([...memory].map(([id, a]) => [id, a.slice()] as const));
  interpretProgram({ buffers, steps: [step], scalars: [] }, want, []);
  const run = new StepRun(codeOf(step, buffers), []);
  for (const threads of [1, 2, 3]) {
    const got = new Map([...memory].map(([id, a]) => [id, a.slice()] as const));
    const starts = [step.index, step.from, step.to].map(
      ({ buffer, offset }) => [got.get(buffer)!, offset] as const,
    );
    run.run(starts, threads);
    for (const [id, a] of got)
      expect(a, `${threads} threads, ${describeSteps([step])}`).toEqual(want.get(id));
  }
}

test("random steps", () => {
  const kinds = ["rows", "elements"] as const;
  let steps = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { program, memory, scalars } = randomProgram(seed, { kinds });
    const arrays = memory();
    interpretProgram({ ...program, steps: [] }, arrays, scalars);
    for (const step of program.steps as GatherStep[]) {
      check(step, program.buffers, arrays);
      interpretProgram({ ...program, steps: [step] }, arrays, scalars);
      steps++;
    }
  }
  expect(steps).toBeGreaterThan(400);
});

const buffer = (name: string, dtype: DType, length: number): Buffer => ({
  name,
  dtype,
  length,
  kind: "state",
});

describe("rows of all widths", () => {
  const random = new Random(1);
  const cases = Object.keys(dtypes).flatMap((dtype) =>
    [1, 2, 3, 5, 15, 16, 31, 33, 64, 97, 200].map((width) => [dtype as DType, width] as const),
  );
  test.each(cases)("%s %i", (dtype, width) => {
    const [rows, limit, step] = [9, 5, width + 2];
    const buffers = [
      buffer("index", width % 2 === 0 ? "int32" : "int64", rows),
      buffer("from", dtype, rows * step),
      buffer("to", dtype, rows * step),
    ];
    const memory = new Map(
      buffers.map(({ dtype: type, length }, id) => {
        const array = new dtypes[type].array(length);
        for (let i = 0; i < length; i++) {
          const below = type === "bool" ? 2 : type === "uint8" ? 256 : 1e6;
          const value = id === 0 ? random.below(limit) : random.below(below);
          array[i] = (
            type === "int64" ? BigInt(value) : type.startsWith("float") ? value / 7 : value
          ) as number;
        }
        return [id, array] as const;
      }),
    );
    const at = (id: number, stride: number): RowsStep["to"] => ({ buffer: id, offset: 0, strides: [stride] });
    for (const mode of ["gather", "scatterAdd"] as const) {
      if (mode === "scatterAdd" && dtype === "bool") continue;
      const [index, from, to] = [at(0, 1), at(1, step), at(2, step)];
      check(
        { kind: "rows", name: "rows", mode, dtype, rows, width, limit, index, from, to },
        buffers,
        memory,
      );
    }
  });
});

describe("numbers out of range stop the program", () => {
  const steps: readonly GatherStep[] = [
    {
      kind: "rows",
      name: "embedding",
      mode: "gather",
      dtype: "float32",
      rows: 2,
      width: 3,
      limit: 4,
      index: { buffer: 0, offset: 0, strides: [1] },
      from: { buffer: 1, offset: 0, strides: [3] },
      to: { buffer: 2, offset: 0, strides: [3] },
    },
    {
      kind: "elements",
      name: "nll_loss",
      mode: "gather",
      dtype: "float32",
      shape: [2],
      limit: 4,
      step: 1,
      index: { buffer: 0, offset: 0, strides: [1] },
      from: { buffer: 1, offset: 0, strides: [4] },
      to: { buffer: 2, offset: 0, strides: [1] },
    },
  ];
  const numbers = [-1, 4, 2 ** 31, 2 ** 32, -(2 ** 32)];
  const cases = steps.flatMap((step) =>
    (["int32", "int64"] as const).flatMap((dtype) =>
      numbers
        .filter((n) => dtype === "int64" || Math.abs(n) < 2 ** 31)
        .map((n) => [step.name, dtype, n, step] as const),
    ),
  );
  test.each(cases)("%s, %s %i", (name, dtype, n, step) => {
    const program: Program = {
      buffers: [
        { name: "index", dtype, length: 2, kind: "input" },
        { name: "from", dtype: "float32", length: 12, kind: "input" },
        { name: "to", dtype: "float32", length: 6, kind: "temp" },
      ],
      steps: [step as Step],
      scalars: [],
    };
    verifyProgram(program);
    const compiled = createPrograms().compile(program, new Map());
    const index = compiled.view(0);
    index[1] = (dtype === "int64" ? BigInt(n) : n) as number;
    expect(() => compiled.run()).toThrow(`${name}: index is out of range: expected 0 to 3`);
    index[1] = (dtype === "int64" ? 3n : 3) as number;
    compiled.run();
    compiled.release();
  });
});
