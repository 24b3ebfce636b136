// Code of matrix products in programs against sums in float64: sizes, strides, results, threads.

import { describe, expect, test } from "vitest";
import { assumeFeatures } from "../../src/backend/wasm/features.ts";
import { matmulCode } from "../../src/backend/wasm/program/matmul.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { interpretExpr } from "../../src/ir/interpret.ts";
import type { Access, Buffer, HostScalar, LoopOperand, MatmulStep } from "../../src/ir/program.ts";
import type { Expr } from "../../src/ir/scalar.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { integer, random } from "./samples.ts";
import { StepRun } from "./step-harness.ts";

type Sizes = readonly [batch: number, rows: number, cols: number];
/** Order of the dimensions in memory, the outermost first; gaps between rows; a broadcast dimension. */
interface Layout {
  readonly order?: readonly number[];
  readonly gap?: number;
  readonly repeat?: readonly number[];
}

class Case {
  readonly k = new ExprBuilder();
  readonly dtype: "float32" | "float64";
  readonly sizes: readonly [batch: number, m: number, n: number, k: number];
  readonly buffers: Buffer[] = [];
  readonly arrays: TypedArray[] = [];
  readonly scalars: number[] = [];
  readonly operands: LoopOperand[] = [];
  readonly maps: { body: Expr; to: Access }[] = [];
  readonly a: Access;
  readonly b: Access;

  constructor(
    dtype: "float32" | "float64",
    sizes: readonly [number, number, number, number],
    a: Layout,
    b: Layout,
  ) {
    this.dtype = dtype;
    this.sizes = sizes;
    const [batch, m, n, k] = sizes;
    this.a = this.access(dtype, [batch, m, k], a);
    this.b = this.access(dtype, [batch, k, n], b);
  }

  get product(): Expr {
    return this.k.input(0, this.dtype);
  }

  access(dtype: DType, sizes: Sizes, { order = [0, 1, 2], gap = 0, repeat = [] }: Layout): Access {
    const strides = [0, 0, 0];
    let step = 1;
    [...order].reverse().forEach((d, q) => {
      if (repeat.includes(d)) return;
      strides[d] = step;
      step *= sizes[d]!;
      if (q === 0) step += gap;
    });
    const offset = 3;
    const length = offset + 3 + step;
    const array = new dtypes[dtype].array(length);
    for (let i = 0; i < length; i++)
      array[i] = (dtype === "bool" ? integer(2) : dtype === "int32" ? integer(9) : random() * 2 - 1) as never;
    this.buffers.push({ dtype, length, kind: "state", name: `buffer ${this.buffers.length}` });
    this.arrays.push(array);
    return { buffer: this.buffers.length - 1, offset, strides };
  }

  operand(dtype: DType, layout: Layout): Expr {
    const [batch, m, n] = this.sizes;
    return this.operandAt(dtype, this.access(dtype, [batch, m, n], layout));
  }

  operandAt(dtype: DType, source: Access | HostScalar): Expr {
    this.operands.push({ dtype, source });
    return this.k.input(this.operands.length, dtype);
  }

  scalar(dtype: DType, value: number): Expr {
    this.scalars.push(value);
    return this.operandAt(dtype, { scalar: this.scalars.length - 1 });
  }

  result(body: Expr, layout: Layout = {}): void {
    const [batch, m, n] = this.sizes;
    this.maps.push({ body, to: this.access(body.dtype, [batch, m, n], layout) });
  }

  get step(): MatmulStep {
    const [batch, m, n, k] = this.sizes;
    const { dtype, a, b, operands, maps } = this;
    return { kind: "matmul", name: "product", dtype, batch, m, n, k, a, b, operands, maps };
  }

  /** What the arrays must hold afterwards, and how far off each may be. */
  wanted(): { arrays: TypedArray[]; tolerance: number } {
    const [batch, m, n, k] = this.sizes;
    const arrays = this.arrays.map((x) => x.slice() as TypedArray);
    const at = (x: Access, t: number, i: number, j: number): number =>
      x.offset + t * x.strides[0]! + i * x.strides[1]! + j * x.strides[2]!;
    const av = this.arrays[this.a.buffer]!;
    const bv = this.arrays[this.b.buffer]!;
    for (let t = 0; t < batch; t++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++)
            sum += Number(av[at(this.a, t, i, q)]) * Number(bv[at(this.b, t, q, j)]);
          const inputs = [
            this.dtype === "float32" ? Math.fround(sum) : sum,
            ...this.operands.map(({ dtype, source }) =>
              "scalar" in source
                ? dtype === "float32"
                  ? Math.fround(this.scalars[source.scalar]!)
                  : this.scalars[source.scalar]!
                : this.arrays[source.buffer]![at(source, t, i, j)]!,
            ),
          ];
          for (const { body, to } of this.maps)
            arrays[to.buffer]![at(to, t, i, j)] = interpretExpr(body, inputs) as never;
        }
    return { arrays, tolerance: (this.dtype === "float32" ? 3e-7 : 1e-15) * (4 + k / 3) };
  }

  check(threads = 1): TypedArray[] {
    const { step } = this;
    const code = matmulCode(step);
    const arrays = this.arrays.map((x) => x.slice() as TypedArray);
    const starts = code.addresses.map((x): [TypedArray, number] =>
      "scalar" in x ? [Float64Array.of(this.scalars[x.scalar]!), 0] : [arrays[x.buffer]!, x.offset],
    );
    new StepRun(
      code,
      step.maps.map((r) => r.body),
    ).run(starts, threads);
    const { arrays: wanted, tolerance } = this.wanted();
    wanted.forEach((want, x) => {
      const written = this.maps.some(({ to }) => to.buffer === x);
      for (let i = 0; i < want.length; i++) {
        const [g, w] = [Number(arrays[x]![i]), Number(want[i])];
        const bound = written ? tolerance : 0;
        if (Math.abs(g - w) > bound * Math.max(1, Math.abs(w)) || Number.isNaN(g))
          expect.fail(
            `buffer ${x} at ${i} of [${this.sizes}] ${JSON.stringify([this.a, this.b])}: ${g}, wanted ${w}`,
          );
      }
    });
    return arrays;
  }
}

const layouts: { readonly [name: string]: Layout } = {
  rows: {},
  "rows with gaps": { gap: 3 },
  columns: { order: [0, 2, 1] },
  "columns with gaps": { order: [0, 2, 1], gap: 5 },
  "rows of all matrices": { order: [1, 0, 2] },
  scattered: { order: [1, 2, 0], gap: 1 },
  shared: { repeat: [0] },
  "shared columns": { order: [0, 2, 1], repeat: [0] },
};
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
