// Animator of the book (section 3.6 of its first edition): curves that grow while a model trains.
// It keeps the data and decides when to draw; live.ts knows the places to draw on.

import { announce, isWatched } from "./display.ts";
import { Figure } from "./figure.ts";
import type { Screen } from "./live.ts";
import { atExit, notebookScreen, terminalScreen } from "./live.ts";
import type { Scalar, Vector } from "./numbers.ts";
import { isList, scalar, unwrapped } from "./numbers.ts";
import type { PlotOptions } from "./plot.ts";
import { checkAxes, styles } from "./plot.ts";
import type { Curve, FigureSpec } from "./spec.ts";
import { gridSpec, panelSpec } from "./spec.ts";
import type { TextStream } from "./terminal/environment.ts";
import { hostProcess } from "./terminal/environment.ts";

/** Options of {@link Animator}: those of `plot`, and where to draw. */
export interface AnimatorOptions extends PlotOptions {
  /** Rows of panels; default 1. With several panels the curves are dealt out to them in turn. */
  nrows?: number | undefined;
  /** Columns of panels; default 1. */
  ncols?: number | undefined;
  /**
   * Where to draw: `"auto"` (default) is the notebook or the terminal the program runs in, and nowhere when
   * the output goes to a file or a pipe; `"terminal"` is the stream, even so: then the finished picture is
   * written once; `"none"` is nowhere.
   */
  display?: "auto" | "terminal" | "none" | undefined;
  /** The stream to draw on; default the standard output. */
  stream?: TextStream | undefined;
}

/** One value, or nothing to skip the curve. */
export type Entry = Scalar | null | undefined;

const MS_PER_FRAME = 1000 / 15;
/** Drawing may take a fifth of the time at most, however many points there are. */
const REST_PER_DRAWING = 4;

/**
 * Draws curves while they grow (section 3.6 of the book's first edition): in a terminal in place, in a
 * notebook in the cell's output, in a page through {@link onFigure} or {@link Animator.onUpdate}. At most 15 pictures a second are drawn,
 * fewer where that would slow the training down, and always the last state.
 *
 * In a notebook or a page a picture appears once the program waits for something, so a loop needs an `await`.
 *
 * Differs from the book: with several panels the curves are dealt out to them, instead of all going to the
 * first.
 *
 * @example
 * using animator = new d2l.Animator({
 *   xlabel: "epoch", ylabel: "loss", yscale: "log", xlim: [5, 100], legend: ["train", "test"] });
 * for (let epoch = 1; epoch <= 100; epoch++) {
 *   // ... train ...
 *   animator.add(epoch, [trainLoss, testLoss]);
 * }
 */
export class Animator implements Disposable {
  readonly #options: AnimatorOptions;
  readonly #data: { x: number[]; y: number[] }[] = [];
  readonly #listeners = new Set<(spec: FigureSpec) => void>();
  readonly #screen: Screen | undefined;
  #changed = false;
  #closed = false;
  #nextDrawing = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @throws RangeError when an option is not usable */
  constructor(options: AnimatorOptions = {}) {
    checkAxes("Animator", options);
    styles(0, options.fmts);
    for (const name of ["nrows", "ncols"] as const) {
      const count = options[name] ?? 1;
      if (!Number.isInteger(count) || count < 1) {
        throw new RangeError(`Animator: ${name} must be a positive integer, got ${count}`);
      }
    }
    this.#options = { ...options };
    this.#screen = screenFor(options);
  }

  /**
   * Adds one point to each curve.
   *
   * @param x one value for all curves, or one for each
   * @param y one value, or one for each curve; null and undefined leave a curve as it is
   */
  add(x: Entry | Vector | readonly Entry[], y: Entry | Vector | readonly Entry[]): void {
    const ys = entries(y);
    const xs = entries(x);
    const points = ys.flatMap((value, i) => {
      const at = isList(unwrapped(x)) ? xs[i] : xs[0];
      if (at == null || value == null) return [];
      return [{ curve: i, x: scalar(at, "Animator.add"), y: scalar(value, "Animator.add") }];
    });
    while (this.#data.length < ys.length) this.#data.push({ x: [], y: [] });
    for (const point of points) {
      this.#data[point.curve]?.x.push(point.x);
      this.#data[point.curve]?.y.push(point.y);
    }
    this.#changed = true;
    // The book's loops do not close their animator: what reaches the right edge is drawn at once.
    const edge = this.#options.xlim?.[1];
    this.#update(edge !== undefined && points.some((point) => point.x >= edge));
  }

  /** The picture of all data so far. */
  figure(): Figure {
    const { fmts, legend, nrows = 1, ncols = 1, theme } = this.#options;
    const look = styles(this.#data.length, fmts);
    const curves = this.#data.map(({ x, y }, i): Curve => {
      return { name: legend?.[i] ?? "", x, y, color: look[i]?.color ?? "", dash: look[i]?.dash ?? [] };
    });
    const count = nrows * ncols;
    const panels = Array.from({ length: count }, (_, at) => curves.filter((_, i) => i % count === at));
    const spec = count === 1 ? panelSpec(curves, this.#options) : gridSpec(panels, ncols, this.#options);
    const figure = new Figure(spec);
    return theme ? figure.withTheme(theme) : figure;
  }

  /**
   * Calls a function with the Vega-Lite spec at every update, as often as a drawing would be made.
   *
   * @returns ends the subscription
   * @example
   * animator.onUpdate((spec) => vegaEmbed("#loss", spec, { actions: false }));
   */
  onUpdate(listener: (spec: FigureSpec) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Draws the last state and leaves it standing; what is added later is kept, but not drawn. */
  close(): void {
    if (this.#closed) return;
    this.#draw(true);
    this.#closed = true;
    this.#listeners.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #update(now: boolean): void {
    if (this.#closed || !(this.#screen || this.#watched || this.#listeners.size > 0)) return;
    const wait = this.#nextDrawing - performance.now();
    if (now || wait <= 0) {
      this.#draw(false);
      return;
    }
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#draw(false), wait);
    // In Node the timer must not keep a finished program alive; the exit hook draws what it would have drawn.
    (this.#timer as { unref?: () => void }).unref?.();
    atExit.add(this.#atExit);
  }

  get #watched(): boolean {
    return this.#options.display !== "none" && isWatched();
  }

  readonly #atExit = (): void => this.#draw(false);

  #draw(final: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    atExit.delete(this.#atExit);
    if (!this.#changed && !final) return;
    const start = performance.now();
    const figure = this.figure();
    const { spec } = figure;
    if (this.#changed) for (const listener of this.#listeners) listener(spec);
    if (this.#changed && this.#watched) announce(figure, this);
    if (this.#data.length > 0) this.#screen?.draw(spec, this.#changed, final);
    this.#changed = false;
    const end = performance.now();
    this.#nextDrawing = end + Math.max(MS_PER_FRAME, REST_PER_DRAWING * (end - start));
  }
}

function entries(value: unknown): unknown[] {
  const plain = unwrapped(value);
  return isList(plain) ? Array.from(plain) : [plain];
}

function screenFor({ display = "auto", stream }: AnimatorOptions): Screen | undefined {
  if (display !== "auto" && display !== "terminal" && display !== "none") {
    throw new RangeError(
      `Animator: display must be "auto", "terminal" or "none", got ${JSON.stringify(display)}`,
    );
  }
  if (display === "none") return undefined;
  const output = stream ?? hostProcess()?.stdout;
  if (display === "terminal") return output && terminalScreen(output);
  const notebook = stream ? undefined : notebookScreen();
  return notebook ?? (output?.isTTY ? terminalScreen(output) : undefined);
}
