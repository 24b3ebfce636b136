// Training of classifiers: section 3.6 of the book's first edition, "Softmax Regression from Scratch".

import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import { Accumulator } from "./accumulator.ts";
import type { AnimatorOptions } from "./animator.ts";
import { Animator } from "./animator.ts";
import type { Figure } from "./figure.ts";
import { showImages } from "./matrices.ts";
import type { Loss, Net } from "./regression.ts";

type Tensor = torch.AnyTensor;
/** Batches of features and labels. */
export type Batches = Iterable<readonly [Tensor, Tensor]>;
/** An optimizer, or a function that updates the parameters from gradients summed over `batchSize` examples. */
export type Updater = optim.Optimizer | ((batchSize: number) => void);

/**
 * The number of right predictions: Σᵢ [argmaxⱼ ŷᵢⱼ = yᵢ].
 *
 * @param yHat scores [examples, classes], or classes [examples]
 * @param y true classes [examples]
 * @example d2l.accuracy(torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]]), torch.tensor([0, 2])); // 1
 */
export function accuracy(yHat: Tensor, y: Tensor): number {
  return Number(correct(yHat, y).item());
}

function correct(yHat: Tensor, y: Tensor): Tensor {
  const [, classes = 1] = yHat.shape as readonly number[];
  const predicted: Tensor = classes > 1 ? yHat.argmax(1) : yHat;
  return predicted.reshape(-1).eq(y.reshape(-1)).sum();
}

/**
 * The share of right predictions over a data set. A module is evaluated in evaluation mode.
 *
 * Differs from the book: afterwards the module is in the mode it was in.
 */
export function evaluateAccuracy(net: Net, dataIter: Batches): number {
  const module = net instanceof nn.Module ? net : null;
  const training = module?.training ?? false;
  module?.eval();
  const metric = new Accumulator(2); // right predictions, predictions
  try {
    torch.noGrad(() => {
      for (const [X, y] of dataIter) metric.add(accuracy(net(X), y), y.numel());
    });
  } finally {
    module?.train(training);
  }
  return metric[0] / metric[1];
}

type Step = (X: Tensor, y: Tensor) => readonly [lossSum: Tensor, right: Tensor];
/** Steps of optimizers: a program is captured once, however many epochs follow. */
const steps = new WeakMap<object, { readonly net: Net; readonly loss: Loss; readonly step: Step }>();

function stepOf(net: Net, loss: Loss, updater: Updater): Step {
  const known = steps.get(updater);
  if (known && known.net === net && known.loss === loss) return known.step;
  const eager: Step = (X, y) => {
    const yHat = net(X);
    const l = loss(yHat, y);
    const n = X.shape[0] as number;
    // A loss of one value is the mean over the batch, as the modules of nn make it.
    const sum: Tensor = l.numel() === 1 ? l.sum().mul(n) : l.sum();
    if (updater instanceof optim.Optimizer) {
      updater.zeroGrad();
      sum.div(n).backward();
      updater.step();
    } else {
      sum.backward();
      updater(n);
    }
    return [sum.detach(), correct(yHat, y)];
  };
  // A function may look at values or count; an optimizer's step is known not to.
  const step = updater instanceof optim.Optimizer ? torch.compile(eager) : eager;
  steps.set(updater, { net, loss, step });
  return step;
}

/**
 * Trains for one pass over the data. With an optimizer the step is compiled ({@link torch.compile}).
 *
 * @param net model; a module is put into training mode
 * @param trainIter batches
 * @param loss one value for each example, such as `nn.CrossEntropyLoss` with `reduction: "none"`, or their mean
 * @param updater see {@link Updater}
 * @returns mean loss and accuracy over the pass, measured on each batch before its update
 */
export function trainEpochCh3(
  net: Net,
  trainIter: Batches,
  loss: Loss,
  updater: Updater,
): [trainLoss: number, trainAcc: number] {
  if (net instanceof nn.Module) net.train();
  const step = stepOf(net, loss, updater);
  const metric = new Accumulator(3); // sum of losses, right predictions, examples
  for (const [X, y] of trainIter) metric.add(...step(X, y), y.numel());
  return [metric[0] / metric[2], metric[1] / metric[2]];
}

/** What {@link trainCh3} ends with. */
export interface TrainedCh3 {
  readonly trainLoss: number;
  readonly trainAcc: number;
  readonly testAcc: number;
}

/**
 * Trains a classifier, and draws its loss and accuracies after each epoch.
 *
 * Differs from the book: the last figures are returned, where the book asserts that they are good enough.
 *
 * @param net model
 * @param trainIter batches to learn from
 * @param testIter batches to judge by
 * @param loss as of {@link trainEpochCh3}
 * @param numEpochs passes over the training data
 * @param updater see {@link Updater}
 * @param options of the {@link Animator}, or one of your own
 * @example
 * const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10));
 * const trainer = new optim.SGD(net.parameters(), { lr: 0.1 });
 * d2l.trainCh3(net, trainIter, testIter, new nn.CrossEntropyLoss({ reduction: "none" }), 10, trainer);
 */
export function trainCh3(
  net: Net,
  trainIter: Batches,
  testIter: Batches,
  loss: Loss,
  numEpochs: number,
  updater: Updater,
  options: AnimatorOptions | Animator = {},
): TrainedCh3 {
  using animator =
    options instanceof Animator
      ? options
      : new Animator({
          xlabel: "epoch",
          legend: ["train loss", "train acc", "test acc"],
          ...(numEpochs > 1 ? { xlim: [1, numEpochs] } : {}),
          ...options,
        });
  let last: TrainedCh3 = { trainLoss: Number.NaN, trainAcc: Number.NaN, testAcc: Number.NaN };
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    const [trainLoss, trainAcc] = trainEpochCh3(net, trainIter, loss, updater);
    const testAcc = evaluateAccuracy(net, testIter);
    last = { trainLoss, trainAcc, testAcc };
    animator.add(epoch + 1, [trainLoss, trainAcc, testAcc]);
  }
  return last;
}

/**
 * Draws the first pictures of a data set; above each the true class, and below it the predicted one.
 *
 * Differs from the book: names of the classes are an argument, where the book knows those of Fashion-MNIST.
 *
 * **Shape** pictures [batch, 1, height, width], [batch, height, width], or [batch, side²].
 *
 * @param net model
 * @param testIter batches; the first is drawn from
 * @param n number of pictures; default 6
 * @param names of the classes; default their numbers
 * @throws torch.ValueError when there is no batch, or it holds no pictures
 */
export function predictCh3(net: Net, testIter: Batches, n = 6, names?: readonly string[]): Figure {
  for (const [X, y] of testIter) {
    const module = net instanceof nn.Module ? net : null;
    const training = module?.training ?? false;
    module?.eval();
    const predicted: Tensor = torch.noGrad(() => net(X)).argmax(1);
    module?.train(training);
    const count = Math.min(n, X.shape[0] as number);
    const name = (k: number): string => names?.[k] ?? String(k);
    const [trues, preds] = [y, predicted].map((t) => (t.tolist() as number[]).map(Number)) as [
      number[],
      number[],
    ];
    const titles = trues.slice(0, count).map((t, i) => `${name(t)}\n${name(preds[i] ?? 0)}`);
    return showImages(X.narrow(0, 0, count).reshape([count, ...pictureSize(X)]), 1, count, { titles });
  }
  throw new torch.ValueError("predictCh3: testIter has no batch");
}

function pictureSize(X: Tensor): [height: number, width: number] {
  const shape = X.shape as readonly number[];
  const [height, width] = shape.length === 2 ? [] : shape.slice(-2);
  const side = Math.sqrt(shape[1] ?? 0);
  if (shape.length === 2 && Number.isInteger(side)) return [side, side];
  if (height && width && shape.slice(1).reduce((a, b) => a * b) === height * width) return [height, width];
  throw new torch.ValueError(
    `predictCh3: expected pictures of [batch, height, width], with one channel or flat squares, got [${shape}]`,
  );
}
