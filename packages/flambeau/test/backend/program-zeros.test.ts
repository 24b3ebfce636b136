// Products that leave out zeros of their first matrix: the bits of those that do not.

import { describe, expect, test } from "vitest";
import { matmulCode } from "../../src/backend/wasm/program/matmul.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import { Case, layouts } from "./matmul-case.ts";

/** The case with and without leaving out; NaN are equal. */
function both(c: Case, threads = 1, side: "a" | "b" = "a"): readonly [TypedArray[], TypedArray[]] {
  c.zeros = [];
  const whole = c.run();
  c.zeros = [side];
  return [c.run(threads), whole];
}

/** Sums that begin at 0 and add 0 or -0 are 0, so signs of zeros are the same, too. */
function expectSame([got, want]: readonly [TypedArray[], TypedArray[]]): void {
  want.forEach((array, x) => expect(got[x]).toEqual(array));
}

/** A sum and an update in place, as an optimiser's. */
function results(c: Case): void {
  const rate = c.scalar("float32", -0.01);
  const { k, product } = c;
  const weight = c.operand("float32", {});
  const place = c.operands.at(-1)!.source;
  c.maps.push({ body: k.fma(product, rate, weight), to: place as never });
}

const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 256, 784, 256],
  [1, 64, 256, 256],
  [1, 77, 264, 391],
  [1, 300, 512, 129],
  [1, 530, 256, 64],
  [1, 65, 256, 257],
];

describe.each(["rows", "columns", "rows with gaps"] as const)("a by %s", (a) => {
  for (const b of ["rows", "columns", "columns with gaps"] as const)
    test(`b by ${b}`, () => {
      for (const size of sizes) {
        const c = new Case("float32", size, layouts[a]!, layouts[b]!);
        results(c);
        c.thin(0.5);
        expectSame(both(c));
        c.check();
      }
    });
});

describe.each(["rows", "columns"] as const)("zeros of b by %s", (b) => {
  for (const a of ["rows", "columns"] as const)
    test(`a by ${a}`, () => {
      for (const size of [
        [1, 128, 512, 256],
        [1, 96, 266, 700],
        [1, 264, 391, 65],
      ] as const)
        for (const threads of [1, 3]) {
          const c = new Case("float32", size, layouts[a]!, layouts[b]!);
          results(c);
          c.thin(1, 0.5);
          expect(matmulCode({ ...c.step, zeros: ["b"] }).note).toBe("zeros left out");
          expectSame(both(c, threads, "b"));
          c.check();
        }
    });
});

test("zeros of a and of b are different code for one product", () => {
  const c = new Case("float32", [1, 128, 256, 256], {}, {});
  c.result(c.product);
  const [a, b] = (["a", "b"] as const).map((side) => matmulCode({ ...c.step, zeros: [side] }));
  expect(a!.note).toBe(b!.note);
  expect(a!.key).not.toBe(b!.key);
});

test("results that lie by columns", () => {
  for (const side of ["a", "b"] as const) {
    const c = new Case("float32", [1, 160, 256, 200], {}, {});
    c.result(c.product, layouts["columns"]!);
    c.thin(0.5, 0.5);
    expectSame(both(c, 2, side));
  }
});

test("matrices without zeros, and of nothing else", () => {
  for (const share of [1, 0.97, 0.6, 0.02, 0]) {
    const c = new Case("float32", [1, 130, 256, 300], {}, {});
    results(c);
    c.thin(share, 0.9);
    expectSame(both(c));
  }
});

test("0 times what is not finite", () => {
  for (const layout of ["rows", "columns"] as const)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const c = new Case("float32", [1, 90, 264, 300], layouts[layout]!, layouts[layout]!);
      results(c);
      c.thin(0.4);
      const { offset, strides } = c.b;
      c.arrays[c.b.buffer]![offset + 200 * strides[1]! + 70 * strides[2]!] = bad;
      const [got, want] = both(c);
      expectSame([got, want]);
      const column = Array.from({ length: 90 }, (_, i) => got.at(-1)![3 + 264 * i + 70]);
      expect(column.every(Number.isFinite)).toBe(false);
    }
});

test("NaN and infinity in a are no zeros", () => {
  const c = new Case("float32", [1, 90, 256, 300], {}, {});
  results(c);
  c.thin(0.4);
  c.arrays[c.a.buffer]![c.a.offset + 7 * 300 + 5] = Number.NaN;
  c.arrays[c.a.buffer]![c.a.offset + 8 * 300 + 290] = Number.POSITIVE_INFINITY;
  expectSame(both(c));
});

test("any number of threads gives the same", () => {
  for (const threads of [2, 3, 5, 8])
    for (const a of ["rows", "columns"] as const) {
      const c = new Case("float32", [1, 300, 264, 260], layouts[a]!, {});
      results(c);
      c.thin(0.5);
      expectSame(both(c, threads));
    }
});

test("where it does not pay, the code is that of other products", () => {
  const keys = (
    size: readonly [number, number, number, number],
    dtype: "float32" | "float64" = "float32",
    a: keyof typeof layouts = "rows",
  ) =>
    [[], ["a"]].map((zeros) => {
      const c = new Case(dtype, size, layouts[a]!, {});
      c.result(c.product);
      c.zeros = zeros as ("a" | "b")[];
      return matmulCode(c.step).key;
    });
  const same = ([whole, thin]: readonly string[]): boolean => whole === thin;
  expect(same(keys([1, 256, 256, 256]))).toBe(false);
  for (const size of [
    [1, 32, 1024, 1024],
    [1, 256, 64, 1024],
    [1, 256, 260, 256],
    [4, 256, 256, 256],
    [1, 64, 256, 64],
  ] as const)
    expect(same(keys(size)), `${size}`).toBe(true);
  // Rows that lie along k are read where they are; others would take too much memory.
  expect(same(keys([1, 4096, 256, 1024]))).toBe(false);
  expect(same(keys([1, 4096, 256, 1024], "float32", "columns"))).toBe(true);
  expect(same(keys([1, 256, 256, 256], "float64"))).toBe(true);
});
