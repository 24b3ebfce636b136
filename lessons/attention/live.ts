// Attention with controls: a kernel regression that follows its width, and the Transformer that learns to write dates.

import * as torch from "flambeau";
import type { AnyLive, Show } from "../live.ts";
import { choice, live, slider, when } from "../live.ts";
import type { Example } from "./dates.ts";
import { dateExamples } from "./dates.ts";
import type { KernelData } from "./lesson.ts";
import { averagePooling, kernelData, kernelWeights, nonparametric } from "./lesson.ts";
import { DateWriter } from "./transformer.ts";

type Tensor = torch.AnyTensor;
const numbers = (x: Tensor): Float32Array => x.contiguous().toTypedArray() as Float32Array;

const controls = {
  part: choice("kernel", ["kernel", "dates"]),
  width: when("part", "kernel", slider(0.5, 0.03, 3, { scale: "log" })),
  examples: when("part", "kernel", slider(50, 5, 200, { step: 5 })),
  noise: when("part", "kernel", slider(0.5, 0, 1.5, { step: 0.05 })),
  steps: when("part", "dates", slider(3000, 500, 6000, { step: 500 })),
  hiddens: when("part", "dates", slider(32, 8, 64, { step: 8 })),
  heads: when("part", "dates", choice("4", ["1", "2", "4", "8"])),
  lr: when("part", "dates", slider(0.01, 0.001, 0.05, { scale: "log" })),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    part: "Part",
    width: "Kernel width",
    examples: "Examples",
    noise: "Noise",
    steps: "Steps",
    hiddens: "Features",
    heads: "Heads",
    lr: "Learning rate",
    seed: "Seed",
  },
  choices: { kernel: "kernel regression", dates: "dates" },
  pictures: {
    fit: "The mean of the examples, weighed by the kernel",
    weights: "Attention weights",
    widths: "Error by kernel width",
    numbers: "Mean squared error",
    loss: "Training",
    answers: "Dates that were not in the training data",
    looked: "What each written character looks at",
  },
  truth: "truth",
  points: "examples",
  average: "average",
  prediction: "prediction",
  queries: "test input",
  keys: "training input",
  width: "width",
  testError: "against the truth",
  leftOut: "each example from the others",
  here: "width now",
  step: "step",
  loss: "loss",
  wrong: "share of wrong dates",
  exact: (right: number, all: number): string => `${right} of ${all} right`,
  source: "date as given",
  answer: "date as written",
};

const zh: typeof en = {
  controls: {
    part: "内容",
    width: "核宽度",
    examples: "样本数",
    noise: "噪声",
    steps: "训练步数",
    hiddens: "特征数",
    heads: "头数",
    lr: "学习率",
    seed: "随机种子",
  },
  choices: { kernel: "核回归", dates: "日期" },
  pictures: {
    fit: "用核加权的样本平均",
    weights: "注意力权重",
    widths: "误差随核宽度的变化",
    numbers: "均方误差",
    loss: "训练过程",
    answers: "训练中没有出现过的日期",
    looked: "写每个字符时看了哪里",
  },
  truth: "真实函数",
  points: "样本",
  average: "平均",
  prediction: "预测",
  queries: "测试输入",
  keys: "训练输入",
  width: "宽度",
  testError: "与真实函数相比",
  leftOut: "用其余样本预测每个样本",
  here: "当前宽度",
  step: "步",
  loss: "损失",
  wrong: "写错的比例",
  exact: (right, all) => `${all} 个中写对 ${right} 个`,
  source: "给出的日期",
  answer: "写出的日期",
};

type Texts = typeof en;

const mse = (yHat: Tensor, y: Tensor): number => Number(yHat.sub(y).square().mean().item());

/** The error when each example is predicted from the others. */
function leftOut({ xTrain, yTrain }: KernelData, width: number): number {
  const n = xTrain.length;
  const weights = kernelWeights(xTrain, xTrain, width).mul(torch.ones(n, n).sub(torch.eye(n)));
  // Far from all others nothing is left: such an example is predicted as 0 / 0 and not counted.
  const sums = weights.sum(1);
  const seen = sums.gt(1e-30);
  const predicted = weights.matmul(yTrain).div(sums);
  const errors = predicted.sub(yTrain).square().maskedSelect(seen);
  return Number(errors.mean().item());
}

/** Widths at which the errors are shown. */
const widths = Array.from({ length: 40 }, (_, i) => 0.03 * 100 ** (i / 39));

/** The errors at all widths: they stay while only the width moves. */
let known: { readonly key: string; readonly test: number[]; readonly left: number[] } | undefined;

function* kernel(
  { width, examples, noise, seed }: { width: number; examples: number; noise: number; seed: number },
  show: Show,
  texts: Texts,
): Generator<void, void, void> {
  torch.manualSeed(seed);
  const data = kernelData(examples, noise);
  const { xTrain, yTrain, xTest, yTruth } = data;
  const x = numbers(xTest);
  const [yHat, weights] = nonparametric(data, width);
  const average = averagePooling(data);
  show("fit", {
    kind: "curves",
    curves: [
      { name: texts.prediction, x, y: numbers(yHat), color: 0 },
      { name: texts.truth, x, y: numbers(yTruth), color: 1, dashed: true },
      { name: texts.average, x, y: numbers(average), color: 2, dashed: true },
      { name: texts.points, x: numbers(xTrain), y: numbers(yTrain), color: 3, points: true },
    ],
    xlim: [0, 5],
    ylim: [-1, 6],
    xlabel: "x",
    ylabel: "y",
  });
  show("weights", {
    kind: "heatmap",
    rows: xTest.length,
    columns: examples,
    values: numbers(weights),
    xlabel: texts.keys,
    ylabel: texts.queries,
  });
  yield;
  const key = JSON.stringify([examples, noise, seed]);
  if (known?.key !== key) {
    const test: number[] = [];
    const left: number[] = [];
    for (const w of widths) {
      test.push(mse(nonparametric(data, w)[0], yTruth));
      left.push(leftOut(data, w));
      yield;
    }
    known = { key, test, left };
  }
  const now = mse(yHat, yTruth);
  const left = leftOut(data, width);
  show("widths", {
    kind: "curves",
    curves: [
      { name: texts.testError, x: widths, y: known.test, color: 0 },
      { name: texts.leftOut, x: widths, y: known.left, color: 1 },
      { name: texts.here, x: [width, width], y: [now, left], color: 3, points: true },
    ],
    xscale: "log",
    xlim: [0.03, 3],
    xlabel: texts.width,
  });
  show("numbers", {
    kind: "numbers",
    rows: [
      { name: texts.average, value: mse(average, yTruth) },
      { name: `${texts.prediction}, ${texts.testError}`, value: now },
      { name: `${texts.prediction}, ${texts.leftOut}`, value: left },
    ],
  });
}

/** Steps between two pictures. */
const every = 25;
/** Dates that the share of wrong ones is measured on, and those that are shown. */
const judged = 200;
const shown = 6;

function* dates(
  settings: { steps: number; hiddens: number; heads: string; lr: number; seed: number },
  show: Show,
  texts: Texts,
): Generator<void, void, void> {
  torch.manualSeed(settings.seed);
  const { train, test } = dateExamples(1000);
  yield;
  const writer = new DateWriter({
    numHiddens: settings.hiddens,
    numHeads: Number(settings.heads),
    numLayers: 1,
    dropout: 0,
  });
  const training = writer.train(train, { numSteps: settings.steps, batchSize: 64, lr: settings.lr });
  const curve = { step: [] as number[], loss: [] as number[] };
  const exact = { step: [] as number[], wrong: [] as number[] };
  for (const { step, loss } of training) {
    if (step % every === 0) {
      curve.step.push(step);
      curve.loss.push(loss);
    }
    const last = step === settings.steps;
    if (step % (10 * every) === 0 || last) {
      exact.step.push(step);
      exact.wrong.push(1 - writer.exact(test.slice(0, judged)) / judged);
      answers(writer, test, show, texts);
    }
    if (step % every === 0)
      show("loss", {
        kind: "curves",
        curves: [
          { name: texts.loss, x: curve.step, y: curve.loss },
          { name: texts.wrong, x: exact.step, y: exact.wrong },
        ],
        xlim: [0, settings.steps],
        ylim: [0, 2.5],
        xlabel: texts.step,
      });
    yield;
  }
}

/** What the network writes now, and where it looks. */
function answers(writer: DateWriter, test: readonly Example[], show: Show, texts: Texts): void {
  const some = test.slice(0, shown);
  const written = writer.write(some.map(({ source }) => source));
  const right = some.filter(({ target }, i) => target === written[i]).length;
  show("answers", {
    kind: "numbers",
    rows: [
      ...some.map(({ source, target }, i) => ({
        name: source,
        value: `${written[i]} ${written[i] === target ? "✓" : "✗"}`,
      })),
      { name: "", value: texts.exact(right, shown) },
    ],
  });
  const { source } = some.reduce((a, b) => (b.source.length > a.source.length ? b : a));
  const { answer, weights } = writer.lookedAt(source);
  const mean: Tensor = weights.mean(0);
  show("looked", {
    kind: "heatmap",
    rows: mean.shape[0] as number,
    columns: mean.shape[1] as number,
    values: numbers(mean),
    rowNames: [...answer.padEnd(mean.shape[0] as number)],
    columnNames: [...source],
    xlabel: texts.source,
    ylabel: texts.answer,
  });
}

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },
  *run(settings, show, texts) {
    if (settings.part === "kernel") yield* kernel(settings, show, texts);
    else yield* dates(settings, show, texts);
  },
});
