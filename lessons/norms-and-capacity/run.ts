// Prints norms and counts of monomials, fits polynomials while their losses are drawn, saves the figure.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { Curve, columns, draw, save, sentences, showLoss, table, wrap } from "../shared/output.ts";
import type { Fit } from "./lesson.ts";
import {
  countMonomials,
  l1Norm,
  l2Norm,
  leastSquares,
  polyFeatures,
  polynomialData,
  train,
  trueW,
} from "./lesson.ts";
import type { Options } from "./options.ts";
import type { Texts } from "./text.ts";
import { texts } from "./text.ts";

/** Vectors of one L2 norm, from one large element to many small ones. */
const VECTORS = [
  [1, 0, 0, 0],
  [0.8, 0.6, 0, 0],
  [0.5, 0.5, 0.5, 0.5],
];
const VARIABLES = [1, 2, 3, 10, 100];
const DEGREES = [1, 2, 3, 4, 5];
/** Degrees of the fits by least squares: beyond them numbers say no more. */
const CAPACITIES = Array.from({ length: 11 }, (_, degree) => degree);

/** One fit by gradient descent, in the form of `--json`. */
export interface Run extends Fit {
  degree: number;
  curve: { epoch: number; trainLoss: number; testLoss: number }[];
}

/** The lesson's results, in the form of `--json`. */
export interface Result {
  seed: number;
  norms: { vector: number[]; l1: number; l2: number }[];
  monomials: { variables: number; counts: number[] }[];
  runs: Run[];
  leastSquares: (Fit & { degree: number })[];
}

function norms(): Result["norms"] {
  return VECTORS.map((vector) => {
    const x = torch.tensor(vector, { dtype: "float32" });
    return { vector, l1: l1Norm(x), l2: l2Norm(x) };
  });
}

function fitAll(
  options: Options,
  text: Texts,
): { runs: Run[]; least: Result["leastSquares"]; figures: d2l.Figure[] } {
  torch.manualSeed(options.seed);
  const [x, y] = polynomialData(options.train);
  const [testX, testY] = polynomialData(options.test);
  const figures: d2l.Figure[] = [];
  const runs = options.degrees.map((degree): Run => {
    using animator = new Curve(
      {
        title: text.degree(degree),
        xlabel: text.epoch,
        ylabel: text.loss,
        yscale: "log",
        ...(options.epochs > 1 ? { xlim: [1, options.epochs] as const } : {}),
        ylim: [1e-3, 1e2],
        legend: text.legend,
      },
      options,
    );
    const features = [polyFeatures(x, degree + 1), polyFeatures(testX, degree + 1)] as const;
    const fit = train(...features, y, testY, options.epochs, options.lr, animator);
    figures.push(animator.figure());
    const curve = animator.points.map(({ x: epoch, y: [trainLoss, testLoss] }) => {
      return { epoch, trainLoss: trainLoss!, testLoss: testLoss! };
    });
    return { degree, ...fit, curve };
  });
  const least = CAPACITIES.map((degree) => {
    const features = [polyFeatures(x, degree + 1), polyFeatures(testX, degree + 1)] as const;
    return { degree, ...leastSquares(...features, y, testY) };
  });
  const ending = [fitsFigure(x, y, runs, text), capacityFigure(least, text), ballsFigure(text)];
  draw(ending.slice(0, 2), options);
  return { runs, least, figures: [...figures, ...ending] };
}

/** The training examples, and the polynomials through them. */
function fitsFigure(x: torch.Tensor, y: torch.Tensor, runs: readonly Run[], text: Texts): d2l.Figure {
  const line = torch.linspace(-3, 3, 121);
  const curves = runs.map(({ weights }) =>
    polyFeatures(line, weights.length).matmul(torch.tensor(weights).reshape(-1, 1)).reshape(-1),
  );
  const lines = ["m--", "-", "r:", "g-.", "C1-", "k-."];
  return d2l.plot([x.reshape(-1), ...curves.map(() => line)], [y.reshape(-1), ...curves], {
    title: text.fits,
    xlabel: "x",
    ylabel: "y",
    xlim: [-3, 3],
    ylim: [-60, 40],
    legend: [text.examples, ...runs.map(({ degree }) => text.degree(degree))],
    fmts: ["C7o", ...runs.map((_, i) => lines[i % lines.length]!)],
  });
}

/** The smallest training loss of each degree, and what it is worth. */
function capacityFigure(least: Result["leastSquares"], text: Texts): d2l.Figure {
  return d2l.plot(
    least.map(({ degree }) => degree),
    [least.map(({ trainLoss }) => trainLoss), least.map(({ testLoss }) => testLoss)],
    { title: text.capacity, xlabel: text.degreeAxis, ylabel: text.loss, yscale: "log", legend: text.legend },
  );
}

/** The vectors of norm 1 in the plane. */
function ballsFigure(text: Texts): d2l.Figure {
  const turn = torch.linspace(0, 2 * Math.PI, 129);
  const [u, v] = [torch.cos(turn), torch.sin(turn)];
  const l1 = torch.abs(u).add(torch.abs(v));
  return d2l.plot([u, u.div(l1)], [v, v.div(l1)], {
    title: text.balls,
    xlim: [-1.6, 1.6],
    ylim: [-1.15, 1.15],
    legend: ["‖x‖₂ = 1", "‖x‖₁ = 1"],
  });
}

function report(result: Result, options: Options, text: Texts): string {
  const rows = result.runs.map(({ degree, weights, trainLoss, testLoss }) => [
    text.degree(degree),
    String(weights.length),
    Math.hypot(...weights).toFixed(4),
    showLoss(trainLoss),
    showLoss(testLoss),
  ]);
  const fits = table(text.fitHeading, rows);
  if (options.quiet) return fits;
  const vectors = result.norms.map(({ vector, l1, l2 }) => [
    `(${vector.join(", ")})`,
    l1.toFixed(4),
    l2.toFixed(4),
  ]);
  const counts = DEGREES.map((degree, i) => [
    text.degree(degree),
    ...result.monomials.map((row) => row.counts[i]!.toLocaleString("en")),
  ]);
  const say = (paragraph: string): string => wrap(paragraph, columns());
  return [
    table(text.normHeading, vectors),
    say(text.norms),
    table(["", ...VARIABLES.map((k) => `k = ${k}`)], counts),
    say(text.monomials),
    fits,
    say(text.meaning(result.runs, trueW.length - 1)),
    say(text.leastSquares(result.leastSquares)),
  ].join("\n\n");
}

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  const { runs, least, figures } = fitAll(options, text);
  const result: Result = {
    seed: options.seed,
    norms: norms(),
    monomials: VARIABLES.map((variables) => {
      return { variables, counts: DEGREES.map((degree) => countMonomials(variables, degree)) };
    }),
    runs,
    leastSquares: least,
  };
  if (options.json) console.log(JSON.stringify(result));
  else console.log(`\n${report(result, options, text)}`);
  if (!runs.every(({ trainLoss }) => Number.isFinite(trainLoss)))
    process.stderr.write(`${sentences[options.lang].diverged}\n`);
  await save(options, figures, 2);
}
