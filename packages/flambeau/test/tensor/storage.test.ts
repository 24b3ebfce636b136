import { describe, expect, test } from "vitest";
import { allocate, allocateUnset } from "../../src/tensor/storage.ts";

const sizes = [0, 1, 16, 17, 100, 2048, 2049, 5000, 100_000];

describe("memory of tensors", () => {
  test("allocate gives zeros, also where results have been before", () => {
    for (let round = 0; round < 3; round++)
      for (const n of sizes)
        for (const dtype of ["float32", "float64", "int32", "uint8", "bool"] as const) {
          allocateUnset(dtype, n).fill(7 as never);
          const fresh = allocate(dtype, n);
          expect(fresh.length).toBe(n);
          expect(fresh.every((v) => v === 0)).toBe(true);
        }
    expect(allocate("int64", 3000).every((v) => v === 0n)).toBe(true);
  });

  test("what is held keeps its values while a great deal more is made and dropped", () => {
    const held: Float32Array[] = [];
    for (let i = 0; i < 400; i++) {
      const n = 100_000 + i;
      const x = allocateUnset("float32", n) as Float32Array;
      x.fill(i);
      if (i % 40 === 0) held.push(x);
    }
    held.forEach((x, k) => {
      expect(x.length).toBe(100_000 + 40 * k);
      expect(x.every((v) => v === 40 * k)).toBe(true);
    });
  });

  test("arrays do not overlap", () => {
    const arrays = Array.from({ length: 300 }, (_, i) => allocateUnset("float32", 20 + i).fill(i as never));
    arrays.forEach((x, i) => {
      expect((x as Float32Array).every((v) => v === i)).toBe(true);
    });
  });
});
