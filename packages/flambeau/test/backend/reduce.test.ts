// Reductions of the WebAssembly backend against plain JavaScript.

import { describe, expect, test } from "vitest";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import { createReduceKernel } from "../../src/backend/wasm/reduce.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { interpretReduce } from "../../src/ir/interpret.ts";
import type { CombineOp, ReduceNest } from "../../src/ir/nest.ts";
import { combineOps, resultDType } from "../../src/ir/nest.ts";
import type { Expr } from "../../src/ir/scalar.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { integer, ones, random, sample } from "./samples.ts";

const memory = new LinearMemory();
type Shape3 = readonly [number, number, number];
const shapes: readonly Shape3[] = [
  [1, 1, 1],
  [3, 2, 1],
  [2, 8, 1],
  [2, 9, 1],
  [5, 17, 1],
  [3, 100, 1],
  [1, 16385, 1],
  [1, 40000, 1],
  [9000, 3, 1],
  [300, 30, 1],
  [1, 3, 4],
  [2, 5, 7],
  [3, 70, 33],
  [1, 200, 100],
  [1, 3, 20000],
  [1, 70, 600],
  [1, 2, 9000],
  [500, 2, 3],
  [1, 5000, 5],
  [9000, 1, 2],
  [0, 3, 2],
  [2, 3, 0],
];

const nest = (input: DType, body: Expr, combine: CombineOp, post: Expr | null = null): ReduceNest => ({
  kind: "reduce",
  name: "test",
  input,
  body,
  combine,
  post,
});

/** `tolerance` is relative to the sum of the absolute values. */
function check(n: ReduceNest, [outer, reduced, inner]: Shape3, input: TypedArray, tolerance: number): void {
  const out = ones(resultDType(n), outer * inner + 2);
  createReduceKernel(memory, n).run(outer, reduced, inner, out, 1, input, 2);
  const want = interpretReduce(n, outer, reduced, inner, input.subarray(2));
  for (let i = 0; i < want.length; i++) {
    const g = out[i + 1]!;
    const w = want[i]!;
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    const bound = tolerance * Math.max(1, Math.abs(Number(w)));
    const off = Math.abs(Number(g) - Number(w));
    if (!(off <= bound))
      expect.fail(`${n.combine} ${n.input} [${outer}, ${reduced}, ${inner}] at ${i}: ${g}, expected ${w}`);
  }
  expect(Number(out[0])).toBe(1);
  expect(Number(out[outer * inner + 1])).toBe(1);
}

const tolerance: { readonly [C in CombineOp]?: { readonly [D in DType]?: number } } = {
  sum: { float32: 1e-6, float64: 1e-13 },
  prod: { float32: 1e-5, float64: 1e-12 },
};

describe("every combination and dtype", () => {
  for (const dtype of Object.keys(dtypes) as DType[])
    for (const combine of combineOps) {
      const isFloat = dtypes[dtype].kind === "float";
      if (isFloat && (combine === "and" || combine === "or")) continue;
      if (dtype === "bool" && (combine === "sum" || combine === "prod")) continue;
      test(`${combine} ${dtype}`, () => {
        const b = new ExprBuilder();
        for (const shape of shapes) {
          const size = 2 + shape[0] * shape[1] * shape[2];
          const input = isFloat ? new dtypes[dtype].array(size) : sample(dtype, size);
          if (isFloat)
            for (let i = 0; i < size; i++)
              input[i] = combine === "prod" ? 1 + (random() - 0.5) * 0.01 : random() - 0.2;
          const body = b.input(0, dtype);
          check(nest(dtype, body, combine), shape, input, isFloat ? (tolerance[combine]?.[dtype] ?? 0) : 0);
          if (isFloat && combine !== "sum" && combine !== "prod" && size > 20) {
            for (let k = 0; k < 3; k++) input[2 + integer(size - 2)] = Number.NaN;
            check(nest(dtype, body, combine), shape, input, 0);
          }
        }
      });
    }
});

test("bodies and posts: mean of squares, counts of a mask, any", () => {
  const b = new ExprBuilder();
  const x = b.input(0, "float32");
  const mean = b.div(b.input(0, "float32"), b.input(1, "float32"));
  const m = b.input(0, "bool");
  for (const shape of shapes) {
    const size = 2 + shape[0] * shape[1] * shape[2];
    check(
      nest("float32", b.mul(x, x), "sum", mean),
      shape,
      new Float32Array(size).map(() => random()),
      1e-6,
    );
    check(nest("bool", b.cast(m, "int32"), "sum"), shape, sample("bool", size), 0);
    check(nest("bool", b.cast(m, "int64"), "sum"), shape, sample("bool", size), 0);
    check(
      nest("float32", b.ne(x, 0), "or"),
      shape,
      new Float32Array(size).map(() => (random() < 0.01 ? 1 : 0)),
      0,
    );
    check(nest("uint8", b.cast(b.input(0, "uint8"), "float64"), "sum"), shape, sample("uint8", size), 0);
  }
});

test("empty reductions give the neutral element", () => {
  const b = new ExprBuilder();
  const run = (n: ReduceNest, inner: number): number => {
    const out = new dtypes[n.body.dtype].array(2 * inner);
    createReduceKernel(memory, n).run(2, 0, inner, out, 0, new dtypes[n.input].array(0), 0);
    return Number(out[2 * inner - 1]);
  };
  for (const inner of [1, 3]) {
    expect(run(nest("float32", b.input(0, "float32"), "sum"), inner)).toBe(0);
    expect(run(nest("int64", b.input(0, "int64"), "prod"), inner)).toBe(1);
    expect(run(nest("bool", b.input(0, "bool"), "and"), inner)).toBe(1);
    expect(run(nest("bool", b.input(0, "bool"), "or"), inner)).toBe(0);
  }
});

describe("float32 sums", () => {
  const b = new ExprBuilder();
  const sum = createReduceKernel(memory, nest("float32", b.input(0, "float32"), "sum"));
  test("rows of fewer than 8 terms are added in the order of PyTorch's short sums", () => {
    for (let n = 1; n < 8; n++) {
      const rows = 9;
      const x = new Float32Array(rows * n).map(() => random() - 0.3);
      const out = new Float32Array(rows);
      sum.run(rows, n, 1, out, 0, x, 0);
      for (let r = 0; r < rows; r++) {
        const at = (i: number): number => x[r * n + i]!;
        let want = at(0);
        for (const i of [4, 5, 6, 1, 2, 3]) if (i < n) want = Math.fround(want + at(i));
        expect(out[r]).toBe(want);
      }
    }
  });
  test("up to 8 rows of a column are added in order", () => {
    for (let reduced = 1; reduced <= 8; reduced++)
      for (const inner of [600, 20000]) {
        const x = new Float32Array(reduced * inner).map(() => random() - 0.3);
        const out = new Float32Array(inner);
        sum.run(1, reduced, inner, out, 0, x, 0);
        const want = new Float32Array(inner);
        for (let r = 0; r < reduced; r++) for (let i = 0; i < inner; i++) want[i]! += x[r * inner + i]!;
        expect(out).toEqual(want);
      }
  });
  test("a long sum keeps its digits", () => {
    const n = 3_000_000;
    const x = new Float32Array(n).fill(0.1);
    const out = new Float32Array(1);
    sum.run(1, n, 1, out, 0, x, 0);
    expect(Math.abs(out[0]! / (n * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
    const columns = new Float32Array(3);
    sum.run(1, n / 3, 3, columns, 0, x, 0);
    expect(Math.abs(columns[2]! / ((n / 3) * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
  });
  test("the result of a row does not depend on what stands beside it", () => {
    const x = new Float32Array(40 * 1000).map(() => random());
    const all = new Float32Array(40);
    const one = new Float32Array(1);
    sum.run(40, 1000, 1, all, 0, x, 0);
    for (let r = 0; r < 40; r++) {
      sum.run(1, 1000, 1, one, 0, x, r * 1000);
      expect(one[0]).toBe(all[r]);
    }
  });
});
