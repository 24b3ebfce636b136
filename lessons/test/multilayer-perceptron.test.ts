// The lesson on multilayer perceptrons: PyTorch's numbers, its digits, its options, its live part.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import { split, unpack } from "../multilayer-perceptron/digits.ts";
import { pack } from "../multilayer-perceptron/digits-file.ts";
import { readDigits } from "../multilayer-perceptron/digits-node.ts";
import { lesson as live, provide } from "../multilayer-perceptron/live.ts";
import reference from "./fixtures/multilayer-perceptron.json" with { type: "json" };
import { picture, shownBy } from "./live.ts";
import { lesson, newFolder } from "./run.ts";

const small = reference.options.map(String);
const near = (ours: number, theirs: number): number => Math.abs(ours - theirs) / (2e-5 * Math.abs(theirs));

test("the numbers are PyTorch's: shuffling, dropout, weight decay and all", () => {
  const { status, stdout, stderr } = lesson(["multilayer-perceptron", "--json", ...small]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const { curve, compared } = JSON.parse(stdout) as {
    curve: Record<"trainLoss" | "trainAcc" | "testAcc", number>[];
    compared: (typeof reference.compared)[number][];
  };
  curve.forEach(({ trainLoss, trainAcc, testAcc }, epoch) => {
    [trainLoss, trainAcc, testAcc].forEach((value, i) => {
      expect(near(value, reference.curve[epoch]![i]!), `epoch ${epoch + 1}`).toBeLessThan(1);
    });
  });
  expect(curve).toHaveLength(reference.curve.length);
  expect(compared).toHaveLength(4);
  compared.forEach((ours, i) => {
    for (const key of ["trainLoss", "testLoss", "trainAcc", "testAcc", "norm"] as const)
      expect(near(ours[key], reference.compared[i]![key]), `${key} of ${i}`).toBeLessThan(1);
  });
});

test("by default it reads more than nineteen digits of twenty, and holding back helps", () => {
  const { stdout } = lesson(["multilayer-perceptron", "--json"]);
  const { curve, compared } = JSON.parse(stdout) as {
    curve: { testAcc: number }[];
    compared: { testLoss: number; testAcc: number; norm: number }[];
  };
  expect(curve.at(-1)!.testAcc).toBeGreaterThan(0.95);
  const [free, decay, dropout, both] = compared;
  expect(decay!.norm).toBeLessThan(free!.norm);
  for (const held of [decay, dropout, both]) expect(held!.testLoss).toBeLessThan(free!.testLoss);
  expect(both!.testAcc).toBeGreaterThan(free!.testAcc);
});

describe("digits", () => {
  const all = readDigits();

  test("are 10,000, of all classes, from paper to ink", () => {
    expect(all.images.shape).toEqual([10_000, 1, 28, 28]);
    expect(all.labels.bincount().tolist()).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
    expect([all.images.min().item(), all.images.max().item()]).toEqual([0, 1]);
  });

  test("are split without a picture in common", () => {
    torch.manualSeed(1);
    const numbered = { images: torch.arange(100).reshape(100, 1), labels: torch.arange(100) };
    const { train, test } = split(numbered, 70, 30);
    const both = [...(train.labels.tolist() as number[]), ...(test.labels.tolist() as number[])];
    expect(both.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(torch.equal(train.images.reshape(-1), train.labels)).toBe(true);
    expect(() => split(numbered, 71, 30)).toThrow(/100 digits: 71 to train on and 30/);
  });

  test("come out of the file for pages as they went in, to a sixteenth", async () => {
    const { images, labels } = await unpack(new Blob([pack(50)]));
    expect(images.shape).toEqual([50, 1, 28, 28]);
    expect(labels.narrow(0, 8, 4).tolist()).toEqual([8, 9, 0, 1]);
    // Picture 13 is the second three.
    const three = all.images.at(1001 + 1127 + 991 + 1);
    expect(Number(images.at(13).sub(three).abs().max().item())).toBeLessThanOrEqual(1 / 30 + 1e-6);
  });
});

describe("the command line", () => {
  test("prints a table and saves the figure with pictures", () => {
    const folder = newFolder();
    const { status, stdout } = lesson(["multilayer-perceptron", ...small], folder);
    expect(status).toBe(0);
    for (const text of ["reads", "weight decay 0.003", "dropout 0.5", "multilayer-perceptron.svg"])
      expect(stdout).toContain(text);
    const svg = readFileSync(join(folder, "multilayer-perceptron.svg"), "utf8");
    for (const text of ["handwritten digits", "decay 0.003 and dropout 0.5", "test acc"])
      expect(svg).toContain(text);
  });

  test.for([
    ["--train", "9000"],
    ["--few", "9000"],
    ["--few", "0"],
    ["--dropout", "1"],
    ["--weight-decay", "-1"],
  ])("%s %s is refused in one line with status 2", (args) => {
    const folder = newFolder();
    const { status, stdout, stderr } = lesson(["multilayer-perceptron", ...args, "--lang", "zh"], folder);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(args[0]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("the live part learns, shows digits and what it says of them, and decay shrinks the weights", () => {
  provide(readDigits());
  const run = (weightDecay: number) =>
    shownBy(live, { examples: 300, epochs: 6, hiddens: "16", weightDecay }, "zh");
  const { pictures, yields } = run(0);
  expect(yields).toBeGreaterThanOrEqual(6 * 6);
  const [train] = picture(pictures, "loss", "curves").curves;
  expect(train!.y).toHaveLength(7);
  expect(train!.y[6]).toBeLessThan(train!.y[0]!);
  const { values, captions, wrong } = picture(pictures, "digits", "images");
  expect(values.length).toBe(captions.length * 28 * 28);
  captions.forEach((caption, i) => {
    expect(caption.includes("应为")).toBe(wrong![i]);
  });
  const units = Array.from(picture(pictures, "units", "images").values);
  expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...units)).toBeLessThanOrEqual(1);
  const norm = (of: typeof pictures): number => Number(picture(of, "numbers", "numbers").rows.at(-1)!.value);
  expect(norm(run(0.02).pictures)).toBeLessThan(norm(pictures));
});
