// Trains the perceptron by the book's trainer, then compares weight decay and dropout on few digits; draws, prints and saves.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn } from "flambeau";
import { Curve, columns, save, sentences, showLoss, table, wrap } from "../shared/output.ts";
import type { Digits } from "./digits.ts";
import { first, split } from "./digits.ts";
import { readDigits } from "./digits-node.ts";
import type { Compared, Mlp } from "./lesson.ts";
import { batches, mlp, predict, sgdFor, trainCompared } from "./lesson.ts";
import type { Options } from "./options.ts";
import { side } from "./sizes.ts";
import { texts } from "./text.ts";

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  torch.manualSeed(options.seed);
  const { train, test } = split(readDigits(), options.train, options.test);

  const plain = { numHiddens: options.hiddens, lr: options.lr, weightDecay: 0, dropout: 0 };
  const net = mlp(plain);
  const testIter = batches(test, options.batchSize, false);
  const curve = new Curve(
    {
      title: text.trainTitle,
      xlabel: text.epoch,
      legend: text.trainLegend,
      ...(options.epochs > 1 ? { xlim: [1, options.epochs] as const } : {}),
    },
    options,
  );
  const trained = d2l.trainCh3(
    net,
    batches(train, options.batchSize, true),
    testIter,
    new nn.CrossEntropyLoss({ reduction: "none" }),
    options.epochs,
    sgdFor(net, plain),
    curve,
  );
  if (process.stdout.isTTY && !options.json && !options.quiet)
    console.log(`\n${d2l.predictCh3(net, testIter, 6).toTerminal({ columns: columns() })}`);
  if (!options.json) console.log(`\n${wrap(text.trained(trained.testAcc, options.train, options.test))}\n`);

  const few = first(train, options.few);
  const figures: d2l.Figure[] = [];
  const compared: (Compared & { weightDecay: number; dropout: number })[] = [];
  for (const [weightDecay, dropout] of kinds(options)) {
    torch.manualSeed(options.seed);
    using animator = new Curve(
      {
        title: text.model(weightDecay, dropout),
        xlabel: text.epoch,
        ylabel: text.loss,
        yscale: "log",
        legend: text.losses,
        ...(options.fewEpochs > 1 ? { xlim: [1, options.fewEpochs] as const } : {}),
      },
      options,
    );
    const settings = { numHiddens: options.hiddens, lr: options.fewLr, weightDecay, dropout };
    const sizes = { numEpochs: options.fewEpochs, batchSize: options.fewBatchSize };
    compared.push({ weightDecay, dropout, ...trainCompared(settings, few, test, sizes, animator) });
    figures.push(animator.figure());
  }

  if (options.json) {
    const points = curve.points.map(({ x, y: [trainLoss, trainAcc, testAcc] }) => {
      return { epoch: x, trainLoss, trainAcc, testAcc };
    });
    console.log(JSON.stringify({ seed: options.seed, curve: points, compared }));
  } else {
    const rows = compared.map((c) => [
      text.model(c.weightDecay, c.dropout),
      showLoss(c.trainLoss),
      showLoss(c.testLoss),
      c.trainAcc.toFixed(3),
      c.testAcc.toFixed(3),
      c.norm.toFixed(2),
    ]);
    console.log(`\n${table(text.heading, rows)}\n`);
    if (!options.quiet) console.log(`${wrap(text.meaning(compared, options.few))}\n`);
  }
  if (![trained.trainLoss, ...compared.map((c) => c.trainLoss)].every(Number.isFinite))
    process.stderr.write(`${sentences[options.lang].diverged}\n`);
  await save(options, [curve.figure(), strip(net, test, text.digitTitle), ...figures], 2);
}

/** Digits side by side in one picture, with what the network says of each below it. */
function strip(net: Mlp, test: Digits, title: string): d2l.Figure {
  const { images, labels } = first(test, Math.min(6, test.labels.shape[0] as number));
  const truth = (labels.tolist() as number[]).map(Number);
  const names = predict(net, images).flatMap((said, i) =>
    Array.from({ length: side }, (_, at) =>
      at !== side / 2 ? "" : said === truth[i] ? `${said}` : `${said} (${truth[i]})`,
    ),
  );
  return d2l.showHeatmaps(images.squeeze(1).permute(1, 0, 2).reshape(side, -1), {
    titles: [title],
    cmap: "Greys",
    columnNames: names,
    rowNames: Array.from({ length: side }, () => ""),
    figsize: [4, 1.5],
    legend: false,
  });
}

/** Neither, one, the other, both; each once. */
function kinds({ weightDecay, dropout }: Options): (readonly [number, number])[] {
  const decays = weightDecay ? [0, weightDecay] : [0];
  return (dropout ? [0, dropout] : [0]).flatMap((p) => decays.map((decay) => [decay, p] as const));
}
