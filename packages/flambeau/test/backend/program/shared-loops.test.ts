// Loops whose work is split in special ways, on several threads: the bits of one thread.

import { afterAll, expect, test, vi } from "vitest";
import type { Region } from "../../../src/backend/backend.ts";
import { createPrograms } from "../../../src/backend/wasm/program/index.ts";
import type { Access, Buffer, BufferId, LoopStep } from "../../../src/ir/program.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";

// A busy machine may take its time to start threads.
vi.setConfig({ testTimeout: 300_000 });

/** All steps are shared, as little as there may be to do. */
const programs = createPrograms({ step: 0, thread: 1e-9, asleep: 1e-9 });
afterAll(() => programs.close());

const k = new ExprBuilder();
const [x, y] = [k.input(0, "float32"), k.input(1, "float32")];
const at = (buffer: BufferId, ...strides: readonly number[]): Access => ({ buffer, offset: 0, strides });

/** Rows less their mean, over the root of their squares' mean; `row` and `column` are the strides of x. */
function normalise(rows: number, n: number, row: number, column: number): LoopStep {
  const [sum, squares] = [k.input(1, "float32"), k.input(2, "float32")];
  const centred = k.sub(x, k.mul(sum, 1 / n));
  return {
    kind: "loop",
    name: "normalise",
    outer: [rows],
    inner: [n],
    operands: [{ dtype: "float32", source: at(0, row, column) }],
    stages: [
      { combine: "sum", body: x },
      { combine: "sum", body: k.mul(centred, centred) },
    ],
    maps: [{ body: k.div(centred, k.sqrt(squares)), to: at(0, row, column) }],
    values: [{ body: squares, to: at(1, 1) }],
  };
}

const transposedSum = (rows: number, n: number): LoopStep => ({
  kind: "loop",
  name: "add",
  outer: [],
  inner: [rows, n],
  operands: [
    { dtype: "float32", source: at(0, 1, rows) },
    { dtype: "float32", source: at(1, n, 1) },
  ],
  stages: [],
  maps: [{ body: k.add(x, y), to: at(1, n, 1) }],
  values: [],
});

/** y += x for each row of y. */
const rowsPlus = (rows: number, n: number): LoopStep => ({
  ...transposedSum(rows, n),
  operands: [
    { dtype: "float32", source: at(0, 0, 1) },
    { dtype: "float32", source: at(1, n, 1) },
  ],
});

test.each([
  ["few long rows", normalise(1, 20_001, 20_001, 1)],
  ["three long rows", normalise(3, 16_403, 16_403, 1)],
  ["columns", normalise(265, 40, 1, 265)],
  ["many planes of columns", planes(20, 70, 19)],
  ["a transposed operand", transposedSum(70, 133)],
  ["a map of three long rows", rowsPlus(3, 20_003)],
])("%s", (_, step) => {
  const length = 70_000;
  const buffers = ["x", "y"].map((name): Buffer => ({ dtype: "float32", length, kind: "state", name }));
  const states = new Map<BufferId, Region>(
    buffers.map(({ name }, id) => [id, programs.allocate("float32", length, name)]),
  );
  const compiled = programs.compile({ buffers, steps: [step], scalars: [] }, states);
  const results = [1, 2, 3].map((threads) => {
    programs.setThreads(threads);
    expect(compiled.settle()).toBe(true);
    for (const { array } of states.values()) for (let i = 0; i < length; i++) array[i] = Math.sin(i * i);
    compiled.run();
    return [...states.values()].map(({ array }) => array.slice());
  });
  expect(results[0]![1]!.some((v, i) => v !== Math.fround(Math.sin(i * i)))).toBe(true);
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
  compiled.release();
  for (const region of states.values()) programs.release(region);
});

/** The same where rows are columns of several planes. */
function planes(count: number, columns: number, n: number): LoopStep {
  const step = normalise(columns, n, 1, columns);
  const over = at(0, columns * n, 1, columns);
  return {
    ...step,
    outer: [count, columns],
    operands: [{ dtype: "float32", source: over }],
    maps: step.maps.map(({ body }) => ({ body, to: over })),
    values: step.values.map(({ body }) => ({ body, to: at(1, columns, 1) })),
  };
}
