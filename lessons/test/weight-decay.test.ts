// The lesson as a user runs it: its numbers against PyTorch's, its options, and what it writes.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import reference from "./fixtures/weight-decay.json" with { type: "json" };
import type { Outcome } from "./run.ts";
import { newFolder, runFile } from "./run.ts";

const run = (args: readonly string[], folder?: string): Outcome =>
  runFile("weight-decay/main.ts", args, folder);

interface Json {
  seed: number;
  runs: {
    kind: string;
    lambda: number;
    wL2Norm: number;
    curve: { epoch: number; trainLoss: number; testLoss: number }[];
  }[];
}

/** How far a number is from PyTorch's, in units of what is allowed. */
const apart = (ours: number, theirs: number): number =>
  Math.abs(ours - theirs) / (1e-5 * Math.abs(theirs) + 1e-8);

describe("numbers", () => {
  test.for(reference.seeds)("seed $seed gives PyTorch's norms and curves", ({ seed, runs }) => {
    const { status, stdout, stderr } = run(["--json", "--seed", String(seed)]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const ours = JSON.parse(stdout) as Json;
    expect(ours.seed).toBe(seed);
    expect(ours.runs.map(({ kind, lambda }) => [kind, lambda])).toEqual(
      runs.map(({ kind, lambda }) => [kind, lambda]),
    );
    ours.runs.forEach((mine, i) => {
      const theirs = runs[i]!;
      expect(apart(mine.wL2Norm, theirs.wL2Norm)).toBeLessThan(1);
      expect(mine.curve.map(({ epoch }) => epoch)).toEqual(theirs.curve.map((_, k) => 5 * (k + 1)));
      mine.curve.forEach((point, k) => {
        expect(apart(point.trainLoss, theirs.curve[k]![0]!)).toBeLessThan(1);
        expect(apart(point.testLoss, theirs.curve[k]![1]!)).toBeLessThan(1);
      });
    });
  });

  test("another seed gives other numbers, the same seed the same", () => {
    const args = ["--json", "--epochs", "5", "--lambda", "1"];
    const once = run([...args, "--seed", "3"]).stdout;
    expect(run([...args, "--seed", "3"]).stdout).toBe(once);
    expect(JSON.parse(run([...args, "--seed", "4"]).stdout).runs).not.toEqual(JSON.parse(once).runs);
  });
});

describe("options", () => {
  test("sizes, penalties and epochs are followed", () => {
    const args =
      "--json --epochs 12 --lambda 0,1.5,9 --train 7 --test 3 --inputs 4 --batch-size 3 --lr 0.01".split(" ");
    const { runs } = JSON.parse(run(args).stdout) as Json;
    expect(runs.map((r) => `${r.kind} ${r.lambda}`)).toEqual([
      "scratch 0",
      "scratch 1.5",
      "scratch 9",
      "concise 0",
      "concise 1.5",
      "concise 9",
    ]);
    for (const { curve, wL2Norm } of runs) {
      expect(curve.map((p) => p.epoch)).toEqual([5, 10]);
      expect(wL2Norm).toBeGreaterThan(0);
    }
    expect(runs[2]!.wL2Norm).toBeLessThan(runs[0]!.wL2Norm);
  });

  test.for([
    ["--lambda", "0,x"],
    ["--lambda", "-1"],
    ["--epochs", "0"],
    ["--epochs", "2.5"],
    ["--lr", "fast"],
    ["--seed", "1e400"],
    ["--out", "figure.pdf"],
    ["--lang", "fr"],
    ["--colour"],
    ["--lr"],
    ["more"],
  ])("%s is refused in one line with status 2", (args) => {
    const folder = newFolder();
    const { status, stdout, stderr } = run(args, folder);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(args[0]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("output", () => {
  const quick = ["--epochs", "10"];

  test("the norms, their meaning, and a figure whose name is printed", () => {
    const folder = newFolder();
    const { status, stdout } = run([...quick, "--out", "a.svg"], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("L2 norm of w");
    expect(stdout).toMatch(/weights (do not )?shrink/);
    expect(stdout).toContain("a.svg");
    const svg = readFileSync(join(folder, "a.svg"), "utf8");
    expect(svg).toMatch(/^<svg/);
    for (const title of ["from scratch, λ = 0", "from scratch, λ = 3", "concise, λ = 0", "concise, λ = 3"])
      expect(svg).toContain(title);
  });

  test("Chinese on request", () => {
    const { stdout } = run([...quick, "--lang", "zh", "--quiet"]);
    expect(stdout).toContain("w 的 L2 范数");
    expect(stdout).toContain("图已写入 weight-decay.svg");
  });

  test("--json writes no figure unless asked to", () => {
    const folder = newFolder();
    run([...quick, "--json"], folder);
    expect(readdirSync(folder)).toEqual([]);
    run([...quick, "--json", "--out", "b.json"], folder);
    expect(existsSync(join(folder, "b.json"))).toBe(true);
  });

  test("a figure that cannot be written is an error, and leaves nothing behind", () => {
    const folder = newFolder();
    const { status, stderr } = run([...quick, "--out", "no/such/folder/c.svg"], folder);
    expect(status).toBe(1);
    expect(stderr).toContain("no/such/folder/c.svg");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a training that diverges says so", () => {
    const { status, stderr } = run([...quick, "--lr", "50", "--lambda", "0", "--json"]);
    expect(status).toBe(0);
    expect(stderr).toContain("diverged");
  });
});
