// Reads the table: the cars that vega-datasets ships, or a file of the reader's.

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { readCsv } from "@flambeau/datasets";
import * as torch from "flambeau";
import type { Columns } from "./prepare.ts";
import { columnsOf } from "./prepare.ts";

/** The lesson's own table: cars of 1970 to 1982, first distributed by StatLib for educational and scientific purposes. */
export const CARS = "cars.json";
export const CARS_TARGET = "Miles_per_Gallon";

function readJson(file: string): Columns {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new torch.ValueError(`cannot read ${file}: ${(error as Error).message}`);
  }
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (error) {
    throw new torch.ValueError(`${file} is not JSON: ${(error as Error).message}`);
  }
  return columnsOf(rows, file);
}

/** The table of a file, by its ending, or that of the cars. */
export function load(file: string | undefined, delimiter: string): Columns {
  if (file === undefined)
    return readJson(fileURLToPath(new URL(`../data/${CARS}`, import.meta.resolve("vega-datasets"))));
  if (extname(file).toLowerCase() === ".json") return readJson(file);
  const table = readCsv(file, { delimiter });
  return new Map(table.columns.map((name) => [name, table.column(name)]));
}
