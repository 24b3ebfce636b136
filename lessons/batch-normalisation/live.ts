// Batch normalisation with controls: a deep network on three spirals, with a view into each of its layers while it trains.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import type { AnyLive } from "../live.ts";
import { choice, live, slider, toggle } from "../live.ts";
import { Deep, histogram, rangeOf, spirals } from "./lesson.ts";

const controls = {
  normalise: toggle(true),
  depth: slider(6, 1, 12, { step: 1 }),
  activation: choice("sigmoid", ["sigmoid", "tanh", "relu"]),
  momentum: slider(0.1, 0, 1, { step: 0.05 }),
  lr: slider(0.5, 0.01, 5, { scale: "log" }),
  epochs: slider(60, 5, 150, { step: 5 }),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    normalise: "Batch normalisation",
    depth: "Hidden layers",
    activation: "Activation",
    momentum: "Momentum (0: cumulative average)",
    lr: "Learning rate",
    epochs: "Epochs",
    seed: "Seed",
  },
  pictures: {
    loss: "Loss",
    activations: "Activations of each layer",
    gradients: "Gradient norms by layer",
    state: "State of layer 1, feature 0",
    numbers: "Now",
  },
  epoch: "epoch",
  activation: "activation",
  layerNumber: "layer",
  layer: (i: number): string => `layer ${i}`,
  loss: "mean over the epoch",
  first: "first step",
  now: "now",
  weight: "weight γ",
  bias: "bias β",
  runningMean: "running mean",
  runningVar: "running variance",
  batches: "batches tracked",
  trainAcc: "accuracy, training mode",
  evalAcc: "accuracy, evaluation mode",
};

const zh: typeof en = {
  controls: {
    normalise: "批量规范化",
    depth: "隐藏层数",
    activation: "激活函数",
    momentum: "动量（0 为累积平均）",
    lr: "学习率",
    epochs: "迭代周期数",
    seed: "随机种子",
  },
  pictures: {
    loss: "损失",
    activations: "各层的激活值",
    gradients: "各层的梯度范数",
    state: "第 1 层第 0 个特征的状态",
    numbers: "当前",
  },
  epoch: "迭代周期",
  activation: "激活值",
  layerNumber: "层",
  layer: (i) => `第 ${i} 层`,
  loss: "整个周期的平均",
  first: "第一步",
  now: "当前",
  weight: "权重 γ",
  bias: "偏移 β",
  runningMean: "移动均值",
  runningVar: "移动方差",
  batches: "已统计的批量数",
  trainAcc: "精度，训练模式",
  evalAcc: "精度，评估模式",
};

const bins = 40;
const batchSize = 50;

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },
  *run({ normalise, depth, activation, momentum, lr, epochs, seed }, show, texts) {
    torch.manualSeed(seed);
    const [X, y] = spirals(600);
    torch.manualSeed(seed);
    const deep = new Deep({
      depth,
      width: 32,
      activation,
      normalise,
      momentum: momentum === 0 ? null : momentum,
      lr,
    });
    const trainIter = d2l.loadArray([X, y], batchSize);
    const layers = Array.from({ length: depth + 1 }, (_, i) => i + 1);
    const [from, to] = rangeOf[activation];
    const limits = { xlim: [0, epochs], xlabel: texts.epoch } as const;
    const xs: number[] = [];
    const losses: number[] = [];
    const states: {
      readonly name: string;
      readonly piece: "weight" | "bias" | "runningMean" | "runningVar";
      readonly y: number[];
    }[] = (["weight", "bias", "runningMean", "runningVar"] as const).map((piece) => ({
      name: texts[piece],
      piece,
      y: [],
    }));
    let first: readonly number[] | undefined;
    yield;

    const note = (): void => {
      const state = deep.state(0);
      if (state) for (const { piece, y } of states) y.push(state[piece]);
    };
    const look = (): void => {
      const activations = deep.probe(X);
      show("activations", {
        kind: "histograms",
        from,
        to,
        rows: activations.map((h, i) => ({
          name: texts.layer(i + 1),
          counts: histogram(h, activation, bins),
        })),
        xlabel: texts.activation,
      });
      show("gradients", {
        kind: "curves",
        curves: [
          { name: texts.first, x: layers, y: first ?? [], dashed: true },
          { name: texts.now, x: layers, y: deep.gradients },
        ],
        xlabel: texts.layerNumber,
        yscale: "log",
      });
      const epochsSoFar = [0, ...xs];
      if (normalise)
        show("state", {
          kind: "curves",
          curves: states.map(({ name, y }) => ({ name, x: epochsSoFar, y })),
          ...limits,
        });
      show("numbers", {
        kind: "numbers",
        rows: [
          { name: texts.trainAcc, value: deep.accuracy(X, y, true).toFixed(3) },
          { name: texts.evalAcc, value: deep.accuracy(X, y).toFixed(3) },
          ...(normalise ? [{ name: texts.batches, value: deep.state(0)!.numBatchesTracked }] : []),
        ],
      });
    };

    note();
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const metric = new d2l.Accumulator(2); // sum of losses, batches
      for (const [a, b] of trainIter) {
        metric.add(deep.step(a, b), 1);
        first ??= deep.gradients;
        yield;
      }
      xs.push(epoch);
      losses.push(metric[0] / metric[1]);
      show("loss", {
        kind: "curves",
        curves: [{ name: texts.loss, x: xs, y: losses }],
        ...limits,
        ylim: [0, 1.5],
      });
      note();
      look();
      yield;
    }
  },
});
