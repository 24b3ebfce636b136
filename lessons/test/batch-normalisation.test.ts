// The lesson on batch normalisation: the layer by hand, PyTorch's numbers, what a look changes, options, live part.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as torch from "flambeau";
import { nn } from "flambeau";
import { describe, expect, test } from "vitest";
import { BatchNorm, compareByHand, Deep, runningMeans, spirals } from "../batch-normalisation/lesson.ts";
import { lesson as live } from "../batch-normalisation/live.ts";
import reference from "./fixtures/batch-normalisation.json" with { type: "json" };
import { picture, shownBy } from "./live.ts";
import { lesson, newFolder } from "./run.ts";

interface Json {
  byHand: { flat: number; images: number };
  runs: {
    losses: number[];
    gradients: { first: number[]; last: number[] };
    accuracy: { train: number; eval: number };
    state: Record<string, number>[];
  }[];
  modes: { training: number[]; evaluation: number };
  running: number[][];
}

const small = reference.options.map(String);
const apart = (ours: number, theirs: number): number => Math.abs(ours - theirs) / (Math.abs(theirs) + 1e-6);

describe("the layer by hand", () => {
  test("is nn.BatchNorm1d and nn.BatchNorm2d, in outputs, gradients and state", () => {
    torch.manualSeed(1);
    expect(compareByHand([8, 4])).toBeLessThan(1e-6);
    expect(compareByHand([3, 4, 5, 2])).toBeLessThan(1e-6);
  });

  test("exchanges state dicts with it", () => {
    const [ours, theirs] = [new BatchNorm(3), new nn.BatchNorm1d(3)];
    theirs(torch.normal(1, 2, [6, 3]));
    expect([...Object.keys(ours.stateDict())]).toEqual(Object.keys(theirs.stateDict()));
    ours.loadStateDict(theirs.stateDict());
    const X = torch.rand(2, 3);
    const difference = ours.eval()(X).sub(theirs.eval()(X)).abs().max().item();
    expect(Number(difference)).toBeLessThan(1e-6);
  });
});

describe("numbers", () => {
  test.for(["0.1", "none"] as const)("are PyTorch's, with momentum %s", (momentum) => {
    const { status, stdout, stderr } = lesson([
      "batch-normalisation",
      "--json",
      ...small,
      "--momentum",
      momentum,
    ]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const { runs } = JSON.parse(stdout) as Json;
    runs.forEach((ours, i) => {
      const theirs = reference.runs[momentum][i]!;
      ours.losses.forEach((loss, k) => expect(apart(loss, theirs.losses[k]!)).toBeLessThan(1e-5));
      expect(ours.gradients.first).toHaveLength(4);
      ours.gradients.first.forEach((g, k) =>
        expect(apart(g, theirs.gradients[k]!), `layer ${k + 1}`).toBeLessThan(1e-4),
      );
      expect(ours.accuracy.eval).toBeCloseTo(theirs.eval, 6);
      // The first entry is the state before training.
      ours.state.slice(1).forEach((state, k) => {
        for (const [piece, value] of Object.entries(theirs.state[k]!))
          expect(apart(state[piece]!, value), piece).toBeLessThan(2e-4);
      });
    });
    expect(runs[1]!.state).toHaveLength(4);
  });

  test("by default the deep network learns with normalisation, and not without", () => {
    const { runs, byHand, modes, running } = JSON.parse(
      lesson(["batch-normalisation", "--json"]).stdout,
    ) as Json;
    const [without, withNorm] = runs;
    expect(without!.losses.at(-1)).toBeGreaterThan(1.05);
    expect(withNorm!.losses.at(-1)).toBeLessThan(0.5);
    expect(withNorm!.accuracy.eval).toBeGreaterThan(0.9);
    const ratio = ({ gradients: { first } }: Json["runs"][number]): number => first.at(-1)! / first[0]!;
    expect(ratio(without!)).toBeGreaterThan(1e4);
    expect(ratio(withNorm!)).toBeLessThan(10);
    expect(byHand.flat).toBeLessThan(1e-6);
    expect(new Set(modes.training).size).toBe(3);
    expect(Math.abs(running[3]!.at(-1)! - 3)).toBeLessThan(0.5);
  });
});

test("the cumulative average is the mean of all batch means, momentum forgets the first", () => {
  torch.manualSeed(2);
  const { means, batch } = runningMeans([null, 0.5], 20, 4);
  const mean = batch.reduce((a, b) => a + b) / batch.length;
  expect(means[0]!.at(-1)).toBeCloseTo(mean, 5);
  const recursive = batch.reduce((old, now) => 0.5 * old + 0.5 * now, 0);
  expect(means[1]!.at(-1)).toBeCloseTo(recursive, 5);
});

test("a look at a network changes nothing in it", () => {
  torch.manualSeed(3);
  const [X, y] = spirals(30);
  const deep = new Deep({ depth: 2, width: 4, activation: "tanh", normalise: true, momentum: 0.1, lr: 0.1 });
  deep.step(X, y);
  const before = Object.values(deep.net.stateDict()).map((t) => t.clone());
  const [train, evaluated] = [deep.accuracy(X, y, true), deep.accuracy(X, y)];
  const activations = deep.probe(X);
  expect(train).toBeGreaterThanOrEqual(0);
  expect(evaluated).toBeGreaterThanOrEqual(0);
  expect(activations.map((h) => h.shape)).toEqual([
    [30, 4],
    [30, 4],
  ]);
  Object.values(deep.net.stateDict()).forEach((t, i) => {
    expect(torch.equal(t, before[i]!)).toBe(true);
  });
  expect(deep.net.training).toBe(true);
});

describe("the command line", () => {
  test("prints tables and saves the figure", () => {
    const folder = newFolder();
    const { status, stdout } = lesson(["batch-normalisation", ...small, "--lang", "zh"], folder);
    expect(status).toBe(0);
    for (const text of ["批量规范化", "num_batches_tracked", "batch-normalisation.svg"])
      expect(stdout).toContain(text);
    const svg = readFileSync(join(folder, "batch-normalisation.svg"), "utf8");
    for (const text of ["不用，训练前", "不同动量下的移动平均", "running_var"]) expect(svg).toContain(text);
  });

  test.for([
    ["--activation", "step"],
    ["--momentum", "0"],
    ["--momentum", "often"],
    ["--depth", "0"],
    ["--batch-size", "599"],
  ])("%s %s is refused in one line with status 2", (args) => {
    const folder = newFolder();
    const { status, stdout, stderr } = lesson(["batch-normalisation", ...args], folder);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(args[0]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("the live part shows a histogram for each layer, and learns only with normalisation", () => {
  const run = (normalise: boolean) => shownBy(live, { normalise, epochs: 20, depth: 5 });
  const { pictures, yields } = run(true);
  expect(yields).toBeGreaterThanOrEqual(20 * 12);
  const { rows } = picture(pictures, "activations", "histograms");
  expect(rows).toHaveLength(5);
  // 600 examples, 32 units.
  for (const { counts } of rows) expect(Array.from(counts).reduce((a, b) => a + b)).toBe(600 * 32);
  const last = (of: typeof pictures): number =>
    Array.from(picture(of, "loss", "curves").curves[0]!.y).at(-1)!;
  const free = run(false).pictures;
  expect(last(pictures)).toBeLessThan(0.9);
  expect(last(free)).toBeGreaterThan(1.05);
  const [first] = picture(free, "gradients", "curves").curves;
  expect(first!.y[5]! / first!.y[0]!).toBeGreaterThan(1e3);
  expect(picture(pictures, "state", "curves").curves.map(({ y }) => y.length)).toEqual([21, 21, 21, 21]);
});
