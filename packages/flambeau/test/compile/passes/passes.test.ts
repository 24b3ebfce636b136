// The small passes, one by one.

import { expect, test } from "vitest";
import { construct, costOf, keyOf, substitute } from "../../../src/compile/passes/algebra.ts";
import { compose, fillsBuffer, mayMeet } from "../../../src/compile/passes/geometry.ts";
import { optimise } from "../../../src/compile/passes/index.ts";
import type { HostStep, MatmulStep } from "../../../src/ir/program.ts";
import type { Expr } from "../../../src/ir/scalar.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";
import { names, results, Writer } from "./write.ts";

const simplified = (
  build: (k: ExprBuilder, x: Expr, y: Expr) => Expr,
  dtype: "float32" | "int32" = "float32",
): string => {
  const k = new ExprBuilder();
  const into = new ExprBuilder();
  const expr = build(k, k.input(0, dtype), k.input(1, dtype));
  return keyOf([substitute(into, expr, (i, d) => into.input(i, d))]);
};
const same = (
  a: (k: ExprBuilder, x: Expr, y: Expr) => Expr,
  b: (k: ExprBuilder, x: Expr, y: Expr) => Expr,
  dtype: "float32" | "int32" = "float32",
): boolean => simplified(a, dtype) === simplified(b, dtype);

test("identities that hold for all values", () => {
  expect(
    same(
      (k, x) => k.mul(x, 1),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.add(x, -0),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.sub(x, 0),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.mul(x, -1),
      (k, x) => k.neg(x),
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.div(x, 4),
      (k, x) => k.mul(x, 0.25),
    ),
  ).toBe(true);
  expect(
    same(
      (k, x, y) => k.fma(y, k.const(-1, "float32"), x),
      (k, x, y) => k.sub(x, y),
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.cast(k.cast(x, "float64"), "float32"),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.ne(k.cast(k.le(x, 0), "float32"), 0),
      (k, x) => k.le(x, 0),
    ),
  ).toBe(true);
  expect(
    same(
      (k, x, y) => k.select(k.lt(k.const(1, "float32"), 2), x, y),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.mul(x, k.exp(k.const(0, "float32"))),
      (_, x) => x,
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.mul(x, 0),
      (k) => k.const(0, "int32"),
      "int32",
    ),
  ).toBe(true);
  expect(
    same(
      (k, x) => k.add(k.add(x, 0), 0),
      (k, x) => k.add(x, 0),
    ),
  ).toBe(true);
});

test("what NaN, -0 or rounding forbid is left", () => {
  expect(
    same(
      (k, x) => k.add(x, 0),
      (_, x) => x,
    ),
  ).toBe(false);
  expect(
    same(
      (k, x) => k.mul(x, 0),
      (k) => k.const(0, "float32"),
    ),
  ).toBe(false);
  expect(
    same(
      (k, x) => k.sub(x, x),
      (k) => k.const(0, "float32"),
    ),
  ).toBe(false);
  expect(
    same(
      (k, x) => k.div(x, 3),
      (k, x) => k.mul(x, 1 / 3),
    ),
  ).toBe(false);
  expect(
    same(
      (k, x) => k.cast(k.cast(x, "float32"), "int32"),
      (_, x) => x,
      "int32",
    ),
  ).toBe(false);
  expect(
    same(
      (k, x) => k.eq(x, x),
      (k) => k.const(1, "bool"),
    ),
  ).toBe(false);
});

test("constants fold, and the cost of an expression counts shared nodes once", () => {
  const k = new ExprBuilder();
  expect(construct(k, k.mul(k.const(3, "int32"), 4), [k.const(3, "int32"), k.const(4, "int32")]).value).toBe(
    12,
  );
  const e = k.exp(k.input(0, "float32"));
  expect(costOf([k.mul(e, e), e])).toBe(17);
});

test("an index in a view as an index of what was written", () => {
  const packed = { offset: 0, sizes: [4, 6], strides: [6, 1] };
  // Reshaped: 24 = 4 * 6 must be split.
  expect(compose({ offset: 0, sizes: [24], strides: [1] }, packed)?.parts).toEqual([
    [
      { size: 4, dim: 0, step: 1 },
      { size: 6, dim: 1, step: 1 },
    ],
  ]);
  // Every second column from the second on.
  expect(compose({ offset: 1, sizes: [4, 3], strides: [6, 2] }, packed)).toEqual({
    parts: [[{ size: 4, dim: 0, step: 1 }], [{ size: 3, dim: 1, step: 2 }]],
    start: [0, 1],
  });
  // Over the end of a row, before the first place, and in steps that are no whole rows.
  expect(compose({ offset: 4, sizes: [4], strides: [1] }, packed)).toBeNull();
  expect(compose({ offset: 0, sizes: [2], strides: [1] }, { ...packed, offset: 1 })).toBeNull();
  expect(compose({ offset: 0, sizes: [4], strides: [5] }, packed)).toBeNull();
});

test("what may meet", () => {
  const left = { buffer: 0, offset: 0, sizes: [4, 3], strides: [6, 1] };
  expect(mayMeet(left, { ...left, offset: 3 })).toBe(false);
  expect(mayMeet(left, { ...left, offset: 2 })).toBe(true);
  expect(mayMeet(left, { ...left, buffer: 1 })).toBe(false);
  expect(fillsBuffer({ offset: 0, sizes: [2, 3], strides: [1, 2] }, 6)).toBe(true);
  expect(fillsBuffer({ offset: 0, sizes: [2, 3], strides: [3, 1] }, 7)).toBe(false);
});

test("copies of layout go into factors of products", () => {
  const w = new Writer();
  const [x, v, t, y] = [
    w.buffer("input", 6),
    w.buffer("input", 6),
    w.buffer("temp", 6),
    w.buffer("output", 4),
  ];
  w.map("contiguous", w.at(t, [2, 3]), [w.at(x, [2, 3], [1, 2])], (_, a) => a, [2, 3]);
  w.matmul("matmul", y, t, v, [2, 2, 3]);
  const { program } = optimise(w.program());
  expect(names(program)).toEqual(["matmul"]);
  expect((program.steps[0] as MatmulStep).a).toEqual({ buffer: x, offset: 0, strides: [0, 1, 2] });
  expect(results(program)).toEqual(results(w.program()));
});

test("constants are computed in advance, and fills become numbers of their readers", () => {
  const w = new Writer();
  const [c, t, ones, x, y] = [
    w.buffer("const", 3, "float32", [1, 2, 3]),
    w.buffer("temp", 3),
    w.buffer("temp", 3),
    w.buffer("input", 3),
    w.buffer("output", 3),
  ];
  w.map("square", t, [c], (k, v) => k.mul(v, v));
  w.map("ones", ones, [], (k) => k.const(1, "float32"));
  w.map("mul", y, [x, ones, t], (k, a, b, d) => k.add(k.mul(a, b), d));
  const { program } = optimise(w.program());
  expect(names(program)).toHaveLength(1);
  expect([...program.buffers[t]!.data!]).toEqual([1, 4, 9]);
  expect(results(program)).toEqual(results(w.program()));
});

test("equal steps are shared, results that nobody reads are not computed", () => {
  const w = new Writer();
  const [x, a, b, y, unused] = [
    w.buffer("input", 4),
    w.buffer("temp", 4),
    w.buffer("temp", 4),
    w.buffer("output", 4),
    w.buffer("temp", 4),
  ];
  w.matmul("one", a, x, x, [2, 2, 2]);
  w.matmul("two", b, x, x, [2, 2, 2]);
  w.matmul("unused", unused, a, b, [2, 2, 2]);
  w.matmul("three", y, a, b, [2, 2, 2]);
  const { program } = optimise(w.program());
  expect(names(program)).toEqual(["one", "three"]);
  expect(results(program)).toEqual(results(w.program()));
});

test("steps of the host stay, those that read nothing come first, and in their order", () => {
  const w = new Writer();
  const [x, a, b, y] = [
    w.buffer("input", 4),
    w.buffer("temp", 4),
    w.buffer("temp", 4),
    w.buffer("output", 4),
  ];
  let calls = 0;
  const host = (name: string, writes: readonly number[]): HostStep => ({
    kind: "host",
    name,
    reads: [],
    writes,
    run: (_, arrays) => {
      for (const array of arrays) array.fill(++calls as never);
    },
  });
  w.matmul("matmul", a, x, x, [2, 2, 2]);
  w.steps.push(host("first", [b]), host("second", []));
  w.map("add", y, [a, b], (k, u, v) => k.add(u, v));
  const { program } = optimise(w.program());
  expect(names(program)).toEqual(["first", "second", "matmul+add"]);
});

test("a result takes the memory of an operand that nobody needs any more", () => {
  const w = new Writer();
  const [x, a, b, y] = [
    w.buffer("input", 4),
    w.buffer("temp", 4),
    w.buffer("temp", 4),
    w.buffer("output", 4),
  ];
  w.matmul("one", a, x, x, [2, 2, 2]);
  w.map("exp", b, [a], (k, v) => k.exp(v));
  w.matmul("two", y, b, b, [2, 2, 2]);
  const { program } = optimise(w.program(), { fusion: false });
  expect(program.steps.flatMap((s) => (s.kind === "loop" ? s.maps.map(({ to }) => to.buffer) : []))).toEqual([
    a,
  ]);
  expect((program.steps[2] as MatmulStep).a.buffer).toBe(a);
  expect(results(program)).toEqual(results(w.program()));
});

test("gradients of slices are stored where they belong in their sum", () => {
  const w = new Writer();
  const [x, y] = [w.buffer("input", 6), w.buffer("output", 12)];
  const [a, b, sum] = [w.buffer("temp", 12), w.buffer("temp", 12), w.buffer("temp", 12)];
  for (const [slice, offset] of [
    [a, 0],
    [b, 2],
  ] as const) {
    w.map("fill", slice, [], (k) => k.const(0, "float32"));
    w.map("copy", w.at(slice, [], [4, 1], offset), [w.at(x, [3, 2])], (k, v) => k.neg(v), [3, 2]);
  }
  w.map("add", sum, [a, b], (k, u, v) => k.add(u, v));
  // Read by a product, which takes no part in fusion.
  w.matmul("matmul", y, w.at(sum, [1, 3, 4]), w.at(sum, [1, 4, 4], [0, 1, 1]), [3, 4, 4]);
  const { program } = optimise(w.program());
  expect(program.steps.filter(({ kind }) => kind === "loop").every(({ name }) => name === "copy")).toBe(true);
  expect(results(program)).toEqual(results(w.program()));
});

test("reductions of constants are constants", () => {
  const w = new Writer();
  const [c, t, x, y] = [
    w.buffer("const", 3, "float32", [1, 2, 4]),
    w.buffer("temp", 1),
    w.buffer("input", 3),
    w.buffer("output", 3),
  ];
  w.reduce("sum", t, w.at(c, [3]), [], [3]);
  w.map("mul", y, [x, w.at(t, [], [0])], (k, a, b) => k.mul(a, b));
  const { program } = optimise(w.program());
  expect(names(program)).toEqual(["mul"]);
  expect(results(program)).toEqual(results(w.program()));
});

test("products with what a rectifier wrote may leave out zeros", () => {
  const w = new Writer();
  const [x, weight] = [w.buffer("input", 6), w.buffer("state", 6)];
  const bodies: readonly ((k: ExprBuilder, x: Expr) => Expr)[] = [
    (k, x) => k.max(x, 0),
    (k, x) => k.select(k.gt(x, 0), k.mul(x, 2), 0),
    (k, x) => k.mul(k.min(k.max(x, 0), 6), 3),
    (k, x) => k.max(x, 1),
    (k, x) => k.select(k.gt(x, 0), x, k.mul(x, 0.01)),
  ];
  const factors = bodies.map((body) => {
    const to = w.buffer("state", 6);
    w.map("map", to, [x], body);
    return to;
  });
  for (const from of factors) w.matmul("product", w.buffer("output", 4), from, weight, [2, 2, 3]);
  // What is written last counts.
  w.map("cos", factors[0]!, [x], (k, x) => k.cos(x));
  w.matmul("product", w.buffer("output", 4), factors[0]!, weight, [2, 2, 3]);
  const { program, log } = optimise(w.program(), { fusion: false, schedule: false });
  const products = program.steps.filter((step) => step.kind === "matmul");
  expect(products.map(({ zeros }) => zeros)).toEqual([["a"], ["a"], ["a"], undefined, undefined, undefined]);
  expect(log).toContain("zeros: 3 products may leave out what a rectifier made 0");
});
