// The multilayer perceptron by the high-level API, as sections 4.3 to 4.6 of Dive into Deep Learning (first edition) teach it.
// https://d2l.ai/chapter_multilayer-perceptrons/mlp-implementation.html

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import type { Digits } from "./digits.ts";

type Tensor = torch.AnyTensor;

/** Sizes of a network, and what keeps it from overfitting. */
export interface MlpSettings {
  readonly numHiddens: number;
  readonly lr: number;
  /** λ of the penalty on the weights; the offsets have none. */
  readonly weightDecay: number;
  /** Probability that a hidden unit is dropped in training. */
  readonly dropout: number;
}

export type Mlp = nn.Sequential<
  readonly [nn.Flatten, nn.Linear<784, number>, nn.ReLU, nn.Dropout, nn.Linear<number, 10>]
>;

/** 784 inputs, hidden units, ten scores; weights start from N(0, 0.01²), offsets from 0. */
export function mlp({ numHiddens, dropout }: MlpSettings): Mlp {
  const net = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, numHiddens),
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(numHiddens, 10),
  );
  for (const layer of [net[1], net[4]]) {
    nn.init.normal_(layer.weight, 0, 0.01);
    nn.init.zeros_(layer.bias);
  }
  return net;
}

/** Stochastic gradient descent, with weight decay on the weights alone. */
export function sgdFor(net: Mlp, { lr, weightDecay }: MlpSettings): optim.SGD {
  return new optim.SGD(
    [{ params: [net[1].weight, net[4].weight], weightDecay }, { params: [net[1].bias, net[4].bias] }],
    { lr },
  );
}

/** The batches of a data set. */
export function batches(
  { images, labels }: Digits,
  batchSize: number,
  isTrain: boolean,
): d2l.Batches & { readonly length: number } {
  return d2l.loadArray([images, labels], batchSize, isTrain);
}

/** Mean loss and accuracy of a network that is not being trained. */
export function judge(net: Mlp, { images, labels }: Digits): { loss: number; accuracy: number } {
  const training = net.training;
  net.eval();
  const scores: Tensor = torch.noGrad(() => net(images));
  net.train(training);
  return {
    loss: Number(nn.functional.crossEntropy(scores, labels).item()),
    accuracy: d2l.accuracy(scores, labels) / (labels.shape[0] as number),
  };
}

/** One of the networks compared, after its training. */
export interface Compared {
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAcc: number;
  readonly testAcc: number;
  /** Of the weights of the first layer. */
  readonly norm: number;
}

/** Trains one of the networks that are compared; draws its losses, measured without dropout, after each epoch. */
export function trainCompared(
  settings: MlpSettings,
  train: Digits,
  test: Digits,
  { numEpochs, batchSize }: { numEpochs: number; batchSize: number },
  animator: d2l.Animator,
): Compared {
  const net = mlp(settings);
  const trainer = sgdFor(net, settings);
  const loss = new nn.CrossEntropyLoss({ reduction: "none" });
  const trainIter = batches(train, batchSize, true);
  let last = [judge(net, train), judge(net, test)] as const;
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    d2l.trainEpochCh3(net, trainIter, loss, trainer);
    last = [judge(net, train), judge(net, test)];
    animator.add(epoch + 1, [last[0].loss, last[1].loss]);
  }
  const [onTrain, onTest] = last;
  return {
    trainLoss: onTrain.loss,
    testLoss: onTest.loss,
    trainAcc: onTrain.accuracy,
    testAcc: onTest.accuracy,
    norm: net[1].weight.norm().item(),
  };
}

/** Predicted classes. */
export function predict(net: Mlp, images: Tensor): number[] {
  const training = net.training;
  net.eval();
  const classes: Tensor = torch.noGrad(() => net(images)).argmax(1);
  net.train(training);
  return (classes.tolist() as number[]).map(Number);
}
