// Attention by kernel regression, as section 10.2 of Dive into Deep Learning (first edition) teaches it.
// https://d2l.ai/chapter_attention-mechanisms-and-transformers/attention-pooling.html

import type * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

type Tensor = torch.AnyTensor;

/** The function to be found: 2 sin x + x^0.8. */
export function f(x: Tensor): Tensor {
  return x.sin().mul(2).add(x.pow(0.8));
}

/** Noisy examples of f between 0 and 5, sorted by x, and places between them with the true values. */
export interface KernelData {
  readonly xTrain: Tensor;
  readonly yTrain: Tensor;
  readonly xTest: Tensor;
  readonly yTruth: Tensor;
}

/** Draws the data: y = 2 sin x + x^0.8 + noise. */
export function kernelData(nTrain: number, noise: number): KernelData {
  const [xTrain] = torch.rand(nTrain).mul(5).sort();
  const yTrain = f(xTrain).add(torch.normal(0, noise, [nTrain]));
  const xTest = torch.arange(0, 5, 0.1);
  return { xTrain, yTrain, xTest, yTruth: f(xTest) };
}

/** Average pooling: the same prediction everywhere. */
export function averagePooling({ xTest, yTrain }: KernelData): Tensor {
  return yTrain.mean().repeat(xTest.length);
}

/** Weights of each key for each query, with a Gaussian kernel of `width`: softmax(-((q - k) / width)² / 2). */
export function kernelWeights(queries: Tensor, keys: Tensor, width: number): Tensor {
  return queries.unsqueeze(1).sub(keys.unsqueeze(0)).div(width).square().mul(-0.5).softmax(1);
}

/** Nadaraya-Watson regression: each prediction is a mean of the y, those of near x weighing most. */
export function nonparametric(
  { xTest, xTrain, yTrain }: KernelData,
  width = 1,
): [yHat: Tensor, weights: Tensor] {
  const weights = kernelWeights(xTest, xTrain, width);
  return [weights.matmul(yTrain), weights];
}

/** The same with a factor w that is learned: softmax(-((q - k) w)² / 2). */
export class NWKernelRegression extends nn.Module {
  readonly w: nn.Parameter<[1]> = new nn.Parameter(torch.rand(1, { requiresGrad: true }));
  #weights: Tensor | null = null;

  /** Of the last call, [queries, keys]. */
  get attentionWeights(): Tensor | null {
    return this.#weights;
  }

  /** **Shape** queries [n], keys and values [n, keys]; the result [n]. */
  override forward(queries: Tensor, keys: Tensor, values: Tensor): Tensor {
    const weights = queries.unsqueeze(1).sub(keys).mul(this.w).square().mul(-0.5).softmax(1);
    this.#weights = weights;
    return torch.bmm(weights.unsqueeze(1), values.unsqueeze(-1)).reshape(-1);
  }
}

/** What is left of a row of examples for each of them when it may not look at itself. */
function others(x: Tensor): Tensor {
  const n = x.length;
  return x
    .repeat(n, 1)
    .maskedSelect(torch.eye(n).eq(0))
    .reshape(n, n - 1);
}

/** Learns w: every example is predicted from the others. */
export function trainKernel(
  { xTrain, yTrain }: KernelData,
  numEpochs: number,
  lr: number,
  animator: d2l.Animator,
): NWKernelRegression {
  const keys = others(xTrain);
  const values = others(yTrain);
  const net = new NWKernelRegression();
  const loss = new nn.MSELoss({ reduction: "none" });
  const trainer = new optim.SGD(net.parameters(), { lr });
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    trainer.zeroGrad();
    const l = loss(net(xTrain, keys, values), yTrain);
    l.sum().backward();
    trainer.step();
    animator.add(epoch + 1, [Number(l.sum().item())]);
  }
  return net;
}

/** Predictions of a trained kernel for the places in between. */
export function parametric(
  net: NWKernelRegression,
  { xTest, xTrain, yTrain }: KernelData,
): [yHat: Tensor, weights: Tensor] {
  return torch.noGrad(() => {
    const n = xTest.length;
    const yHat = net(xTest, xTrain.repeat(n, 1), yTrain.repeat(n, 1));
    return [yHat, net.attentionWeights as Tensor];
  });
}
