// The command line of the lesson.

import { InvalidArgumentError, Option } from "commander";
import type { Call, CommonOptions } from "../shared/options.ts";
import { command, positive, read, whole } from "../shared/options.ts";
import type { Activation } from "./lesson.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  depth: number;
  width: number;
  activation: Activation;
  momentum: number | null;
  lr: number;
  epochs: number;
  examples: number;
  batchSize: number;
}

function momentum(text: string): number | "none" {
  if (text === "none") return text;
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1))
    throw new InvalidArgumentError(
      "expected a number above 0 and up to 1, or none for the cumulative average.",
    );
  return value;
}

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call): Options | number {
  const program = command(
    call,
    "Batch normalisation in a deep network: what happens in its layers with it and without.",
  )
    .option("--depth <n>", "hidden layers", whole(1, 50), 6)
    .option("--width <n>", "units of each hidden layer", whole(2), 32)
    .addOption(
      new Option("--activation <name>", "what follows each layer")
        .choices(["sigmoid", "tanh", "relu"])
        .default("sigmoid"),
    )
    .option(
      "--momentum <x>",
      "share of a new batch in the running statistics; none: their cumulative average",
      momentum,
      0.1,
    )
    .option("--lr <x>", "learning rate", positive, 0.5)
    .option("--epochs <n>", "passes over the examples", whole(1), 60)
    .option("--examples <n>", "points on three spirals", whole(10), 600)
    .option("--batch-size <n>", "points in a batch", whole(2), 50);
  const options = read<Omit<Options, "momentum"> & { momentum: number | "none" }>(
    program,
    args,
    call,
    "batch-normalisation.svg",
  );
  if (typeof options === "number") return options;
  if (options.examples % options.batchSize === 1) {
    process.stderr.write(
      `error: option '--batch-size': ${options.examples} examples leave a last batch of one, which cannot be normalised\n`,
    );
    return 2;
  }
  return { ...options, momentum: options.momentum === "none" ? null : options.momentum };
}
