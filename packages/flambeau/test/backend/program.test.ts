// Programs of the WebAssembly backend: random loops against the interpreter, memory, errors.

import { expect, test } from "vitest";
import { createPrograms } from "../../src/backend/wasm/program/index.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes, isFloat } from "../../src/base/dtype.ts";
import type { CombineOp } from "../../src/ir/nest.ts";
import type {
  Access,
  Buffer,
  LoopOperand,
  LoopResult,
  LoopStage,
  LoopStep,
  Program,
} from "../../src/ir/program.ts";
import type { Expr } from "../../src/ir/scalar.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { check, compile } from "./program-helper.ts";
import { integer, random } from "./samples.ts";

const programs = createPrograms();
const allDTypes: readonly DType[] = [
  "float32",
  "float32",
  "float32",
  "float64",
  "int32",
  "int64",
  "uint8",
  "bool",
];
const pick = <T>(list: readonly T[]): T => list[integer(list.length)]!;

/** Small numbers, so that sums and products neither overflow nor lose digits. */
function numbers(dtype: DType, n: number): TypedArray {
  const a = new dtypes[dtype].array(n);
  for (let i = 0; i < n; i++) {
    const x = isFloat(dtype)
      ? random() * 2 - 1
      : dtype === "bool"
        ? integer(2)
        : integer(dtype === "uint8" ? 6 : 9);
    a[i] = (dtype === "int64" ? BigInt(x) : x) as number;
  }
  return a;
}

/** Writes a random loop over buffers of its own. */
class RandomLoop {
  readonly buffers: Buffer[] = [];
  readonly k = new ExprBuilder();
  /** How many outer dimensions there are, the last of which is contiguous; 0 for loops of all kinds. */
  columns = 0;

  buffer(dtype: DType, length: number): number {
    const name = `b${this.buffers.length} ${dtype}`;
    return this.buffers.push({ dtype, length, kind: "state", name }) - 1;
  }

  /** An access over `sizes` to a buffer of its own: dimensions in any order, with gaps; where `repeats`, some of them with stride 0. */
  access(dtype: DType, sizes: readonly number[], repeats: boolean): Access {
    const order = sizes.map((_, d) => d);
    if (this.columns) order.push(order.splice(this.columns - 1, 1)[0]!);
    if (random() < (this.columns ? 0.2 : 0.5)) order.sort(() => random() - 0.5);
    const strides = sizes.map(() => 0);
    let step = random() < 0.25 ? 2 : 1;
    for (const d of order.reverse()) {
      if (repeats && random() < 0.2) continue;
      strides[d] = step;
      step *= sizes[d]!;
      if (random() < 0.15) step += integer(3);
    }
    const length = 1 + sizes.reduce((sum, n, d) => sum + Math.max(0, n - 1) * strides[d]!, 0);
    const before = random() < 0.5 ? 0 : integer(9);
    return { buffer: this.buffer(dtype, before + length + integer(7)), offset: before, strides };
  }

  /** A random expression of the dtype over the inputs. */
  expression(dtype: DType, inputs: readonly Expr[], depth: number): Expr {
    const { k } = this;
    if (depth === 0 || random() < 0.1) {
      if (inputs.length === 0 || random() < 0.1) return k.const(isFloat(dtype) ? 0.5 : 1, dtype);
      return k.cast(pick(inputs), dtype);
    }
    const sub = (d: DType): Expr => this.expression(d, inputs, depth - 1);
    if (random() < 0.1) {
      const d = pick(allDTypes);
      return k.select(k.lt(sub(d), sub(d)), sub(dtype), sub(dtype));
    }
    if (dtype === "bool") return pick([k.and, k.or, k.xor])(sub(dtype), sub(dtype));
    if (!isFloat(dtype)) return pick([k.add, k.sub, k.max, k.min])(sub(dtype), sub(dtype));
    if (random() < 0.3) return pick([k.tanh, (x: Expr) => k.sin(k.tanh(x)), k.abs, k.neg])(sub(dtype));
    return pick([k.add, k.sub, k.mul, k.max, k.min])(sub(dtype), sub(dtype));
  }

  step(): LoopStep {
    const size = (): number => pick([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 70]);
    const sizes = (rank: number): number[] => Array.from({ length: rank }, size);
    const limit = (list: number[], most: number): number[] => {
      while (list.reduce((a, b) => a * b, 1) > most) list[list.indexOf(Math.max(...list))] = 2;
      return list;
    };
    if (this.columns) {
      const outer = [pick([48, 70, 70, 265])];
      if (this.columns > 1) outer.unshift(2);
      return this.loopOver(outer, pick([[16], [19], [3, 7]]), pick([1, 2, 3, 4]));
    }
    const stageCount = pick([0, 0, 1, 1, 2, 3]);
    const outer = limit(sizes(stageCount === 0 ? 0 : integer(3)), 60);
    const inner = limit(sizes(stageCount === 0 ? integer(4) : 1 + integer(2)), stageCount === 0 ? 2000 : 150);
    if (random() < 0.03) inner.push(0);
    return this.loopOver(outer, inner, stageCount);
  }

  loopOver(outer: readonly number[], inner: readonly number[], stageCount: number): LoopStep {
    const all = [...outer, ...inner];
    const { k } = this;
    const operands: LoopOperand[] = [];
    const inputs: Expr[] = [];
    for (let i = 0, n = integer(4); i < n; i++) {
      const dtype = pick(allDTypes);
      operands.push({
        dtype,
        source: random() < 0.15 ? { scalar: integer(2) } : this.access(dtype, all, true),
      });
      inputs.push(k.input(i, dtype));
    }
    const stages: LoopStage[] = [];
    const results: Expr[] = [];
    for (let s = 0; s < stageCount; s++) {
      const body = this.expression(pick(allDTypes), [...inputs, ...results], 2);
      const combines: readonly CombineOp[] = isFloat(body.dtype)
        ? ["sum", "sum", "max", "min"]
        : body.dtype === "bool"
          ? ["and", "or"]
          : ["sum", "prod", "max", "min", "and", "or"];
      stages.push({ combine: pick(combines), body });
      results.push(k.input(operands.length + s, body.dtype));
    }
    const result = (over: readonly number[], from: readonly Expr[]): LoopResult => {
      const inPlace = operands.filter(
        ({ source }) =>
          "buffer" in source &&
          over.length === all.length &&
          source.strides.every((s, d) => s !== 0 || all[d] === 1) &&
          !taken.has(source.buffer),
      );
      if (inPlace.length > 0 && random() < 0.4) {
        const { dtype, source } = pick(inPlace) as { dtype: DType; source: Access };
        taken.add(source.buffer);
        return { body: this.expression(dtype, from, 3), to: source };
      }
      const body = this.expression(pick(allDTypes), from, 3);
      return { body, to: this.access(body.dtype, over, false) };
    };
    const taken = new Set<number>();
    const mapCount = stageCount === 0 ? 1 + integer(2) : integer(3);
    const valueCount = stageCount === 0 ? 0 : mapCount === 0 ? 1 + integer(2) : integer(2);
    const maps = Array.from({ length: mapCount }, () => result(all, [...inputs, ...results]));
    const still = inputs.filter((_, i) => {
      const { source } = operands[i]!;
      return !("buffer" in source) || source.strides.slice(outer.length).every((s) => s === 0);
    });
    const values = Array.from({ length: valueCount }, () => result(outer, [...still, ...results]));
    return { kind: "loop", name: "random", outer, inner, operands, stages, maps, values };
  }
}

const loop = (
  outer: readonly number[],
  inner: readonly number[],
  parts: Partial<Pick<LoopStep, "operands" | "stages" | "maps" | "values">>,
): LoopStep => ({
  kind: "loop",
  name: "test",
  outer,
  inner,
  operands: [],
  stages: [],
  maps: [],
  values: [],
  ...parts,
});

test.each([0, 1, 2, 3])("random loops, part %i", (part) => {
  for (let i = 0; i < 100; i++) {
    const random = new RandomLoop();
    const step = random.step();
    const program: Program = { buffers: random.buffers, steps: [step], scalars: ["p", "q"] };
    const shown = JSON.stringify(step, (key, v: unknown) => (key === "body" ? show(v as Expr) : v));
    check(programs, program, ({ dtype, length }) => numbers(dtype, length), [2, 3], `${part}.${i} ${shown}`);
  }
});

test.each([0, 1])("random reductions down columns, part %i", (part) => {
  for (let i = 0; i < 12; i++) {
    const random = new RandomLoop();
    random.columns = 1 + (i % 2);
    const step = random.step();
    const program: Program = { buffers: random.buffers, steps: [step], scalars: ["p", "q"] };
    const shown = JSON.stringify(step, (key, v: unknown) => (key === "body" ? show(v as Expr) : v));
    check(programs, program, ({ dtype, length }) => numbers(dtype, length), [2, 3], `${part}.${i} ${shown}`);
  }
});

test("reductions of few long rows, which are taken in pieces", () => {
  const k = new ExprBuilder();
  const [a, b, s] = [k.input(0, "float32"), k.input(1, "float32"), k.input(2, "float32")];
  for (const [rows, n] of [
    [1, 16384],
    [1, 20001],
    [3, 16403],
  ] as const) {
    const at = (buffer: number, ...strides: readonly number[]): Access => ({ buffer, offset: 1, strides });
    const norm = k.sqrt(k.input(3, "float32"));
    // b is written over by the values, while all look at it.
    const step = loop([rows], [n], {
      operands: [
        { dtype: "float32", source: at(0, n, 1) },
        { dtype: "float32", source: at(1, 1, 0) },
      ],
      stages: [
        { combine: "max", body: k.add(a, b) },
        { combine: "sum", body: k.mul(k.sub(a, s), b) },
      ],
      maps: [{ body: k.sub(k.mul(a, s), k.add(norm, b)), to: at(0, n, 1) }],
      values: [{ body: k.add(k.input(3, "float32"), b), to: at(1, 1) }],
    });
    const buffers = [state(rows * n + 5, "a"), state(rows + 5, "b")];
    const program: Program = { buffers, steps: [step], scalars: [] };
    check(
      programs,
      program,
      ({ dtype, length }) => numbers(dtype, length).map(Math.abs as never),
      [],
      `${rows} x ${n}`,
    );
  }
});

test("a softmax of rows with masks, and of rows that are hardly of this world", () => {
  const k = new ExprBuilder();
  const n = 37;
  const at = (buffer: number): Access => ({ buffer, offset: 0, strides: [n, 1] });
  const shifted = k.sub(k.input(0, "float32"), k.input(1, "float32"));
  const step = loop([5], [n], {
    operands: [{ dtype: "float32", source: at(0) }],
    stages: [
      { combine: "max", body: k.input(0, "float32") },
      { combine: "sum", body: k.exp(shifted) },
    ],
    maps: [{ body: k.div(k.exp(shifted), k.input(2, "float32")), to: at(1) }],
  });
  const program: Program = { buffers: [state(5 * n, "x"), state(5 * n, "y")], steps: [step], scalars: [] };
  const x = Float32Array.from({ length: 5 * n }, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    if (row === 0 || row === 1) return column % 3 === row ? Math.sin(column) : Number.NEGATIVE_INFINITY;
    if (row === 2) return -3 * column;
    return row === 3 ? Number.NEGATIVE_INFINITY : [1, 2, Number.NaN][column % 3]!;
  });
  check(programs, program, () => x, [], "softmax");
});

test("maps whose dear values depend on each other", () => {
  const k = new ExprBuilder();
  const [a, b] = [k.input(0, "float32"), k.input(1, "float32")];
  const gate = k.div(1, k.add(k.exp(k.neg(a)), 1));
  const candidate = k.tanh(k.add(b, k.mul(gate, k.sin(k.tanh(b)))));
  for (const [rows, n] of [
    [3, 70],
    [2, 64],
    [2, 40_000],
  ] as const) {
    const at = (buffer: number): Access => ({ buffer, offset: 0, strides: [n + 3, 1] });
    const step = loop([], [rows, n], {
      operands: [0, 1].map((id): LoopOperand => ({ dtype: "float32", source: at(id) })),
      maps: [
        { body: k.mul(k.sub(a, candidate), gate), to: at(0) },
        { body: candidate, to: at(1) },
      ],
    });
    const buffers = [state(rows * (n + 3), "a"), state(rows * (n + 3), "b")];
    const program: Program = { buffers, steps: [step], scalars: [] };
    check(programs, program, ({ dtype, length }) => numbers(dtype, length), [], `${rows} x ${n}`);
  }
});

const show = ({ op, dtype, args, value }: Expr): string =>
  args.length > 0
    ? `${op}:${dtype}(${args.map(show).join(", ")})`
    : `${op === "input" ? "in" : ""}${value}:${dtype}`;

const x = new ExprBuilder().input(0, "float32");
const state = (length: number, name: string): Buffer => ({ dtype: "float32", length, kind: "state", name });

test("programs that take turns share the memory of their temps", () => {
  const k = new ExprBuilder();
  const make = (n: number): { program: Program } => {
    const at = (buffer: number): Access => ({ buffer, offset: 0, strides: [1] });
    const from = (buffer: number): LoopOperand => ({ dtype: "float32", source: at(buffer) });
    const buffers = [state(n, "x"), { ...state(n, "t"), kind: "temp" as const }, state(n, "y")];
    const steps = [
      loop([], [n], { operands: [from(0)], maps: [{ body: k.mul(k.input(0, "float32"), 3), to: at(1) }] }),
      loop([], [n], { operands: [from(1)], maps: [{ body: k.add(k.input(0, "float32"), 1), to: at(2) }] }),
    ];
    return { program: { buffers, steps, scalars: [] } };
  };
  const running = [10, 1000, 100_000, 100].map((n) =>
    compile(programs, make(n).program, ({ length }) => new Float32Array(length).fill(length)),
  );
  for (let round = 0; round < 2; round++)
    for (const r of running) {
      const y = r.arrays.get(2)!;
      y.fill(0 as never);
      r.run();
      expect(y).toEqual(new Float32Array(y.length).fill(3 * y.length + 1));
    }
  for (const r of running) r.release();
});

test("long sums keep the error of pairwise summation", () => {
  const n = 1_000_000;
  for (const [outer, inner, strides] of [
    [[], [n], [1]],
    [[4], [n / 4], [1, 4]],
  ] as const) {
    const to = { buffer: 1, offset: 0, strides: outer.map(() => 1) };
    const step = loop(outer, inner, {
      operands: [{ dtype: "float32", source: { buffer: 0, offset: 0, strides } }],
      stages: [{ combine: "sum", body: x }],
      values: [{ body: new ExprBuilder().input(1, "float32"), to }],
    });
    const program: Program = { buffers: [state(n, "x"), state(4, "y")], steps: [step], scalars: [] };
    const running = compile(programs, program, ({ length }) => new Float32Array(length).fill(0.1));
    running.run();
    const want = (n / (outer[0] ?? 1)) * Math.fround(0.1);
    expect(Math.abs(Number(running.arrays.get(1)![0]) / want - 1)).toBeLessThan(1.2e-6);
    running.release();
  }
});
