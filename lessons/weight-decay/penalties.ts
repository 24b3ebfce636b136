// Ridge and lasso on the same data: the two penalties, how each is minimised, and how much of them to take. An addition to
// section 4.5 of the book; the method for L1 is proximal gradient descent (Parikh and Boyd, "Proximal Algorithms", 2014, 4.2).

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";

type Tensor = torch.Tensor;

/** `"l2"` (ridge): lambda/2 times the sum of w²; `"l1"` (lasso): lambda times the sum of |w|. */
export type Penalty = "l1" | "l2";

/** Linear models, one for each lambda: the columns of `W` [inputs, lambdas] and `b` [1, lambdas]. */
export interface Models {
  readonly W: Tensor;
  readonly b: Tensor;
}

/**
 * Data in which a few inputs matter: y = X w + 0.05 + e with X ~ N(0, 1), e ~ N(0, noise²), and all but the first of the
 * weights zero.
 */
export function sparseData(
  w: readonly number[],
  numInputs: number,
  count: number,
  noise: number,
): [X: Tensor, y: Tensor] {
  const trueW = torch.zeros(numInputs, 1);
  trueW.narrow(0, 0, w.length).copy_(torch.tensor(w).reshape(-1, 1));
  const X = torch.normal(0, 1, [count, numInputs]);
  const y = X.matmul(trueW)
    .add(0.05)
    .add(torch.normal(0, noise, [count, 1]));
  return [X, y];
}

/** The proximal step of t |w|: each weight goes towards zero by t, and stops there. */
export function softThreshold(w: Tensor, t: Tensor | number): Tensor {
  return torch.relu(w.sub(t)).sub(torch.relu(w.neg().sub(t)));
}

/** Columns less their means, and the means. */
function centred(x: Tensor): [Tensor, Tensor] {
  const mean = x.mean(0, { keepdim: true });
  return [x.sub(mean), mean];
}

/** The gradient of the mean of (ŷ - y)² / 2 with respect to the weights, for centred data. */
const gradient = (X: Tensor, y: Tensor, W: Tensor): Tensor => X.mT.matmul(X.matmul(W).sub(y)).div(X.length);

/** A descent that is taken step by step. */
export interface Descent {
  /** Sets all weights to zero, and the strengths of the penalty. */
  reset(lambdas: readonly number[]): void;
  step(): void;
  /** The models as they are: a view of the weights that train. */
  models(): Models;
}

/**
 * Prepares the minimisation of the mean of (ŷ - y)² / 2 plus the penalty by gradient descent on all examples, for several
 * lambdas at once; the offset b is not penalised. The step size is 1 / (largest curvature), the largest that cannot overshoot.
 *
 * @param X features [examples, inputs]
 * @param y labels [examples, 1]
 * @param count number of lambdas
 */
export function descent(X: Tensor, y: Tensor, count: number, penalty: Penalty): Descent {
  const [Xc, meanX] = centred(X);
  const [yc, meanY] = centred(y);
  const curvature = torch.linalg.matrixNorm(Xc, 2).square().div(X.length).item();
  const W = torch.zeros(X.shape[1]!, count);
  const lambda = torch.zeros(count);
  const lr = torch.zeros(count);
  const step = torch.compile(() => {
    if (penalty === "l2") W.sub_(gradient(Xc, yc, W).add(W.mul(lambda)).mul(lr));
    else W.copy_(softThreshold(W.sub(gradient(Xc, yc, W).mul(lr)), lambda.mul(lr)));
  });
  return {
    reset(lambdas) {
      W.zero_();
      lambda.copy_(torch.tensor(lambdas, { dtype: "float32" }));
      lr.copy_(
        lambda
          .mul(penalty === "l2" ? 1 : 0)
          .add(curvature)
          .reciprocal(),
      );
    },
    step,
    models: () => ({ W, b: meanY.sub(meanX.matmul(W)) }),
  };
}

/**
 * The models of {@link descent} after many steps.
 *
 * @param lambdas strengths of the penalty
 * @param numSteps gradient steps; default 2000
 */
export function descend(
  X: Tensor,
  y: Tensor,
  lambdas: readonly number[],
  penalty: Penalty,
  numSteps = 2000,
): Models {
  const { reset, step, models } = descent(X, y, lambdas.length, penalty);
  reset(lambdas);
  for (let i = 0; i < numSteps; i++) step();
  return models();
}

/** The ridge solution in closed form, w = (X'X/n + lambda I)⁻¹ X'y/n for centred data. */
export function closedForm(X: Tensor, y: Tensor, lambdas: readonly number[]): Models {
  const [Xc, meanX] = centred(X);
  const [yc, meanY] = centred(y);
  const gram = Xc.mT.matmul(Xc).div(X.length);
  const moment = Xc.mT.matmul(yc).div(X.length);
  const W = torch.cat(
    lambdas.map((lambda) => torch.linalg.solve(gram.add(torch.eye(X.shape[1]!).mul(lambda)), moment)),
    1,
  );
  return { W, b: meanY.sub(meanX.matmul(W)) };
}

/** The mean squared error of each model. */
export function errors({ W, b }: Models, X: Tensor, y: Tensor): Tensor {
  return X.matmul(W).add(b).sub(y).square().mean(0);
}

/** The mean squared error on data left out, averaged over k folds, for each lambda. */
export function crossValidate(
  k: number,
  X: Tensor,
  y: Tensor,
  lambdas: readonly number[],
  penalty: Penalty,
  numSteps?: number,
): number[] {
  const sum = torch.zeros(lambdas.length);
  for (let i = 0; i < k; i++) {
    const [trainX, trainY, validX, validY] = d2l.getKFoldData(k, i, X, y);
    sum.add_(errors(descend(trainX, trainY, lambdas, penalty, numSteps), validX, validY));
  }
  return sum.div(k).tolist() as number[];
}

/** Numbers from `least` to `most` at equal ratios. */
export function grid(least: number, most: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => least * (most / least) ** (i / Math.max(count - 1, 1)));
}
