// The regression helpers against the book's formulas.

import * as torch from "flambeau";
import { expect, test } from "vitest";
import * as d2l from "../src/index.ts";

test("syntheticData follows the linear function, with noise of the stated size", () => {
  torch.manualSeed(1);
  const w = torch.tensor([[2.5], [-3.5]]);
  const [X, y] = d2l.syntheticData(w, 4.25, 2000);
  expect(X.shape).toEqual([2000, 2]);
  expect(y.shape).toEqual([2000, 1]);
  const noise = y.sub(X.matmul(w).add(4.25));
  expect(Math.abs(noise.mean().item())).toBeLessThan(1e-3);
  expect(noise.square().mean().sqrt().item()).toBeCloseTo(0.01, 3);
});

test("loadArray passes over all examples, in order when it is not for training", () => {
  const X = torch.arange(10, { dtype: "float32" }).reshape(10, 1);
  const y = X.mul(2);
  const batches = [...d2l.loadArray([X, y], 4, false)];
  expect(batches.map(([x]) => x.shape)).toEqual([
    [4, 1],
    [4, 1],
    [2, 1],
  ]);
  expect(batches.flatMap(([, b]) => b.reshape(-1).tolist())).toEqual(y.reshape(-1).tolist());
  torch.manualSeed(0);
  const shuffled = [...d2l.loadArray([X, y], 4)].flatMap(([x]) => x.reshape(-1).tolist() as number[]);
  expect(shuffled).not.toEqual(X.reshape(-1).tolist());
  expect(shuffled.toSorted((p, q) => p - q)).toEqual(X.reshape(-1).tolist());
});

test("sgd steps against the mean gradient and zeroes it", () => {
  const w = torch.tensor([[1.5], [2]], { dtype: "float32", requiresGrad: true });
  w.mul(torch.tensor([[4], [8]]))
    .sum()
    .backward();
  d2l.sgd([w], 0.5, 4);
  expect(w.tolist()).toEqual([[1], [1]]);
  expect(w.grad?.tolist()).toEqual([[0], [0]]);
});

test("sgd names what is missing when there is no gradient, and changes nothing", () => {
  const w = torch.ones(2, { requiresGrad: true });
  expect(() => d2l.sgd([w], 0.1, 1)).toThrow(/no gradient/);
  expect(w.tolist()).toEqual([1, 1]);
});

test("evaluateLoss is the mean over the examples, the smaller last batch included", () => {
  const X = torch.tensor([[1], [2], [4]], { dtype: "float32" });
  const y = torch.zeros(3, 1);
  const iter = d2l.loadArray([X, y], 2, false);
  // (1 + 4 + 16) / 2 / 3
  expect(d2l.evaluateLoss((x) => x, iter, d2l.squaredLoss)).toBeCloseTo(3.5, 6);
});

test("Figure.grid keeps each figure's title, axes and curves", async () => {
  const one = d2l.plot([1, 2, 3], [1, 4, 9], { title: "first", xlabel: "x" });
  const two = d2l.plot([1, 2, 3], [10, 100, 1000], { title: "second", yscale: "log" });
  const grid = d2l.Figure.grid([one, two], 2);
  const svg = await grid.toSvg();
  for (const text of ["first", "second", ">x<"]) expect(svg).toContain(text);
  const lines = grid.toTerminal({ columns: 80, color: false }).split("\n");
  expect(lines[0]).toMatch(/first\s+second/);
  expect(Math.max(...lines.map((line) => d2l.textWidth(line)))).toBeLessThanOrEqual(80);
  expect(() => d2l.Figure.grid([one], 0)).toThrow(/columns/);
});

test("getKFoldData leaves each example out once", () => {
  const X = torch.arange(11, { dtype: "float32" }).reshape(11, 1);
  const left = [0, 1, 2].map((i) => {
    const [trainX, trainY, validX, validY] = d2l.getKFoldData(3, i, X, X.mul(2));
    expect(trainY.tolist()).toEqual(trainX.mul(2).tolist());
    expect(validY.tolist()).toEqual(validX.mul(2).tolist());
    const all = [...trainX.reshape(-1).tolist(), ...validX.reshape(-1).tolist()] as number[];
    expect(all.toSorted((p, q) => p - q)).toEqual(X.reshape(-1).tolist());
    return validX.reshape(-1).tolist();
  });
  expect(left).toEqual([
    [0, 1, 2],
    [3, 4, 5, 6],
    [7, 8, 9, 10],
  ]);
  expect(() => d2l.getKFoldData(12, 0, X, X)).toThrow(/2 to the number of examples, 11; got 12/);
  expect(() => d2l.getKFoldData(3, 3, X, X)).toThrow(/from 0 to 2, got 3/);
  expect(() => d2l.getKFoldData(3, 0, X, X.narrow(0, 0, 4))).toThrow(/11 examples and y has 4/);
});
