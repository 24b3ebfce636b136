// Cases of matrix products in programs: sizes, strides, results, and what float64 gives.

import { expect } from "vitest";
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
export interface Layout {
  readonly order?: readonly number[];
  readonly gap?: number;
  readonly repeat?: readonly number[];
}

/** A product over random arrays, and what it must give. */
export class Case {
  readonly k: ExprBuilder = new ExprBuilder();
  readonly dtype: "float32" | "float64";
  readonly sizes: readonly [batch: number, m: number, n: number, k: number];
  readonly buffers: Buffer[] = [];
  readonly arrays: TypedArray[] = [];
  readonly scalars: number[] = [];
  readonly operands: LoopOperand[] = [];
  readonly maps: { body: Expr; to: Access }[] = [];
  zeros: readonly ("a" | "b")[] = [];
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

  /** Sets some elements of the matrices to 0: the share that stays, of each. */
  thin(a: number, b = 1): void {
    for (const [x, share] of [
      [this.a, a],
      [this.b, b],
    ] as const) {
      const array = this.arrays[x.buffer]!;
      for (let i = 0; i < array.length; i++)
        if (random() >= share) array[i] = (integer(2) === 0 ? 0 : -0) as never;
    }
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
    const { dtype, a, b, operands, maps, zeros } = this;
    return { kind: "matmul", name: "product", dtype, batch, m, n, k, a, b, operands, maps, zeros };
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

  /** The arrays after the step. */
  run(threads = 1): TypedArray[] {
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
    return arrays;
  }

  check(threads = 1): TypedArray[] {
    const arrays = this.run(threads);
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

export const layouts: { readonly [name: string]: Layout } = {
  rows: {},
  "rows with gaps": { gap: 3 },
  columns: { order: [0, 2, 1] },
  "columns with gaps": { order: [0, 2, 1], gap: 5 },
  "rows of all matrices": { order: [1, 0, 2] },
  scattered: { order: [1, 2, 0], gap: 1 },
  shared: { repeat: [0] },
  "shared columns": { order: [0, 2, 1], repeat: [0] },
};
