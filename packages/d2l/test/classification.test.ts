// The book's trainer of classifiers: PyTorch's losses and accuracies (fixtures/classification.py), and its edges.

import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import { describe, expect, test } from "vitest";
import * as d2l from "../src/index.ts";
import { panelsOf } from "../src/spec.ts";
import reference from "./fixtures/classification.json" with { type: "json" };

type Tensor = torch.AnyTensor;

const X: Tensor = torch.arange(540, { dtype: "float32" }).sin().reshape(60, 9);
const y: Tensor = X.at(":, 0").gt(0).to("int32").add(X.at(":, 1").gt(0.3).to("int32"));
const trainIter = d2l.loadArray([X.narrow(0, 0, 44), y.narrow(0, 0, 44)], 16, false);
const testIter = d2l.loadArray([X.narrow(0, 44, 16), y.narrow(0, 44, 16)], 16, false);
const loss = new nn.CrossEntropyLoss({ reduction: "none" });
const quiet = { display: "none" } as const;

const model = (dropout = 0) =>
  new nn.Sequential(new nn.Linear(9, 16), new nn.ReLU(), new nn.Dropout(dropout), new nn.Linear(16, 3));

describe("trainCh3", () => {
  test.for([
    ["sgd", 0, (net: nn.Module) => new optim.SGD(net.parameters(), { lr: 0.5 })],
    ["dropout", 0.5, (net: nn.Module) => new optim.Adam(net.parameters(), { lr: 0.02, weightDecay: 0.01 })],
  ] as const)("gives PyTorch's losses and accuracies: %s", ([name, dropout, optimizer]) => {
    torch.manualSeed(42);
    const net = model(dropout);
    const animator = new d2l.Animator({ display: "none", legend: ["train loss", "train acc", "test acc"] });
    const last = d2l.trainCh3(net, trainIter, testIter, loss, 4, optimizer(net), animator);
    const drawn = panelsOf(animator.figure().spec)[0]!.data.values as {
      x: number;
      y: number;
      series: string;
    }[];
    for (const [k, curve] of ["train loss", "train acc", "test acc"].entries())
      drawn
        .filter(({ series }) => series === curve)
        .forEach((point, epoch) => {
          expect(point.y, `${curve} of epoch ${epoch + 1}`).toBeCloseTo(reference[name][epoch]![k]!, 4);
        });
    expect(drawn).toHaveLength(12);
    expect([last.trainLoss, last.trainAcc, last.testAcc]).toEqual(
      drawn.filter(({ x }) => x === 4).map((p) => p.y),
    );
    expect(net.training).toBe(true);
  });

  test("a loss of one value counts as the mean over the batch", () => {
    const run = (l: d2l.Loss): d2l.TrainedCh3 => {
      torch.manualSeed(1);
      const net = model();
      return d2l.trainCh3(
        net,
        trainIter,
        testIter,
        l,
        2,
        new optim.SGD(net.parameters(), { lr: 0.1 }),
        quiet,
      );
    };
    expect(run(new nn.CrossEntropyLoss()).trainLoss).toBeCloseTo(run(loss).trainLoss, 6);
  });

  test("an updater of one's own gets the batch size and gradients of the sum", () => {
    torch.manualSeed(2);
    const w = torch.normal(0, 0.1, [9, 3], { requiresGrad: true });
    const sizes: number[] = [];
    const net = (x: Tensor): Tensor => x.matmul(w);
    const updater = (batchSize: number): void => {
      sizes.push(batchSize);
      d2l.sgd([w], 0.5, batchSize);
    };
    const first = d2l.trainEpochCh3(net, trainIter, loss, updater);
    const last = d2l.trainCh3(net, trainIter, testIter, loss, 20, updater, quiet);
    expect(sizes.slice(0, 3)).toEqual([16, 16, 12]);
    expect(last.trainLoss).toBeLessThan(first[0]);
    expect(last.testAcc).toBeGreaterThan(0.5);
  });

  test("another net with the same optimizer is not taken for the first", () => {
    const [one, two] = [model(), model()];
    const trainer = new optim.SGD([...one.parameters(), ...two.parameters()], { lr: 0.1 });
    d2l.trainEpochCh3(one, trainIter, loss, trainer);
    const before = two[0].weight.detach().clone();
    d2l.trainEpochCh3(two, trainIter, loss, trainer);
    expect(torch.equal(two[0].weight, before)).toBe(false);
  });
});

test("accuracy counts rows whose largest score is the label's, or equal labels", () => {
  const scores = torch.tensor([
    [0.1, 0.3, 0.6],
    [0.3, 0.2, 0.5],
  ]);
  expect(d2l.accuracy(scores, torch.tensor([0, 2]))).toBe(1);
  expect(d2l.accuracy(torch.tensor([1, 0, 2]), torch.tensor([1, 1, 2]))).toBe(2);
});

test("evaluateAccuracy uses evaluation mode and leaves the module as it was, also after an error", () => {
  const net = model(0.5);
  net.eval();
  const one = d2l.evaluateAccuracy(net, testIter);
  expect(net.training).toBe(false);
  net.train();
  expect(d2l.evaluateAccuracy(net, testIter)).toBe(one);
  expect(() => d2l.evaluateAccuracy(net, [[torch.ones(1, 2), torch.tensor([0])]])).toThrow();
  expect(net.training).toBe(true);
});

describe("predictCh3", () => {
  const scores = torch.eye(4);
  const net = (): Tensor => scores;
  const labels = torch.tensor([0, 1, 3, 3]);

  test.for([
    [4, 1, 2, 2],
    [4, 2, 2],
    [4, 4],
  ])("draws pictures of shape %s with both classes", (shape) => {
    const figure = d2l.predictCh3(net, [[torch.rand(shape), labels]], 3, ["a", "b", "c", "d"]);
    expect(panelsOf(figure.spec).map((panel) => panel.title)).toEqual(["a\na", "b\nb", "d\nc"]);
  });

  test("refuses what is no picture", () => {
    expect(() => d2l.predictCh3(net, [[torch.rand(4, 5), labels]])).toThrow(/expected pictures/);
    expect(() => d2l.predictCh3(net, [[torch.rand(4, 3, 2, 2), labels]])).toThrow(/expected pictures/);
    expect(() => d2l.predictCh3(net, [])).toThrow(/no batch/);
  });
});
