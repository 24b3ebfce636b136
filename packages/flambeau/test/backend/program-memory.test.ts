// The memory of programs: places are given out, back and out again, never move, and run out with a clear error.

import { expect, test } from "vitest";
import { controlAddress, ResidentMemory } from "../../src/backend/wasm/program/resident.ts";
import { controlBytes } from "../../src/backend/wasm/program/threads-cells.ts";
import { RuntimeError } from "../../src/base/errors.ts";

test.each([true, false])("places do not overlap, shared: %s", (shared) => {
  const memory = new ResidentMemory(shared);
  const held = new Map<number, number>();
  const sizes = [0, 4, 100, 5000, 64, 300_000, 12, 4096];
  for (let i = 0; i < 200; i++) {
    const at = memory.take(sizes[i % sizes.length]!, "a test");
    expect(at % 64).toBe(0);
    expect(at).toBeGreaterThanOrEqual(controlAddress + controlBytes);
    held.set(at, sizes[i % sizes.length]!);
    if (i % 3 === 2) {
      const [first] = held.keys();
      memory.give(first!);
      memory.give(first!);
      held.delete(first!);
    }
  }
  const spans = [...held].sort(([a], [b]) => a - b);
  spans.slice(1).forEach(([at], i) => {
    expect(spans[i]![0] + spans[i]![1] + 128).toBeLessThanOrEqual(at);
  });
  const size = memory.sizeBytes;
  for (const at of held.keys()) memory.give(at);
  // All is one span again, at the front.
  const [first] = spans;
  expect(memory.take(40_000, "a test")).toBeLessThanOrEqual(first![0]);
  expect(memory.sizeBytes).toBe(size);
});

test.each([true, false])("arrays stay valid while the memory grows, shared: %s", (shared) => {
  const memory = new ResidentMemory(shared);
  const { array, address } = memory.allocate("float32", 1000, "a test");
  array.fill(1.5 as never);
  const more = memory.allocate("int64", 2 ** 21, "a test").array as BigInt64Array;
  more.fill(7n);
  expect(memory.view("float32", address, 1000)).toEqual(array);
  array[3] = 2;
  expect(memory.view("float32", address, 4)[3]).toBe(2);
  expect(array.every((x, i) => x === (i === 3 ? 2 : 1.5))).toBe(true);
});

test("the arena only grows, and is one place", () => {
  const memory = new ResidentMemory();
  const small = memory.arena(1000, "a test");
  expect(memory.arena(10, "a test")).toBe(small);
  const large = memory.arena(10 ** 6, "a test");
  expect(memory.arena(1000, "a test")).toBe(large);
});

test.each([true, false])("running out says how much was wanted and for what, shared: %s", (shared) => {
  const memory = new ResidentMemory(shared);
  expect(() => memory.take(2 ** 33, "parameter w")).toThrow(RuntimeError);
  expect(() => memory.take(2 ** 33, "parameter w")).toThrow(/parameter w needs 8192\.0 MiB .*the limit is/);
  expect(() => memory.arena(2 ** 33, "temps")).toThrow("temps needs 8192.0 MiB");
  // It goes on working.
  expect(memory.allocate("float32", 10, "a test").array.length).toBe(10);
  expect(memory.arena(100, "a test")).toBeGreaterThan(0);
});
