// Real data: how a table is prepared, the cars against an independent computation, the reader's own files, wrong ones.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as torch from "flambeau";
import { describe, expect, test } from "vitest";
import { lesson as live } from "../real-data/live.ts";
import type { Columns, Prepared } from "../real-data/prepare.ts";
import { columnsOf, prepare } from "../real-data/prepare.ts";
import type { Result } from "../real-data/run.ts";
import reference from "./fixtures/real-data.json" with { type: "json" };
import { picture, shownBy } from "./live.ts";
import type { Outcome } from "./run.ts";
import { lesson, newFolder } from "./run.ts";

const run = (args: readonly string[], folder?: string): Outcome => lesson(["real-data", ...args], folder);
const json = (args: readonly string[], folder?: string): Result => {
  const { status, stdout, stderr } = run(["--json", ...args], folder);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return JSON.parse(stdout) as Result;
};
const modelOf = (result: Result, kind: string): Result["models"][number] =>
  result.models.find((model) => model.kind === kind)!;

describe("prepare", () => {
  const choices = { target: "y", testShare: 0.25, degree: 1, leastRows: 4 } as const;
  const prepared = (columns: Record<string, (number | string | null)[]>, other: object = {}): Prepared => {
    torch.manualSeed(0);
    return prepare(new Map(Object.entries(columns)) as Columns, { ...choices, ...other });
  };
  const y = [1, 2, 3, 4, 5, 6, 7, 8];

  test("features have mean 0 and standard deviation 1 over the training rows; missing values become 0", () => {
    const { trainX, testX, trainY, testY, features, notes } = prepared({ a: [1, 5, null, 2, 8, 9, 4, 7], y });
    expect(features).toEqual(["a"]);
    expect(notes).toEqual([{ kind: "filled", column: "a", rows: 1 }]);
    expect([trainX.shape, testX.shape]).toEqual([
      [6, 1],
      [2, 1],
    ]);
    const x = [...trainX.reshape(-1).tolist(), ...testX.reshape(-1).tolist()] as number[];
    const order = [...trainY.reshape(-1).tolist(), ...testY.reshape(-1).tolist()] as number[];
    expect(order.toSorted()).toEqual(y);
    expect(x[order.indexOf(3)]).toBe(0);
    const known = x.slice(0, 6).filter((_, i) => order[i] !== 3);
    expect(known.reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 5);
    expect(known.reduce((sum, v) => sum + v * v, 0) / known.length).toBeCloseTo(1, 5);
  });

  test("a word becomes a feature, a date a year; names of single rows and constants are left out", () => {
    const { features, notes } = prepared(
      {
        name: Array.from({ length: 30 }, (_, i) => `car ${i}`),
        place: Array.from({ length: 30 }, (_, i) => (i % 3 ? "there" : "here")),
        day: Array.from({ length: 30 }, (_, i) => `19${70 + (i % 9)}-07-01`),
        one: Array.from({ length: 30 }, () => 1),
        none: Array.from({ length: 30 }, () => null),
        y: Array.from({ length: 30 }, (_, i) => i),
      },
      { degree: 2 },
    );
    expect(features).toEqual(["place = here", "place = there", "day", "day²"]);
    expect(notes).toEqual([
      { kind: "levels", column: "name", levels: 30 },
      { kind: "date", column: "day" },
      { kind: "constant", column: "one" },
      { kind: "constant", column: "none" },
    ]);
  });

  test("degree 2 adds C(k + 1, 2) squares and products", () => {
    const { features } = prepared(
      { a: [1, 5, 3, 2, 8, 9, 4, 7], b: [2, 2, 3, 1, 5, 0, 4, 9], y },
      { degree: 2 },
    );
    expect(features).toEqual(["a", "b", "a²", "a × b", "b²"]);
  });

  test("rows without a target are left out", () => {
    const { trainX, testX, notes } = prepared({ a: y, y: [1, null, 3, 4, 5, 6, 7, null] });
    expect(trainX.length + testX.length).toBe(6);
    expect(notes).toEqual([{ kind: "noTarget", rows: 2 }]);
  });

  test("what cannot be used is named", () => {
    expect(() => prepared({ a: y, z: y })).toThrow("there is no column 'y'; there are 'a', 'z'");
    expect(() => prepared({ a: y, y: y.map((v) => `n${v}`) })).toThrow(
      "the target 'y' is not a column of numbers: it holds 'n1'; columns of numbers are 'a'",
    );
    expect(() => prepared({ a: y, y: [1, 2, 3, ...Array(5).fill(null)] })).toThrow(
      "3 rows have a value in 'y'; at least 4 are needed",
    );
    expect(() => prepared({ a: y, y: y.map(() => 3) })).toThrow("the target 'y' is 3 in every row");
    expect(() => prepared({ a: y.map(() => 1), y })).toThrow("no column is left to predict 'y' from");
    const wide = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`c${i}`, y.map((v) => v ** (1 + i / 9))]),
    );
    expect(() => prepared({ ...wide, y }, { degree: 2 })).toThrow(
      "make 1325 features, more than 1000: use --degree 1",
    );
  });

  test("columnsOf reads rows, with what they lack", () => {
    expect([
      ...columnsOf(
        [
          { a: 1, b: "x" },
          { a: 2, c: true },
        ],
        "f",
      ),
    ]).toEqual([
      ["a", [1, 2]],
      ["b", ["x", null]],
      ["c", [null, "true"]],
    ]);
    for (const rows of [{}, [], [1], [{ a: [1] }]])
      expect(() => columnsOf(rows, "f.json")).toThrow(/^f\.json: .*expected a list of rows/);
  });
});

describe("the cars", () => {
  test.for(reference)(
    "with seed $seed the choices and errors are those of an independent computation",
    (theirs) => {
      const ours = json(["--seed", String(theirs.seed)]);
      expect([ours.trainRows, ours.features.length]).toEqual([theirs.train, theirs.features]);
      for (const kind of ["ridge", "lasso"] as const) {
        const [mine, other] = [modelOf(ours, kind), theirs[kind]];
        expect(mine.lambda).toBe(other.lambda);
        expect(Math.abs(mine.validation! / other.validation - 1)).toBeLessThan(5e-4);
        expect(Math.abs(mine.heldOut / other.heldOut - 1)).toBeLessThan(5e-4);
        mine.weights.forEach((w, i) => {
          expect(Math.abs(w - other.weights[i]!)).toBeLessThan(0.01);
        });
      }
      expect(modelOf(ours, "lasso").weights.filter((w) => w === 0)).toHaveLength(
        theirs.lasso.weights.filter((w) => w === 0).length,
      );
      expect(ours.closedFormDifference).toBeLessThan(1e-3);
      expect(modelOf(ours, "lasso").heldOut).toBeLessThan(modelOf(ours, "leastSquares").heldOut);
      expect(modelOf(ours, "ridge").heldOut).toBeLessThan(modelOf(ours, "mean").heldOut / 2);
    },
  );

  test("tables, notes and a figure; in Chinese too", () => {
    const folder = newFolder();
    const { status, stdout } = run(["--out", "a.svg"], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("'Name' has 304 different words");
    expect(stdout).toContain("ridge, closed form");
    expect(stdout).toContain("Weight_in_lbs");
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toContain("rows held out");
    const chinese = run(["--lang", "zh", "--degree", "1", "--out", "b.json"], folder).stdout;
    expect(chinese).toContain("留出误差");
  });
});

describe("the reader's own table", () => {
  /** y = 3 a - 2 b + 5 [x = up] + noise; with gaps. */
  function table(): string {
    torch.manualSeed(5);
    const [a, b, noise] = [0, 1, 2].map(() => torch.randn(60).tolist() as number[]);
    const lines = a!.map((value, i) => {
      const x = i % 4 === 0 ? "up" : "down";
      const y = 3 * value - 2 * b![i]! + (x === "up" ? 5 : 0) + 0.1 * noise![i]!;
      return [value, i === 7 ? "NA" : b![i], x, i === 9 ? "" : y].join(";");
    });
    return `a;b;x;y\n${lines.join("\n")}\n`;
  }

  test("a .csv with another delimiter, gaps and words", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "own.csv"), table());
    const own = ["--data", "own.csv", "--target", "y", "--delimiter", ";"];
    const result = json([...own, "--degree", "1"], folder);
    expect(readdirSync(folder)).toEqual(["own.csv"]);
    expect(result.data).toBe("own.csv");
    expect(result.features).toEqual(["a", "b", "x = down", "x = up"]);
    expect(result.notes).toEqual([
      { kind: "noTarget", rows: 1 },
      { kind: "filled", column: "b", rows: 1 },
    ]);
    expect(modelOf(result, "ridge").r2).toBeGreaterThan(0.97);
    expect(run([...own, "--out", "own.png"], folder).stdout).toContain("own.csv: 29 rows to train on");
    expect(readdirSync(folder)).toContain("own.png");
  });

  test("a .json", () => {
    const folder = newFolder();
    const rows = Array.from({ length: 40 }, (_, i) => ({ a: i, b: (i * 7) % 11, y: 2 * i + ((i * 7) % 11) }));
    writeFileSync(join(folder, "own.json"), JSON.stringify(rows));
    const result = json(["--data", "own.json", "--target", "y"], folder);
    expect(modelOf(result, "ridge").r2).toBeGreaterThan(0.99);
  });

  test.for([
    { args: ["--target", "mpg"], says: "there is no column 'mpg'; there are 'Name'" },
    { args: ["--target", "Origin"], says: "is not a column of numbers: it holds 'USA'" },
    { args: ["--data", "few.csv"], says: "--target is missing: the column to predict, one of 'a', 'y'" },
    {
      args: ["--data", "few.csv", "--target", "y"],
      says: "3 rows have a value in 'y'; at least 20 are needed",
    },
    { args: ["--data", "none.csv", "--target", "y"], says: "cannot read none.csv" },
    { args: ["--data", "bad.json", "--target", "y"], says: "bad.json is not JSON" },
    { args: ["--data", "ragged.csv", "--target", "y"], says: "ragged.csv" },
    { args: ["--degree", "3"], says: "expected 1 or 2" },
    { args: ["--test-share", "1"], says: "--test-share" },
    { args: ["--folds", "1"], says: "--folds" },
  ])("$args is refused in one line with status 2", ({ args, says }) => {
    const folder = newFolder();
    writeFileSync(join(folder, "few.csv"), "a,y\n1,2\n2,3\n3,4\n");
    writeFileSync(join(folder, "ragged.csv"), "a,y\n1,2\n2\n");
    writeFileSync(join(folder, "bad.json"), "{");
    const { status, stdout, stderr } = run(args, folder);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(says);
  });
});

test("the live part finds the lesson's weights and errors", () => {
  const theirs = reference[0]!;
  for (const [penalty, { lambda, heldOut, weights }] of [
    ["L2", theirs.ridge],
    ["L1", theirs.lasso],
  ] as const) {
    const { pictures, yields } = shownBy(live, { penalty, lambda, seed: theirs.seed });
    expect(yields).toBeGreaterThan(10);
    const rows = picture(pictures, "numbers", "numbers").rows;
    expect(Math.abs(Number(rows[1]!.value) / heldOut - 1)).toBeLessThan(2e-3);
    const bars = Array.from(picture(pictures, "weights", "bars").values);
    bars.forEach((w, i) => {
      expect(Math.abs(w - weights[i]!)).toBeLessThan(0.05);
    });
    if (penalty === "L1") expect(bars.filter((w) => w === 0).length).toBeGreaterThan(10);
    expect(picture(pictures, "predictions", "curves").curves[0]!.x.length).toBe(199);
  }
});
