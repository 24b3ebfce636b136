// Linear regression of the book, sections 3.2, 3.3 and 4.5 of its first edition: data, model, loss, training by hand.

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
