// Trains the deep network without normalisation and with it, looks into its layers, prints what is found, saves the figure.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { Curve, draw, save, sentences, showLoss, table, wrap } from "../shared/output.ts";
import type { Activations, State } from "./lesson.ts";
import { compareByHand, Deep, histogram, rangeOf, runningMeans, spirals } from "./lesson.ts";
import type { Options } from "./options.ts";
import type { Line, Texts } from "./text.ts";
import { texts } from "./text.ts";

type Tensor = torch.AnyTensor;

/** One network, in the form of `--json`. */
interface Run {
  normalised: boolean;
  /** Mean over each epoch. */
  losses: number[];
  /** Norm of each layer's gradient in the first step and in the last. */
  gradients: { first: readonly number[]; last: readonly number[] };
  /** Standard deviation of each layer's activations, before and after. */
  spread: { before: number[]; after: number[] };
  accuracy: { train: number; eval: number };
  /** The five pieces of state of the first layer's first feature, after each epoch. */
  state: State[];
}

interface Trained {
  run: Run;
  deep: Deep;
  before: Activations;
  after: Activations;
}

function trainOne(
  options: Options,
  normalise: boolean,
  X: Tensor,
  y: Tensor,
  curve: (loss: number) => void,
): Trained {
  torch.manualSeed(options.seed);
  const deep = new Deep({ ...options, normalise });
  const trainIter = d2l.loadArray([X, y], options.batchSize);
  const before = deep.probe(X);
  const losses: number[] = [];
  const state: State[] = [];
  let first: readonly number[] | undefined;
  const note = (): void => {
    const now = deep.state(0);
    if (now) state.push(now);
  };
  note();
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const metric = new d2l.Accumulator(2); // sum of losses, examples
    for (const [a, b] of trainIter) {
      const n = a.shape[0] as number;
      metric.add(deep.step(a, b) * n, n);
      first ??= deep.gradients;
    }
    losses.push(metric[0] / metric[1]);
    curve(metric[0] / metric[1]);
    note();
  }
  const after = deep.probe(X);
  const spread = (of: Activations): number[] => of.map((h) => Number(h.std().item()));
  return {
    deep,
    before,
    after,
    run: {
      normalised: normalise,
      losses,
      gradients: { first: first ?? [], last: deep.gradients },
      spread: { before: spread(before), after: spread(after) },
      accuracy: { train: deep.accuracy(X, y, true), eval: deep.accuracy(X, y) },
      state,
    },
  };
}

/** Equal parts of the range that activations are counted in. */
const bins = 30;

/** The distribution of each layer's activations, one row a layer. */
function map(activations: Activations, options: Options, title: string, text: Texts): d2l.Figure {
  const [min, max] = rangeOf[options.activation];
  const counts = activations.map((h) => histogram(h, options.activation, bins));
  return d2l.showHeatmaps(
    counts.map((row) => {
      const most = Math.max(...row);
      return row.map((count) => count / Math.max(1, most));
    }),
    {
      titles: [title],
      xlabel: text.activation,
      ylabel: text.layer,
      cmap: "Blues",
      rowNames: counts.map((_, i) => String(i + 1)),
      columnNames: Array.from({ length: bins }, (_, i) =>
        i % 10 === 5 ? (min + ((max - min) * (i + 0.5)) / bins).toFixed(1) : "",
      ),
      figsize: [3.5, 2.2],
    },
  );
}

/** The probability of the right class for one example among three sets of companions, and in evaluation. */
function modes({ net }: Deep, X: Tensor, y: Tensor): { training: number[]; evaluation: number } {
  const label = Number(y.at(0).item());
  const probability = (batch: Tensor): number =>
    torch.noGrad(() => Number((net(batch) as Tensor).softmax(1).at([0, label]).item()));
  const batches = [1, 2, 3].map((k) => torch.cat([X.narrow(0, 0, 1), X.narrow(0, 7 * k - 6, 7)]));
  const buffers = [...net.buffers()].map((buffer) => [buffer, buffer.clone()] as const);
  const training = batches.map(probability);
  torch.noGrad(() => {
    for (const [buffer, old] of buffers) buffer.copy_(old);
  });
  net.eval();
  const evaluation = probability(X.narrow(0, 0, 1));
  net.train();
  return { training, evaluation };
}

const momenta = [0.5, 0.1, 0.01, null] as const;
const batches = 100;

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  torch.manualSeed(options.seed);
  const byHand = { flat: compareByHand([16, 5]), images: compareByHand([4, 3, 6, 6]) };
  torch.manualSeed(options.seed);
  const [X, y] = spirals(options.examples);

  using curves = new Curve(
    {
      title: text.lossTitle,
      xlabel: text.epoch,
      ylabel: text.loss,
      legend: [text.without, text.with],
      ...(options.epochs > 1 ? { xlim: [1, options.epochs] as const } : {}),
    },
    options,
  );
  let epoch = 0;
  const plain = trainOne(options, false, X, y, (loss) => curves.add(++epoch, [loss]));
  epoch = 0;
  const normed = trainOne(options, true, X, y, (loss) => curves.add(++epoch, [null as never, loss]));
  const runs = [plain.run, normed.run];
  const mode = modes(normed.deep, X, y);
  torch.manualSeed(options.seed);
  const running = runningMeans(momenta, batches, 8);

  const layers = plain.run.gradients.first.map((_, i) => i + 1);
  const steps = normed.run.state.map((_, i) => i);
  const figures = [
    curves.figure(),
    d2l.plot(layers, [plain.run.gradients.first, normed.run.gradients.first], {
      title: text.gradientTitle,
      xlabel: text.layer,
      ylabel: text.norm,
      yscale: "log",
      legend: [text.without, text.with],
    }),
    ...[plain, normed].flatMap(({ before, after, run }) => [
      map(before, options, text.mapTitle(run.normalised, false), text),
      map(after, options, text.mapTitle(run.normalised, true), text),
    ]),
    d2l.plot(
      steps,
      pieces.slice(0, 4).map((piece) => normed.run.state.map((state) => state[piece])),
      {
        title: text.stateTitle,
        xlabel: text.epoch,
        legend: ["weight", "bias", "running_mean", "running_var"],
      },
    ),
    d2l.plot(
      running.batch.map((_, i) => i + 1),
      [...running.means, running.batch.map(() => 3)],
      {
        title: text.momentumTitle,
        xlabel: text.batch,
        legend: [...momenta.map((m) => (m === null ? text.cumulative : String(m))), text.truth],
        ylim: [0, 4],
      },
    ),
  ];
  draw(figures.slice(1), options);
  if (options.json)
    console.log(JSON.stringify({ seed: options.seed, byHand, runs, modes: mode, running: running.means }));
  else console.log(`\n${report(options, text, { runs, byHand, mode, running: running.means })}\n`);
  if (!runs.every(({ losses }) => losses.every(Number.isFinite)))
    process.stderr.write(`${sentences[options.lang].diverged}\n`);
  await save(options, figures, 2);
}

const pieces = ["weight", "bias", "runningMean", "runningVar", "numBatchesTracked"] as const;

interface Found {
  readonly runs: readonly Run[];
  readonly byHand: { readonly flat: number; readonly images: number };
  readonly mode: { readonly training: readonly number[]; readonly evaluation: number };
  readonly running: readonly (readonly number[])[];
}

function report(options: Options, text: Texts, { runs, byHand, mode, running }: Found): string {
  const networks = table(
    text.heading,
    runs.map(({ normalised, losses, accuracy }) => [
      normalised ? text.with : text.without,
      showLoss(losses[0]),
      showLoss(losses.at(-1)),
      accuracy.train.toFixed(3),
      accuracy.eval.toFixed(3),
    ]),
  );
  const [before, after] = [runs[1]!.state[0]!, runs[1]!.state.at(-1)!];
  const names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
  const state = table(
    text.stateHeading,
    pieces.map((piece, i) => [names[i]!, show(before[piece]), show(after[piece])]),
  );
  if (options.quiet) return `${networks}\n\n${state}`;
  const [without, withNorm] = runs.map(
    ({ accuracy, gradients }): Line => ({
      accuracy: accuracy.eval,
      firstGradient: gradients.first[0] ?? 0,
      lastGradient: gradients.first.at(-1) ?? 0,
    }),
  );
  return [
    networks,
    wrap(text.meaning(without!, withNorm!)),
    state,
    wrap(text.equal(byHand.flat, byHand.images)),
    wrap(text.modes(mode.training, mode.evaluation)),
    wrap(text.momenta(running[3]!.at(-1)!, running[2]!.at(-1)!, batches)),
  ].join("\n\n");
}

const show = (x: number): string => (Number.isInteger(x) ? String(x) : x.toFixed(4));
