// What adds random steps to a draft of a program: a function for each kind.

import { dtypes } from "../../src/base/dtype.ts";
import { numel } from "../../src/base/shape.ts";
import type { LoopStage } from "../../src/ir/program.ts";
import type { Draft, StepKind } from "./random-draft.ts";
import { plain } from "./random-draft.ts";
import type { Known, Term } from "./random-expr.ts";
import { epsilon, RandomExpr } from "./random-expr.ts";
import { conv, elements, matmul, pool, rows } from "./random-kernels.ts";

function loop(d: Draft): void {
  const { random, k } = d;
  const reduces = random.chance(0.5);
  const outer = reduces ? d.sizes(random.between(0, 2), 16) : [];
  const inner = d.sizes(
    random.between(reduces ? 1 : 0, 3),
    Math.max(1, Math.floor(d.elements / Math.max(1, numel(outer)))),
  );
  const all = [...outer, ...inner];
  const operands = d.operands(4, all);
  // Some operands are the same for a whole row.
  if (reduces)
    operands.forEach(({ source, ...rest }, i) => {
      if (!("buffer" in source) || !random.chance(0.25)) return;
      const strides = source.strides.map((s, dim) => (dim < outer.length ? s : 0));
      operands[i] = { ...rest, source: { ...source, strides } };
    });
  const inputs = d.terms(operands, 0);
  const stages: LoopStage[] = [];
  const results: Term[] = [];
  for (let s = reduces ? random.between(1, 3) : 0; s > 0; s--) {
    const stage = randomStage(d, [...inputs, ...results], numel(inner));
    stages.push({ combine: stage.combine, body: stage.body });
    const { bound, error, body } = stage;
    results.push({ expr: k.input(operands.length + results.length, body.dtype), bound, error });
  }
  const still = inputs.filter((_, i) => {
    const { source } = operands[i]!;
    return !("buffer" in source) || source.strides.slice(outer.length).every((s) => s === 0);
  });
  const stillOperands = still.map((t) => operands[t.expr.value]!);
  const values = Array.from({ length: reduces ? random.between(0, 2) : 0 }, () =>
    d.result([...still, ...results], stillOperands, outer),
  );
  const maps = Array.from({ length: random.between(values.length === 0 ? 1 : 0, 2) }, () =>
    d.result([...inputs, ...results], operands, all),
  );
  d.push({ kind: "loop", name: "loop", outer, inner, operands: operands.map(plain), stages, maps, values });
}

function randomStage(d: Draft, inputs: readonly Term[], n: number): LoopStage & Known {
  const { random } = d;
  const maker = new RandomExpr(random, d.k, inputs);
  const dtype = random.pick(d.types);
  const { kind } = dtypes[dtype];
  const combine = random.pick(
    kind === "bool"
      ? (["and", "or", "max", "min"] as const)
      : kind === "int"
        ? (["sum", "prod", "max", "min", "and", "or"] as const)
        : (["sum", "sum", "max", "min", "prod"] as const),
  );
  const made = maker.make(dtype, random.between(0, 2));
  if (kind !== "float")
    return { combine, body: made.expr, bound: dtype === "bool" ? 1 : Number.MAX_SAFE_INTEGER, error: 0 };
  // Products of many elements stay small, and so do most sums. The largest of nothing is -Infinity, which goes no further.
  if (combine === "prod") {
    const small = maker.limit(made, 1);
    return { combine, body: small.expr, bound: 1, error: n * (small.error + 4 * epsilon(dtype)) };
  }
  if (combine === "sum") {
    const small = maker.limit(made, random.pick([0.25, 1, 10]));
    const error = Math.max(n, 1) * (small.error + 4 * epsilon(dtype) * small.bound);
    return { combine, body: small.expr, bound: Math.max(n, 1) * small.bound, error };
  }
  return n === 0
    ? { combine: "sum", body: made.expr, bound: 0, error: 0 }
    : { combine, body: made.expr, bound: made.bound, error: made.error };
}

/** Copies what it reads, over and over, as far as there is room; or turns a buffer's elements round. */
function host(d: Draft): void {
  const { random } = d;
  const dtype = random.pick(d.types);
  const changed = random.chance(0.4) ? d.writable(dtype, 1) : null;
  if (changed !== null) {
    d.push({
      kind: "host",
      name: "reverse",
      reads: [changed],
      writes: [changed],
      run: ([a], [b]) => {
        const before = a!.slice();
        for (let i = 0; i < b!.length; i++) b![i] = before[before.length - 1 - i]! as number;
      },
    });
    return;
  }
  const from = d.readable(dtype, 1);
  const to = d.temp(dtype, random.between(1, d.elements));
  if (d.buffers[from]!.length === 0) return;
  d.wrote(to, d.known(from));
  d.push({
    kind: "host",
    name: "tile",
    reads: [from],
    writes: [to],
    run: ([a], [b]) => {
      for (let i = 0; i < b!.length; i++) b![i] = a![i % a!.length]! as number;
    },
  });
}

/** A recurrence: state' = tanh(state / 2 + x), with a product of states where there is room for its matrix. */
function repeat(d: Draft): void {
  const { random, k } = d;
  const n = random.between(1, 8);
  const count = random.between(0, 6);
  const from = d.readable("float32", n);
  const { length } = d.buffers[from]!;
  if (length < n) return;
  const room = Math.floor((length - n) / Math.max(1, count - 1));
  const advance = random.chance(0.3) ? 0 : random.between(0, Math.min(room, 2 * n));
  const backwards = random.chance(0.5);
  const states = d.temp("float32", (count + 1) * n);
  const first = backwards ? count * n : 0;
  const step = backwards ? -n : n;
  const row = (buffer: number, offset = 0) => ({ buffer, offset, strides: [1] });
  const bare = { kind: "loop", outer: [], inner: [n], stages: [], values: [] } as const;
  const float = (value: number) => k.const(value, "float32");
  d.push({ ...bare, name: "first", operands: [], maps: [{ body: float(0.25), to: row(states, first) }] });
  const operand = (buffer: number) => ({ dtype: "float32", source: row(buffer) }) as const;
  const [state, x] = [k.input(0, "float32"), k.input(1, "float32")];
  const scaled = random.chance(0.5);
  const buffer = (kind: "input" | "output" | "temp", name: string) =>
    ({ dtype: "float32", length: n, kind, name }) as const;
  d.push({
    kind: "repeat",
    name: "recurrence",
    counts: [count],
    apart: 0,
    body: {
      buffers: [
        buffer("input", "state"),
        buffer("input", "x"),
        buffer("output", "next"),
        buffer("temp", "half"),
      ],
      scalars: [],
      steps: [
        {
          ...bare,
          name: "half",
          operands: [operand(0)],
          maps: [{ body: k.mul(k.input(0, "float32"), float(scaled ? 0.5 : -0.5)), to: row(3) }],
        },
        {
          ...bare,
          name: "next",
          operands: [operand(3), operand(1)],
          maps: [{ body: k.tanh(k.add(state, x)), to: row(2) }],
        },
      ],
    },
    bindings: [
      { inner: 0, access: { buffer: states, offset: first, strides: [step] } },
      { inner: 1, access: { buffer: from, offset: 0, strides: [advance] } },
      { inner: 2, access: { buffer: states, offset: first + step, strides: [step] } },
    ].map((b) => (count === 0 && b.inner === 2 ? { ...b, access: { ...b.access, offset: 0 } } : b)),
  });
  const { error } = d.known(from);
  d.buffers[states] = {
    ...d.buffers[states]!,
    ready: true,
    bound: 1,
    error: 2 * error + 8 * epsilon("float32"),
  };
}

/** What is done block by block: y = tanh(x) of each, and sums of the blocks of a group, which groups have apart. */
function blocks(d: Draft): void {
  const { random, k } = d;
  const [groups, each, n] = [random.between(0, 6), random.between(1, 4), random.between(1, 8)] as const;
  const from = d.readable("float32", Math.max(1, groups) * each * n);
  const shared = random.chance(0.3);
  const { error } = d.known(from);
  const y = d.temp("float32", groups * each * n);
  const sums = d.temp("float32", groups * n);
  const row = (buffer: number) => ({ buffer, offset: 0, strides: [1] });
  const bare = { kind: "loop", outer: [], stages: [], values: [] } as const;
  const operand = (buffer: number) => ({ dtype: "float32", source: row(buffer) }) as const;
  const zero = { body: k.const(0, "float32"), to: row(sums) };
  d.push({ ...bare, inner: [groups * n], name: "none", operands: [], maps: [zero] });
  const buffer = (kind: "input" | "output" | "state", name: string) =>
    ({ dtype: "float32", length: n, kind, name }) as const;
  const [a, b] = [k.input(0, "float32"), k.input(1, "float32")];
  d.push({
    kind: "repeat",
    name: "blocks",
    counts: [groups, each],
    apart: random.between(0, 1),
    body: {
      buffers: [buffer("input", "x"), buffer("output", "y"), buffer("state", "sum")],
      scalars: [],
      steps: [
        {
          ...bare,
          inner: [n],
          name: "squash",
          operands: [operand(0)],
          maps: [{ body: k.tanh(a), to: row(1) }],
        },
        {
          ...bare,
          inner: [n],
          name: "add",
          operands: [operand(2), operand(1)],
          maps: [{ body: k.add(a, b), to: row(2) }],
        },
      ],
    },
    bindings: [
      { inner: 0, access: { buffer: from, offset: 0, strides: [shared ? 0 : each * n, n] } },
      { inner: 1, access: { buffer: y, offset: 0, strides: [each * n, n] } },
      { inner: 2, access: { buffer: sums, offset: 0, strides: [n, 0] } },
    ],
  });
  const off = error + 4 * epsilon("float32");
  d.buffers[y] = { ...d.buffers[y]!, ready: true, bound: 1, error: off };
  d.buffers[sums] = {
    ...d.buffers[sums]!,
    ready: true,
    bound: each,
    error: each * (off + each * epsilon("float32")),
  };
}

/** Two parts of a new buffer, each written by a step of its own, as `cat` does. */
function parts(d: Draft): void {
  const { random } = d;
  const dtype = random.pick(d.types);
  const [height, left, right] = [random.between(1, 9), random.between(1, 9), random.between(1, 9)];
  const width = left + right;
  const id = d.temp(dtype, height * width);
  for (const [offset, columns] of random.shuffle([
    [0, left],
    [left, right],
  ] as const)) {
    const inner = [height, columns];
    const operands = d.operands(2, inner);
    const maker = new RandomExpr(random, d.k, d.terms(operands, 0));
    const term = maker.limit(maker.make(dtype, random.between(0, 2)), 10);
    d.push({
      kind: "loop",
      name: "part",
      outer: [],
      inner,
      operands: operands.map(plain),
      stages: [],
      maps: [{ body: term.expr, to: { buffer: id, offset, strides: [width, 1] } }],
      values: [],
    });
    const { bound, error } = d.buffers[id]!;
    d.buffers[id] = {
      ...d.buffers[id]!,
      bound: Math.max(bound, term.bound),
      error: Math.max(error, term.error),
    };
  }
  d.buffers[id] = { ...d.buffers[id]!, ready: true };
}

export const makers: { readonly [K in StepKind]: (d: Draft) => void } = {
  loop: (d) => (d.random.chance(0.1) ? parts(d) : loop(d)),
  matmul,
  conv,
  rows,
  elements,
  pool,
  repeat: (d) => (d.random.chance(0.5) ? repeat(d) : blocks(d)),
  host,
};
