// The interpreter of programs, step by step, against numbers worked out by hand.

import { expect, test } from "vitest";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { interpretProgram } from "../../src/ir/interpret-program.ts";
import type { Access, Buffer, BufferKind, ConvStep, PoolStep, Program, Step } from "../../src/ir/program.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";

const k = new ExprBuilder();
const x = k.input(0, "float32");
const at = (id: number, strides: readonly number[] = [], offset = 0): Access => ({
  buffer: id,
  offset,
  strides,
});

/** Runs steps over arrays; lengths stand for temps of float32. Gives all the buffers, as lists. */
function run(
  arrays: readonly (TypedArray | number)[],
  steps: readonly Step[],
  scalars: readonly number[] = [],
): number[][] {
  const dtypeOf = (a: TypedArray): DType =>
    a instanceof Int32Array ? "int32" : a instanceof BigInt64Array ? "int64" : "float32";
  const buffers = arrays.map(
    (a, id): Buffer => ({
      name: `b${id}`,
      kind: (typeof a === "number" ? "temp" : "state") as BufferKind,
      dtype: typeof a === "number" ? "float32" : dtypeOf(a),
      length: typeof a === "number" ? a : a.length,
    }),
  );
  const program: Program = { buffers, steps, scalars: scalars.map(String) };
  verifyProgram(program);
  const memory = new Map<number, TypedArray>();
  arrays.forEach((a, id) => {
    if (typeof a !== "number") memory.set(id, a);
  });
  interpretProgram(program, memory, scalars);
  return arrays.map((_, id) => Array.from(memory.get(id)!, Number));
}

test("a softmax in place, with the logarithm of its sum as a value", () => {
  const [max, sum] = [k.input(1, "float32"), k.input(2, "float32")];
  const e = k.exp(k.sub(x, max));
  const [a, b] = run(
    [Float32Array.of(1, 1, 5, 5 + Math.log(3)), 2],
    [
      {
        kind: "loop",
        name: "softmax",
        outer: [2],
        inner: [2],
        operands: [{ dtype: "float32", source: at(0, [2, 1]) }],
        stages: [
          { combine: "max", body: x },
          { combine: "sum", body: e },
        ],
        maps: [{ body: k.div(e, sum), to: at(0, [2, 1]) }],
        values: [{ body: k.log(sum), to: at(1, [1]) }],
      },
    ],
  );
  expect(a).toEqual([0.5, 0.5, 0.25, 0.75].map((v) => expect.closeTo(v, 6)));
  expect(b).toEqual([Math.log(2), Math.log(4 / 3)].map((v) => expect.closeTo(v, 6)));
});

test("a reduction of nothing, a number of the host and a transposed map", () => {
  const [, b, c] = run(
    [Float32Array.of(1, 2, 3, 4, 5, 6), 2, 6],
    [
      {
        kind: "loop",
        name: "sum",
        outer: [2],
        inner: [0],
        operands: [{ dtype: "float32", source: at(0, [3, 1]) }],
        stages: [{ combine: "sum", body: x }],
        maps: [],
        values: [{ body: k.add(k.input(1, "float32"), 1), to: at(1, [1]) }],
      },
      {
        kind: "loop",
        name: "mul",
        outer: [],
        inner: [3, 2],
        operands: [
          { dtype: "float32", source: at(0, [1, 3]) },
          { dtype: "float32", source: { scalar: 0 } },
        ],
        stages: [],
        maps: [{ body: k.mul(x, k.input(1, "float32")), to: at(2, [2, 1]) }],
        values: [],
      },
    ],
    [0.5],
  );
  expect(b).toEqual([1, 1]);
  expect(c).toEqual([0.5, 2, 1, 2.5, 1.5, 3]);
});

test("a product with a transposed operand that updates a matrix in place", () => {
  const [, , w] = run(
    [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), Float32Array.of(100, 100, 100, 100)],
    [
      {
        kind: "matmul",
        name: "update",
        dtype: "float32",
        batch: 1,
        m: 2,
        n: 2,
        k: 2,
        a: at(0, [0, 1, 2]),
        b: at(1, [0, 2, 1]),
        operands: [
          { dtype: "float32", source: at(2, [0, 2, 1]) },
          { dtype: "float32", source: { scalar: 0 } },
        ],
        maps: [{ body: k.sub(k.input(1, "float32"), k.mul(k.input(2, "float32"), x)), to: at(2, [0, 2, 1]) }],
      },
    ],
    [2],
  );
  // a^T b = [[1 5 + 3 7, 1 6 + 3 8], [2 5 + 4 7, 2 6 + 4 8]]
  expect(w).toEqual([100 - 52, 100 - 60, 100 - 76, 100 - 88]);
});

test("the three directions of a convolution", () => {
  const geometry = {
    batch: 1,
    groups: 1,
    inChannels: 1,
    outChannels: 1,
    input: [1, 4],
    output: [1, 2],
    kernel: [1, 3],
    stride: [1, 2],
    padding: [0, 1],
    dilation: [1, 1],
  } as const;
  const step = (direction: ConvStep["direction"], a: number, b: number, to: number): ConvStep => ({
    kind: "conv",
    name: "conv",
    direction,
    geometry,
    a: at(a),
    b: at(b),
    operands: [],
    maps: [{ body: x, to: at(to, [0, 0, 0, 1]) }],
  });
  const [, , y, dx, dw] = run(
    [Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20, 30), 2, 4, 3],
    [step("forward", 0, 1, 2), step("input", 2, 1, 3), step("weight", 0, 2, 4)],
  );
  const [p, q] = [1 * 20 + 2 * 30, 2 * 10 + 3 * 20 + 4 * 30];
  expect(y).toEqual([p, q]);
  expect(dx).toEqual([20 * p, 30 * p + 10 * q, 20 * q, 30 * q]);
  expect(dw).toEqual([2 * q, 1 * p + 3 * q, 2 * p + 4 * q]);
});

test("rows by number: a gather, then sums of rows that come twice", () => {
  const index = BigInt64Array.of(2n, 0n, 2n);
  const [, , gathered, sums] = run(
    [index, Float32Array.of(1, 2, 3, 4, 5, 6), 6, Float32Array.of(0, 0, 0, 0, 0, 9)],
    [
      {
        kind: "rows",
        name: "g",
        mode: "gather",
        dtype: "float32",
        rows: 3,
        width: 2,
        limit: 3,
        index: at(0, [1]),
        from: at(1, [2]),
        to: at(2, [2]),
      },
      {
        kind: "rows",
        name: "s",
        mode: "scatterAdd",
        dtype: "float32",
        rows: 3,
        width: 2,
        limit: 3,
        index: at(0, [1]),
        from: at(2, [2]),
        to: at(3, [2]),
      },
    ],
  );
  expect(gathered).toEqual([5, 6, 1, 2, 5, 6]);
  expect(sums).toEqual([1, 2, 0, 0, 10, 12 + 9]);
});

test("elements by number; the last of several wins", () => {
  const [, , gathered, set, sums] = run(
    [Int32Array.of(1, 1, 0, 1), Float32Array.of(1, 2, 3, 4), 4, Float32Array.of(0, 0), Float32Array.of(0, 0)],
    [
      {
        kind: "elements",
        name: "g",
        mode: "gather",
        dtype: "float32",
        shape: [2, 2],
        limit: 2,
        step: 1,
        index: at(0, [2, 1]),
        from: at(1, [2, 0]),
        to: at(2, [2, 1]),
      },
      {
        kind: "elements",
        name: "s",
        mode: "scatter",
        dtype: "float32",
        shape: [4],
        limit: 2,
        step: 1,
        index: at(0, [1]),
        from: at(1, [1]),
        to: at(3, [0]),
      },
      {
        kind: "elements",
        name: "a",
        mode: "scatterAdd",
        dtype: "float32",
        shape: [4],
        limit: 2,
        step: 1,
        index: at(0, [1]),
        from: at(1, [1]),
        to: at(4, [0]),
      },
    ],
  );
  expect(gathered).toEqual([2, 2, 3, 4]);
  expect(set).toEqual([3, 4]);
  expect(sums).toEqual([3, 7]);
});

test.each([-1, 2])("an index of %i stops the program", (i) => {
  const step: Step = {
    kind: "rows",
    name: "embedding",
    mode: "gather",
    dtype: "float32",
    rows: 1,
    width: 1,
    limit: 2,
    index: at(0, [1]),
    from: at(1, [1]),
    to: at(2, [1]),
  };
  expect(() => run([Int32Array.of(i), Float32Array.of(1, 2), 1], [step])).toThrow(
    `embedding: index ${i} is out of range: expected 0 to 1`,
  );
});

test("pooling, forward and back", () => {
  const step = (
    mode: PoolStep["mode"],
    from: number,
    index: number | null,
    to: number,
    more: Partial<PoolStep> = {},
  ): PoolStep => ({
    kind: "pool",
    name: "pool",
    mode,
    planes: 1,
    input: [1, 5],
    output: [1, 3],
    kernel: [1, 2],
    stride: [1, 2],
    padding: [0, 1],
    dilation: [1, 1],
    countPadding: true,
    divisor: 0,
    from: at(from),
    index: index === null ? null : at(index),
    to: at(to),
    ...more,
  });
  const plane = Float32Array.of(1, 7, 7, Number.NaN, 3);
  const places = new Int32Array(3);
  const [, , max, dx, mean, clipped, fixed, spread] = run(
    [plane, places, 3, 5, 3, 3, 3, 5],
    [
      step("max", 0, 1, 2),
      step("average", 0, null, 4),
      step("maxBackward", 4, 1, 3),
      step("average", 0, null, 5, { countPadding: false }),
      step("average", 0, null, 6, { divisor: 4 }),
      step("averageBackward", 6, null, 7),
    ],
  );
  expect(max).toEqual([1, 7, Number.NaN]);
  expect([...places]).toEqual([0, 1, 3]);
  expect(mean).toEqual([0.5, 7, Number.NaN]);
  expect(dx).toEqual([0.5, 7, 0, Number.NaN, 0]);
  expect(clipped).toEqual([1, 7, Number.NaN]);
  expect(fixed).toEqual([0.25, 3.5, Number.NaN]);
  expect(spread).toEqual([0.125, 1.75, 1.75, Number.NaN, Number.NaN]);
});

test("a host step sees the arrays themselves, and arrays must fit", () => {
  const step: Step = {
    kind: "host",
    name: "double",
    reads: [0],
    writes: [1],
    run: ([a], [b]) => a!.forEach((v, i) => (b![i] = (2 * Number(v)) as number)),
  };
  expect(run([Float32Array.of(1, 2), 2], [step])[1]).toEqual([2, 4]);
  const buffer: Buffer = { name: "w", kind: "state", dtype: "float32", length: 2 };
  const program: Program = { buffers: [buffer], steps: [], scalars: [] };
  expect(() => interpretProgram(program, new Map(), [])).toThrow(
    'no array for buffer 0 ("w"), of kind state',
  );
  expect(() => interpretProgram(program, new Map([[0, new Float32Array(3)]]), [])).toThrow(
    "has 2 float32, got 3 in a Float32Array",
  );
});
