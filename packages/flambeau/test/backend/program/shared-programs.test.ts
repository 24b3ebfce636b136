// Programs on several threads: the bits of one thread, whatever the steps; errors of steps; memory that is given back.

import { afterAll, expect, test, vi } from "vitest";
import type { Region } from "../../../src/backend/backend.ts";
import { createPrograms } from "../../../src/backend/wasm/program/index.ts";
import type { Buffer, BufferId, Program } from "../../../src/ir/program.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";
import { describeSteps, randomProgram } from "../../ir/random-program.ts";

// A busy machine may take its time to start threads.
vi.setConfig({ testTimeout: 300_000 });

/** All steps are shared, as little as there may be to do. */
const programs = createPrograms({ step: 0, thread: 1e-9, asleep: 1e-9 });
afterAll(() => programs.close());

/** The bytes of all buffers that the caller sees after a run on so many threads. */
function bytesAfter(seed: number, counts: readonly number[]): [string, Uint8Array[]][] {
  const made = randomProgram(seed);
  const { buffers } = made.program;
  const states = new Map<BufferId, Region>();
  buffers.forEach(({ kind, dtype, length, name }, id) => {
    if (kind === "state") states.set(id, programs.allocate(dtype, length, name));
  });
  const compiled = programs.compile(made.program, states);
  const results = counts.map((count): [string, Uint8Array[]] => {
    programs.setThreads(count);
    expect(compiled.settle()).toBe(true);
    const seen = [...buffers.keys()].filter((id) => buffers[id]!.kind !== "temp");
    const arrays = seen.map((id) => states.get(id)?.array ?? compiled.view(id));
    const memory = made.memory();
    seen.forEach((id, i) => {
      const values = memory.get(id);
      if (values) (arrays[i] as Float32Array).set(values as Float32Array);
    });
    compiled.scalars.set(made.scalars);
    compiled.run();
    const bytes = arrays.map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength).slice());
    return [`seed ${seed}: ${describeSteps(made.program.steps)}`, bytes];
  });
  compiled.release();
  for (const region of states.values()) programs.release(region);
  return results;
}

test("random programs have the bits of one thread", () => {
  for (let seed = 0; seed < 150; seed++) {
    const [one, ...others] = bytesAfter(seed, [1, 2, 3, 5]);
    for (const other of others) expect(other).toEqual(one);
  }
});

test("an index out of range is an error, whichever thread meets it", () => {
  const [rows, width, limit] = [64, 3, 10];
  const program: Program = {
    scalars: [],
    buffers: [
      { dtype: "int32", length: rows, kind: "input", name: "index" },
      { dtype: "float32", length: limit * width, kind: "input", name: "table" },
      { dtype: "float32", length: rows * width, kind: "output", name: "rows" },
    ],
    steps: [
      {
        kind: "rows",
        name: "embedding",
        mode: "gather",
        dtype: "float32",
        rows,
        width,
        limit,
        index: { buffer: 0, offset: 0, strides: [1] },
        from: { buffer: 1, offset: 0, strides: [width] },
        to: { buffer: 2, offset: 0, strides: [width] },
      },
    ],
  };
  const compiled = programs.compile(program, new Map());
  programs.setThreads(3);
  expect(compiled.settle()).toBe(true);
  expect(compiled.report.threads).toBe(3);
  const [index, table, out] = [0, 1, 2].map((id) => compiled.view(id));
  for (let i = 0; i < table!.length; i++) table![i] = i;
  for (const bad of [null, 0, 31, 63, null]) {
    for (let i = 0; i < rows; i++) index![i] = i === bad ? limit : i % limit;
    if (bad === null) {
      compiled.run();
      expect([...out!]).toEqual(
        Array.from({ length: rows * width }, (_, i) => (Math.floor(i / width) % limit) * width + (i % width)),
      );
    } else expect(() => compiled.run()).toThrow(/embedding/);
  }
  compiled.release();
});

test.each([
  ["a transposed matrix of few rows", 32, 384, 128, true],
  ["a transposed matrix of many rows", 200, 40, 64, true],
  ["a large product", 150, 170, 300, false],
])("%s: the bits of one thread", (_, m, n, k, transposed) => {
  const matrix = (length: number, kind: "input" | "output", name: string): Buffer => ({
    dtype: "float32",
    length,
    kind,
    name,
  });
  const program: Program = {
    scalars: [],
    buffers: [matrix(m * k, "input", "a"), matrix(k * n, "input", "b"), matrix(m * n, "output", "c")],
    steps: [
      {
        kind: "matmul",
        name: "product",
        dtype: "float32",
        batch: 1,
        m,
        n,
        k,
        a: { buffer: 0, offset: 0, strides: [0, k, 1] },
        b: { buffer: 1, offset: 0, strides: transposed ? [0, 1, k] : [0, n, 1] },
        operands: [],
        maps: [
          {
            body: new ExprBuilder().input(0, "float32"),
            to: { buffer: 2, offset: 0, strides: [0, n, 1] },
          },
        ],
      },
    ],
  };
  const compiled = programs.compile(program, new Map());
  const [a, b, c] = [0, 1, 2].map((id) => compiled.view(id) as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let expected: Float32Array | null = null;
  for (let run = 0; run < 20; run++)
    for (const threads of [1, 2, 3, 5]) {
      programs.setThreads(threads);
      expect(compiled.settle()).toBe(true);
      // Other numbers in each round, so that panels of the last one are wrong.
      for (let i = 0; i < a.length; i++) a[i] = Math.sin(i + run);
      for (let i = 0; i < b.length; i++) b[i] = Math.cos(i * (run + 1));
      compiled.run();
      if (threads === 1) expected = c.slice();
      expect(c).toEqual(expected);
    }
  compiled.release();
});
