// Norms and capacity: formulas against enumeration, the fits against PyTorch's, the program's options and output.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import {
  countMonomials,
  l1Norm,
  l2Norm,
  leastSquares,
  monomials,
  polyFeatures,
  polynomialData,
} from "../norms-and-capacity/lesson.ts";
import { lesson as live } from "../norms-and-capacity/live.ts";
import type { Result } from "../norms-and-capacity/run.ts";
import reference from "./fixtures/norms-and-capacity.json" with { type: "json" };
import { picture, shownBy } from "./live.ts";
import type { Outcome } from "./run.ts";
import { lesson, newFolder } from "./run.ts";

const run = (args: readonly string[], folder?: string): Outcome =>
  lesson(["norms-and-capacity", ...args], folder);

test("norms are torch's", () => {
  const x = torch.tensor([3, -4, 0.5]);
  expect(l1Norm(x)).toBe(7.5);
  expect(l2Norm(x)).toBeCloseTo(Math.sqrt(25.25), 6);
  expect(l2Norm(x)).toBeCloseTo(torch.norm(x).item(), 6);
});

test("monomials are as many as the formula says, each once and of its degree", () => {
  for (let k = 1; k <= 5; k++)
    for (let d = 0; d <= 5; d++) {
      const all = monomials(k, d);
      expect(all).toHaveLength(countMonomials(k, d));
      expect(new Set(all.map(String)).size).toBe(all.length);
      for (const powers of all) {
        expect(powers).toHaveLength(k);
        expect(powers.reduce((sum, power) => sum + power, 0)).toBe(d);
      }
    }
  expect(countMonomials(100, 5)).toBe(91_962_520);
});

test("features are powers over factorials", () => {
  const features = polyFeatures(torch.tensor([2, -1.5]), 5).tolist() as number[][];
  [2, -1.5].forEach((x, i) => {
    [1, x, x ** 2 / 2, x ** 3 / 6, x ** 4 / 24].forEach((value, j) => {
      expect(features[i]![j]).toBeCloseTo(value, 6);
    });
  });
});

test("least squares finds a polynomial without noise, and leaves residuals that no feature explains", () => {
  torch.manualSeed(0);
  const [x, y] = polynomialData(15, 0);
  const exact = leastSquares(polyFeatures(x, 4), polyFeatures(x, 4), y, y);
  [5, 1.2, -3.4, 5.6].forEach((w, i) => {
    expect(exact.weights[i]).toBeCloseTo(w, 4);
  });
  const [u, v] = polynomialData(15, 0.1);
  const X = polyFeatures(u, 6).to("float64");
  const { weights } = leastSquares(polyFeatures(u, 6), polyFeatures(u, 6), v, v);
  const residual = X.matmul(torch.tensor(weights, { dtype: "float64" }).reshape(-1, 1)).sub(v);
  expect(X.mT.matmul(residual).abs().max().item()).toBeLessThan(1e-9);
});

describe("numbers", () => {
  test.for(reference.seeds)("seed $seed gives PyTorch's losses and weights", ({ seed, runs }) => {
    const { status, stdout, stderr } = run([
      "--json",
      "--seed",
      `${seed}`,
      "--epochs",
      `${reference.epochs}`,
    ]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const ours = JSON.parse(stdout) as Result;
    expect(ours.runs.map(({ degree }) => degree)).toEqual(runs.map(({ degree }) => degree));
    ours.runs.forEach((mine, i) => {
      const theirs = runs[i]!;
      mine.weights.forEach((w, j) => {
        expect(Math.abs(w - theirs.weights[j]!)).toBeLessThan(2e-5);
      });
      expect(mine.curve.map(({ epoch }) => epoch)).toEqual(theirs.curve.map(([epoch]) => epoch));
      mine.curve.forEach(({ trainLoss, testLoss }, k) => {
        const [, train, test] = theirs.curve[k]!;
        expect(Math.abs(trainLoss - train!) / train!).toBeLessThan(1e-4);
        expect(Math.abs(testLoss - test!) / test!).toBeLessThan(1e-4);
      });
    });
  });

  test("too low a degree underfits, too high a one overfits, and least squares drives it to the end", () => {
    const { runs, leastSquares, norms } = JSON.parse(run(["--json"]).stdout) as Result;
    const [low, right, high] = runs;
    expect(low!.trainLoss).toBeGreaterThan(100 * right!.trainLoss);
    expect(high!.trainLoss).toBeLessThan(2 * right!.trainLoss);
    expect(high!.testLoss).toBeGreaterThan(3 * right!.testLoss);
    leastSquares.slice(1).forEach((fit, i) => {
      expect(fit.trainLoss).toBeLessThanOrEqual(leastSquares[i]!.trainLoss * (1 + 1e-9));
    });
    const errors = leastSquares.map(({ testLoss }) => testLoss);
    expect(errors.indexOf(Math.min(...errors))).toBe(3);
    expect(norms.map(({ l2 }) => l2.toFixed(4))).toEqual(["1.0000", "1.0000", "1.0000"]);
    expect(norms.map(({ l1 }) => l1.toFixed(4))).toEqual(["1.0000", "1.4000", "2.0000"]);
  });
});

describe("output", () => {
  const quick = ["--epochs", "3"];

  test("tables, their meaning and a figure; in Chinese too", () => {
    const folder = newFolder();
    const { status, stdout } = run([...quick, "--out", "a.svg"], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("91,962,520");
    expect(stdout).toContain("degree 19");
    const svg = readFileSync(join(folder, "a.svg"), "utf8");
    for (const title of ["degree 1", "fitted polynomials", "least squares", "vectors of norm 1"])
      expect(svg).toContain(title);
    expect(run([...quick, "--lang", "zh", "--quiet"], folder).stdout).toContain("测试损失");
  });

  test("--json writes no figure; other degrees and sizes are followed", () => {
    const folder = newFolder();
    const { stdout } = run([...quick, "--json", "--degrees", "0,2", "--train", "7", "--test", "5"], folder);
    expect(readdirSync(folder)).toEqual([]);
    const { runs } = JSON.parse(stdout) as Result;
    expect(runs.map(({ degree, weights }) => [degree, weights.length])).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test.for([
    ["--degrees", "1,x"],
    ["--degrees", "31"],
    ["--epochs", "0"],
    ["--lr", "-1"],
    ["--train", "0"],
  ])("%s %s is refused in one line with status 2", ([option, value]) => {
    const { status, stdout, stderr } = run([option!, value!]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(option);
  });
});

test("the live part follows its controls", () => {
  const last = (changes: Record<string, number>): { losses: number[]; weights: number } => {
    const { pictures, yields } = shownBy(live, { epochs: 40, ...changes });
    expect(yields).toBe(5);
    const losses = picture(pictures, "loss", "curves").curves.map(({ y }) => y[y.length - 1]!);
    expect(picture(pictures, "fit", "curves").curves.map(({ x }) => x.length)).toEqual([121, 121, 20]);
    return { losses, weights: picture(pictures, "weights", "bars").values.length };
  };
  const line = last({ degree: 1 });
  const cubic = last({ degree: 3 });
  expect([line.weights, cubic.weights]).toEqual([2, 4]);
  expect(cubic.losses[0]).toBeLessThan(line.losses[0]!);
  // Nothing is left over from the run before.
  expect(last({ degree: 1 })).toEqual(line);
  expect(last({ degree: 1, seed: 3 })).not.toEqual(line);
});
