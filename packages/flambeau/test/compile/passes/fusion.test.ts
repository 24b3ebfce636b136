// What becomes one step, and what does not.

import { expect, test } from "vitest";
import { optimise } from "../../../src/compile/passes/index.ts";
import type { LoopStep, MatmulStep, Program } from "../../../src/ir/program.ts";
import { names, results, Writer } from "./write.ts";

/** The optimised program, which computes the same. */
function optimised(program: Program, scalars: readonly number[] = []): Program {
  const { program: after } = optimise(program);
  const [want, got] = [results(program, scalars), results(after, scalars)];
  for (const [id, array] of want)
    array.forEach((x, i) => {
      expect(Number(got.get(id)![i]), `buffer ${id}, element ${i}`).toBeCloseTo(Number(x), 4);
    });
  return after;
}

test("chains of maps are one loop", () => {
  const w = new Writer();
  const [x, a, b, y] = [
    w.buffer("input", 24),
    w.buffer("temp", 24),
    w.buffer("temp", 24),
    w.buffer("output", 24),
  ];
  w.map("exp", a, [x], (k, v) => k.exp(v));
  w.map("neg", b, [a], (k, v) => k.neg(v));
  w.map("mul", y, [b, a], (k, u, v) => k.mul(u, v));
  expect(names(optimised(w.program()))).toEqual(["exp+neg+mul"]);
});

test("a map is found behind reshapes, transposes and broadcasts of its result", () => {
  const w = new Writer();
  const [x, a, y] = [w.buffer("input", 24), w.buffer("temp", 24), w.buffer("output", 48)];
  w.map("neg", w.at(a, [4, 6]), [w.at(x, [4, 6], [1, 4])], (k, v) => k.neg(v), [4, 6]);
  // a as [2, 2, 6], its first dimension moved to the end, repeated.
  w.map("add", w.at(y, [2, 2, 6, 2]), [w.at(a, [], [0, 6, 1, 12])], (k, v) => k.add(v, 1), [2, 2, 6, 2]);
  const { steps } = optimised(w.program());
  expect(steps).toHaveLength(1);
});

test("softmax from single ops is one loop over rows", () => {
  const w = new Writer();
  const [x, y] = [w.buffer("input", 20), w.buffer("output", 20)];
  const [top, off, e, sum] = [
    w.buffer("temp", 4),
    w.buffer("temp", 20),
    w.buffer("temp", 20),
    w.buffer("temp", 4),
  ];
  const rows = (b: number) => w.at(b, [4, 5], [1, 0]);
  w.reduce("amax", top, w.at(x, [4, 5]), [4], [5], "max");
  w.map("sub", w.at(off, [4, 5]), [w.at(x, [4, 5]), rows(top)], (k, a, b) => k.sub(a, b), [4, 5]);
  w.map("exp", e, [off], (k, v) => k.exp(v));
  w.reduce("sum", sum, w.at(e, [4, 5]), [4], [5]);
  w.map("div", w.at(y, [4, 5]), [w.at(e, [4, 5]), rows(sum)], (k, a, b) => k.div(a, b), [4, 5]);
  const [step, ...others] = optimised(w.program()).steps as LoopStep[];
  expect(others).toEqual([]);
  expect(step).toMatchObject({ outer: [4], inner: [5] });
  expect(step!.stages.map(({ combine }) => combine)).toEqual(["max", "sum"]);
});

test("means of channels and what is computed from them are one loop over channels", () => {
  const [n, c, hw] = [3, 2, 4];
  const w = new Writer();
  const [x, mean, y] = [w.buffer("input", n * c * hw), w.buffer("temp", c), w.buffer("output", n * c * hw)];
  const running = w.buffer("state", c);
  w.reduce("mean", mean, w.at(x, [], [hw, c * hw, 1]), [c], [n, hw], "sum", (k, s) => k.div(s, n * hw));
  w.map("add", running, [running, mean], (k, r, m) => k.add(k.mul(r, 0.9), k.mul(m, 0.1)));
  w.map(
    "sub",
    w.at(y, [n, c, hw]),
    [w.at(x, [n, c, hw]), w.at(mean, [], [0, 1, 0])],
    (k, a, b) => k.sub(a, b),
    [n, c, hw],
  );
  const [step, ...others] = optimised(w.program()).steps as LoopStep[];
  expect(others).toEqual([]);
  expect(step).toMatchObject({ outer: [c], inner: [n, hw] });
  expect(step!.values).toHaveLength(1);
});

test("bias, activation and an update of the parameter are epilogues", () => {
  const w = new Writer();
  const [x, weight, bias] = [w.buffer("input", 12), w.buffer("state", 8), w.buffer("state", 2)];
  const [p, q, y] = [w.buffer("temp", 6), w.buffer("temp", 6), w.buffer("output", 6)];
  const [g, dw, lr] = [w.buffer("input", 6), w.buffer("temp", 8), w.scalar("lr")];
  w.matmul("matmul", p, x, weight, [3, 2, 4]);
  w.map("add", w.at(q, [3, 2]), [w.at(p, [3, 2]), w.at(bias, [], [0, 1])], (k, a, b) => k.add(a, b), [3, 2]);
  w.map("relu", y, [q], (k, v) => k.max(v, 0));
  w.matmul("backward", dw, { buffer: x, offset: 0, strides: [0, 1, 4] }, g, [4, 2, 3]);
  w.map("step", weight, [weight, dw, lr], (k, v, d, rate) => k.fma(d, rate, v));
  const { steps } = optimised(w.program(), [0.5]);
  expect(steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "matmul matmul+add+relu",
    "matmul backward+step",
  ]);
  expect((steps[1] as MatmulStep).maps[0]!.to.buffer).toBe(weight);
});

test("a product that others need raw is stored beside its epilogue", () => {
  const w = new Writer();
  const [x, v, raw, y] = [
    w.buffer("input", 4),
    w.buffer("input", 4),
    w.buffer("output", 4),
    w.buffer("output", 4),
  ];
  w.matmul("matmul", raw, x, v, [2, 2, 2]);
  w.map("tanh", y, [raw], (k, a) => k.tanh(a));
  const [step, ...others] = optimised(w.program()).steps as MatmulStep[];
  expect(others).toEqual([]);
  expect(step!.maps.map(({ to }) => to.buffer)).toEqual([raw, y]);
});

test("an expensive value of several readers is computed once", () => {
  const w = new Writer();
  const [x, e, y, z] = [
    w.buffer("input", 6),
    w.buffer("temp", 6),
    w.buffer("output", 36),
    w.buffer("output", 6),
  ];
  w.map("exp", e, [x], (k, v) => k.exp(v));
  w.map(
    "outer",
    w.at(y, [6, 6]),
    [w.at(e, [], [1, 0]), w.at(e, [], [0, 1])],
    (k, a, b) => k.mul(a, b),
    [6, 6],
  );
  w.map("neg", z, [e], (k, v) => k.neg(v));
  const { steps } = optimised(w.program());
  expect(steps).toHaveLength(2);
});

test("steps that read a state before and after it changes keep their places", () => {
  const w = new Writer();
  const [p, y, z, t] = [
    w.buffer("state", 4),
    w.buffer("output", 4),
    w.buffer("output", 4),
    w.buffer("temp", 4),
  ];
  w.map("double", t, [p], (k, v) => k.mul(v, 2));
  w.map("reverse", w.at(y, [2, 2]), [w.at(t, [2, 2], [1, 2])], (k, v) => k.add(v, 1), [2, 2]);
  w.map("step", p, [p], (k, v) => k.sub(v, 1));
  w.map("copy", z, [p], (_, v) => v);
  optimised(w.program());
});

test("changes in place of a state are one loop", () => {
  const w = new Writer();
  const [p, m, g, lr] = [w.buffer("state", 8), w.buffer("state", 8), w.buffer("input", 8), w.scalar("lr")];
  w.map("mul_", m, [m], (k, v) => k.mul(v, 0.9));
  w.map("add_", m, [m, g], (k, v, d) => k.fma(0.1, d, v));
  w.map("step", p, [p, m, lr], (k, v, d, rate) => k.fma(d, rate, v));
  const { steps } = optimised(w.program(), [0.5]);
  expect(steps).toHaveLength(1);
});

test("sums of sums are one reduction, and factors that stand still are taken out of them", () => {
  const [n, c, hw] = [3, 2, 4];
  const w = new Writer();
  const [g, v, weight] = [w.buffer("input", n * c * hw), w.buffer("input", n * c * hw), w.buffer("state", c)];
  const [gw, gv, rows, y, z] = [
    w.buffer("temp", n * c * hw),
    w.buffer("temp", n * c * hw),
    w.buffer("temp", n * c),
    w.buffer("output", c),
    w.buffer("output", c),
  ];
  const shape = [n, c, hw];
  const channel = w.at(weight, [], [0, 1, 0]);
  w.map("gw", w.at(gw, shape), [w.at(g, shape), channel], (k, a, b) => k.mul(a, b), shape);
  w.reduce("rows", rows, w.at(gw, [n * c, hw]), [n * c], [hw]);
  w.reduce("sum", y, w.at(rows, [], [1, c]), [c], [n]);
  w.map("gv", gv, [g, v], (k, a, b) => k.mul(a, b));
  w.reduce("dot", z, w.at(gv, [], [hw, c * hw, 1]), [c], [n, hw]);
  const [step, ...others] = optimised(w.program()).steps as LoopStep[];
  expect(others).toEqual([]);
  expect(step).toMatchObject({ outer: [c], inner: [n, hw] });
  expect(step!.stages.map(({ body }) => body.op)).toEqual(["input", "mul"]);
});

test("what overwrites an operand is done by the step that looks at it last", () => {
  const w = new Writer();
  const [x, v, g, y] = [
    w.buffer("input", 4),
    w.buffer("input", 4),
    w.buffer("state", 4),
    w.buffer("output", 4),
  ];
  const [p, ones] = [w.buffer("temp", 4), w.buffer("const", 4, "float32", [1, 1, 1, 1])];
  w.matmul("matmul", p, x, v, [2, 2, 2]);
  w.map("add", y, [p, g, ones], (k, a, b, c) => k.add(a, k.mul(b, c)));
  w.map("zero", g, [], (k) => k.const(0, "float32"));
  const [step, ...others] = optimised(w.program()).steps as MatmulStep[];
  expect(others).toEqual([]);
  expect(step!.maps.map(({ to }) => to.buffer)).toEqual([y, g]);
  // Of the ones nothing is left.
  expect(step!.operands).toHaveLength(1);
});

test("what is cheap to compute from one array is computed again by each reader, not stored", () => {
  const [n, c, hw] = [2, 3, 4];
  const shape = [n, c, hw];
  const w = new Writer();
  const [x, mean, scale] = [w.buffer("input", n * c * hw), w.buffer("input", c), w.buffer("input", c)];
  const [off, standard, y, z] = [
    w.buffer("temp", n * c * hw),
    w.buffer("temp", n * c * hw),
    w.buffer("output", n * c * hw),
    w.buffer("output", n),
  ];
  const channel = (b: number) => w.at(b, [], [0, 1, 0]);
  w.map("sub", w.at(off, shape), [w.at(x, shape), channel(mean)], (k, a, b) => k.sub(a, b), shape);
  w.map("mul", w.at(standard, shape), [w.at(off, shape), channel(scale)], (k, a, b) => k.mul(a, b), shape);
  w.map("relu", y, [standard], (k, v) => k.max(v, 0));
  w.reduce("amax", z, w.at(standard, [], [c * hw, 1]), [n], [c * hw], "max");
  const { steps } = optimised(w.program());
  const stored = steps.flatMap((s) => [...(s as LoopStep).maps, ...(s as LoopStep).values]);
  expect(stored.map(({ to }) => to.buffer).sort()).toEqual([y, z]);
});
