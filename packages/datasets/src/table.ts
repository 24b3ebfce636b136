// A table read from a CSV file: columns of numbers or of text, and tensors made from them.
// The parser is csv-parse, https://csv.js.org/parse/.

import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import * as torch from "flambeau";

/** Options of {@link readCsv}. */
export interface CsvOptions {
  /** What separates fields. Default ",". */
  readonly delimiter?: string;
  /** Whether the first line names the columns, or their names. Default true. */
  readonly header?: boolean | readonly string[];
  /** Fields that stand for a missing value. Default "", "NA", "N/A", "NaN", "nan", "null", "?". */
  readonly missing?: readonly string[];
}

const missingFields: readonly string[] = ["", "NA", "N/A", "NaN", "nan", "null", "?"];

/** The values of a column: numbers, or text where a field is no number. Missing ones are null. */
export type Column = readonly (number | null)[] | readonly (string | null)[];

const isNumeric = (c: Column): c is readonly (number | null)[] =>
  c.every((v) => v === null || typeof v === "number");

/** A table with named columns of equal length. */
export class Table {
  /** Names of the columns, in the order of the file. */
  readonly columns: readonly string[];
  /** Number of rows. */
  readonly length: number;
  readonly #values: ReadonlyMap<string, Column>;

  constructor(values: ReadonlyMap<string, Column>) {
    this.#values = values;
    this.columns = [...values.keys()];
    this.length = values.values().next().value?.length ?? 0;
    for (const [name, column] of values)
      if (column.length !== this.length)
        throw new torch.ValueError(
          `Table: column '${name}' has ${column.length} values, the first column ${this.length}`,
        );
  }

  /** The values of a column. @throws ValueError for a name that the table has not */
  column(name: string): Column {
    const found = this.#values.get(name);
    if (found) return found;
    throw new torch.ValueError(
      `Table: no column '${name}'; there are ${this.columns.map((c) => `'${c}'`).join(", ")}`,
    );
  }

  /** Names of the columns that hold numbers. */
  get numericColumns(): string[] {
    return this.columns.filter((name) => isNumeric(this.column(name)));
  }

  /** The distinct values of a column of text, sorted: the classes whose positions {@link toTensor} gives. */
  categories(name: string): string[] {
    return [
      ...new Set(
        this.column(name)
          .filter((v) => v !== null)
          .map(String),
      ),
    ].sort();
  }

  /** The rows that `keep` lists, in that order. */
  rows(keep: readonly number[]): Table {
    const pick = (c: Column): Column => keep.map((i) => c[i] ?? null) as unknown as Column;
    return new Table(new Map([...this.#values].map(([name, c]) => [name, pick(c)])));
  }

  /** The table without the rows in which one of the columns (default: any) has no value. */
  dropMissing(names: readonly string[] = this.columns): Table {
    const columns = names.map((n) => this.column(n));
    const keep: number[] = [];
    for (let i = 0; i < this.length; i++) if (columns.every((c) => c[i] !== null)) keep.push(i);
    return keep.length === this.length ? this : this.rows(keep);
  }

  /**
   * Columns as a float32 matrix [rows, columns]. Numbers stay, text becomes the position in {@link categories}.
   *
   * @param names default: the columns of numbers
   * @throws ValueError for a missing value, naming its row and column: use {@link dropMissing} first
   */
  toTensor(names: readonly string[] = this.numericColumns): torch.Tensor<[number, number]> {
    const data = new Float32Array(this.length * names.length);
    names.forEach((name, k) => {
      const column = this.column(name);
      const codes = isNumeric(column) ? null : new Map(this.categories(name).map((c, i) => [c, i]));
      column.forEach((v, i) => {
        if (v === null)
          throw new torch.ValueError(
            `Table: row ${i} has no value in column '${name}': leave such rows out with dropMissing()`,
          );
        data[i * names.length + k] = codes ? codes.get(String(v))! : (v as number);
      });
    });
    return torch.fromTypedArray(data, [this.length, names.length]) as unknown as torch.Tensor<
      [number, number]
    >;
  }

  /** Mean 0 and standard deviation 1 (of the sample) for each column of a matrix; constant columns become 0. */
  static standardized(x: torch.Tensor<[number, number]>): torch.Tensor<[number, number]> {
    const centred = x.sub(x.mean(0, { keepdim: true }));
    const deviation = centred
      .square()
      .sum(0, { keepdim: true })
      .div(Math.max(x.shape[0] - 1, 1))
      .sqrt();
    return centred.div(deviation.maskedFill(deviation.eq(0), 1)) as torch.Tensor<[number, number]>;
  }
}

/** What the parser says, in one line. */
const complaint = (source: string, error: CsvError): torch.ValueError =>
  new torch.ValueError(`readCsv: ${source}: ${error.message}`);

/**
 * Reads a CSV file (RFC 4180: quotes, delimiters and line breaks inside of quotes). A column in which every field is a
 * number, or missing, holds numbers.
 *
 * @param file a path or a file URL
 * @param options `delimiter` ",", `header` true, `missing`
 * @throws ValueError for a file that cannot be read, is empty, or whose lines differ in their number of fields
 * @example
 * const cars = readCsv("cars.csv").dropMissing();
 * const X = cars.toTensor(["horsepower", "weight"]);
 */
export function readCsv(file: string | URL, options: CsvOptions = {}): Table {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new torch.ValueError(`readCsv: cannot read ${String(file)}: ${(error as Error).message}`);
  }
  return parseCsv(text, String(file), options);
}

/** The table in a text; `source` is what messages call it. */
export function parseCsv(text: string, source: string, options: CsvOptions = {}): Table {
  const { delimiter = ",", header = true, missing = missingFields } = options;
  let records: string[][];
  try {
    records = parse(text, { delimiter, bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    if (error instanceof CsvError) throw complaint(source, error);
    throw error;
  }
  const first = records[0];
  if (!first) throw new torch.ValueError(`readCsv: ${source} is empty`);
  const names = header === true ? first : header === false ? first.map((_, i) => String(i)) : [...header];
  const rows = header === true ? records.slice(1) : records;
  if (names.length !== first.length)
    throw new torch.ValueError(
      `readCsv: ${source} has ${first.length} columns, but ${names.length} names were given`,
    );
  const double = names.find((n, i) => names.indexOf(n) !== i);
  if (double !== undefined) throw new torch.ValueError(`readCsv: ${source} has two columns '${double}'`);
  const absent = new Set(missing);
  return new Table(
    new Map(
      names.map((name, k): [string, Column] => {
        const fields = rows.map((row) => (absent.has(row[k]!) ? null : row[k]!));
        const numbers = fields.map((f) => (f === null ? null : Number(f)));
        return [name, numbers.some((n) => Number.isNaN(n)) ? fields : numbers];
      }),
    ),
  );
}
