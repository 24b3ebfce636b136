// Map kernels of the WebAssembly backend against plain JavaScript: operations, dtypes, sizes, operand modes, strides.

import { describe, expect, test } from "vitest";
import type { Operand } from "../../src/backend/backend.ts";
import { features } from "../../src/backend/wasm/features.ts";
import { createMapKernel } from "../../src/backend/wasm/map.ts";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { numel } from "../../src/base/shape.ts";
import { interpretExpr, interpretMap } from "../../src/ir/interpret.ts";
import type { MapNest, OperandSpec } from "../../src/ir/nest.ts";
import type { BinaryOp, CompareOp, Expr, UnaryOp } from "../../src/ir/scalar.ts";
import { compareOps, ExprBuilder } from "../../src/ir/scalar.ts";
import { isUnary, legalOps, ones, random, sample, ulps } from "./samples.ts";

const memory = new LinearMemory();
const allDTypes = Object.keys(dtypes) as DType[];
const sizes = [0, 1, 3, 4, 5, 15, 16, 17, 100, 16384, 16385, 40000];
const few = [1, 17, 400];

/** The bound for a function that is exact to 2 units of 2^-24, its range being 0..1. */
const near = 0.002;
/** Bounds in units in the last place; everything else is exact. */
const bounds32: Record<string, number> = {
  exp: 1,
  expm1: 2,
  log: 1,
  log1p: 2,
  sin: 2,
  cos: 2,
  tanh: 2,
  atan: 2,
  erf: 2,
  cdf: near,
  pow: 1,
  atan2: 2,
};
/** Float64 functions are JavaScript's own. */
const bounds64: Record<string, number> = {};
/** The bound for operations that may give either zero. */
const eitherZero = 0.001;
bounds32["max"] = bounds32["min"] = bounds64["max"] = bounds64["min"] = eitherZero;

const nestOf = (body: Expr, operands: OperandSpec[]): MapNest => ({
  kind: "map",
  name: "test",
  operands,
  body,
});

function expectSame(got: TypedArray, want: TypedArray, dtype: DType, bound: number, what: string): void {
  for (let i = 0; i < want.length; i++) {
    const g = got[i]!;
    const w = want[i]!;
    // PyTorch leaves open which zero the maximum of 0 and -0 is; Number() makes them equal where bound is 0.5.
    if (Object.is(g, w) || (bound === eitherZero && g === w)) continue;
    const off = typeof g === "bigint" || typeof w === "bigint" ? Number.POSITIVE_INFINITY : ulps(dtype, g, w);
    if (bound === near && Math.abs(Number(g) - Number(w)) <= 2 ** -23) continue;
    if (off > bound) expect.fail(`${what}: element ${i} is ${g}, expected ${w} (${off} ulp)`);
  }
}

function check(body: Expr, specs: OperandSpec[], n: number, bound: number, what: string): void {
  const nest = nestOf(body, specs);
  const kernel = createMapKernel(memory, nest);
  const lead = 3;
  const data = specs.map((s): Operand => {
    const a = sample(s.dtype, s.scalar ? 1 : n + lead);
    // 2^63 - 1 is no number, and 2^63 no int64.
    return s.scalar ? Math.min(Number(a[0]), s.dtype === "int64" ? 2 ** 62 : Number.POSITIVE_INFINITY) : a;
  });
  const out = ones(body.dtype, n + 2);
  const at = (k: number): number => (specs[k]?.scalar ? 0 : lead);
  kernel.run(n, out, 1, data[0] ?? 0, at(0), data[1] ?? 0, at(1), data[2] ?? 0, at(2), data[3] ?? 0, at(3));
  // The interpreter is slow: of long arrays the start, the seams between chunks, and the end.
  const seams =
    n <= 1000 ? [[0, n]] : [0, 8192, 16384, 32768, n].map((m) => [Math.max(m - 60, 0), Math.min(m + 60, n)]);
  for (const [from, to] of seams as [number, number][]) {
    if (from > n) continue;
    const part = data.map((d) => (typeof d === "number" ? d : d.subarray(lead + from)));
    const want = interpretMap(nest, to - from, part);
    expectSame(out.subarray(1 + from, 1 + to), want, body.dtype, bound, `${what}, n = ${n}, from ${from}`);
  }
  expect(Number(out[0]), `${what}: writes before the start`).toBe(1);
  expect(Number(out[n + 1]), `${what}: writes past the end`).toBe(1);
}

const vector = (dtype: DType): OperandSpec => ({ dtype, scalar: false });
const scalar = (dtype: DType): OperandSpec => ({ dtype, scalar: true });

describe("every operation and dtype", () => {
  for (const dtype of allDTypes) {
    const bounds = dtype === "float32" ? bounds32 : bounds64;
    for (const op of legalOps(dtype)) {
      test(`${op} ${dtype}`, () => {
        const b = new ExprBuilder();
        const x = b.input(0, dtype);
        if (isUnary(op)) {
          for (const n of sizes) check(b.unary(op as UnaryOp, x), [vector(dtype)], n, bounds[op] ?? 0, op);
          check(b.unary(op as UnaryOp, x), [scalar(dtype)], 5, bounds[op] ?? 0, op);
          return;
        }
        const body = b.binary(op as BinaryOp, x, b.input(1, dtype));
        for (const n of sizes) check(body, [vector(dtype), vector(dtype)], n, bounds[op] ?? 0, op);
        for (const n of few) {
          for (let k = 0; k < 6; k++) {
            check(body, [vector(dtype), scalar(dtype)], n, bounds[op] ?? 0, `${op} scalar right`);
            check(body, [scalar(dtype), vector(dtype)], n, bounds[op] ?? 0, `${op} scalar left`);
          }
          check(
            b.binary(op as BinaryOp, x, dtype === "bool" ? 1 : 3),
            [vector(dtype)],
            n,
            bounds[op] ?? 0,
            `${op} with a constant`,
          );
        }
        check(body, [scalar(dtype), scalar(dtype)], 5, bounds[op] ?? 0, `${op} scalars`);
      });
    }
    test(`comparisons, select, fma ${dtype}`, () => {
      for (const op of compareOps) {
        const b = new ExprBuilder();
        const body = b.compare(op as CompareOp, b.input(0, dtype), b.input(1, dtype));
        for (const n of sizes) check(body, [vector(dtype), vector(dtype)], n, 0, op);
        for (const n of few) check(body, [vector(dtype), scalar(dtype)], n, 0, op);
        const chosen = b.select(body, b.input(0, dtype), b.input(2, dtype));
        for (const n of few)
          check(chosen, [vector(dtype), vector(dtype), vector(dtype)], n, 0, `select ${op}`);
      }
      if (dtype === "bool") return;
      const b = new ExprBuilder();
      const [x, y, z] = [0, 1, 2].map((k) => b.input(k, dtype)) as [Expr, Expr, Expr];
      const modes = [vector(dtype), vector(dtype), vector(dtype)];
      // Without a fused instruction float32 goes through float64, and float64 rounds the product.
      const isFused = features().fusedMadd || (dtype !== "float32" && dtype !== "float64");
      if (isFused && dtype !== "float64") for (const n of few) check(b.fma(x, y, z), modes, n, 0, "fma");
      if (features().fusedMadd && dtype === "float64") {
        const e = 2 ** -30;
        const kernel = createMapKernel(memory, nestOf(b.fma(x, y, z), modes));
        const out = new Float64Array(1);
        kernel.run(
          1,
          out,
          0,
          Float64Array.of(1 + e),
          0,
          Float64Array.of(1 - e),
          0,
          Float64Array.of(-1),
          0,
          0,
          0,
        );
        expect(out[0]).toBe(-e * e);
      }
    });
    for (const to of allDTypes)
      test(`cast ${dtype} to ${to}`, () => {
        const b = new ExprBuilder();
        for (const n of sizes) check(b.cast(b.input(0, dtype), to), [vector(dtype)], n, 0, "cast");
        check(b.cast(b.input(0, dtype), to), [scalar(dtype)], 5, 0, "cast of a scalar");
        for (const between of allDTypes)
          check(
            b.cast(b.cast(b.input(0, dtype), between), to),
            [vector(dtype)],
            100,
            0,
            `cast over ${between}`,
          );
      });
  }
});

test("mixed dtypes, four operands, shared nodes", () => {
  const b = new ExprBuilder();
  const x = b.input(0, "float32");
  const n = b.input(1, "int64");
  const m = b.input(2, "bool");
  const s = b.input(3, "uint8");
  const sum = b.add(b.cast(x, "float64"), b.cast(n, "float64"));
  const body = b.select(m, b.mul(sum, sum), b.cast(s, "float64"));
  for (const size of sizes)
    check(body, [vector("float32"), vector("int64"), vector("bool"), vector("uint8")], size, 0, "mixed");
  check(body, [vector("float32"), scalar("int64"), vector("bool"), scalar("uint8")], 100, 0, "mixed");
  for (const size of sizes) check(b.const(2.5, "float32"), [], size, 0, "constant");
});

test("in place, and the same bits at every place of an array", () => {
  const b = new ExprBuilder();
  const kernel = createMapKernel(memory, nestOf(b.tanh(b.input(0, "float32")), [vector("float32")]));
  for (const n of sizes) {
    const a = sample("float32", n);
    const out = new Float32Array(n);
    kernel.run(n, out, 0, a, 0, 0, 0, 0, 0, 0, 0);
    kernel.run(n, a, 0, a, 0, 0, 0, 0, 0, 0, 0);
    expect(a).toEqual(out);
  }
  const a = new Float32Array(1000).map(() => random() * 4);
  const all = new Float32Array(1000);
  const one = new Float32Array(1000);
  kernel.run(1000, all, 0, a, 0, 0, 0, 0, 0, 0, 0);
  for (let i = 0; i < 1000; i++) kernel.run(1, one, i, a, i, 0, 0, 0, 0, 0, 0);
  expect(one).toEqual(all);
});

describe("strided operands", () => {
  const shapes: number[][] = [
    [],
    [1],
    [7],
    [0],
    [3, 0, 2],
    [2, 3],
    [5, 200],
    [200, 5],
    [3, 1, 4],
    [2, 3, 4, 5],
    [130, 131],
    [2, 20000],
    [20000, 2],
    [3, 70, 80],
    [40, 3, 2, 7],
    [1, 40000],
    [300, 2, 2],
  ];
  for (const dtype of ["float32", "float64", "int64", "uint8", "int32"] as const) {
    test(dtype, () => {
      const b = new ExprBuilder();
      const specs = [vector(dtype), vector(dtype), scalar(dtype)];
      const body = b.sub(b.sub(b.input(0, dtype), b.input(1, dtype)), b.input(2, dtype));
      const kernel = createMapKernel(memory, nestOf(body, specs));
      for (const shape of shapes)
        for (let trial = 0; trial < 6; trial++) {
          // The large ones cross the chunks; the variety is in the small ones.
          if (trial % 3 !== 0 && numel(shape) > 2000) continue;
          const layout = (broadcast: boolean): { strides: number[]; offset: number; size: number } => {
            // A permuted, sometimes reversed, spread or repeated layout.
            const order = shape.map((_, d) => d).sort(() => (trial === 0 ? 0 : random() - 0.5));
            const strides = new Array<number>(shape.length).fill(0);
            let step = trial === 3 ? 2 : 1;
            let offset = 2;
            for (const d of order.reverse()) {
              if (broadcast && trial >= 2 && random() < 0.4) continue;
              strides[d] = step;
              step *= Math.max(shape[d]!, 1) + (trial === 4 ? 1 : 0);
              if (trial === 5 && random() < 0.5 && shape[d]! > 0) {
                offset += strides[d]! * (shape[d]! - 1);
                strides[d] = -strides[d]!;
              }
            }
            return { strides, offset, size: step + offset + 2 };
          };
          const [la, lb, lo] = [layout(true), layout(true), layout(false)];
          const a = sample(dtype, la.size);
          const c = sample(dtype, lb.size);
          const out = ones(dtype, lo.size);
          const want = out.slice();
          const k = 3;
          const indices = shape.map(() => 0);
          const n = shape.reduce((p, q) => p * q, 1);
          const at = (l: { strides: number[]; offset: number }): number =>
            l.strides.reduce((p, s, d) => p + s * indices[d]!, l.offset);
          for (let i = 0; i < n; i++) {
            for (let d = shape.length - 1, rest = i; d >= 0; d--) {
              indices[d] = rest % shape[d]!;
              rest = Math.floor(rest / shape[d]!);
            }
            want[at(lo)] = interpretExpr(body, [
              a[at(la)]!,
              c[at(lb)]!,
              dtype === "int64" ? BigInt(k) : k,
            ]) as number;
          }
          kernel.runStrided(shape, { data: out, ...lo }, [
            { data: a, ...la },
            { data: c, ...lb },
            { data: k, offset: 0, strides: [] },
          ]);
          expectSame(out, want, dtype, 0, `[${shape}] trial ${trial}`);
        }
    });
  }
});
