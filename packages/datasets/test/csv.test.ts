// Tables from CSV files.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "flambeau";
import { afterAll, describe, expect, test } from "vitest";
import { CsvDataset, readCsv } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "flambeau-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}
const cars =
  '\uFEFFname,mpg,weight,origin\n"Ford, ""T""",12.5,900,US\nBeetle,NA,800,DE\nMini, 30 ,650,UK\n\n2CV,35,600,FR\n';

describe("readCsv", () => {
  test("quotes, byte order mark, spaces, empty lines, missing values", () => {
    const t = readCsv(file(cars));
    expect(t.columns).toEqual(["name", "mpg", "weight", "origin"]);
    expect(t.length).toBe(4);
    expect(t.column("name")).toEqual(['Ford, "T"', "Beetle", "Mini", "2CV"]);
    expect(t.column("mpg")).toEqual([12.5, null, 30, 35]);
    expect(t.numericColumns).toEqual(["mpg", "weight"]);
    expect(t.categories("origin")).toEqual(["DE", "FR", "UK", "US"]);
  });
  test("tensors", () => {
    const t = readCsv(file(cars));
    expect(() => t.toTensor()).toThrow("row 1 has no value in column 'mpg'");
    const whole = t.dropMissing();
    expect(whole.toTensor().tolist()).toEqual([
      [12.5, 900],
      [30, 650],
      [35, 600],
    ]);
    expect(t.toTensor(["origin"]).flatten().tolist()).toEqual([3, 0, 2, 1]);
  });
  test("other delimiters, names, and missing values", () => {
    const t = readCsv(file("1;2\n-;4\n"), { delimiter: ";", header: ["a", "b"], missing: ["-"] });
    expect([t.column("a"), t.column("b")]).toEqual([
      [1, null],
      [2, 4],
    ]);
    expect(readCsv(file("1,2\n"), { header: false }).columns).toEqual(["0", "1"]);
  });
  test("what is refused, by name", () => {
    expect(() => readCsv(join(folder, "none.csv"))).toThrow(/cannot read .*none\.csv/);
    expect(() => readCsv(file(""))).toThrow("is empty");
    expect(() => readCsv(file("a,b\n1\n"))).toThrow(/Invalid Record Length.*line 2/);
    expect(() => readCsv(file('a,b\n"1,2\n'))).toThrow(/readCsv: .*Quote Not Closed/);
    expect(() => readCsv(file("a,a\n1,2\n"))).toThrow("two columns 'a'");
    expect(() => readCsv(file("a\n1\n")).column("b")).toThrow("no column 'b'; there are 'a'");
    expect(() => readCsv(file("a,b\n1,2\n"), { header: ["x"] })).toThrow("2 columns, but 1 names");
  });
});

describe("CsvDataset", () => {
  test("numbers to predict, features of unit deviation", () => {
    const d = new CsvDataset(file(cars), { target: "mpg", missingRows: "drop", standardize: true });
    expect(d.features).toEqual(["weight"]);
    expect([d.length, d.classes]).toEqual([3, null]);
    const [x, y] = d.tensors;
    expect(y.tolist()).toEqual([12.5, 30, 35]);
    expect(Math.abs(x.mean().item() as number)).toBeLessThan(1e-6);
    expect(x.std().item()).toBeCloseTo(1, 5);
    const [batch] = [...new torch.data.DataLoader(d, { batchSize: 2 })];
    expect(batch!.map((t: torch.AnyTensor) => t.shape)).toEqual([[2, 1], [2]]);
  });
  test("classes to predict", () => {
    const d = new CsvDataset(file(cars), { target: "origin", features: ["weight"] });
    expect(d.classes).toEqual(["DE", "FR", "UK", "US"]);
    expect(d.tensors[1].tolist()).toEqual([3, 0, 2, 1]);
    expect(d.tensors[1].dtype).toBe("int32");
  });
  test("constant features", () => {
    const d = new CsvDataset(file("a,y\n2,1\n2,3\n"), { target: "y", standardize: true });
    expect(d.tensors[0].tolist()).toEqual([[0], [0]]);
  });
  test("what is refused", () => {
    expect(() => new CsvDataset(file(cars), { target: "price" })).toThrow("no column 'price'");
    expect(() => new CsvDataset(file(cars), { target: "mpg" })).toThrow("row 1 has no value in column 'mpg'");
    expect(() => new CsvDataset(file("y\n1\n"), { target: "y" })).toThrow("no column to predict from");
    expect(() => new CsvDataset(file("a,y\nNA,1\n"), { target: "y", missingRows: "drop" })).toThrow(
      "there are no rows",
    );
  });
});
