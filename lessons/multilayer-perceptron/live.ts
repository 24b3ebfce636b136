// The multilayer perceptron with controls: how many digits it sees, its size, and what keeps it from learning them by heart.

import * as torch from "flambeau";
import { nn } from "flambeau";
import type { AnyLive } from "../live.ts";
import { choice, live, slider } from "../live.ts";
import type { Digits } from "./digits.ts";
import { fetchDigits, first, split } from "./digits.ts";
import { batches, judge, mlp, predict, sgdFor } from "./lesson.ts";
import { side } from "./sizes.ts";

const nTest = 600;
let digits: Digits | undefined;

/** Gives the digits where they need not be fetched. */
export function provide(given: Digits): void {
  digits = given;
}

const controls = {
  examples: slider(1000, 100, 2400, { step: 100 }),
  hiddens: choice("128", ["16", "64", "128", "256"]),
  weightDecay: slider(0, 0, 0.02, { step: 0.001 }),
  dropout: slider(0, 0, 0.9, { step: 0.1 }),
  lr: slider(0.3, 0.03, 1, { scale: "log" }),
  epochs: slider(20, 1, 60, { step: 1 }),
  batchSize: choice("50", ["10", "50", "200"]),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    examples: "Training digits",
    hiddens: "Hidden units",
    weightDecay: "Weight decay",
    dropout: "Dropout",
    lr: "Learning rate",
    epochs: "Epochs",
    batchSize: "Batch size",
    seed: "Seed",
  },
  pictures: {
    loss: "Loss",
    accuracy: "Accuracy",
    numbers: "After training",
    digits: "Digits it has not seen, and what it says",
    units: "Weights of hidden units: ink is positive, paper negative",
  },
  epoch: "epoch",
  train: "training digits",
  test: "test digits",
  says: (predicted: number, truth: number): string =>
    predicted === truth ? String(predicted) : `${predicted}, is ${truth}`,
  unit: (i: number): string => `unit ${i}`,
  accuracyOf: (part: string): string => `accuracy, ${part}`,
  lossOf: (part: string): string => `loss, ${part}`,
  norm: "norm of the first layer's weights",
};

const zh: typeof en = {
  controls: {
    examples: "训练数字个数",
    hiddens: "隐藏单元数",
    weightDecay: "权重衰减",
    dropout: "暂退概率",
    lr: "学习率",
    epochs: "迭代周期数",
    batchSize: "批量大小",
    seed: "随机种子",
  },
  pictures: {
    loss: "损失",
    accuracy: "精度",
    numbers: "训练结果",
    digits: "没见过的数字与网络的判断",
    units: "隐藏单元的权重：墨色为正，底色为负",
  },
  epoch: "迭代周期",
  train: "训练数字",
  test: "测试数字",
  says: (predicted, truth) => (predicted === truth ? String(predicted) : `${predicted}，应为 ${truth}`),
  unit: (i) => `单元 ${i}`,
  accuracyOf: (part) => `精度，${part}`,
  lossOf: (part) => `损失，${part}`,
  norm: "第一层权重的范数",
};

/** Pictures shown of digits and of hidden units. */
const shown = 12;

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },
  async load() {
    digits ??= await fetchDigits();
  },
  *run(settings, show, texts) {
    if (!digits) throw new Error("the digits are not loaded");
    torch.manualSeed(settings.seed);
    const { train: all, test } = split(digits, 2400, nTest);
    const train = first(all, settings.examples);
    const sizes = {
      numHiddens: Number(settings.hiddens),
      lr: settings.lr,
      weightDecay: settings.weightDecay,
      dropout: settings.dropout,
    };
    const net = mlp(sizes);
    const trainer = sgdFor(net, sizes);
    const step = torch.compile((X: torch.AnyTensor, y: torch.AnyTensor) => {
      trainer.zeroGrad();
      nn.functional.crossEntropy(net(X), y).backward();
      trainer.step();
    });
    const trainIter = batches(train, Number(settings.batchSize), true);
    const history = {
      epochs: [] as number[],
      loss: [[], []] as number[][],
      accuracy: [[], []] as number[][],
    };
    const names = [texts.train, texts.test];
    const limits = { xlim: [0, settings.epochs], xlabel: texts.epoch } as const;
    yield;

    for (let epoch = 0; epoch <= settings.epochs; epoch++) {
      // Epoch 0 is the network before it has learned anything.
      if (epoch > 0)
        for (const [X, y] of trainIter) {
          step(X, y);
          yield;
        }
      history.epochs.push(epoch);
      const judged = [judge(net, train), judge(net, test)];
      judged.forEach(({ loss, accuracy }, i) => {
        history.loss[i]!.push(loss);
        history.accuracy[i]!.push(accuracy);
      });
      const curves = (of: readonly number[][]) =>
        names.map((name, i) => ({ name, x: history.epochs, y: of[i]! }));
      show("loss", { kind: "curves", curves: curves(history.loss), ...limits, yscale: "log" });
      show("accuracy", { kind: "curves", curves: curves(history.accuracy), ...limits, ylim: [0, 1] });
      show("numbers", {
        kind: "numbers",
        rows: [
          ...judged.map(({ accuracy }, i) => ({
            name: texts.accuracyOf(names[i]!),
            value: accuracy.toFixed(3),
          })),
          ...judged.map(({ loss }, i) => ({ name: texts.lossOf(names[i]!), value: loss.toFixed(4) })),
          { name: texts.norm, value: net[1].weight.norm().item().toFixed(3) },
        ],
      });
      const some = first(test, shown);
      const said = predict(net, some.images);
      const truth = (some.labels.tolist() as number[]).map(Number);
      show("digits", {
        kind: "images",
        height: side,
        width: side,
        values: some.images.contiguous().toTypedArray() as Float32Array,
        captions: said.map((predicted, i) => texts.says(predicted, truth[i]!)),
        wrong: said.map((predicted, i) => predicted !== truth[i]),
      });
      const units = net[1].weight.detach().narrow(0, 0, Math.min(shown, sizes.numHiddens));
      const largest = units.abs().amax(1, { keepdim: true }).clamp(1e-12);
      show("units", {
        kind: "images",
        height: side,
        width: side,
        values: units.div(largest).add(1).div(2).contiguous().toTypedArray() as Float32Array,
        captions: Array.from({ length: units.shape[0] as number }, (_, i) => texts.unit(i + 1)),
      });
      yield;
    }
  },
});
