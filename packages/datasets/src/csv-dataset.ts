// Rows of a CSV file as examples.

import * as torch from "flambeau";
import type { CsvOptions } from "./table.ts";
import { readCsv, Table } from "./table.ts";

/** Options of {@link CsvDataset}. */
export interface CsvDatasetOptions extends CsvOptions {
  /** The column to predict. */
  readonly target: string;
  /** The columns to predict it from. Default: all other columns of numbers. */
  readonly features?: readonly string[];
  /** Whether rows without a value are left out, or an error. Default "error". */
  readonly missingRows?: "error" | "drop";
  /** Whether features get mean 0 and standard deviation 1. Default false. */
  readonly standardize?: boolean;
}

/**
 * Examples [features, target]: a float32 vector, and a float32 number, or the int32 class of a target that is text.
 *
 * @param source a path, a file URL, or a table
 * @throws ValueError for a column that is not there, for missing values unless `missingRows` is "drop", for no rows
 * @example
 * const dataset = new CsvDataset("cars.csv", { target: "mpg", missingRows: "drop", standardize: true });
 * const loader = new data.DataLoader(dataset, { batchSize: 16, shuffle: true });
 */
export class CsvDataset extends torch.data.TensorDataset<readonly [torch.AnyTensor, torch.AnyTensor]> {
  readonly table: Table;
  readonly features: readonly string[];
  readonly target: string;
  /** Names of the classes of a target that is text, else null. */
  readonly classes: readonly string[] | null;

  constructor(source: string | URL | Table, options: CsvDatasetOptions) {
    const { target, missingRows = "error", standardize = false } = options;
    const all = source instanceof Table ? source : readCsv(source, options);
    all.column(target);
    const features = options.features ?? all.numericColumns.filter((n) => n !== target);
    if (features.length === 0) throw new torch.ValueError("CsvDataset: there is no column to predict from");
    const table = missingRows === "drop" ? all.dropMissing([...features, target]) : all;
    if (table.length === 0) throw new torch.ValueError("CsvDataset: there are no rows");
    const matrix = table.toTensor(features);
    const classes = table.numericColumns.includes(target) ? null : table.categories(target);
    const y = table.toTensor([target]).squeeze(1);
    super(standardize ? Table.standardized(matrix) : matrix, classes ? y.to("int32") : y);
    this.table = table;
    this.features = features;
    this.target = target;
    this.classes = classes;
  }
}
