// Ridge and lasso on the cars, with controls: every run trains all lambdas of the grid and the chosen one at once.

import * as torch from "flambeau";
import rowsOfCars from "../../node_modules/vega-datasets/data/cars.json" with { type: "json" };
import type { AnyLive } from "../live.ts";
import { choice, live, slider } from "../live.ts";
import type { Descent, Models } from "../weight-decay/penalties.ts";
import { closedForm, descent, errors } from "../weight-decay/penalties.ts";
import { LAMBDAS } from "./lesson.ts";
import type { Columns, Prepared } from "./prepare.ts";
import { columnsOf, prepare } from "./prepare.ts";

const target = "Miles_per_Gallon";
const rows = 398;
const steps = 4000;
/** Steps between two pictures. */
const every = 100;

const cars: Columns = columnsOf(rowsOfCars, "cars.json");

/** What stays while only lambda moves. */
interface Base {
  readonly key: string;
  readonly data: Prepared;
  /** The targets of the training rows, with mean 0 and standard deviation 1. */
  readonly y: torch.Tensor;
  readonly testY: torch.Tensor;
  readonly mean: number;
  readonly scale: number;
  readonly descent: Descent;
}
let base: Base | undefined;

function baseOf(degree: 1 | 2, train: number, seed: number, penalty: "l1" | "l2"): Base {
  const key = JSON.stringify([degree, train, seed, penalty]);
  if (base?.key === key) return base;
  torch.manualSeed(seed);
  const data = prepare(cars, { target, testShare: 1 - train / rows, degree, leastRows: 20 });
  const mean = data.trainY.mean().item();
  const scale = data.trainY.sub(mean).square().mean().sqrt().item();
  const unit = (y: torch.Tensor): torch.Tensor => y.sub(mean).div(scale);
  const y = unit(data.trainY);
  base = {
    key,
    data,
    y,
    testY: unit(data.testY),
    mean,
    scale,
    descent: descent(data.trainX, y, LAMBDAS.length + 1, penalty),
  };
  return base;
}

const controls = {
  lambda: slider(0.02, 0.001, 10, { scale: "log" }),
  penalty: choice("L1", ["L2", "L1"]),
  degree: choice("2", ["1", "2"]),
  train: slider(199, 40, 360, { step: 1 }),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    lambda: "Penalty λ",
    penalty: "Norm",
    degree: "Degree of the features",
    train: "Training rows",
    seed: "Seed",
  },
  pictures: {
    error: "Error against λ",
    predictions: "Rows held out",
    weights: "Weights",
    numbers: "After training",
  },
  rmse: "root mean squared error",
  train: "training rows",
  heldOut: "rows held out",
  chosen: "this λ",
  cars: "cars",
  perfect: "perfect",
  truth: "miles per gallon",
  predicted: "predicted",
  zeros: "weights that are exactly 0",
  difference: "largest difference from the closed form",
};

const zh: typeof en = {
  controls: {
    lambda: "惩罚系数 λ",
    penalty: "范数",
    degree: "特征的次数",
    train: "训练行数",
    seed: "随机种子",
  },
  pictures: { error: "误差随 λ 的变化", predictions: "留出的行", weights: "权重", numbers: "训练结果" },
  rmse: "均方根误差",
  train: "训练的行",
  heldOut: "留出的行",
  chosen: "当前 λ",
  cars: "汽车",
  perfect: "完全准确",
  truth: "每加仑英里数",
  predicted: "预测值",
  zeros: "恰好为 0 的权重个数",
  difference: "与闭式解的最大差异",
};

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },

  *run({ lambda, penalty, degree, train, seed }, show, texts) {
    const norm = penalty === "L2" ? "l2" : "l1";
    const { data, y, testY, mean, scale, descent } = baseOf(degree === "2" ? 2 : 1, train, seed, norm);
    const chosen = LAMBDAS.length;
    const exact = norm === "l2" ? closedForm(data.trainX, y, [lambda]) : null;
    const truth = data.testY.reshape(-1).tolist() as number[];
    const ends = [Math.min(...truth), Math.max(...truth)];
    const rmse = (models: Models, X: torch.Tensor, labels: torch.Tensor): number[] =>
      errors(models, X, labels).sqrt().mul(scale).tolist() as number[];

    const draw = (): void => {
      const models = descent.models();
      const [fitted, heldOut] = [rmse(models, data.trainX, y), rmse(models, data.testX, testY)];
      show("error", {
        kind: "curves",
        curves: [
          { name: texts.train, x: LAMBDAS, y: fitted.slice(0, chosen) },
          { name: texts.heldOut, x: LAMBDAS, y: heldOut.slice(0, chosen) },
          { name: texts.chosen, x: [lambda], y: [heldOut[chosen]!], points: true },
        ],
        xlabel: "λ",
        ylabel: texts.rmse,
        xscale: "log",
      });
      const W = models.W.narrow(1, chosen, 1);
      const predictions = data.testX
        .matmul(W)
        .add(models.b.narrow(1, chosen, 1))
        .mul(scale)
        .add(mean);
      show("predictions", {
        kind: "curves",
        curves: [
          { name: texts.cars, x: truth, y: predictions.reshape(-1).tolist() as number[], points: true },
          { name: texts.perfect, x: ends, y: ends, dashed: true },
        ],
        xlabel: texts.truth,
        ylabel: texts.predicted,
      });
      const weights = W.mul(scale).reshape(-1).tolist() as number[];
      show("weights", { kind: "bars", values: weights, names: data.features });
      const difference = exact?.W.sub(W).mul(scale).abs().max().item();
      show("numbers", {
        kind: "numbers",
        rows: [
          { name: texts.train, value: fitted[chosen]! },
          { name: texts.heldOut, value: heldOut[chosen]! },
          { name: texts.zeros, value: `${weights.filter((w) => w === 0).length} / ${weights.length}` },
          ...(difference === undefined ? [] : [{ name: texts.difference, value: difference }]),
        ],
      });
    };

    descent.reset([...LAMBDAS, lambda]);
    for (let i = 1; i <= steps; i++) {
      descent.step();
      if (i % every !== 0) continue;
      draw();
      yield;
    }
  },
});
