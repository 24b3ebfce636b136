// The command line of the lesson.

import { InvalidArgumentError, Option } from "commander";
import type { Call, CommonOptions } from "../shared/options.ts";
import { between, command, read, whole } from "../shared/options.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  /** The reader's own file; the lesson's cars where it is left out. */
  data?: string;
  target?: string;
  delimiter: string;
  degree: 1 | 2;
  testShare: number;
  folds: number;
}

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call): Options | number {
  const program = command(
    call,
    "Ridge and lasso on a real table: from the file to a chosen penalty to the error on rows held out.",
  )
    .option("--data <file>", "a table of your own: .csv with names in its first line, or .json with rows")
    .option("--target <column>", "the column to predict, of numbers (cars: Miles_per_Gallon)")
    .option("--delimiter <text>", "what separates the fields of a .csv", ",")
    .addOption(
      new Option("--degree <n>", "2 adds squares and products of the columns of numbers")
        .default(2)
        .argParser((text) => {
          if (text !== "1" && text !== "2") throw new InvalidArgumentError("expected 1 or 2.");
          return Number(text);
        }),
    )
    .option("--test-share <x>", "share of the rows that is held out", between(0.05, 0.9), 0.5)
    .option("--folds <n>", "folds that choose the penalty", whole(2, 50), 5);
  return read(program, args, call, "real-data.svg");
}
