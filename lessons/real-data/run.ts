// Reads the table, chooses the penalties, prints how the models do on the rows held out, saves the figure.

import { basename } from "node:path";
import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { columns, draw, save, showLoss, table, wrap } from "../shared/output.ts";
import type { Models } from "../weight-decay/penalties.ts";
import type { Judged, Study } from "./lesson.ts";
import { LAMBDAS, study } from "./lesson.ts";
import { CARS, CARS_TARGET, load } from "./load.ts";
import type { Options } from "./options.ts";
import type { Note, Prepared } from "./prepare.ts";
import { prepare } from "./prepare.ts";
import type { Texts } from "./text.ts";
import { texts } from "./text.ts";

/** The lesson's results, in the form of `--json`. */
export interface Result {
  seed: number;
  data: string;
  target: string;
  trainRows: number;
  testRows: number;
  features: readonly string[];
  notes: readonly Note[];
  lambdas: readonly number[];
  ridgeValidation: number[];
  lassoValidation: number[];
  closedFormDifference: number;
  models: Omit<Judged, "predictions">[];
}

/** Rows that folds and a test can be made of. */
const leastRows = (folds: number): number => Math.max(20, 4 * folds);
const MOST_WEIGHTS = 10;

const modelOf = (result: Pick<Study, "models">, kind: Judged["kind"]): Judged =>
  result.models.find((model) => model.kind === kind)!;

/** The features with the largest weights of ridge. */
function largest(weights: readonly number[], count: number): number[] {
  return [...weights.keys()].sort((i, j) => Math.abs(weights[j]!) - Math.abs(weights[i]!)).slice(0, count);
}

function figuresOf(found: Study, { testY, features }: Prepared, target: string, text: Texts): d2l.Figure[] {
  const truth = testY.reshape(-1).tolist() as number[];
  const ends = [Math.min(...truth), Math.max(...truth)];
  const named = largest(modelOf(found, "ridge").weights, 5);
  const path = ({ W }: Models, model: string): d2l.Figure => {
    const curves = W.tolist() as number[][];
    const rest = [...curves.keys()].filter((i) => !named.includes(i));
    return d2l.plot(
      LAMBDAS,
      [...rest, ...named].map((i) => curves[i]!),
      {
        title: text.path(model),
        xlabel: "λ",
        ylabel: text.weight,
        xscale: "log",
        fmts: [...rest.map(() => "C7:"), "C0-", "C1-", "C2-", "C3-", "C4-"].slice(0, curves.length),
        legend: [...rest.map(() => ""), ...named.map((i) => features[i]!)],
      },
    );
  };
  return [
    d2l.plot([...LAMBDAS], [found.ridgeValidation, found.lassoValidation], {
      title: text.validationTitle,
      xlabel: "λ",
      ylabel: text.rmse,
      xscale: "log",
      yscale: "log",
      legend: [text.kind.ridge, text.kind.lasso],
    }),
    d2l.plot([truth, ends], [modelOf(found, "lasso").predictions, ends], {
      title: text.heldOutTitle,
      xlabel: target,
      ylabel: text.predicted,
      legend: [text.kind.lasso, text.perfect],
      fmts: ["C0o", "k:"],
    }),
    path(found.ridgePath, text.kind.ridge),
    path(found.lassoPath, text.kind.lasso),
  ];
}

function report(found: Study, result: Result, options: Options, text: Texts): string {
  const models = table(
    text.heading,
    found.models.map(({ kind, lambda, validation, heldOut, r2, weights }) => [
      text.kind[kind],
      lambda === null ? "-" : String(lambda),
      validation === null ? "-" : showLoss(validation),
      showLoss(heldOut),
      r2.toFixed(4),
      `${weights.filter((w) => w !== 0).length} / ${weights.length}`,
    ]),
  );
  if (options.quiet) return models;
  const [ridge, lasso] = [modelOf(found, "ridge"), modelOf(found, "lasso")];
  const weights = table(
    [text.feature, text.kind.ridge, text.kind.lasso],
    largest(ridge.weights, MOST_WEIGHTS).map((i) => [
      result.features[i]!,
      ridge.weights[i]!.toPrecision(3),
      lasso.weights[i] === 0 ? "0" : lasso.weights[i]!.toPrecision(3),
    ]),
  );
  const say = (paragraph: string): string => wrap(paragraph, columns());
  const notes = result.notes.map((note) => say(text.note(note)));
  return [
    [say(text.about(result)), ...notes].join("\n"),
    models,
    weights,
    say(text.meaning(found, result)),
  ].join("\n\n");
}

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  const source = load(options.data, options.delimiter);
  const target = options.target ?? (options.data === undefined ? CARS_TARGET : undefined);
  if (target === undefined)
    throw new torch.ValueError(
      `--target is missing: the column to predict, one of ${[...source.keys()].map((name) => `'${name}'`).join(", ")}`,
    );
  torch.manualSeed(options.seed);
  const { testShare, degree, folds } = options;
  const data = prepare(source, { target, testShare, degree, leastRows: leastRows(folds) });
  const found = study(data, folds);
  const result: Result = {
    seed: options.seed,
    data: options.data === undefined ? CARS : basename(options.data),
    target,
    trainRows: data.trainY.length,
    testRows: data.testY.length,
    features: data.features,
    notes: data.notes,
    lambdas: LAMBDAS,
    ridgeValidation: found.ridgeValidation,
    lassoValidation: found.lassoValidation,
    closedFormDifference: found.closedFormDifference,
    models: found.models.map(({ predictions: _, ...model }) => model),
  };
  if (options.json) console.log(JSON.stringify(result));
  const figures = figuresOf(found, data, target, text);
  draw(figures.slice(0, 2), options);
  if (!options.json) console.log(`\n${report(found, result, options, text)}`);
  await save(options, figures, 2);
}
