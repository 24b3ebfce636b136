// The command line of the lesson.

import type { Call, CommonOptions } from "../shared/options.ts";
import { between, command, positive, read, whole } from "../shared/options.ts";

/** What the command line says. */
export interface Options extends CommonOptions {
  train: number;
  test: number;
  hiddens: number;
  epochs: number;
  lr: number;
  batchSize: number;
  few: number;
  fewEpochs: number;
  fewLr: number;
  fewBatchSize: number;
  weightDecay: number;
  dropout: number;
}

/** How many digits there are. */
const all = 10_000;

/** Reads the command line; a number is the exit status to end with. */
export function readOptions(args: readonly string[], call: Call): Options | number {
  const program = command(
    call,
    "The multilayer perceptron on handwritten digits; weight decay and dropout compared on few of them.",
  )
    .option("--train <n>", "digits to train on", whole(1, all), 8000)
    .option("--test <n>", "digits to test on", whole(1, all), 2000)
    .option("--hiddens <n>", "hidden units", whole(1), 256)
    .option("--epochs <n>", "passes over the training digits", whole(1), 10)
    .option("--lr <x>", "learning rate", positive, 0.3)
    .option("--batch-size <n>", "digits in a batch", whole(1), 64)
    .option("--few <n>", "digits that the comparison trains on", whole(1, all), 1000)
    .option("--few-epochs <n>", "passes over these", whole(1), 50)
    .option("--few-lr <x>", "learning rate of the comparison", positive, 0.5)
    .option("--few-batch-size <n>", "digits in a batch of the comparison", whole(1), 50)
    .option("--weight-decay <x>", "penalty on the weights in the comparison", between(0, 100), 0.003)
    .option(
      "--dropout <p>",
      "probability that a hidden unit is dropped in the comparison",
      between(0, 1),
      0.5,
    );
  const options = read<Options>(program, args, call, "multilayer-perceptron.svg");
  if (typeof options === "number") return options;
  const wrong =
    options.train + options.test > all
      ? `options '--train' and '--test' ask for ${options.train} + ${options.test} digits; there are ${all}`
      : options.few > options.train
        ? `option '--few' must be at most '--train', got ${options.few} and ${options.train}`
        : "";
  if (!wrong) return options;
  process.stderr.write(`error: ${wrong}\n`);
  return 2;
}
