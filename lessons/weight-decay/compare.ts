// Ridge and lasso on the same data: chooses lambda by k-fold cross-validation, and says and shows what each does to the weights.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { columns, draw, showLoss, table, wrap } from "../shared/output.ts";
import type { Options } from "./options.ts";
import type { Models, Penalty } from "./penalties.ts";
import { closedForm, crossValidate, descend, errors, grid, sparseData } from "./penalties.ts";
import { comparisonTexts } from "./text-compare.ts";

/** The weights that are not zero; the 94 after them are. */
const TRUE_WEIGHTS = [2, -1.5, 1, -1, 0.75, -0.5];
const NUM_INPUTS = 100;
const NUM_TRAIN = 100;
const NUM_TEST = 1000;
const NOISE = 1;
const LAMBDAS: readonly number[] = grid(0.01, 10, 13).map((lambda) => Number(lambda.toPrecision(3)));

/** What one penalty came to, in the form of `--json`. */
export interface Chosen {
  penalty: Penalty;
  /** Error of each lambda of the grid on the folds left out. */
  validation: number[];
  lambda: number;
  testError: number;
  weights: number[];
  nonzero: number;
  /** How many of the inputs that matter have a weight that is not zero. */
  found: number;
}

/** The comparison in the form of `--json`. */
export interface Comparison {
  lambdas: readonly number[];
  trueWeights: readonly number[];
  noiseVariance: number;
  ridge: Chosen;
  lasso: Chosen;
  /** Largest difference between the weights that gradient descent and the closed form give to ridge, over the grid. */
  closedFormDifference: number;
}

function choose(
  penalty: Penalty,
  [X, y]: [torch.Tensor, torch.Tensor],
  [testX, testY]: [torch.Tensor, torch.Tensor],
  folds: number,
): { chosen: Chosen; path: Models } {
  const validation = crossValidate(folds, X, y, LAMBDAS, penalty);
  const best = validation.indexOf(Math.min(...validation));
  const path = descend(X, y, LAMBDAS, penalty, 6000);
  const weights = path.W.narrow(1, best, 1).reshape(-1).tolist() as number[];
  const chosen = {
    penalty,
    validation,
    lambda: LAMBDAS[best]!,
    testError: errors(path, testX, testY).at(best).item(),
    weights,
    nonzero: weights.filter((w) => w !== 0).length,
    found: weights.slice(0, TRUE_WEIGHTS.length).filter((w) => w !== 0).length,
  };
  return { chosen, path };
}

/** How each weight changes with lambda; the weights of inputs that do not matter in grey. */
function pathFigure({ W }: Models, title: string, ylabel: string): d2l.Figure {
  const curves = W.tolist() as number[][];
  const matter = TRUE_WEIGHTS.length;
  const colors = ["C0-", "C1-", "C2-", "C3-", "C4-", "C9-"];
  return d2l.plot(LAMBDAS, [...curves.slice(matter), ...curves.slice(0, matter)], {
    title,
    xlabel: "λ",
    ylabel,
    xscale: "log",
    fmts: [...curves.slice(matter).map(() => "C7:"), ...colors],
  });
}

/** Compares the penalties; the figures are two rows of two. */
export function compare(options: Options): {
  result: Comparison;
  figures: d2l.Figure[];
  report(): string;
} {
  const text = comparisonTexts[options.lang];
  torch.manualSeed(options.seed);
  const train = sparseData(TRUE_WEIGHTS, NUM_INPUTS, NUM_TRAIN, NOISE);
  const test = sparseData(TRUE_WEIGHTS, NUM_INPUTS, NUM_TEST, NOISE);
  const ridge = choose("l2", train, test, options.folds);
  const lasso = choose("l1", train, test, options.folds);
  const exact = closedForm(...train, LAMBDAS);
  const result: Comparison = {
    lambdas: LAMBDAS,
    trueWeights: TRUE_WEIGHTS,
    noiseVariance: NOISE ** 2,
    ridge: ridge.chosen,
    lasso: lasso.chosen,
    closedFormDifference: exact.W.sub(ridge.path.W).abs().max().item(),
  };
  const inputs = Array.from({ length: NUM_INPUTS }, (_, i) => i + 1);
  const figures = [
    d2l.plot(LAMBDAS, [ridge.chosen.validation, lasso.chosen.validation], {
      title: text.validation(options.folds),
      xlabel: "λ",
      ylabel: text.error,
      xscale: "log",
      yscale: "log",
      legend: [text.ridge, text.lasso],
    }),
    d2l.plot(inputs, [ridge.chosen.weights, lasso.chosen.weights], {
      title: text.chosenWeights,
      xlabel: text.input,
      ylabel: text.weight,
      legend: [text.ridge, text.lasso],
      fmts: ["C0-", "m-"],
    }),
    pathFigure(ridge.path, text.path(text.ridge), text.weight),
    pathFigure(lasso.path, text.path(text.lasso), text.weight),
  ];
  draw(figures, options);
  const row = (name: string, { lambda, validation, testError, nonzero, found }: Chosen): string[] => [
    name,
    String(lambda),
    showLoss(Math.min(...validation)),
    showLoss(testError),
    `${nonzero} / ${NUM_INPUTS}`,
    `${found} / ${TRUE_WEIGHTS.length}`,
  ];
  const report = (): string => {
    const rows = [row(text.ridge, ridge.chosen), row(text.lasso, lasso.chosen)];
    const about = text.about(NUM_TRAIN, NUM_INPUTS, TRUE_WEIGHTS.length, NOISE ** 2);
    const numbers = table(text.heading, rows);
    if (options.quiet) return numbers;
    return [wrap(about, columns()), numbers, wrap(text.meaning(result), columns())].join("\n\n");
  };
  return { result, figures, report };
}
