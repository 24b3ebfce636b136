// The attention lesson: its kernels against PyTorch, its Transformer against the right dates, its options and its output.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import { dateExamples, encode, sourceLength, sources } from "../attention/dates.ts";
import { kernelData, nonparametric } from "../attention/lesson.ts";
import { lesson as live } from "../attention/live.ts";
import { DateWriter } from "../attention/transformer.ts";
import reference from "./fixtures/attention.json" with { type: "json" };
import { picture, shownBy } from "./live.ts";
import { lesson, newFolder } from "./run.ts";

interface Json {
  seed: number;
  kernel: { average: number; nonparametric: number; parametric: number; w: number; losses: number[] };
  transformer: {
    exact: number;
    held: number;
    curve: { step: number; loss: number; wrong: number }[];
    dates: { source: string; written: string; right: boolean | null }[];
  };
}

const quick = ["--steps", "20", "--hiddens", "16", "--held", "50"];

describe("numbers", () => {
  test.for([
    [0, []],
    [1, ["--seed", "1", "--examples", "30", "--noise", "0.2", "--epochs", "8", "--lr", "0.1"]],
  ] as const)("the kernels give PyTorch's errors, run %i", ([at, options]) => {
    const { status, stdout, stderr } = lesson(["attention", "--json", ...quick, ...options]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const ours = (JSON.parse(stdout) as Json).kernel;
    const theirs = reference.runs[at]!;
    for (const key of ["average", "nonparametric", "parametric", "w"] as const)
      expect(Math.abs(ours[key] / theirs[key] - 1), key).toBeLessThan(2e-5);
    expect(ours.losses).toHaveLength(theirs.losses.length);
    ours.losses.forEach((loss, i) => {
      expect(Math.abs(loss / theirs.losses[i]! - 1)).toBeLessThan(2e-5);
    });
  });

  test("a minute's training writes at least 99 % of unseen dates without a mistake", {
    timeout: 600_000,
  }, () => {
    const { stdout } = lesson(["attention", "--json"]);
    const { transformer } = JSON.parse(stdout) as Json;
    expect(transformer.held).toBe(1000);
    expect(transformer.exact).toBeGreaterThanOrEqual(990);
    expect(transformer.curve).toHaveLength(20);
    expect(transformer.curve[0]!.wrong).toBeGreaterThan(0.9);
    for (const { source, written, right } of transformer.dates) {
      const digits = source.match(/\d+/g)!;
      expect(written.includes(digits.find((d) => d.length === 4)!)).toBe(true);
      expect(right).toBe(true);
    }
  });
});

describe("dates", () => {
  test("no day is both learned from and asked for, and all two hundred years are there", () => {
    torch.manualSeed(5);
    const { train, test: held } = dateExamples(1000);
    const days = new Set(train.map(({ target }) => target));
    expect(days.size).toBe(73_049 - 1000);
    expect(held.filter(({ target }) => days.has(target))).toEqual([]);
    for (const { source, target } of [...train.slice(0, 500), ...held]) {
      expect([...source].length).toBeLessThanOrEqual(sourceLength);
      const iso = /^(\d{4})-(\d\d)-(\d\d)$/.exec(target)!;
      // In all ways of writing, the year and the day appear as they are.
      expect(source).toContain(iso[1]);
      expect(source).toContain(String(Number(iso[3])));
      expect(new Date(`${target}T00:00Z`).toISOString().slice(0, 10)).toBe(target);
    }
  });

  test("texts are numbers and back; what cannot be is named", () => {
    expect(sources.decode(sources.encode("2026年11月26日", sourceLength))).toBe("2026年11月26日");
    expect(() => sources.encode("26-11-2026", sourceLength)).toThrow(/character "-" does not occur/);
    expect(() => sources.encode("September 26, 2026 ", sourceLength)).toThrow(/longer than 18/);
    expect(encode([{ source: "1/2/1950", target: "1950-02-01" }]).validLens.tolist()).toEqual([8]);
  });

  test("a character looks at no later one: what follows changes nothing", () => {
    torch.manualSeed(1);
    const { net } = new DateWriter({ numHiddens: 16, numHeads: 2, numLayers: 1, dropout: 0 });
    net.eval();
    const { X, validLens, Y } = encode([{ source: "1 May 2001", target: "2001-05-01" }]);
    const changed = Y.clone();
    changed.set(":, 5:", 3);
    const [one, two] = [Y, changed].map((written) => net(X, validLens, written));
    expect(torch.equal(one!.narrow(1, 0, 5), two!.narrow(1, 0, 5))).toBe(true);
    expect(torch.equal(one!, two!)).toBe(false);
  });

  test("weights of attention are means over the characters of the text", () => {
    torch.manualSeed(1);
    const writer = new DateWriter({ numHiddens: 16, numHeads: 2, numLayers: 2, dropout: 0.1 });
    const { answer, weights } = writer.lookedAt("1 May 2001");
    expect(weights.shape).toEqual([2, 10, 10]);
    expect(Number(weights.sum(2).sub(1).abs().max().item())).toBeLessThan(1e-5);
    expect(writer.write(["1 May 2001"])).toEqual([answer]);
    expect(writer.net.training).toBe(true);
  });
});

test("a kernel so narrow that it sees one example gives that example's value", () => {
  torch.manualSeed(3);
  const data = kernelData(20, 0.5);
  const [yHat] = nonparametric({ ...data, xTest: data.xTrain }, 1e-4);
  expect(Number(yHat.sub(data.yTrain).abs().max().item())).toBeLessThan(1e-5);
});

describe("the command line", () => {
  test("prints errors, answers and where the network looked, and saves the figure", () => {
    const folder = newFolder();
    const { status, stdout } = lesson(["attention", ...quick, "--date", "26 November 2026"], folder);
    expect(status).toBe(0);
    for (const text of ["average pooling", "mean squared error", "26 November 2026", "attention.svg"])
      expect(stdout).toContain(text);
    for (const line of stdout.split("\n")) expect(d2l.textWidth(line)).toBeLessThanOrEqual(100);
    const svg = readFileSync(join(folder, "attention.svg"), "utf8");
    for (const text of ["kernel regression", "Transformer on dates", "attention weights, w = 1"])
      expect(svg).toContain(text);
  });

  test("speaks Chinese", () => {
    const { stdout } = lesson(["attention", ...quick, "--lang", "zh", "--quiet"]);
    expect(stdout).toContain("均方误差");
    expect(stdout).toContain("图已写入 attention.svg");
  });

  test.for([
    ["--steps", "1"],
    ["--dropout", "1"],
    ["--heads", "5"],
    ["--date", "26-11-2026"],
    ["--date", "26 November 2026, a Thursday"],
    ["--held", "80000"],
    ["--examples", "1"],
  ])("%s %s is refused in one line with status 2", (args) => {
    const folder = newFolder();
    const { status, stdout, stderr } = lesson(["attention", ...args], folder);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(args[0]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the live part", () => {
  test("a wider kernel spreads its weights, and the errors are shown over all widths", () => {
    const largest = (width: number): number => {
      const { pictures } = shownBy(live, { width });
      const { values, rows, columns } = picture(pictures, "weights", "heatmap");
      expect(values.length).toBe(rows * columns);
      return Math.max(...Array.from(values));
    };
    expect(largest(0.05)).toBeGreaterThan(largest(2));
    const { pictures } = shownBy(live, { width: 1 });
    expect([...pictures.keys()]).toEqual(["fit", "weights", "widths", "numbers"]);
    // Width 1 is the lesson's fixed kernel: the first numbers drawn from seed 42 are its data.
    const [average, now] = picture(pictures, "numbers", "numbers").rows.map(({ value }) => Number(value));
    expect(average).toBeCloseTo(reference.runs[0]!.average, 4);
    expect(now).toBeCloseTo(reference.runs[0]!.nonparametric, 4);
    const [test, left] = picture(pictures, "widths", "curves").curves;
    expect(test!.y).toHaveLength(40);
    expect(Array.from(left!.y).every(Number.isFinite)).toBe(true);
  });

  test("the Transformer trains step by step, in Chinese too", () => {
    const { pictures, yields } = shownBy(live, { part: "dates", steps: 250, hiddens: 8 }, "zh");
    expect(yields).toBeGreaterThanOrEqual(250);
    const [loss] = picture(pictures, "loss", "curves").curves;
    expect(loss!.y).toHaveLength(10);
    expect(loss!.y[9]).toBeLessThan(loss!.y[0]!);
    expect(picture(pictures, "answers", "numbers").rows.at(-1)!.value).toMatch(/^6 个中写对 \d 个$/);
    const { rowNames, columnNames, values } = picture(pictures, "looked", "heatmap");
    expect(rowNames!.length * columnNames!.length).toBe(values.length);
  });
});
