// The linear memory: scratch grows and is reused, views follow, running out is a clear error.

import { expect, test } from "vitest";
import { createMapKernel } from "../../src/backend/wasm/map.ts";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import { RuntimeError } from "../../src/base/errors.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";

test("scratch is one region that grows to the largest request", () => {
  const memory = new LinearMemory();
  const first = memory.scratch(1000, "a test");
  const size = memory.sizeBytes;
  for (let i = 0; i < 100; i++) expect(memory.scratch(1000, "a test")).toBe(first);
  expect(memory.sizeBytes).toBe(size);
  expect(memory.scratch(10 * 2 ** 20, "a test")).toBe(first);
  expect(memory.sizeBytes).toBeGreaterThan(first + 10 * 2 ** 20);
  expect(memory.f32.byteLength).toBe(memory.sizeBytes);
  expect(first % 64).toBe(0);
});

test("kernels go on after the memory has grown", () => {
  const memory = new LinearMemory();
  const b = new ExprBuilder();
  const kernel = createMapKernel(memory, {
    kind: "map",
    name: "double",
    operands: [{ dtype: "float32", scalar: false }],
    body: b.mul(b.input(0, "float32"), 2),
  });
  for (const n of [3, 100, 20000]) {
    const x = new Float32Array(n).fill(1.5);
    const out = new Float32Array(n);
    for (let round = 0; round < 3; round++) {
      kernel.run(n, out, 0, x, 0, 0, 0, 0, 0, 0, 0);
      expect(out).toEqual(new Float32Array(n).fill(3));
      out.fill(0);
      memory.scratch(memory.sizeBytes, "a test");
    }
  }
});

test("out of memory says how much was wanted and for what", () => {
  const memory = new LinearMemory();
  expect(() => memory.scratch(2 ** 33, "matmul")).toThrow(RuntimeError);
  expect(() => memory.scratch(2 ** 33, "matmul")).toThrow("matmul needs 8192.0 MiB");
});
