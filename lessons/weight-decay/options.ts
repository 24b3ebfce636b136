// The command line of the lesson.

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

/** What the command line says. */
export interface Options {
  lambda: number[];
  epochs: number;
  lr: number;
  seed: number;
  train: number;
  test: number;
  inputs: number;
  batchSize: number;
  out: string;
  quiet: boolean;
  json: boolean;
  lang: "en" | "zh";
}

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || value < least || value > Number.MAX_SAFE_INTEGER)
      throw new InvalidArgumentError(`expected a whole number from ${least} up.`);
    return value;
  };

function seedOf(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("expected a whole number.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("expected a positive number.");
  return value;
}

function lambdas(text: string): number[] {
  return text.split(",").map((item) => {
    const value = Number(item);
    if (item.trim() === "" || !Number.isFinite(value) || value < 0)
      throw new InvalidArgumentError("expected numbers from 0 up, separated by commas, such as 0,3.");
    return value;
  });
}

/** Pictures that the figure can be saved as. */
const pictures = [".svg", ".png", ".json"];

function picture(text: string): string {
  if (!pictures.some((ending) => text.toLowerCase().endsWith(ending)))
    throw new InvalidArgumentError(`expected a file name that ends in ${pictures.join(", ")}.`);
  return text;
}

/** The locale's language, for `--lang` left out. */
function usualLanguage(env: NodeJS.ProcessEnv): "en" | "zh" {
  return /^zh/i.test(env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "") ? "zh" : "en";
}

/**
 * Reads the command line. Help, and what is wrong with a bad one, are printed here.
 * @returns the options, or the exit status to end with
 */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | number {
  const program = new Command("npm start --")
    .description("Weight decay on high-dimensional linear regression, as in Dive into Deep Learning.")
    .option("--lambda <list>", "penalties to train with, separated by commas", lambdas, [0, 3])
    .option("--epochs <n>", "passes over the training examples", whole(1), 100)
    .option("--lr <x>", "learning rate", positive, 0.003)
    .option("--seed <n>", "seed of the random numbers, as torch.manual_seed", seedOf, 42)
    .option("--train <n>", "training examples", whole(1), 20)
    .option("--test <n>", "test examples", whole(1), 100)
    .option("--inputs <n>", "inputs of each example", whole(1), 200)
    .option("--batch-size <n>", "training examples in a batch", whole(1), 5)
    .option(
      "--out <file>",
      "where the figure goes: .svg, .png or .json (Vega-Lite)",
      picture,
      "weight-decay.svg",
    )
    .option("--quiet", "print the norms and the file's name only", false)
    .option("--json", "print one JSON object and nothing else; no figure unless --out is given", false)
    .addOption(
      new Option("--lang <code>", "language of the text")
        .choices(["en", "zh"])
        .default(usualLanguage(env), "from the locale"),
    )
    .allowExcessArguments(false)
    .exitOverride();
  program.configureOutput({
    writeErr: (text) => process.stderr.write(`${text.replace(/\s*\n\s*/g, " ").trim()}\n`),
  });
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  const options = program.opts<Options>();
  return options.json && program.getOptionValueSource("out") === "default"
    ? { ...options, out: "" }
    : options;
}
