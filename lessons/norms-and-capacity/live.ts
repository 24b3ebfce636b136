// Norms and capacity with controls: a polynomial of any degree, fitted to few or many examples while its losses grow.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import type { AnyLive } from "../live.ts";
import { live, slider } from "../live.ts";
import { l1Norm, l2Norm, leastSquares, polyFeatures, polynomialData, trueW } from "./lesson.ts";

const numTest = 100;
const batchSize = 10;
/** Epochs between two points of the curves, and between two pictures. */
const every = 10;
/** Where the polynomials are drawn. */
const line = torch.linspace(-3, 3, 121);
const lineX = line.tolist() as number[];

interface Model {
  readonly layer: nn.Linear<number, 1, false>;
  step(X: torch.Tensor, y: torch.Tensor, lr: number): void;
  loss(X: torch.Tensor, y: torch.Tensor): number;
}

/** Models by their number of features: only the first run of a degree compiles. */
const models = new Map<number, Model>();

function modelOf(features: number): Model {
  const known = models.get(features);
  if (known) return known;
  const layer = new nn.Linear(features, 1, { bias: false });
  const loss = new nn.MSELoss();
  const trainer = new optim.SGD(layer.parameters(), { lr: 0.01 });
  const step = torch.compile((X: torch.Tensor, y: torch.Tensor) => {
    trainer.zeroGrad();
    loss(layer(X), y).backward();
    trainer.step();
  });
  const mean = torch.compile((X: torch.Tensor, y: torch.Tensor) => torch.noGrad(() => loss(layer(X), y)));
  const model: Model = {
    layer,
    step(X, y, lr) {
      for (const group of trainer.paramGroups) group.lr = lr;
      step(X, y);
    },
    loss: (X, y) => mean(X, y).item(),
  };
  models.set(features, model);
  return model;
}

const polynomial = (weights: torch.Tensor): number[] =>
  polyFeatures(line, weights.length).matmul(weights.reshape(-1, 1)).reshape(-1).tolist() as number[];
const truth = polynomial(torch.tensor([...trueW]));

const controls = {
  degree: slider(3, 0, 19, { step: 1 }),
  examples: slider(20, 5, 200, { step: 5 }),
  noise: slider(0.1, 0, 2, { step: 0.1 }),
  lr: slider(0.01, 0.001, 0.03, { scale: "log" }),
  epochs: slider(400, 20, 1500, { step: 20 }),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    degree: "Degree",
    examples: "Training examples",
    noise: "Noise",
    lr: "Learning rate",
    epochs: "Epochs",
    seed: "Seed",
  },
  pictures: { fit: "Fitted polynomial", loss: "Loss", weights: "Weights", numbers: "After training" },
  epoch: "epoch",
  power: "power of x",
  examples: "training data",
  fitted: "fitted",
  truth: "the data's",
  train: "train",
  test: "test",
  trainLoss: "train loss",
  testLoss: "test loss",
  squares: "test loss of least squares",
};

const zh: typeof en = {
  controls: {
    degree: "阶数",
    examples: "训练样本数",
    noise: "噪声",
    lr: "学习率",
    epochs: "迭代周期数",
    seed: "随机种子",
  },
  pictures: { fit: "拟合出的多项式", loss: "损失", weights: "权重", numbers: "训练结果" },
  epoch: "迭代周期",
  power: "x 的幂",
  examples: "训练数据",
  fitted: "拟合",
  truth: "真实",
  train: "训练",
  test: "测试",
  trainLoss: "训练损失",
  testLoss: "测试损失",
  squares: "最小二乘的测试损失",
};

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },
  *run({ degree, examples, noise, lr, epochs, seed }, show, texts) {
    const model = modelOf(degree + 1);
    torch.manualSeed(seed);
    const [x, y] = polynomialData(examples, noise);
    const [testX, testY] = polynomialData(numTest, noise);
    const [features, testFeatures] = [polyFeatures(x, degree + 1), polyFeatures(testX, degree + 1)];
    const squares = leastSquares(features, testFeatures, y, testY);
    model.layer.resetParameters();
    const trainIter = d2l.loadArray([features, y], Math.min(batchSize, examples));
    const [pointsX, pointsY] = [x, y].map((column) => column.reshape(-1).tolist() as number[]);
    const curve = { x: [] as number[], train: [] as number[], test: [] as number[] };

    const draw = (): void => {
      const weights = model.layer.weight.detach().reshape(-1);
      show("fit", {
        kind: "curves",
        curves: [
          { name: texts.truth, x: lineX, y: truth, color: 2, dashed: true },
          { name: texts.fitted, x: lineX, y: polynomial(weights), color: 0 },
          { name: texts.examples, x: pointsX!, y: pointsY!, color: 1, points: true },
        ],
        xlabel: "x",
        ylabel: "y",
        xlim: [-3, 3],
        ylim: [-60, 40],
      });
      show("loss", {
        kind: "curves",
        curves: [
          { name: texts.train, x: curve.x, y: curve.train },
          { name: texts.test, x: curve.x, y: curve.test },
        ],
        xlabel: texts.epoch,
        xlim: [1, epochs],
        yscale: "log",
      });
      const values = weights.tolist() as number[];
      show("weights", {
        kind: "bars",
        values,
        names: values.map((_, power) => String(power)),
        reference: values.map((_, power) => trueW[power] ?? 0),
        legend: [texts.fitted, texts.truth],
        xlabel: texts.power,
      });
      show("numbers", {
        kind: "numbers",
        rows: [
          { name: texts.trainLoss, value: curve.train.at(-1) ?? Number.NaN },
          { name: texts.testLoss, value: curve.test.at(-1) ?? Number.NaN },
          { name: texts.squares, value: squares.testLoss },
          { name: "‖w‖₁", value: l1Norm(weights).toFixed(4) },
          { name: "‖w‖₂", value: l2Norm(weights).toFixed(4) },
        ],
      });
    };

    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (const [X, labels] of trainIter) model.step(X, labels, lr);
      if (epoch !== 1 && epoch % every !== 0) continue;
      curve.x.push(epoch);
      curve.train.push(model.loss(features, y));
      curve.test.push(model.loss(testFeatures, testY));
      draw();
      yield;
    }
  },
});
