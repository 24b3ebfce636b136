// Ridge and lasso on a real table: lambda by cross-validation, then one look at the rows held out.

import * as torch from "flambeau";
import type { Models, Penalty } from "../weight-decay/penalties.ts";
import { closedForm, crossValidate, descend, grid } from "../weight-decay/penalties.ts";
import type { Prepared } from "./prepare.ts";

type Tensor = torch.Tensor;

/** Strengths of the penalty that are tried, for targets of standard deviation 1. */
export const LAMBDAS: readonly number[] = grid(1e-3, 10, 17).map((lambda) => Number(lambda.toPrecision(3)));

/** A model and how well it does, in units of the target. */
export interface Judged {
  readonly kind: "mean" | "leastSquares" | "ridge" | "closedForm" | "lasso";
  /** Strength of the penalty, null where there is none. */
  readonly lambda: number | null;
  /** Root of the mean squared error on the folds left out, at this lambda. */
  readonly validation: number | null;
  /** Root of the mean squared error on the rows held out. */
  readonly heldOut: number;
  /** Share of the held-out rows' variance that the model explains. */
  readonly r2: number;
  /** Weights of the standardised features. */
  readonly weights: number[];
  readonly predictions: number[];
}

/** Everything that the lesson found. */
export interface Study {
  readonly models: Judged[];
  /** Validation error of each lambda. */
  readonly ridgeValidation: number[];
  readonly lassoValidation: number[];
  readonly ridgePath: Models;
  readonly lassoPath: Models;
  /** Largest difference of a ridge weight between gradient descent and the closed form, in units of the target. */
  readonly closedFormDifference: number;
}

/** Steps that tell which lambda is best, and those of the models that are kept: features that almost repeat each other take long. */
const VALIDATION_STEPS = 4000;
const STEPS = 20_000;

/** Chooses lambda for ridge and lasso by k-fold cross-validation on the training rows, and judges both on those held out. */
export function study({ trainX, trainY, testX, testY }: Prepared, folds: number): Study {
  const mean = trainY.mean();
  const scale = trainY.sub(mean).square().mean().sqrt();
  const y = trainY.sub(mean).div(scale);
  const unit = scale.item();
  const spread = testY.sub(testY.mean()).square().sum().item();

  const judge = (
    kind: Judged["kind"],
    lambda: number | null,
    validation: number | null,
    w: Tensor,
    b: Tensor,
  ): Judged => {
    const predictions = testX.matmul(w).add(b).mul(scale).add(mean);
    const squares = predictions.sub(testY).square().sum().item();
    return {
      kind,
      lambda,
      validation,
      heldOut: Math.sqrt(squares / testY.length),
      r2: 1 - squares / spread,
      weights: w.mul(scale).reshape(-1).tolist() as number[],
      predictions: predictions.reshape(-1).tolist() as number[],
    };
  };

  const choose = (penalty: Penalty): { validation: number[]; best: number; path: Models } => {
    const validation = crossValidate(folds, trainX, y, LAMBDAS, penalty, VALIDATION_STEPS);
    const best = validation.indexOf(Math.min(...validation));
    return {
      validation: validation.map((error) => Math.sqrt(error) * unit),
      best,
      path: descend(trainX, y, LAMBDAS, penalty, STEPS),
    };
  };
  const column = ({ W, b }: Models, i: number): [w: Tensor, b: Tensor] => [
    W.narrow(1, i, 1),
    b.narrow(1, i, 1),
  ];

  const ridge = choose("l2");
  const lasso = choose("l1");
  const ridgeLambda = LAMBDAS[ridge.best]!;
  const exact = closedForm(trainX, y, [ridgeLambda]);
  // Without a penalty, by the pseudo-inverse: columns that repeat each other do not matter to it.
  const centred = trainX.sub(trainX.mean(0)).to("float64");
  const least = torch.linalg.pinv(centred).matmul(y.to("float64")).to("float32");
  const leastB = trainX.mean(0, { keepdim: true }).matmul(least).neg();
  const [ridgeW, ridgeB] = column(ridge.path, ridge.best);
  return {
    models: [
      judge("mean", null, null, torch.zeros(trainX.shape[1]!, 1), torch.zeros(1, 1)),
      judge("leastSquares", null, null, least, leastB),
      judge("ridge", ridgeLambda, ridge.validation[ridge.best]!, ridgeW, ridgeB),
      judge("closedForm", ridgeLambda, null, exact.W, exact.b),
      judge("lasso", LAMBDAS[lasso.best]!, lasso.validation[lasso.best]!, ...column(lasso.path, lasso.best)),
    ],
    ridgeValidation: ridge.validation,
    lassoValidation: lasso.validation,
    ridgePath: ridge.path,
    lassoPath: lasso.path,
    closedFormDifference: exact.W.sub(ridgeW).mul(scale).abs().max().item(),
  };
}
