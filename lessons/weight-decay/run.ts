// Trains the lesson's models, draws their losses while they train, prints the norms, saves the figure.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
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

/** The animator of one run, which also keeps the losses. */
class Curve extends d2l.Animator {
  readonly points: Run["curve"] = [];

  override add(epoch: number, losses: [number, number]): void {
    this.points.push({ epoch, trainLoss: losses[0], testLoss: losses[1] });
    super.add(epoch, losses);
  }
}

function curve(kind: Run["kind"], lambda: number, options: Options, text: Texts): Curve {
  return new Curve({
    title: text.title(kind, lambda),
    xlabel: text.epoch,
    ylabel: text.loss,
    yscale: "log",
    ...(options.epochs > 5 ? { xlim: [5, options.epochs] as const } : {}),
    legend: text.legend,
    display: options.json || options.quiet ? "none" : "auto",
  });
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
      using animator = curve(kind, lambda, options, text);
      const wL2Norm =
        kind === "scratch" ? lesson.train(lambda, animator) : lesson.trainConcise(lambda, animator);
      runs.push({ kind, lambda, wL2Norm, curve: animator.points });
      figures.push(animator.figure());
    }
  }
  return { runs, figures };
}

/** A table whose columns are as wide as their widest cell, or one block for each row where the terminal is narrow. */
function table(heading: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const widths = heading.map((_, i) =>
    Math.max(...[heading, ...rows].map((row) => d2l.textWidth(row[i] ?? ""))),
  );
  const pad = (text: string, width: number, right: boolean): string => {
    const space = " ".repeat(width - d2l.textWidth(text));
    return right ? space + text : text + space;
  };
  if (widths.reduce((sum, w) => sum + w + 3, 0) - 3 > columns)
    return rows
      .map((row) => row.map((cell, i) => (i === 0 ? cell : `  ${heading[i]}: ${cell}`)).join("\n"))
      .join("\n");
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, i > 0))
      .join("   ")
      .trimEnd();
  return [line(heading), ...rows.map(line)].join("\n");
}

/** Breaks a text into lines of at most `columns` cells, between words or Chinese characters. */
function wrap(text: string, columns: number): string {
  const lines = [""];
  for (const word of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    const line = lines.at(-1) ?? "";
    if (line && d2l.textWidth(line + word.trimEnd()) > columns) lines.push(word);
    else lines[lines.length - 1] = line + word;
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

const show = (loss: number | undefined): string =>
  loss === undefined ? "-" : loss > 0 && loss < 1e-3 ? loss.toExponential(3) : loss.toPrecision(4);

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
    show(l.trainLoss),
    show(l.testLoss),
  ]);
  const columns = Math.min(process.stdout.columns ?? 100, 100);
  const norms = table(text.heading, rows, columns);
  return options.quiet ? norms : `${norms}\n\n${wrap(text.meaning(lines), columns)}`;
}

/** Does what the options say; errors are the caller's to show. */
export async function run(options: Options): Promise<void> {
  const text = texts[options.lang];
  const { runs, figures } = trainAll(options, text);
  if (options.json) process.stdout.write(`${JSON.stringify({ seed: options.seed, runs })}\n`);
  else console.log(`\n${report(runs, options, text)}`);
  const finite = ({ wL2Norm, curve }: Run): boolean =>
    Number.isFinite(wL2Norm + (curve.at(-1)?.trainLoss ?? 0));
  if (!runs.every(finite)) process.stderr.write(`${text.diverged}\n`);
  if (options.out) {
    await d2l.Figure.grid(figures, options.lambda.length).save(options.out);
    if (!options.json) console.log(text.saved(options.out));
  }
}
