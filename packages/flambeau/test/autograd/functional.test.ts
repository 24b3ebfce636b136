// autograd.functional against values of PyTorch 1.13 (the same calls in float64).

import { describe, expect, expectTypeOf, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { functional } = torch.autograd;

const double = (values: unknown): Tensor => torch.tensor(values as number[], { dtype: "float64" });
const x = double([0.5, -1, 2]);
const y = double([
  [1, 2, 3],
  [0.5, -1, 4],
]);
const lists = (t: unknown): unknown => (Array.isArray(t) ? t.map(lists) : (t as Tensor).tolist());
const shapes = (t: unknown): unknown => (Array.isArray(t) ? t.map(shapes) : (t as Tensor).shape);

const pair = (a: Tensor, b: Tensor): Tensor[] => [b.matmul(a), a.mul(b).sum()];
const number = (a: Tensor, b: Tensor): Tensor => b.matmul(a).square().sum().add(a.pow(3).sum());
const sums = double([
  [1, 0, 0],
  [1, 1, 0],
  [1, 1, 1],
]);
const u = [double([1, 2, 3]), torch.full([2, 3], 0.5, { dtype: "float64" })];

describe("jacobian", () => {
  test("of one function of one tensor", () => {
    const a = functional.jacobian((t: Tensor) => sums.matmul(t.exp().mul(t)), x) as Tensor;
    const [p, q] = [2.4730819060501923, 22.16716829679195];
    expect(a.tolist()).toEqual([
      [p, 0, 0],
      [p, 0, 0],
      [p, 0, q],
    ]);
    expect(a.requiresGrad).toBe(false);
  });
  test("nests lists of outputs and of inputs", () => {
    expect(shapes(functional.jacobian(pair, [x, y]))).toEqual([
      [
        [2, 3],
        [2, 2, 3],
      ],
      [[3], [2, 3]],
    ]);
  });
  test("knows its shape", () => {
    const a = torch.zeros(3);
    const f = (t: torch.Tensor<[3]>): torch.Tensor<[3, 2]> => t.unsqueeze(1).expand(3, 2);
    const j = functional.jacobian(f, a);
    expectTypeOf(j).toEqualTypeOf<torch.Tensor<[3, 2, 3]>>();
    expect(j.shape).toEqual([3, 2, 3]);
  });
  test("can be differentiated itself", () => {
    const t = double([0.5, 2]).requiresGrad_();
    const j = functional.jacobian((s: Tensor) => s.pow(3), t, { createGraph: true }) as Tensor;
    j.sum().backward();
    expect(t.grad!.tolist()).toEqual([3, 12]);
  });
  test("of nothing", () => {
    const j = functional.jacobian((t: Tensor) => t.mul(2), torch.zeros(0)) as Tensor;
    expect(j.shape).toEqual([0, 0]);
  });
  test("strict: refuses what does not depend on an input", () => {
    const f = (a: Tensor, _b: Tensor): Tensor => a.mul(2);
    expect(shapes(functional.jacobian(f, [x, y]))).toEqual([
      [3, 3],
      [3, 2, 3],
    ]);
    expect(() => functional.jacobian(f, [x, y], { strict: true })).toThrow("independent of input 1");
    expect(() => functional.jacobian(() => double([1]), x, { strict: true })).toThrow(
      "Output 0 of the user-provided function does not require gradients",
    );
  });
  test("refuses what is no tensor", () => {
    expect(() => functional.jacobian((t: Tensor) => t, 3 as unknown as Tensor)).toThrow(torch.ArgumentError);
    expect(() => functional.jacobian(() => 3 as unknown as Tensor, x)).toThrow("has type number");
  });
});

describe("products", () => {
  test("vjp", () => {
    const [outputs, products] = functional.vjp(pair, [x, y], [double([1, -2]), double(3)]);
    expect(lists(outputs)).toEqual([[4.5, 9.25], 13.75]);
    expect(lists(products)).toEqual([
      [4.5, 7, 16],
      [
        [2, -4, 8],
        [0.5, -1, 2],
      ],
    ]);
  });
  test("jvp", () => {
    const [, products] = functional.jvp(pair, [x, y], u);
    expect(lists(products)).toEqual([[14.75, 11.25], 26]);
  });
  test("hessian", () => {
    const h = functional.hessian((a: Tensor) => number(a, y), x) as Tensor;
    expect(h.tolist()).toEqual([
      [5.5, 3, 10],
      [3, 4, 4],
      [10, 4, 62],
    ]);
    const blocks = functional.hessian(number, [x, y] as Tensor[]) as Tensor[][];
    expect(shapes(blocks)).toEqual([
      [
        [3, 3],
        [3, 2, 3],
      ],
      [
        [2, 3, 3],
        [2, 3, 2, 3],
      ],
    ]);
    expect(blocks[0]![1]!.sum().item()).toBe(111);
  });
  test.each(["vhp", "hvp"] as const)("%s", (name) => {
    const [value, products] = functional[name](number, [x, y] as Tensor[], u);
    expect(value.item()).toBe(number(x, y).item());
    expect(lists(products)).toEqual([
      [57.5, 38.25, 228.25],
      [
        [23.75, -11.5, 86],
        [29.75, 14.5, 100.5],
      ],
    ]);
  });
  test("leave out v where it is one number", () => {
    expect(functional.vjp((t: Tensor) => t.square().sum(), x)[1]!.tolist()).toEqual([1, -2, 4]);
    expect(functional.jvp((t: Tensor) => t.expand(3), double([2]))[1]!.tolist()).toEqual([1, 1, 1]);
    expect(() => functional.vjp((t: Tensor) => t, x)).toThrow("The vector v can only be None");
    expect(() => functional.vjp((t: Tensor) => t, x, double([1]))).toThrow(
      "v has invalid size: should be [3] but got [1]",
    );
  });
});
