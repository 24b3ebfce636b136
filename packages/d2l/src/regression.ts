// Linear regression of the book, sections 3.2, 3.3, 4.5 and 4.10 of its first edition: data, model, loss, training by hand, folds.

import * as torch from "flambeau";
import { data } from "flambeau";
import { Accumulator } from "./accumulator.ts";

type Tensor = torch.AnyTensor;

/**
 * Examples of a noisy linear function: y = X w + b + e, with X ~ N(0, 1) and e ~ N(0, 0.01²). Draws X first.
 *
 * **Shape** w [inputs, 1] or [inputs]; X [count, inputs], y [count, 1].
 *
 * @param w weights
 * @param b offset
 * @param count number of examples
 */
export function syntheticData(
  w: Tensor,
  b: number | Tensor,
  count: number,
): [X: torch.Tensor, y: torch.Tensor] {
  const X: Tensor = torch.normal(0, 1, [count, w.length]);
  const y: Tensor = torch.matmul(X, w).add(b);
  y.add_(torch.normal(0, 0.01, y.shape));
  return [X, y.reshape(-1, 1)];
}

/**
 * Goes through arrays of examples in batches.
 *
 * @param arrays tensors of one length, such as features and labels
 * @param batchSize examples in a batch; the last may be smaller
 * @param isTrain whether every pass takes the examples in a new random order; default true
 */
export function loadArray<const T extends readonly Tensor[]>(
  arrays: T,
  batchSize: number,
  isTrain = true,
): data.DataLoader<data.Batch<T>> {
  return new data.DataLoader(new data.TensorDataset(...arrays), { batchSize, shuffle: isTrain });
}

/** The linear model X w + b. */
export function linreg<X extends Tensor>(X: X, w: Tensor, b: Tensor): Tensor {
  return torch.matmul(X as Tensor, w).add(b);
}

/** (ŷ - y)² / 2 for each example. */
export function squaredLoss(yHat: Tensor, y: Tensor): Tensor {
  return yHat.sub(y.reshape(yHat.shape)).pow(2).div(2);
}

/**
 * A step of minibatch stochastic gradient descent, in place: p = p - lr * gradient / batchSize; then zeroes the gradients.
 *
 * @param params tensors that have a gradient, accumulated over the batch
 * @param lr learning rate
 * @param batchSize number of examples that the gradient is a sum over
 */
export function sgd(params: Iterable<Tensor>, lr: number, batchSize: number): void {
  torch.noGrad(() => {
    for (const param of params) {
      const gradient: Tensor | null = param.grad;
      if (!gradient)
        throw new torch.AutogradError(
          "sgd: a parameter has no gradient: call backward() on a loss that depends on it first",
        );
      param.sub_(gradient.mul(lr).div(batchSize));
      gradient.zero_();
    }
  });
}

/** A model: a module, or any function of a batch. */
export type Net = (X: Tensor) => Tensor;
/** A loss of predictions and labels: one value, or one for each example. */
export type Loss = (yHat: Tensor, y: Tensor) => Tensor;

/**
 * The mean loss over a data set.
 *
 * @param net model
 * @param dataIter batches of features and labels
 * @param loss its values are summed, and divided by how many there were
 */
export function evaluateLoss(net: Net, dataIter: Iterable<readonly [Tensor, Tensor]>, loss: Loss): number {
  const metric = new Accumulator(2); // sum of losses, number of losses
  for (const [X, y] of dataIter) {
    const out = net(X);
    const l = loss(out, y.reshape(out.shape));
    metric.add(l.sum(), l.numel());
  }
  return metric[0] / metric[1];
}

/**
 * The i-th of k divisions of the examples into training and validation data (section 4.10 of the book's first edition): the
 * i-th fold is for validation, the others for training.
 *
 * Differs from the book: where k does not divide the number of examples, the folds differ in size by one and none is lost.
 *
 * **Shape** X [examples, ...], y [examples, ...].
 *
 * @param k number of folds, from 2
 * @param i which fold validates, from 0
 * @throws ValueError when there are fewer examples than folds, or no such fold
 * @example
 * const [trainX, trainY, validX, validY] = d2l.getKFoldData(5, 0, X, y);
 */
export function getKFoldData(
  k: number,
  i: number,
  X: torch.Tensor,
  y: torch.Tensor,
): [trainX: torch.Tensor, trainY: torch.Tensor, validX: torch.Tensor, validY: torch.Tensor] {
  const count = X.length;
  if (!Number.isInteger(k) || k < 2 || k > count)
    throw new torch.ValueError(
      `getKFoldData: k must be a whole number from 2 to the number of examples, ${count}; got ${k}`,
    );
  if (!Number.isInteger(i) || i < 0 || i >= k)
    throw new torch.ValueError(`getKFoldData: i must be a whole number from 0 to ${k - 1}, got ${i}`);
  if (y.length !== count)
    throw new torch.ValueError(`getKFoldData: X has ${count} examples and y has ${y.length}`);
  const begin = Math.floor((i * count) / k);
  const end = Math.floor(((i + 1) * count) / k);
  const valid = (data: torch.Tensor): torch.Tensor => data.narrow(0, begin, end - begin);
  const train = (data: torch.Tensor): torch.Tensor =>
    torch.cat([data.narrow(0, 0, begin), data.narrow(0, end, count - end)]);
  return [train(X), train(y), valid(X), valid(y)];
}
