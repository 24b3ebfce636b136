// Norms, and how many functions a model can be: section 4.4 of Dive into Deep Learning (first edition) on a polynomial, with
// the norms and the monomials of section 4.5 counted. https://d2l.ai/chapter_linear-regression/generalization.html

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { nn, optim } from "flambeau";

type Tensor = torch.Tensor;

/** ‖x‖₁, the sum of |x_i|. */
export function l1Norm(x: Tensor): number {
  return torch.abs(x).sum().item();
}

/** ‖x‖₂, the square root of the sum of x_i². */
export function l2Norm(x: Tensor): number {
  return torch.sqrt(x.pow(2).sum()).item();
}

/** The number of monomials of degree d in k variables, C(k - 1 + d, k - 1). */
export function countMonomials(k: number, d: number): number {
  // Each factor completes a binomial coefficient, so the division is exact.
  let count = 1;
  for (let i = 1; i <= d; i++) count = (count * (k - 1 + i)) / i;
  return count;
}

/** The exponents of all monomials of degree d in k variables: of degree 2 in x, y those of x², xy, y². */
export function monomials(k: number, d: number): number[][] {
  if (k === 1) return [[d]];
  return Array.from({ length: d + 1 }, (_, i) => d - i).flatMap((first) =>
    monomials(k - 1, d - first).map((rest) => [first, ...rest]),
  );
}

/** The book's polynomial, 5 + 1.2 x - 3.4 x²/2! + 5.6 x³/3!. */
export const trueW: readonly number[] = [5, 1.2, -3.4, 5.6];

/** The features 1, x, x²/2!, ..., one column for each power below `count`; divided by i! they do not run away. */
export function polyFeatures(x: Tensor, count: number): Tensor {
  let term = torch.ones(x.length, 1);
  const columns = [term];
  for (let i = 1; i < count; i++) {
    term = term.mul(x.reshape(-1, 1)).div(i);
    columns.push(term);
  }
  return torch.cat(columns, 1);
}

/** Examples of the polynomial: x ~ N(0, 1), y with noise ~ N(0, 0.1²). */
export function polynomialData(count: number, noise = 0.1): [x: Tensor, y: Tensor] {
  const x = torch.normal(0, 1, [count, 1]);
  const y = polyFeatures(x, trueW.length).matmul(torch.tensor([...trueW]).reshape(-1, 1));
  return [x, y.add(torch.normal(0, noise, [count, 1]))];
}

/** What a fit came to. */
export interface Fit {
  readonly weights: number[];
  readonly trainLoss: number;
  readonly testLoss: number;
}

/** Fits a linear function of the features by stochastic gradient descent, as the book does; draws on `animator`. */
export function train(
  trainFeatures: Tensor,
  testFeatures: Tensor,
  trainLabels: Tensor,
  testLabels: Tensor,
  numEpochs: number,
  lr: number,
  animator: d2l.Animator,
): Fit {
  const loss = new nn.MSELoss();
  // The bias is the weight of the first feature, which is 1
  const net = new nn.Sequential(new nn.Linear(trainFeatures.shape[1]!, 1, { bias: false }));
  const batchSize = Math.min(10, trainLabels.length);
  const trainIter = d2l.loadArray([trainFeatures, trainLabels], batchSize);
  const testIter = d2l.loadArray([testFeatures, testLabels], batchSize, false);
  const trainer = new optim.SGD(net.parameters(), { lr });
  let losses: [number, number] = [Number.NaN, Number.NaN];
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    for (const [X, y] of trainIter) {
      trainer.zeroGrad();
      loss(net(X), y).backward();
      trainer.step();
    }
    if (epoch === 0 || (epoch + 1) % 20 === 0 || epoch + 1 === numEpochs) {
      losses = [d2l.evaluateLoss(net, trainIter, loss), d2l.evaluateLoss(net, testIter, loss)];
      animator.add(epoch + 1, losses);
    }
  }
  const weights = net[0].weight.reshape(-1).tolist() as number[];
  return { weights, trainLoss: losses[0], testLoss: losses[1] };
}

/** The fit with the smallest training loss that there is, by least squares. */
export function leastSquares(
  trainFeatures: Tensor,
  testFeatures: Tensor,
  trainLabels: Tensor,
  testLabels: Tensor,
): Fit {
  const [X, y] = [trainFeatures.to("float64"), trainLabels.to("float64")];
  const w = torch.linalg.pinv(X).matmul(y);
  const mse = (features: typeof X, labels: typeof y): number =>
    features.matmul(w).sub(labels).square().mean().item();
  return {
    weights: w.reshape(-1).tolist() as number[],
    trainLoss: mse(X, y),
    testLoss: mse(testFeatures.to("float64"), testLabels.to("float64")),
  };
}
