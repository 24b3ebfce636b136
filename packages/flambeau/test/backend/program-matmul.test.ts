// Code of matrix products in programs against sums in float64: sizes, strides, results, threads.

import { describe, expect, test } from "vitest";
import { assumeFeatures } from "../../src/backend/wasm/features.ts";
import type { Layout } from "./matmul-case.ts";
import { Case, layouts } from "./matmul-case.ts";
import { integer, random } from "./samples.ts";

const names = Object.keys(layouts);
const pick = <T>(items: readonly T[]): T => items[integer(items.length)]!;

describe("plain products", () => {
  const sizes: readonly (readonly [number, number, number, number])[] = [
    [1, 1, 1, 1],
    [1, 5, 1, 200],
    [1, 200, 1, 5],
    [1, 1, 200, 5],
    [1, 1, 37, 64],
    [1, 3, 50, 7],
    [1, 13, 17, 31],
    [1, 6, 16, 8],
    [1, 33, 10, 65],
    [3, 7, 9, 11],
    [9, 4, 20, 6],
    [2, 5, 6, 0],
    [1, 70, 90, 40],
  ];
  for (const dtype of ["float32", "float64"] as const)
    for (const size of sizes)
      test(`${dtype} ${size.join(" x ")}`, () => {
        for (const a of ["rows", "columns", "scattered", "shared"])
          for (const b of ["rows with gaps", "columns", "scattered", "shared columns"]) {
            const c = new Case(dtype, size, layouts[a]!, layouts[b]!);
            c.result(c.product, layouts[pick(["rows", "columns", "rows with gaps"])]!);
            c.check();
          }
      });
});

describe("results", () => {
  const epilogues: { readonly [name: string]: (c: Case) => void } = {
    bias: (c) => c.result(c.k.add(c.product, c.operand(c.dtype, { repeat: [0, 1] }))),
    "bias of columns and relu": (c) =>
      c.result(c.k.max(c.k.add(c.product, c.operand(c.dtype, { repeat: [0, 2] })), 0)),
    "descent in place": (c) => {
      const [batch, m, n] = c.sizes;
      const w = c.access(c.dtype, [batch, m, n], {});
      const lr = c.scalar(c.dtype, 0.1);
      c.maps.push({ body: c.k.sub(c.operandAt(c.dtype, w), c.k.mul(lr, c.product)), to: w });
    },
    gelu: (c) => {
      const { k } = c;
      const x = k.add(c.product, c.operand(c.dtype, { order: [0, 2, 1] }));
      c.result(k.mul(x, k.cdf(x)), { gap: 2 });
    },
    "two results and a mask": (c) => {
      const { k } = c;
      const x = k.add(c.product, c.operand(c.dtype, { repeat: [0, 1] }));
      const keep = k.gt(x, 0.1);
      c.result(k.select(k.xor(keep, c.operand("bool", { gap: 1 })), x, 0));
      c.result(keep, { gap: 3 });
      c.result(k.tanh(k.add(x, k.cast(c.operand("int32", { repeat: [1] }), c.dtype))), { order: [1, 0, 2] });
    },
  };
  const sizes: readonly (readonly [number, number, number, number])[] = [
    [1, 1, 1, 3],
    [1, 200, 1, 5],
    [1, 5, 1, 200],
    [2, 13, 21, 9],
    [1, 32, 48, 16],
    [9, 7, 18, 10],
  ];
  for (const [name, make] of Object.entries(epilogues))
    test(name, () => {
      for (const dtype of ["float32", "float64"] as const)
        for (const size of sizes) {
          const c = new Case(dtype, size, layouts[pick(names)]!, layouts[pick(names)]!);
          make(c);
          c.check();
        }
    });
});

describe("packing and stretches of k", () => {
  const far: Layout = { gap: 2100 };
  const farColumns: Layout = { order: [0, 2, 1], gap: 1100 };
  const farScattered: Layout = { order: [2, 1, 0], gap: 90 };
  const cases: readonly (readonly [string, readonly [number, number, number, number], Layout, Layout])[] = [
    ["panels of distant rows", [1, 50, 21, 130], {}, far],
    ["panels shared by matrices", [3, 43, 9, 130], {}, { ...far, repeat: [0] }],
    ["panels of each of many matrices", [9, 20, 21, 40], {}, { order: [0, 2, 1] }],
    ["rows packed", [1, 50, 70, 130], farColumns, {}],
    ["rows of two matrices packed, of panels too", [2, 50, 70, 130], farColumns, { ...far, repeat: [0] }],
    ["scattered rows packed", [1, 13, 70, 130], farScattered, {}],
    ["two stretches", [1, 50, 40, 2050], {}, {}],
    [
      "three stretches of few rows, all packed",
      [1, 7, 90, 3001],
      { order: [0, 2, 1], gap: 40 },
      { order: [0, 2, 1] },
    ],
    [
      "many rows of two matrices, tiles as functions",
      [2, 90, 100, 80],
      { order: [0, 2, 1] },
      { order: [0, 2, 1] },
    ],
  ];
  for (const [name, size, a, b] of cases)
    test(name, () => {
      for (const dtype of ["float32", "float64"] as const) {
        const c = new Case(dtype, size, a, b);
        c.result(c.k.mul(c.product, c.operand(dtype, { repeat: [1] })), { gap: 1 });
        if (dtype === "float32") c.result(c.k.tanh(c.k.mul(c.product, 0.01)));
        const one = c.check(1);
        expect(c.check(5)).toEqual(one);
        const plain = new Case(dtype, size, a, b);
        plain.result(plain.product, { gap: 1 });
        plain.check(2);
      }
    });
});

test("machines without relaxed vectors", () => {
  assumeFeatures({ simd: true, relaxedSimd: false, fusedMadd: false });
  try {
    for (const size of [
      [1, 5, 1, 200],
      [1, 13, 21, 9],
      [2, 50, 40, 70],
    ] as const) {
      const c = new Case("float32", size, {}, { order: [0, 2, 1] });
      c.result(c.k.tanh(c.product));
      c.check();
    }
  } finally {
    assumeFeatures(null);
  }
});

test("random products: one thread and three give the same bits", () => {
  for (let round = 0; round < 60; round++) {
    const size = [pick([1, 1, 2, 10]), 1 + integer(40), 1 + integer(60), integer(70)] as const;
    const c = new Case(
      pick(["float32", "float32", "float64"]),
      size,
      layouts[pick(names)]!,
      layouts[pick(names)]!,
    );
    c.result(random() < 0.5 ? c.product : c.k.add(c.product, c.operand(c.dtype, layouts[pick(names)]!)));
    const one = c.check(1);
    const three = c.check(3);
    expect(three).toEqual(one);
  }
});
