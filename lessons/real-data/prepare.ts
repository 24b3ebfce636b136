// From a table as it comes from a file to numbers that a linear model can be trained on.

import * as torch from "flambeau";

type Tensor = torch.Tensor;

/** A column: numbers, or text; null where a value is missing. */
export type Values = readonly (number | null)[] | readonly (string | null)[];

/** A table: columns of equal length by name. */
export type Columns = ReadonlyMap<string, Values>;

/** What was done to the table that its reader should know of. */
export type Note =
  | { readonly kind: "noTarget"; readonly rows: number }
  | { readonly kind: "filled"; readonly column: string; readonly rows: number }
  | { readonly kind: "constant"; readonly column: string }
  | { readonly kind: "levels"; readonly column: string; readonly levels: number }
  | { readonly kind: "date"; readonly column: string };

/** Training and test data: features of mean 0 and standard deviation 1 over the training rows. */
export interface Prepared {
  readonly trainX: Tensor;
  readonly trainY: Tensor;
  readonly testX: Tensor;
  readonly testY: Tensor;
  readonly features: readonly string[];
  readonly notes: readonly Note[];
}

/** How to prepare a table. */
export interface Choices {
  /** The column to predict. */
  readonly target: string;
  /** Share of the rows that is held out for the test. */
  readonly testShare: number;
  /** 2 adds the squares and the products of the columns of numbers. */
  readonly degree: 1 | 2;
  /** Rows with a target that there must be. */
  readonly leastRows: number;
}

/** Words of a category beyond which a column says more about single rows than about kinds of them. */
const MOST_LEVELS = 20;
/** Features beyond which the products of columns are refused. */
const MOST_FEATURES = 1000;
const DATE = /^\d{4}-\d\d-\d\d$/;

interface Feature {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Whether squares and products of it mean something. */
  readonly numeric: boolean;
}

/** A feature in numbers without gaps. */
type Ready = Omit<Feature, "values"> & { readonly values: readonly number[] };

const isNumeric = (values: Values): values is readonly (number | null)[] =>
  values.every((value) => value === null || typeof value === "number");

/** The columns of rows as JSON has them: [{ "a": 1, "b": "x" }, …]. @throws ValueError for another shape */
export function columnsOf(rows: unknown, source: string): Columns {
  const wrong = (what: string): torch.ValueError =>
    new torch.ValueError(`${source}: ${what}; expected a list of rows such as [{"a": 1, "b": "x"}]`);
  if (!Array.isArray(rows) || rows.length === 0) throw wrong("there are no rows");
  const names = new Set<string>();
  for (const row of rows) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw wrong("a row is not an object");
    for (const name of Object.keys(row)) names.add(name);
  }
  const columns = new Map<string, Values>();
  for (const name of names) {
    const values = rows.map((row: Record<string, unknown>) => row[name] ?? null);
    const odd = values.find((value) => value !== null && typeof value === "object");
    if (odd !== undefined) throw wrong(`a value of '${name}' is neither a number nor text`);
    const numeric = values.every((value) => value === null || typeof value === "number");
    columns.set(
      name,
      numeric
        ? (values as (number | null)[])
        : values.map((value) => (value === null ? null : String(value))),
    );
  }
  return columns;
}

/** The target's column. @throws ValueError for one that is not there, or holds text */
function targetOf(columns: Columns, target: string): readonly (number | null)[] {
  const names = (list: Iterable<string>): string => [...list].map((name) => `'${name}'`).join(", ");
  const values = columns.get(target);
  if (!values)
    throw new torch.ValueError(`there is no column '${target}'; there are ${names(columns.keys())}`);
  if (isNumeric(values)) return values;
  const numeric = [...columns].filter(([, column]) => isNumeric(column)).map(([name]) => name);
  throw new torch.ValueError(
    `the target '${target}' is not a column of numbers: it holds '${values.find((value) => value !== null)}'; ` +
      (numeric.length > 0
        ? `columns of numbers are ${names(numeric)}`
        : "the table has no column of numbers"),
  );
}

/** The years of dates such as 1970-07-01, in fractions. */
const years = (values: readonly (string | null)[]): (number | null)[] =>
  values.map((date) => {
    if (date === null) return null;
    const [year, month, day] = date.split("-").map(Number);
    return year! + (month! - 1) / 12 + (day! - 1) / 365;
  });

/** The features of a column: itself, or one for each word that stands in it. */
function featuresOf(name: string, values: Values, notes: Note[]): Feature[] {
  const present = values.filter((value) => value !== null);
  const levels = [...new Set<string | number>(present)];
  if (levels.length < 2) {
    notes.push({ kind: "constant", column: name });
    return [];
  }
  const missing = values.length - present.length;
  if (isNumeric(values)) {
    if (missing > 0) notes.push({ kind: "filled", column: name, rows: missing });
    return [{ name, values, numeric: true }];
  }
  if ((present as string[]).every((value) => DATE.test(value))) {
    notes.push({ kind: "date", column: name });
    return [{ name, values: years(values), numeric: true }];
  }
  if (levels.length > MOST_LEVELS) {
    notes.push({ kind: "levels", column: name, levels: levels.length });
    return [];
  }
  if (missing > 0) notes.push({ kind: "filled", column: name, rows: missing });
  return levels.sort().map((level) => {
    const values01 = values.map((value) => (value === null ? null : Number(value === level)));
    return { name: `${name} = ${level}`, values: values01, numeric: false };
  });
}

/** Standardises by the training rows, which come first; a missing value becomes their mean, 0. */
function standardised({ values }: Feature, trainRows: number): number[] | null {
  const known = values.slice(0, trainRows).filter((value): value is number => value !== null);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
  if (!(deviation > 1e-12 * Math.max(1, Math.abs(mean)))) return null;
  return values.map((value) => (value === null ? 0 : (value - mean) / deviation));
}

/** The squares and products of the columns of numbers, C(k + 1, 2) of them. */
function products(features: readonly Ready[]): Feature[] {
  const numeric = features.filter((feature) => feature.numeric);
  return numeric.flatMap((a, i) =>
    numeric.slice(i).map((b) => ({
      name: a === b ? `${a.name}²` : `${a.name} × ${b.name}`,
      values: a.values.map((value, row) => value * b.values[row]!),
      numeric: true,
    })),
  );
}

/**
 * Shuffles the rows by the default generator, holds some out, and makes numbers of all columns: text becomes a feature for each
 * word, dates become years, missing values the mean. Columns with one value and those with too many words are left out.
 *
 * @throws ValueError for a target that is not there or is no number, for too few rows, for no feature or too many
 */
export function prepare(columns: Columns, { target, testShare, degree, leastRows }: Choices): Prepared {
  const targets = targetOf(columns, target);
  const rows = [...targets.keys()].filter((row) => targets[row] !== null);
  if (rows.length < leastRows)
    throw new torch.ValueError(
      `${rows.length === 1 ? "1 row has" : `${rows.length} rows have`} a value in '${target}'; at least ${leastRows} are needed`,
    );
  if (new Set(rows.map((row) => targets[row])).size < 2)
    throw new torch.ValueError(
      `the target '${target}' is ${targets[rows[0]!]} in every row: there is nothing to predict`,
    );
  const notes: Note[] = [];
  if (rows.length < targets.length) notes.push({ kind: "noTarget", rows: targets.length - rows.length });
  const order = (torch.randperm(rows.length).tolist() as number[]).map((i) => rows[i]!);
  const testRows = Math.max(1, Math.round(testShare * rows.length));
  const trainRows = rows.length - testRows;

  const usable = (feature: Feature): Ready[] => {
    const values = standardised(feature, trainRows);
    if (values) return [{ ...feature, values }];
    notes.push({ kind: "constant", column: feature.name });
    return [];
  };
  const shuffled = (values: Values): Values => order.map((row) => values[row] ?? null) as unknown as Values;
  const base = [...columns]
    .filter(([name]) => name !== target)
    .flatMap(([name, values]) => featuresOf(name, shuffled(values), notes))
    .flatMap(usable);
  if (base.length === 0) throw new torch.ValueError(`no column is left to predict '${target}' from`);
  const k = base.filter(({ numeric }) => numeric).length;
  const all = base.length + (k * (k + 1)) / 2;
  if (degree === 2 && all > MOST_FEATURES)
    throw new torch.ValueError(
      `squares and products of ${k} columns of numbers make ${all} features, more than ${MOST_FEATURES}: use --degree 1`,
    );
  const features = degree === 2 ? [...base, ...products(base).flatMap(usable)] : base;

  const X = torch.tensor(
    order.map((_, row) => features.map(({ values }) => values[row]!)),
    { dtype: "float32" },
  ) as unknown as Tensor;
  const y = torch.tensor(
    order.map((row) => [targets[row]!]),
    { dtype: "float32" },
  ) as unknown as Tensor;
  return {
    trainX: X.narrow(0, 0, trainRows),
    trainY: y.narrow(0, 0, trainRows),
    testX: X.narrow(0, trainRows, testRows),
    testY: y.narrow(0, trainRows, testRows),
    features: features.map(({ name }) => name),
    notes,
  };
}
