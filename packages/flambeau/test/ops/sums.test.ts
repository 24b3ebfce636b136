// Small sums, means and inner products are PyTorch's to the last bit (fixtures/sums.json, written by fixtures/sums.py).

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
interface Sum {
  readonly shape: number[];
  readonly dim: number | null;
  readonly a: number;
  readonly b: number;
  readonly sum: number[];
  readonly mean: number;
}
interface Dot {
  readonly n: number;
  readonly a: number;
  readonly b: number;
  readonly dot: number;
}
const { sums, dots } = JSON.parse(readFileSync(new URL("./fixtures/sums.json", import.meta.url), "utf8")) as {
  sums: Sum[];
  dots: Dot[];
};

const numbers = (n: number, a: number, b: number): Tensor =>
  torch.fromTypedArray(Float32Array.from({ length: n }, (_, i) => ((i * a + b) % 2039) / 67 - 15));
const bits = (list: readonly number[]): number[] => list.map(Math.fround);

test("sums and means", () => {
  for (const { shape, dim, a, b, sum, mean } of sums) {
    const n = shape.reduce((p, q) => p * q, 1);
    const x: Tensor = numbers(n, a, b).reshape(shape);
    const y: Tensor = dim === null ? x.sum() : x.sum(dim);
    expect([shape, dim, y.flatten().tolist()]).toEqual([shape, dim, bits(sum)]);
    const m: Tensor = dim === null ? x.mean() : x.mean(dim);
    expect([shape, dim, m.flatten().tolist().at(-1)]).toEqual([shape, dim, Math.fround(mean)]);
  }
});

test("inner products of fewer than 32 elements", () => {
  for (const { n, a, b, dot } of dots)
    expect([
      n,
      numbers(n, a, b)
        .dot(numbers(n, b + 5, a))
        .item(),
    ]).toEqual([n, Math.fround(dot)]);
});

test("a handful of values of tanh, and its gradient", () => {
  const x: Tensor = torch.tensor([0.1, -0.7, 2, 0.3], { dtype: "float32", requiresGrad: true });
  const y: Tensor = x.tanh();
  expect(y.tolist()).toEqual((x.tolist() as number[]).map((v) => Math.fround(Math.tanh(v))));
  y.backward(torch.full([4], 3, { dtype: "float32" }));
  const fused = (y.tolist() as number[]).map((v) => Math.fround(3 * Math.fround(1 - v * v)));
  expect(x.grad!.tolist()).toEqual(fused);
});

test("the product of one number that is 0 has the gradient 1", () => {
  const x: Tensor = torch.tensor(0, { dtype: "float32", requiresGrad: true });
  x.prod(0).backward();
  expect(x.grad!.item()).toBe(1);
});
