// Fits the kernels, trains the Transformer while its curve grows, prints errors and answers, saves the figure.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { Curve, draw, save, table, wrap } from "../shared/output.ts";
import { dateExamples } from "./dates.ts";
import type { KernelData } from "./lesson.ts";
import { averagePooling, kernelData, nonparametric, parametric, trainKernel } from "./lesson.ts";
import type { Options } from "./options.ts";
import type { Texts } from "./text.ts";
import { texts } from "./text.ts";
import { DateWriter } from "./transformer.ts";

type Tensor = torch.AnyTensor;

/** The first half, in the form of `--json`. */
interface KernelResult {
  average: number;
  nonparametric: number;
  parametric: number;
  w: number;
  losses: number[];
}

function kernels(options: Options, text: Texts): { result: KernelResult; figures: d2l.Figure[] } {
  const data = kernelData(options.examples, options.noise);
  const animator = new d2l.Animator({ display: "none" });
  const losses: number[] = [];
  animator.add = (_, y) => void losses.push((y as number[])[0]!);
  const net = trainKernel(data, options.epochs, options.lr, animator);
  const average = averagePooling(data);
  const [fixed, fixedWeights] = nonparametric(data);
  const [learned, learnedWeights] = parametric(net, data);
  const w = net.w.item();
  const mse = (yHat: Tensor): number => Number(yHat.sub(data.yTruth).square().mean().item());
  return {
    result: {
      average: mse(average),
      nonparametric: mse(fixed),
      parametric: mse(learned),
      w,
      losses,
    },
    figures: [
      curves(data, [average, fixed, learned], text),
      map(fixedWeights, text.weightsTitle("1"), text),
      map(learnedWeights, text.weightsTitle(w.toFixed(2)), text),
    ],
  };
}

function curves(data: KernelData, predictions: readonly Tensor[], text: Texts): d2l.Figure {
  const { xTrain, yTrain, xTest, yTruth } = data;
  return d2l.plot([xTest, xTest, xTest, xTest, xTrain], [yTruth, ...predictions, yTrain], {
    title: text.kernelTitle,
    xlabel: "x",
    ylabel: "y",
    xlim: [0, 5],
    legend: [text.truth, text.average, text.nonparametric, text.parametric, text.examples],
    fmts: ["-", "m--", "g-.", "r:", "C1o"],
    figsize: [4.4, 3],
  });
}

const map = (weights: Tensor, title: string, text: Texts): d2l.Figure =>
  d2l.showHeatmaps(weights, { xlabel: text.keys, ylabel: text.queries, titles: [title] });

/** The second half, in the form of `--json`. */
interface DatesResult {
  exact: number;
  held: number;
  curve: { step: number; loss: number; wrong: number }[];
  dates: { source: string; written: string; right: boolean | null }[];
}

/** Points of the curve in a whole training. */
const points = 20;

function dates(
  options: Options,
  text: Texts,
): { result: DatesResult; figures: d2l.Figure[]; seconds: number } {
  const { train, test } = dateExamples(options.held);
  const writer = new DateWriter({
    numHiddens: options.hiddens,
    numHeads: options.heads,
    numLayers: options.layers,
    dropout: options.dropout,
  });
  const some = test.slice(0, 200);
  const timer = new d2l.Timer();
  using animator = new Curve(
    {
      title: text.trainTitle,
      xlabel: text.step,
      xlim: [0, options.steps],
      legend: [text.loss, text.wrong],
      figsize: [3.9, 2.5],
    },
    options,
  );
  const training = writer.train(train, {
    numSteps: options.steps,
    batchSize: options.batchSize,
    lr: options.stepLr,
  });
  let sum = 0;
  let count = 0;
  let drawn = 0;
  for (const { step, loss } of training) {
    sum += loss;
    count++;
    if (Math.floor((step * points) / options.steps) === drawn) continue;
    drawn = Math.floor((step * points) / options.steps);
    animator.add(step, [sum / count, 1 - writer.exact(some) / some.length]);
    [sum, count] = [0, 0];
  }
  const seconds = timer.stop();
  const shown = options.date.length > 0 ? options.date : test.slice(0, 8).map(({ source }) => source);
  const written = writer.write(shown);
  const { answer, weights } = writer.lookedAt(shown[0]!);
  const heatmap = d2l.showHeatmaps(weights.mean(0), {
    rowNames: [...answer.padEnd(weights.shape[1] as number)],
    columnNames: [...shown[0]!],
    xlabel: text.source,
    ylabel: text.answer,
    titles: [text.mapTitle(shown[0]!)],
  });
  return {
    seconds,
    figures: [animator.figure(), heatmap],
    result: {
      exact: writer.exact(test),
      held: test.length,
      curve: animator.points.map(({ x, y }) => ({ step: x, loss: y[0]!, wrong: y[1]! })),
      dates: shown.map((source, i) => ({
        source,
        written: written[i]!,
        right: options.date.length > 0 ? null : written[i] === test[i]?.target,
      })),
    },
  };
}

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  torch.manualSeed(options.seed);
  const kernel = kernels(options, text);
  const { average, nonparametric, parametric, w } = kernel.result;
  const errors = table(text.kernelHeading, [
    [text.average, average.toFixed(4)],
    [text.nonparametric, nonparametric.toFixed(4)],
    [text.parametric, parametric.toFixed(4)],
  ]);
  const outcome = { average, nonparametric, parametric, w, exact: 0, held: 0, seconds: 0 };
  draw(kernel.figures.slice(0, 1), options);
  if (!options.json)
    console.log(options.quiet ? errors : `\n${errors}\n\n${wrap(text.kernelMeaning(outcome))}\n`);
  const { result, figures, seconds } = dates(options, text);
  if (options.json)
    console.log(JSON.stringify({ seed: options.seed, kernel: kernel.result, transformer: result }));
  else {
    const rows = result.dates.map(({ source, written, right }) => [
      source,
      written,
      right === null ? "" : right ? text.right : "✗",
    ]);
    console.log(`\n${table(text.dateHeading, rows)}\n`);
    draw(figures.slice(1), options);
    const said = { ...outcome, exact: result.exact, held: result.held, seconds };
    if (!options.quiet) console.log(`${wrap(text.dateMeaning(said))}\n`);
  }
  await save(options, [...kernel.figures, ...figures], 3);
}
