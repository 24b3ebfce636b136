// The command line of the lesson.

import { InvalidArgumentError } from "commander";
import type { Call, CommonOptions } from "../shared/options.ts";
import { between, command, positive, read, whole } from "../shared/options.ts";
import { sourceLength, sources } from "./dates.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  examples: number;
  noise: number;
  epochs: number;
  lr: number;
  steps: number;
  batchSize: number;
  hiddens: number;
  heads: number;
  layers: number;
  dropout: number;
  stepLr: number;
  held: number;
  date: string[];
}

/** Collects the dates that the reader wants to see rewritten. */
function date(text: string, before: readonly string[] = []): string[] {
  const unknown = [...text].find((c) => !sources.has(c));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`the character "${unknown}" does not occur in the dates learned from.`);
  if (text === "" || [...text].length > sourceLength)
    throw new InvalidArgumentError(`expected 1 to ${sourceLength} characters.`);
  return [...before, text];
}

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call): Options | number {
  const program = command(
    call,
    "Attention: kernel regression, and a small Transformer that learns to write dates as 2026-11-26.",
  )
    .option("--examples <n>", "examples of the kernel regression", whole(2), 50)
    .option("--noise <x>", "standard deviation of their noise", between(0, 100), 0.5)
    .option("--epochs <n>", "steps that the kernel's width is learned in", whole(1), 5)
    .option("--lr <x>", "learning rate of the kernel's width", positive, 0.5)
    .option("--steps <n>", "batches that the Transformer learns from", whole(2), 4000)
    .option("--batch-size <n>", "dates in a batch", whole(1), 64)
    .option("--step-lr <x>", "largest learning rate of the Transformer", positive, 0.01)
    .option("--hiddens <n>", "features of a character", whole(1), 32)
    .option("--heads <n>", "heads of attention", whole(1), 4)
    .option("--layers <n>", "blocks of the encoder", whole(1), 1)
    .option("--dropout <p>", "probability that a feature is dropped in training", between(0, 1), 0)
    .option("--held <n>", "dates kept for the test", whole(1, 70000), 1000)
    .option("--date <text>", "a date to rewrite, once or several times", date);
  const options = read<Options>(program, args, call, "attention.svg");
  if (typeof options === "number") return options;
  if (options.hiddens % options.heads !== 0) {
    process.stderr.write(
      `error: option '--heads' must divide '--hiddens', got ${options.heads} and ${options.hiddens}\n`,
    );
    return 2;
  }
  return { ...options, date: options.date ?? [] };
}
