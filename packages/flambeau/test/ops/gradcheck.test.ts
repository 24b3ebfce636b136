// First and second derivatives of every op against finite differences, whatever the strides of its inputs.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import type { OpEntry } from "../../src/ops/define.ts";
import { table } from "../../src/ops/table.ts";
import type { Domain, Sample, Tensor } from "./samples/common.ts";
import { binary, unary } from "./samples/common.ts";
import { samples, without } from "./samples/index.ts";

const { gradcheck, gradgradcheck } = torch.autograd;

/** Samples of an op: the listed ones, else, for an elementwise op of one or two operands, numbers from 0.1 to 0.9. */
function samplesOf(entry: OpEntry): Sample[] | null {
  const found = samples[entry.name];
  if (found) return typeof found === "function" ? found(entry.name) : found;
  if (!entry.differentiable || entry.kind !== "elementwise") return null;
  const general = { low: 0.1, high: 0.9 };
  // The function takes the operands, then options.
  const operands = entry.definition.length - 1;
  return operands === 1 ? unary(general)(entry.name) : operands === 2 ? binary(general)(entry.name) : null;
}

test("every differentiable op has a sample", () => {
  const excused = new Set(Object.values(without).flat());
  const missing = [...table.values()]
    .filter((e) => e.differentiable && !samplesOf(e) && !excused.has(e.name))
    .map((e) => e.name);
  expect(missing).toEqual([]);
});

// Numbers of this file's own, so that they stay the same whatever runs before.
const generator = new torch.Generator();
function random(shape: readonly number[], { low, high }: Domain): Tensor {
  const t: Tensor = torch
    .rand([...shape], { dtype: "float64", generator })
    .mul(high - low)
    .add(low);
  return t.requiresGrad_();
}

/** Ways to lay out an input of a shape: the leaf's shape, and the view of the leaf that the op is given. */
const layouts: Record<string, (shape: readonly number[]) => [readonly number[], (leaf: Tensor) => Tensor]> = {
  contiguous: (shape) => [shape, (x) => x],
  transposed: (shape) => [[...shape].reverse(), (x) => x.permute(shape.map((_, i) => shape.length - 1 - i))],
  sliced: (shape) =>
    shape.length === 0
      ? [[2], (x) => x.select(0, 1)]
      : [[...shape.slice(0, -1), 2 * shape.at(-1)! + 1], (x) => x.sliceDim(-1, 1, 2 * shape.at(-1)! + 1, 2)],
  expanded: (shape) =>
    shape.length === 0 ? [[1], (x) => x.reshape([])] : [[1, ...shape.slice(1)], (x) => x.expand([...shape])],
};

const tensors = (result: unknown): Tensor[] => [result].flat() as Tensor[];

const cases = [...table.values()].flatMap((entry) =>
  (samplesOf(entry) ?? []).map((s): [string, Sample, OpEntry] => [
    `${entry.name} ${s.name}`.trim(),
    s,
    entry,
  ]),
);

describe.each(Object.keys(layouts))("%s inputs", (layout) => {
  test.each(cases)("%s", (_, { shapes, fn, inplace, domain = { low: -2, high: 2 } }) => {
    generator.manualSeed(7);
    const laid = shapes.map((shape) => layouts[layout]!(shape));
    const leaves = laid.map(([shape]) => random(shape, domain));
    const inputs = (xs: readonly Tensor[]): Tensor[] => xs.map((x, i) => laid[i]![1](x));
    const run = (...xs: Tensor[]): Tensor[] => tensors(fn(...inputs(xs))).filter((y) => y.isFloatingPoint());
    gradcheck(run, leaves);
    gradgradcheck(run, leaves, { atol: 1e-4 });
    if (!inplace) return;
    // In place on a copy of the same layout, which is not a leaf.
    const change = (...xs: Tensor[]): Tensor[] => {
      const [first, ...rest] = inputs(xs) as [Tensor, ...Tensor[]];
      const copy = layout === "transposed" ? first.t().clone().t() : first.mul(1);
      const result = inplace(copy, ...rest);
      expect(result === copy).toBe(true);
      return [copy];
    };
    gradcheck(change, leaves);
    gradgradcheck(change, leaves, { atol: 1e-4 });
  });
});

// Each extent of a sample in turn becomes 0. What makes no sense then is refused, by an error of ours.
describe("zero-size inputs", () => {
  test.each(cases)("%s", (_, { shapes, fn, domain = { low: -2, high: 2 } }, entry) => {
    generator.manualSeed(7);
    for (const extent of new Set(shapes.flat())) {
      const leaves = shapes.map((shape) =>
        random(
          shape.map((n) => (n === extent ? 0 : n)),
          domain,
        ),
      );
      const run = (...xs: Tensor[]): Tensor[] => tensors(fn(...xs)).filter((y) => y.isFloatingPoint());
      let results: Tensor[];
      try {
        results = run(...leaves);
      } catch (error) {
        expect(error).toBeInstanceOf(torch.TorchError);
        // Broadcasting takes an extent of 1 beside 0, but no other.
        if (entry.kind === "elementwise") expect(error).toBeInstanceOf(torch.ShapeError);
        continue;
      }
      gradcheck(run, leaves);
      if (results.some((y) => y.requiresGrad)) gradgradcheck(run, leaves, { atol: 1e-4 });
    }
  });
});
