// Trains the lesson's models, draws their losses while they train, prints the norms, saves the figure.

import type * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { Curve, save, sentences, showLoss, table, wrap } from "../shared/output.ts";
import { compare } from "./compare.ts";
import { weightDecay } from "./lesson.ts";
import type { Options } from "./options.ts";
import type { Line, Texts } from "./text.ts";
import { texts } from "./text.ts";

/** One training run, in the form of `--json`. */
interface Run {
  kind: "scratch" | "concise";
  lambda: number;
  wL2Norm: number;
  curve: { epoch: number; trainLoss: number; testLoss: number }[];
}

/** Trains all models, in the book's order: from scratch for each penalty, then by the high-level API. */
function trainAll(options: Options, text: Texts): { runs: Run[]; figures: d2l.Figure[] } {
  torch.manualSeed(options.seed);
  const lesson = weightDecay({
    nTrain: options.train,
    nTest: options.test,
    numInputs: options.inputs,
    batchSize: options.batchSize,
    numEpochs: options.epochs,
    lr: options.lr,
  });
  const runs: Run[] = [];
  const figures: d2l.Figure[] = [];
  for (const kind of ["scratch", "concise"] as const) {
    for (const lambda of options.lambda) {
      using animator = new Curve(
        {
          title: text.title(kind, lambda),
          xlabel: text.epoch,
          ylabel: text.loss,
          yscale: "log",
          ...(options.epochs > 5 ? { xlim: [5, options.epochs] as const } : {}),
          legend: text.legend,
        },
        options,
      );
      const wL2Norm =
        kind === "scratch" ? lesson.train(lambda, animator) : lesson.trainConcise(lambda, animator);
      const curve = animator.points.map(({ x, y: [trainLoss, testLoss] }) => {
        return { epoch: x, trainLoss: trainLoss!, testLoss: testLoss! };
      });
      runs.push({ kind, lambda, wL2Norm, curve });
      figures.push(animator.figure());
    }
  }
  return { runs, figures };
}

function report(runs: readonly Run[], options: Options, text: Texts): string {
  const lines = runs.map((run): Line => {
    const last = run.curve.at(-1);
    return {
      kind: run.kind,
      lambda: run.lambda,
      norm: run.wL2Norm,
      trainLoss: last?.trainLoss,
      testLoss: last?.testLoss,
    };
  });
  const rows = lines.map((l) => [
    text.model(l.kind, l.lambda),
    l.norm.toFixed(4),
    showLoss(l.trainLoss),
    showLoss(l.testLoss),
  ]);
  const norms = table(text.heading, rows);
  return options.quiet ? norms : `${norms}\n\n${wrap(text.meaning(lines))}`;
}

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  const { runs, figures } =
    options.part === "penalties" ? { runs: [], figures: [] } : trainAll(options, text);
  if (runs.length > 0 && !options.json) console.log(`\n${report(runs, options, text)}`);
  const comparison = options.part === "page" ? null : compare(options);
  if (comparison && !options.json) console.log(`\n${comparison.report()}`);
  if (options.json)
    console.log(
      JSON.stringify({ seed: options.seed, runs, ...(comparison ? { penalties: comparison.result } : {}) }),
    );
  const finite = ({ wL2Norm, curve }: Run): boolean =>
    Number.isFinite(wL2Norm + (curve.at(-1)?.trainLoss ?? 0));
  if (!runs.every(finite)) process.stderr.write(`${sentences[options.lang].diverged}\n`);
  const inRow = options.part === "page" ? options.lambda.length : Math.max(2, options.lambda.length);
  await save(options, [...figures, ...(comparison?.figures ?? [])], inRow);
}
