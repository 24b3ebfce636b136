// Ridge and lasso: their solutions satisfy the conditions that characterise them, and the comparison says what they did.

import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import type { Comparison } from "../weight-decay/compare.ts";
import {
  closedForm,
  crossValidate,
  descend,
  errors,
  grid,
  softThreshold,
  sparseData,
} from "../weight-decay/penalties.ts";
import { lesson } from "./run.ts";

const lambdas = [0.03, 0.1, 0.3, 1];

/** Centred data, and the gradient of the mean of (ŷ - y)² / 2 at the models' weights. */
function slope(X: torch.Tensor, y: torch.Tensor, W: torch.Tensor): number[][] {
  const Xc = X.sub(X.mean(0)).to("float64");
  const yc = y.sub(y.mean(0)).to("float64");
  return Xc.mT
    .matmul(Xc.matmul(W.to("float64")).sub(yc))
    .div(X.length)
    .tolist() as number[][];
}

test("softThreshold moves towards zero and stops there", () => {
  const w = torch.tensor([-3, -0.5, 0, 0.5, 0.75, 3]);
  expect(softThreshold(w, 0.75).tolist()).toEqual([-2.25, 0, 0, 0, 0, 2.25]);
});

describe("descend", () => {
  torch.manualSeed(0);
  const [X, y] = sparseData([2, -1, 0.5], 40, 60, 0.5);

  test("ridge is where the gradient of loss and penalty vanishes", () => {
    const { W, b } = descend(X, y, lambdas, "l2");
    const w = W.tolist() as number[][];
    for (const [j, row] of slope(X, y, W).entries())
      for (const [l, g] of row.entries()) expect(Math.abs(g + lambdas[l]! * w[j]![l]!)).toBeLessThan(2e-6);
    // The offset lets the residuals sum to zero.
    expect(X.matmul(W).add(b).sub(y).mean(0).abs().max().item()).toBeLessThan(1e-6);
  });

  test("ridge is the closed form", () => {
    const ours = descend(X, y, lambdas, "l2");
    const exact = closedForm(X, y, lambdas);
    expect(ours.W.sub(exact.W).abs().max().item()).toBeLessThan(1e-5);
    expect(ours.b.sub(exact.b).abs().max().item()).toBeLessThan(1e-5);
  });

  test("lasso fulfils the Karush-Kuhn-Tucker conditions", () => {
    const { W } = descend(X, y, lambdas, "l1", 6000);
    const w = W.tolist() as number[][];
    let zeros = 0;
    for (const [j, row] of slope(X, y, W).entries())
      for (const [l, g] of row.entries()) {
        const [lambda, weight] = [lambdas[l]!, w[j]![l]!];
        if (weight === 0) {
          zeros++;
          expect(Math.abs(g)).toBeLessThan(lambda + 2e-6);
        } else expect(Math.abs(g + lambda * Math.sign(weight))).toBeLessThan(2e-6);
      }
    expect(zeros).toBeGreaterThan(60);
    expect(zeros).toBeLessThan(160);
  });

  test("lasso on orthogonal inputs is the soft threshold of the least squares", () => {
    const n = 32;
    const raw = torch.normal(0, 1, [n, 8]);
    const [Q] = torch.linalg.qr(raw.sub(raw.mean(0)));
    const inputs = Q.mul(Math.sqrt(n)) as torch.Tensor;
    const labels = torch.normal(0, 1, [n, 1]);
    const least = inputs.mT.matmul(labels).div(n);
    const { W } = descend(inputs, labels, lambdas, "l1");
    expect(
      W.sub(softThreshold(least, torch.tensor(lambdas)))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
  });

  test("lasso without a weight from the largest correlation on, with one just below", () => {
    const zero = torch.zeros(40, 1);
    const most = Math.max(...slope(X, y, zero).map(([g]) => Math.abs(g!)));
    const { W } = descend(X, y, [most * 1.001, most * 0.99], "l1");
    expect(W.ne(0).sum(0).tolist()).toEqual([0, 1]);
  });
});

test("crossValidate is the mean error of the folds left out", () => {
  torch.manualSeed(1);
  const [X, y] = sparseData([1], 3, 10, 0.1);
  const apart = [0, 5].map((begin) => {
    const rest = [0, 1, 2, 3, 4].map((i) => i + 5 - begin);
    const index = torch.tensor(rest);
    const model = closedForm(X.indexSelect(0, index), y.indexSelect(0, index), lambdas);
    return errors(model, X.narrow(0, begin, 5), y.narrow(0, begin, 5));
  });
  const mean = apart[0]!.add(apart[1]!).div(2).tolist() as number[];
  crossValidate(2, X, y, lambdas, "l2").forEach((error, i) => {
    expect(error).toBeCloseTo(mean[i]!, 5);
  });
});

test("grid has equal ratios", () => {
  expect(grid(0.01, 10, 4).map((x) => Number(x.toPrecision(6)))).toEqual([0.01, 0.1, 1, 10]);
  expect(grid(2, 5, 1)).toEqual([2]);
});

describe("the comparison", () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    lesson(["weight-decay", "--part", "penalties", ...args]);

  test.for([42, 7])("with seed %i lasso selects what matters and ridge does not", (seed) => {
    const { stdout, stderr } = run("--json", "--seed", String(seed));
    expect(stderr).toBe("");
    const { runs, penalties } = JSON.parse(stdout) as { runs: unknown[]; penalties: Comparison };
    expect(runs).toEqual([]);
    const { ridge, lasso, lambdas, closedFormDifference } = penalties;
    for (const { validation, lambda } of [ridge, lasso])
      expect(lambda).toBe(lambdas[validation.indexOf(Math.min(...validation))]);
    expect(ridge.nonzero).toBe(100);
    expect(lasso.found).toBe(6);
    expect(lasso.nonzero).toBeLessThan(50);
    expect(lasso.testError).toBeLessThan(ridge.testError / 2);
    expect(lasso.testError).toBeGreaterThan(0.9 * penalties.noiseVariance);
    expect(closedFormDifference).toBeLessThan(2e-5);
  });

  test("the table, what it means, the figure; in Chinese too", () => {
    const { stdout } = run("--out", "a.json");
    expect(stdout).toContain("lasso (L1)");
    expect(stdout).toMatch(/sets 74 weights to exactly zero and keeps all the 6/);
    expect(stdout).toContain("Figure written to a.json");
    const chinese = run("--lang", "zh", "--folds", "3", "--out", "b.json").stdout;
    expect(chinese).toContain("套索");
    expect(chinese).toContain("恰好为零");
  });

  test.for([
    ["--part", "half"],
    ["--folds", "1"],
  ])("%s %s is refused", ([option, value]) => {
    const { status, stderr } = run(option!, value!);
    expect(status).toBe(2);
    expect(stderr).toContain(option);
  });
});
