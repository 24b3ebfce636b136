// A real model on real data: LeNet with batch normalisation learns handwritten digits.

import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { readDigits } from "./digits.ts";

const { data, nn, optim } = torch;

const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.BatchNorm1d(120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.BatchNorm1d(84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );

test("LeNet with batch normalisation reads at least 97% of digits that it has not seen", {
  timeout: 600_000,
}, () => {
  torch.manualSeed(0);
  const { images, labels } = readDigits();
  const n = images.length;
  expect(n).toBeGreaterThanOrEqual(10_000);
  const order = torch.randperm(n);
  const part = (from: number, to: number) => {
    const rows = order.narrow(0, from, to - from);
    return [images.indexSelect(0, rows), labels.indexSelect(0, rows)] as const;
  };
  const [trainX, trainY] = part(0, 8000);
  const [testX, testY] = part(8000, n);

  const net = lenet();
  const loss = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(net.parameters(), { lr: 2e-3 });
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 5e-3, { totalSteps: 250 });
  const loader = new data.DataLoader(new data.TensorDataset(trainX, trainY), {
    batchSize: 64,
    shuffle: true,
  });
  for (let epoch = 0; epoch < 2; epoch++)
    for (const [x, y] of loader) {
      optimizer.zeroGrad();
      loss(net(x), y).backward();
      optimizer.step();
      scheduler.step();
    }

  net.eval();
  const predicted = torch.noGrad(() => net(testX).argmax(1));
  const accuracy = Number(predicted.eq(testY).float().mean().item());
  expect(accuracy).toBeGreaterThanOrEqual(0.97);
});
