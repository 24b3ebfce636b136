// The reference interpreter against PyTorch 1.13 (fixtures/scalar.json, written by fixtures/scalar.py), and its
// rules for what PyTorch leaves open.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { cdf, erf } from "../../src/ir/erf.ts";
import { interpretExpr, interpretMap, interpretReduce } from "../../src/ir/interpret.ts";
import type { CombineOp, MapNest, ReduceNest } from "../../src/ir/nest.ts";
import type { BinaryOp, CompareOp, Expr, UnaryOp } from "../../src/ir/scalar.ts";
import { compareOps, ExprBuilder, unaryOps } from "../../src/ir/scalar.ts";

type Encoded = number | string | boolean;
interface IntegerCases {
  readonly a: Encoded[];
  readonly b: Encoded[];
  readonly results: Record<string, Encoded[]>;
  readonly shift: Encoded[];
  readonly shl: Encoded[];
  readonly shr: Encoded[];
  readonly casts: Record<DType, Encoded[]>;
}
const fixture = JSON.parse(readFileSync(new URL("./fixtures/scalar.json", import.meta.url), "utf8")) as {
  readonly unary: { readonly x: Encoded[]; readonly results: Record<string, Encoded[]> };
  readonly binary: {
    readonly a: Encoded[];
    readonly b: Encoded[];
    readonly results: Record<string, Encoded[]>;
  };
  readonly integers: Record<"int32" | "int64" | "uint8", IntegerCases>;
};

const arrayOf = (dtype: DType, list: readonly Encoded[]): TypedArray => {
  const out = new dtypes[dtype].array(list.length);
  list.forEach((v, i) => {
    out[i] = dtype === "int64" ? BigInt(v) : Number(v);
  });
  return out;
};

const isUnary = (op: string): op is UnaryOp => (unaryOps as readonly string[]).includes(op);
const isCompare = (op: string): op is CompareOp => (compareOps as readonly string[]).includes(op);

function node(k: ExprBuilder, op: string, dtype: DType): Expr {
  const a = k.input(0, dtype);
  const b = k.input(1, dtype);
  if (isUnary(op)) return k.unary(op, a);
  return isCompare(op) ? k.compare(op, a, b) : k.binary(op as BinaryOp, a, b);
}

const map = (body: Expr, ...operands: readonly DType[]): MapNest => ({
  kind: "map",
  name: "op",
  operands: operands.map((dtype) => ({ dtype, scalar: false })),
  body,
});
const run = (
  body: (k: ExprBuilder) => Expr,
  ...operands: readonly [DType, readonly Encoded[]][]
): unknown[] => {
  const arrays = operands.map(([dtype, list]) => arrayOf(dtype, list));
  return [
    ...interpretMap(
      map(body(new ExprBuilder()), ...operands.map(([d]) => d)),
      arrays[0]?.length ?? 1,
      arrays,
    ),
  ];
};

/** Distance in units in the last place of a dtype; the sign of zero counts unless told otherwise. */
function ulps(x: number, y: number, dtype: DType): number {
  if (Object.is(x, y) || (Number.isNaN(x) && Number.isNaN(y))) return 0;
  if (x === y || !Number.isFinite(x) || !Number.isFinite(y)) return Infinity;
  const digits = dtype === "float32" ? 23 : 52;
  return (
    Math.abs(x - y) /
    2 ** (Math.max(Math.floor(Math.log2(Math.abs(y))), dtype === "float32" ? -126 : -1022) - digits)
  );
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  // Both sides are within an ulp of the true value; rounded to float32 the two agree.
  const allowed = dtype === "float32" ? 0 : 2;
  test.each(Object.keys(fixture.unary.results))("%s", (op) => {
    const actual = run((k) => node(k, op, dtype), [dtype, fixture.unary.x]) as number[];
    const expected = arrayOf(dtype, fixture.unary.results[op]!) as Float64Array;
    const off = actual.map(
      (x, i) => [fixture.unary.x[i], x, expected[i]!, ulps(x, expected[i]!, dtype)] as const,
    );
    expect(off.filter(([, , , d]) => d > allowed)).toEqual([]);
  });

  test.each(Object.keys(fixture.binary.results))("%s", (op) => {
    const { a, b, results } = fixture.binary;
    const actual = run((k) => node(k, op, dtype), [dtype, a], [dtype, b]) as number[];
    const expected = arrayOf(isCompare(op) ? "bool" : dtype, results[op]!) as Float64Array;
    const ties = op === "max" || op === "min" ? 0 : Number.NaN; // which of two zeros max and min give is open
    const off = actual.map((x, i) => [a[i], b[i], x, expected[i]!] as const);
    expect(off.filter(([, , x, y]) => !(x === ties && y === ties) && ulps(x, y, dtype) > allowed)).toEqual(
      [],
    );
  });
});

describe.each(["int32", "int64", "uint8"] as const)("%s", (dtype) => {
  const { a, b, results, shift, shl, shr, casts } = fixture.integers[dtype];
  test.each(Object.keys(results))("%s", (op) => {
    expect(run((k) => node(k, op, dtype), [dtype, a], [dtype, b])).toEqual([
      ...arrayOf(isCompare(op) ? "bool" : dtype, results[op]!),
    ]);
  });

  test("shifts", () => {
    expect(run((k) => node(k, "shl", dtype), [dtype, a], [dtype, shift])).toEqual([...arrayOf(dtype, shl)]);
    expect(run((k) => node(k, "shr", dtype), [dtype, a], [dtype, shift])).toEqual([...arrayOf(dtype, shr)]);
  });

  test.each(Object.keys(casts) as DType[])("to %s", (to) => {
    expect(run((k) => k.cast(k.input(0, dtype), to), [dtype, a])).toEqual([...arrayOf(to, casts[to])]);
  });

  test("division by 0 gives 0 and keeps the dividend as the rest", () => {
    expect(run((k) => node(k, "idiv", dtype), [dtype, [7]], [dtype, [0]]).map(Number)).toEqual([0]);
    expect(run((k) => node(k, "fmod", dtype), [dtype, [7]], [dtype, [0]]).map(Number)).toEqual([7]);
  });

  test("a * b + c wraps once at the end", () => {
    const k = new ExprBuilder();
    const [x, y, z] = [0, 1, 2].map((i) => k.input(i, dtype)) as [Expr, Expr, Expr];
    const nest = map(k.fma(x, y, z), dtype, dtype, dtype);
    const expected = {
      int32: [-7],
      int64: [200n * 2n ** 60n - 7n].map((v) => BigInt.asIntN(64, v)),
      uint8: [57],
    }[dtype];
    const big = { int32: 2 ** 30, int64: 2 ** 60, uint8: 64 }[dtype];
    expect([
      ...interpretMap(nest, 1, [
        arrayOf(dtype, [200]),
        arrayOf(dtype, [big]),
        arrayOf(dtype, [dtype === "uint8" ? 57 : -7]),
      ]),
    ]).toEqual(expected);
  });
});

test("the lowest integer divided by -1 wraps", () => {
  expect(run((k) => node(k, "idiv", "int32"), ["int32", [-(2 ** 31)]], ["int32", [-1]])).toEqual([
    -(2 ** 31),
  ]);
});

describe("bool", () => {
  const a = [0, 0, 1, 1];
  const b = [0, 1, 0, 1];
  test.each([
    ["add", [0, 1, 1, 1]],
    ["or", [0, 1, 1, 1]],
    ["max", [0, 1, 1, 1]],
    ["mul", [0, 0, 0, 1]],
    ["and", [0, 0, 0, 1]],
    ["min", [0, 0, 0, 1]],
    ["xor", [0, 1, 1, 0]],
    ["not", [1, 1, 0, 0]],
    ["eq", [1, 0, 0, 1]],
    ["lt", [0, 1, 0, 0]],
  ] as const)("%s", (op, expected) => {
    expect(run((k) => node(k, op, "bool"), ["bool", a], ["bool", b])).toEqual(expected);
  });
});

describe("casts of floats", () => {
  const list = [0.9, -0.9, 300.5, -1.5, 3e9, -3e9, 1e20, "-Infinity", "NaN", "-0"];
  test.each([
    ["bool", [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]],
    ["int32", [0, 0, 300, -1, -(2 ** 31), -(2 ** 31), -(2 ** 31), -(2 ** 31), -(2 ** 31), 0]],
    ["uint8", [0, 0, 44, 255, 0, 0, 0, 0, 0, 0]],
    ["int64", [0n, 0n, 300n, -1n, 3000000000n, -3000000000n, -(2n ** 63n), -(2n ** 63n), -(2n ** 63n), 0n]],
  ] as const)("to %s: cut off, the smallest integer where that cannot be, NaN is true", (to, expected) => {
    expect(run((k) => k.cast(k.input(0, "float64"), to), ["float64", list])).toEqual(expected);
  });

  test("int64 to float32 rounds once", () => {
    // 2^60 + 2^36 + 1 lies above the middle between two floats; as a double it lies in the middle.
    const x = 2n ** 60n + 2n ** 36n + 1n;
    expect(
      run(
        (k) => k.cast(k.input(0, "int64"), "float32"),
        ["int64", [String(x), String(-x), String(2n ** 60n + 2n ** 36n)]],
      ),
    ).toEqual([2 ** 60 + 2 ** 37, -(2 ** 60 + 2 ** 37), 2 ** 60]);
  });
});

describe("expressions", () => {
  test("float32 rounds after each operation, fma once", () => {
    const k = new ExprBuilder();
    const [x, y, z] = [0, 1, 2].map((i) => k.input(i, "float32")) as [Expr, Expr, Expr];
    const [a, b, c] = [1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)];
    expect(interpretExpr(k.add(k.mul(x, y), z), [a, b, c])).toBe(0);
    expect(interpretExpr(k.fma(x, y, z), [a, b, c])).toBe(2 ** -24);
  });

  test("fma of float64 is rounded once", () => {
    const k = new ExprBuilder();
    const x = k.input(0, "float64");
    expect(interpretExpr(k.fma(x, x, -1), [1 + 2 ** -52])).toBe(2 ** -51 + 2 ** -104);
  });

  test("constants are rounded to their dtype", () => {
    const k = new ExprBuilder();
    expect(interpretExpr(k.const(0.1, "float32"), [])).toBe(Math.fround(0.1));
    expect(interpretExpr(k.const(3, "int64"), [])).toBe(3n);
  });

  test("select takes one side", () => {
    expect(
      run(
        (k) => k.select(k.lt(k.input(0, "float32"), 0), 0, k.input(0, "float32")),
        ["float32", [-1, 2, "NaN"]],
      ),
    ).toEqual([0, 2, Number.NaN]);
  });

  test("a graph with shared nodes takes time in proportion to its nodes", () => {
    const k = new ExprBuilder();
    let e = k.input(0, "float64");
    for (let i = 0; i < 60; i++) e = k.add(e, e);
    expect(interpretExpr(e, [1])).toBe(2 ** 60);
  });
});

describe("nests", () => {
  test("scalar operands are numbers of the declared dtype", () => {
    const k = new ExprBuilder();
    const nest: MapNest = {
      kind: "map",
      name: "scale",
      operands: [
        { dtype: "float32", scalar: false },
        { dtype: "float32", scalar: true },
      ],
      body: k.mul(k.input(0, "float32"), k.input(1, "float32")),
    };
    expect([...interpretMap(nest, 2, [Float32Array.of(1, 2, 3), 0.1])]).toEqual([
      Math.fround(0.1),
      Math.fround(0.2),
    ]);
    const int: MapNest = {
      kind: "map",
      name: "scale",
      operands: [{ dtype: "int64", scalar: true }],
      body: new ExprBuilder().input(0, "int64"),
    };
    expect([...interpretMap(int, 2, [7])]).toEqual([7n, 7n]);
  });

  test("the nest is verified", () => {
    expect(() =>
      interpretMap(map(new ExprBuilder().input(1, "float32"), "float32"), 1, [Float32Array.of(1)]),
    ).toThrow("out of range");
  });

  const reduceNest = (input: DType, combine: CombineOp, extra: Partial<ReduceNest> = {}): ReduceNest => ({
    kind: "reduce",
    name: combine,
    input,
    combine,
    body: new ExprBuilder().input(0, input),
    post: null,
    ...extra,
  });

  test("reduces the middle dimension", () => {
    const input = Float32Array.from({ length: 12 }, (_, i) => i);
    expect([...interpretReduce(reduceNest("float32", "sum"), 2, 3, 2, input)]).toEqual([6, 9, 24, 27]);
    expect([...interpretReduce(reduceNest("float32", "max"), 2, 3, 2, input)]).toEqual([4, 5, 10, 11]);
    expect([
      ...interpretReduce(
        reduceNest("float32", "prod"),
        1,
        12,
        1,
        input.map((x) => x + 1),
      ),
    ]).toEqual([479001600]);
  });

  test("body, combination and post", () => {
    const k = new ExprBuilder();
    const x = k.input(0, "float32");
    const nest = reduceNest("float32", "sum", {
      body: k.mul(x, x),
      post: k.sqrt(k.div(x, k.input(1, "float32"))),
    });
    expect([...interpretReduce(nest, 1, 2, 1, Float32Array.of(1, 7))]).toEqual([5]);
    const any = reduceNest("float32", "or", { body: k.cast(x, "bool") });
    const out = interpretReduce(any, 2, 2, 1, Float32Array.of(0, 2, 0, 0));
    expect([out.constructor, ...out]).toEqual([Uint8Array, 1, 0]);
  });

  test("integers wrap, NaN spreads", () => {
    expect([...interpretReduce(reduceNest("int32", "sum"), 1, 2, 1, Int32Array.of(2 ** 31 - 1, 1))]).toEqual([
      -(2 ** 31),
    ]);
    expect([
      ...interpretReduce(reduceNest("int64", "prod"), 1, 2, 1, BigInt64Array.of(2n ** 62n, 2n)),
    ]).toEqual([-(2n ** 63n)]);
    expect([
      ...interpretReduce(reduceNest("float32", "min"), 1, 3, 1, Float32Array.of(1, Number.NaN, 0)),
    ]).toEqual([Number.NaN]);
    expect([
      ...interpretReduce(reduceNest("float32", "sum"), 1, 2, 1, Float32Array.of(Infinity, -Infinity)),
    ]).toEqual([Number.NaN]);
    expect([...interpretReduce(reduceNest("float64", "sum"), 1, 2, 1, Float64Array.of(Infinity, 1))]).toEqual(
      [Infinity],
    );
  });

  test("sums are rounded once", () => {
    expect([
      ...interpretReduce(reduceNest("float64", "sum"), 1, 3, 1, Float64Array.of(1e16, 1, -1e16)),
    ]).toEqual([1]);
    const tenth = new Float32Array(100000).fill(0.1);
    expect([...interpretReduce(reduceNest("float32", "sum"), 1, tenth.length, 1, tenth)]).toEqual([
      Math.fround(100000 * Math.fround(0.1)),
    ]);
  });

  test.each([
    ["float32", { sum: 0, prod: 1, max: -Infinity, min: Infinity }],
    ["int32", { sum: 0, prod: 1, max: -(2 ** 31), min: 2 ** 31 - 1, and: -1, or: 0 }],
    ["int64", { sum: 0n, prod: 1n, max: -(2n ** 63n), min: 2n ** 63n - 1n, and: -1n, or: 0n }],
    ["uint8", { sum: 0, prod: 1, max: 0, min: 255, and: 255, or: 0 }],
    ["bool", { max: 0, min: 1, and: 1, or: 0 }],
  ] as const)("nothing reduced gives the neutral element: %s", (dtype, neutral) => {
    for (const [combine, value] of Object.entries(neutral)) {
      const out = interpretReduce(
        reduceNest(dtype, combine as CombineOp),
        2,
        0,
        1,
        new dtypes[dtype].array(0),
      );
      expect([combine, ...out]).toEqual([combine, value, value]);
    }
  });
});

test("erf at its joints and ends", () => {
  // Python's math.erf
  const known: [number, number][] = [
    [0.46875, 0.49261347321793797],
    [0.4687500001, 0.4926134733085173],
    [2, 0.9953222650189527],
    [4, 0.9999999845827421],
    [5.5, 0.9999999999999927],
  ];
  for (const [x, y] of known) {
    expect(ulps(erf(x), y, "float64")).toBeLessThanOrEqual(2);
    expect(erf(-x)).toBe(-erf(x));
  }
  expect(erf(-0)).toBe(-0);
  expect(erf(5e-324)).toBe(5e-324);
  expect([erf(7), erf(-Infinity), erf(Number.NaN)]).toEqual([1, -1, Number.NaN]);
});

test("cdf in the tails and at the ends", () => {
  // Python's math.erfc(-x / math.sqrt(2)) / 2
  const known: [number, number][] = [
    [-0.5, 0.3085375387259869],
    [-6, 9.865876450376946e-10],
    [-20, 2.7536241186061556e-89],
    [3, 0.9986501019683699],
  ];
  // The rounding of x / sqrt(2) counts x^2 times.
  for (const [x, y] of known) expect(ulps(cdf(x), y, "float64")).toBeLessThanOrEqual(2 + x * x);
  expect([cdf(0), cdf(-0), cdf(-Infinity), cdf(Infinity), cdf(Number.NaN)]).toEqual([
    0.5,
    0.5,
    0,
    1,
    Number.NaN,
  ]);
});
