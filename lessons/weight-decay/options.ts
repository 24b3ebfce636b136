// The command line of the lesson.

import { Option } from "commander";
import type { Call, CommonOptions } from "../shared/options.ts";
import { command, numbers, positive, read, whole } from "../shared/options.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  lambda: number[];
  epochs: number;
  lr: number;
  train: number;
  test: number;
  inputs: number;
  batchSize: number;
  part: Part;
  folds: number;
}

/** The book's page, ridge and lasso compared, or both. */
export type Part = "page" | "penalties" | "all";

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call, usualPart: Part = "all"): Options | number {
  const program = command(
    call,
    "Weight decay on high-dimensional linear regression, as in Dive into Deep Learning.",
  )
    .option("--lambda <list>", "penalties to train with, separated by commas", numbers, [0, 3])
    .option("--epochs <n>", "passes over the training examples", whole(1), 100)
    .option("--lr <x>", "learning rate", positive, 0.003)
    .option("--train <n>", "training examples", whole(1), 20)
    .option("--test <n>", "test examples", whole(1), 100)
    .option("--inputs <n>", "inputs of each example", whole(1), 200)
    .option("--batch-size <n>", "training examples in a batch", whole(1), 5)
    .addOption(
      new Option("--part <name>", "the book's page, ridge and lasso compared, or both")
        .choices(["page", "penalties", "all"])
        .default(usualPart),
    )
    .option("--folds <n>", "folds that choose the penalty of ridge and lasso", whole(2, 100), 5);
  return read(program, args, call, "weight-decay.svg");
}
