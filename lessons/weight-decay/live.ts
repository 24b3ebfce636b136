// Weight decay with controls: the page's models, without a penalty and with one, on the same data from the same random stream.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import type { AnyLive } from "../live.ts";
import { choice, live, slider } from "../live.ts";

const batchSize = 5;
const numTest = 100;
/** Epochs between two points of the curves. */
const every = 5;

/** Trains one model; what it made is kept, so that only the first run of a size compiles. */
interface Model {
  /** New random weights. */
  reset(): void;
  step(X: torch.Tensor, y: torch.Tensor, lr: number, l2: number, l1: number): void;
  /** The mean loss of a batch. */
  loss(X: torch.Tensor, y: torch.Tensor): number;
  readonly w: torch.Tensor;
}

/** The proximal step of an L1 penalty: each weight goes towards zero by `by`, and stays there. */
const shrink = (w: torch.Tensor, by: torch.Tensor): void => {
  torch.noGrad(() => w.copy_(w.sign().mul(w.abs().sub(by).relu())));
};

/** Tensor arguments of a compiled step may have any value; whole numbers would be compiled in. */
const number = (x: number): torch.Tensor => torch.tensor(x, { dtype: "float32" });

function fromScratch(numInputs: number): Model {
  const w: torch.Tensor = torch.zeros(numInputs, 1, { requiresGrad: true });
  const b = torch.zeros(1, { requiresGrad: true });
  const net = (X: torch.Tensor): torch.Tensor => d2l.linreg(X, w, b);
  const l2Penalty = (w: torch.Tensor): torch.Tensor => torch.sum(w.pow(2)).div(2);
  const step = torch.compile(
    (X: torch.Tensor, y: torch.Tensor, lr: number, lambd: torch.Tensor, by: torch.Tensor) => {
      const l = d2l.squaredLoss(net(X), y).add(l2Penalty(w).mul(lambd));
      l.sum().backward();
      d2l.sgd([w, b], lr, batchSize);
      shrink(w, by);
    },
  );
  const loss = torch.compile((X: torch.Tensor, y: torch.Tensor) =>
    torch.noGrad(() => d2l.squaredLoss(net(X), y).mean()),
  );
  return {
    w,
    reset() {
      torch.noGrad(() => {
        w.copy_(torch.normal(0, 1, [numInputs, 1]));
        b.zero_();
      });
    },
    step: (X, y, lr, l2, l1) => step(X, y, lr, number(l2), number(lr * l1)),
    loss: (X, y) => Number(loss(X, y).item()),
  };
}

function concise(numInputs: number): Model {
  const net = new nn.Sequential(new nn.Linear(numInputs, 1));
  const loss = new nn.MSELoss();
  // The bias parameter has not decayed
  const trainer = new optim.SGD([{ params: net[0].weight }, { params: net[0].bias }], { lr: 0.003 });
  const step = torch.compile((X: torch.Tensor, y: torch.Tensor, by: torch.Tensor) => {
    trainer.zeroGrad();
    const l = loss(net(X), y);
    l.backward();
    trainer.step();
    shrink(net[0].weight, by);
  });
  const mean = torch.compile((X: torch.Tensor, y: torch.Tensor) => torch.noGrad(() => loss(net(X), y)));
  return {
    w: net[0].weight,
    reset() {
      net[0].resetParameters();
      for (const param of net.parameters()) param.data.normal_();
    },
    step(X, y, lr, l2, l1) {
      for (const group of trainer.paramGroups) group.lr = lr;
      trainer.paramGroups[0]!.weightDecay = l2;
      step(X, y, number(lr * l1));
    },
    loss: (X, y) => mean(X, y).item(),
  };
}

type Batches = ReturnType<typeof d2l.loadArray<[torch.Tensor, torch.Tensor]>>;

interface Data {
  readonly trainIter: Batches;
  readonly testIter: Batches;
}

/** As d2l.evaluateLoss, which goes through the data in the same way and so draws the same random numbers. */
function evaluateLoss(model: Model, batches: Batches): number {
  const metric = new d2l.Accumulator(2); // sum of losses, number of examples
  for (const [X, y] of batches) metric.add(model.loss(X, y) * y.length, y.length);
  return metric[0] / metric[1];
}

/** What a training left behind, as far as it has come. */
interface History {
  readonly epochs: number[];
  readonly trainLoss: number[];
  readonly testLoss: number[];
  readonly norms: number[];
  weights: ArrayLike<number>;
}

/** The page's training loop. */
function* train(
  model: Model,
  { trainIter, testIter }: Data,
  { epochs, lr, l2, l1 }: { epochs: number; lr: number; l2: number; l1: number },
): Generator<History, History, void> {
  model.reset();
  const history: History = { epochs: [], trainLoss: [], testLoss: [], norms: [], weights: [] };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const [X, y] of trainIter) model.step(X, y, lr, l2, l1);
    if (epoch % every === 0) {
      history.epochs.push(epoch);
      history.trainLoss.push(evaluateLoss(model, trainIter));
      history.testLoss.push(evaluateLoss(model, testIter));
      history.norms.push(model.w.norm().item());
      history.weights = model.w.toTypedArray() as Float32Array;
    }
    yield history;
  }
  return history;
}

/** The random draws of a training, without the training: the lesson trains four models, and ours may be the third. */
function skip(numInputs: number, { trainIter, testIter }: Data, epochs: number): void {
  torch.normal(0, 1, [numInputs, 1]);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const _ of trainIter);
    if (epoch % every === 0) for (const batches of [trainIter, testIter]) for (const _ of batches);
  }
}

/** The model without a penalty, and what it was trained on: they stay while only the penalty moves. */
interface Base {
  readonly key: string;
  readonly model: Model;
  readonly data: Data;
  readonly free: History;
  /** Of the random numbers after its training. */
  readonly state: ReturnType<typeof torch.getRngState>;
}
let base: Base | undefined;

/** Models by way and size. */
const models = new Map<string, Model>();

function modelOf(way: "scratch" | "concise", numInputs: number): Model {
  const key = `${way} ${numInputs}`;
  let model = models.get(key);
  if (!model) {
    model = way === "scratch" ? fromScratch(numInputs) : concise(numInputs);
    models.set(key, model);
  }
  return model;
}

const controls = {
  lambda: slider(3, 0, 10, { step: 0.1 }),
  penalty: choice("L2", ["L2", "L1"]),
  way: choice("scratch", ["scratch", "concise"]),
  examples: slider(20, 5, 200, { step: 5 }),
  inputs: slider(200, 10, 400, { step: 10 }),
  lr: slider(0.003, 0.0003, 0.1, { scale: "log" }),
  epochs: slider(100, 5, 200, { step: 5 }),
  seed: slider(42, 0, 99, { step: 1 }),
};

const en = {
  controls: {
    lambda: "Penalty λ",
    penalty: "Norm",
    way: "Model",
    examples: "Training examples",
    inputs: "Inputs",
    lr: "Learning rate",
    epochs: "Epochs",
    seed: "Seed",
  },
  choices: { scratch: "from scratch", concise: "concise" },
  pictures: { loss: "Loss", weights: "Weights", norm: "L2 norm of the weights", numbers: "After training" },
  epoch: "epoch",
  index: "input",
  both: (part: string, model: string): string => `${part}, ${model}`,
  train: "train",
  test: "test",
  free: "no penalty",
  norms: (lambda: string): string => `‖w‖₂, ${lambda}`,
  testLoss: (lambda: string): string => `test loss, ${lambda}`,
  zeros: "weights that are exactly 0",
};

const zh: typeof en = {
  controls: {
    lambda: "惩罚系数 λ",
    penalty: "范数",
    way: "模型",
    examples: "训练样本数",
    inputs: "输入维数",
    lr: "学习率",
    epochs: "迭代周期数",
    seed: "随机种子",
  },
  choices: { scratch: "从零实现", concise: "简洁实现" },
  pictures: { loss: "损失", weights: "权重", norm: "权重的 L2 范数", numbers: "训练结果" },
  epoch: "迭代周期",
  index: "输入",
  both: (part, model) => `${part}，${model}`,
  train: "训练",
  test: "测试",
  free: "无惩罚",
  norms: (lambda) => `‖w‖₂，${lambda}`,
  testLoss: (lambda) => `测试损失，${lambda}`,
  zeros: "恰好为 0 的权重个数",
};

export const lesson: AnyLive = live({
  controls,
  texts: { en, zh },
  *run({ lambda, penalty, way, examples, inputs, lr, epochs, seed }, show, texts) {
    const limits = { xlim: [every, epochs], xlabel: texts.epoch } as const;
    const name = `λ = ${lambda}`;

    const draw = (free: History, held: History | null): void => {
      const curves = (["trainLoss", "testLoss"] as const).flatMap((part, color) => {
        const word = part === "trainLoss" ? texts.train : texts.test;
        const of = (history: History, label: string, dashed: boolean) => ({
          name: texts.both(word, label),
          x: history.epochs,
          y: history[part],
          color,
          dashed,
        });
        return [...(held ? [of(held, name, false)] : []), of(free, texts.free, true)];
      });
      show("loss", { kind: "curves", curves, ...limits, yscale: "log" });
      if (!held) return;
      show("weights", {
        kind: "bars",
        values: held.weights,
        reference: free.weights,
        legend: [name, texts.free],
        xlabel: texts.index,
      });
      show("norm", {
        kind: "curves",
        curves: [
          { name, x: held.epochs, y: held.norms, color: 0 },
          { name: texts.free, x: free.epochs, y: free.norms, color: 0, dashed: true },
        ],
        ...limits,
      });
      show("numbers", {
        kind: "numbers",
        rows: [
          { name: texts.norms(texts.free), value: free.norms.at(-1)?.toFixed(4) ?? "" },
          { name: texts.norms(name), value: held.norms.at(-1)?.toFixed(4) ?? "" },
          { name: texts.testLoss(texts.free), value: free.testLoss.at(-1) ?? 0 },
          { name: texts.testLoss(name), value: held.testLoss.at(-1) ?? 0 },
          { name: texts.zeros, value: Array.from(held.weights).filter((w) => w === 0).length },
        ],
      });
    };

    const key = JSON.stringify([way, examples, inputs, lr, epochs, seed]);
    if (base?.key !== key) {
      base = undefined;
      const model = modelOf(way, inputs);
      torch.manualSeed(seed);
      const trueW = torch.ones(inputs, 1).mul(0.01);
      const data = {
        trainIter: d2l.loadArray(d2l.syntheticData(trueW, 0.05, examples), batchSize),
        testIter: d2l.loadArray(d2l.syntheticData(trueW, 0.05, numTest), batchSize, false),
      };
      if (way === "concise") for (let i = 0; i < 2; i++) skip(inputs, data, epochs);
      const training = train(model, data, { epochs, lr, l2: 0, l1: 0 });
      let step = training.next();
      for (; !step.done; step = training.next()) {
        draw(step.value, null);
        yield;
      }
      base = { key, model, data, free: step.value, state: torch.getRngState() };
    }

    const { model, data, free, state } = base!;
    torch.setRngState(state);
    const l2 = penalty === "L2" ? lambda : 0;
    const l1 = penalty === "L1" ? lambda : 0;
    for (const held of train(model, data, { epochs, lr, l2, l1 })) {
      draw(free, held);
      yield;
    }
  },
});
