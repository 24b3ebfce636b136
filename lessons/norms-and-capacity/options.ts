// The command line of the lesson.

import type { Call, CommonOptions } from "../shared/options.ts";
import { command, positive, read, whole, wholes } from "../shared/options.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  degrees: number[];
  epochs: number;
  lr: number;
  train: number;
  test: number;
}

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call): Options | number {
  const program = command(call, "Norms, monomials, and polynomials of too low, right and too high degree.")
    .option("--degrees <list>", "degrees to fit, separated by commas", wholes(30), [1, 3, 19])
    .option("--epochs <n>", "passes over the training examples", whole(1), 1500)
    .option("--lr <x>", "learning rate", positive, 0.01)
    .option("--train <n>", "training examples", whole(1), 20)
    .option("--test <n>", "test examples", whole(1), 100);
  return read(program, args, call, "norms-and-capacity.svg");
}
