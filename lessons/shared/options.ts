// What the command lines of all lessons have in common: readers of values, and the options that each lesson takes.

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

/** The options that every lesson takes. */
export interface CommonOptions {
  seed: number;
  /** Where the figure goes; empty: nowhere. */
  out: string;
  quiet: boolean;
  json: boolean;
  lang: Language;
}

/** The languages of the lessons. */
export type Language = "en" | "zh";

/** Reads a whole number from `least` to `most`. */
export const whole =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || value < least || value > most)
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `expected a whole number from ${least} up.`
          : `expected a whole number from ${least} to ${most}.`,
      );
    return value;
  };

function seedOf(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError("expected a whole number.");
  return value;
}

/** Reads a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("expected a positive number.");
  return value;
}

/** Reads a number from `least` to below `most`. */
export const between =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value < most))
      throw new InvalidArgumentError(`expected a number from ${least} to below ${most}.`);
    return value;
  };

/** Reads numbers from 0 up, separated by commas. */
export function numbers(text: string): number[] {
  return text.split(",").map((item) => {
    const value = Number(item);
    if (item.trim() === "" || !Number.isFinite(value) || value < 0)
      throw new InvalidArgumentError("expected numbers from 0 up, separated by commas, such as 0,3.");
    return value;
  });
}

/** Reads whole numbers from 0 to `most`, separated by commas. */
export const wholes =
  (most: number) =>
  (text: string): number[] =>
    text.split(",").map((item) => {
      const value = Number(item);
      if (!/^\d+$/.test(item.trim()) || value > most)
        throw new InvalidArgumentError(
          `expected whole numbers from 0 to ${most}, separated by commas, such as 1,3.`,
        );
      return value;
    });

/** Pictures that a figure can be saved as. */
const pictures = [".svg", ".png", ".json"];

function picture(text: string): string {
  if (!pictures.some((ending) => text.toLowerCase().endsWith(ending)))
    throw new InvalidArgumentError(`expected a file name that ends in ${pictures.join(", ")}.`);
  return text;
}

/** The locale's language, for `--lang` left out. */
export function usualLanguage(env: NodeJS.ProcessEnv): Language {
  return /^zh/i.test(env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "") ? "zh" : "en";
}

/** How a lesson was called: what its help begins with, and the environment. */
export interface Call {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A command line with the lesson's own options still to be added. */
export function command({ program }: Call, description: string): Command {
  return new Command(program).description(description);
}

/**
 * Adds the options that all lessons have and reads the command line. Help, and what is wrong with a bad one, are
 * printed here, the latter in one line.
 *
 * @param figure name of the figure's file when `--out` is left out
 * @returns the options, or the exit status to end with
 */
export function read<O extends CommonOptions>(
  program: Command,
  args: readonly string[],
  { env }: Call,
  figure: string,
): O | number {
  program
    .option("--seed <n>", "seed of the random numbers, as torch.manual_seed", seedOf, 42)
    .option("--out <file>", "where the figure goes: .svg, .png or .json (Vega-Lite)", picture, figure)
    .option("--quiet", "print the numbers and the file's name only", false)
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
  const options = program.opts<O>();
  return options.json && program.getOptionValueSource("out") === "default"
    ? { ...options, out: "" }
    : options;
}
