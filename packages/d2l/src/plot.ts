// plot and setAxes of the book (section 2.4, "Calculus"): curves from arrays or tensors to a Figure.

import { announce } from "./display.ts";
import { Figure } from "./figure.ts";
import { DEFAULT_FORMATS, parseFormat } from "./format.ts";
import type { Vectors } from "./numbers.ts";
import { vectors } from "./numbers.ts";
import type { AxesOptions, Curve } from "./spec.ts";
import { curvesOf, gridSpec, isTiles, panelSpec, panelsOf } from "./spec.ts";
import type { Theme } from "./theme.ts";
import { THEMES } from "./theme.ts";

/** Options of `plot`: the axes, and the look of the curves. */
export interface PlotOptions extends AxesOptions {
  /** One matplotlib format per curve, in turn; default "-", "m--", "g-.", "r:", and four more. */
  fmts?: readonly string[] | undefined;
  /** `"light"` (default) or `"dark"`. */
  theme?: Theme | undefined;
}

/**
 * Draws curves, as `d2l.plot` does (section 2.4 of the book). With one argument, X holds the y values and x
 * counts from 0. NaN and infinities leave a gap, and so do values up to zero on a log axis.
 *
 * Differs from the book: everything after Y comes in an options object.
 *
 * @param X one vector for all curves, or one for each
 * @param Y one vector, or one for each curve
 * @param options see {@link PlotOptions}
 * @throws RangeError when x and y differ in length, or an option is not usable
 * @throws TypeError when something that is not a number stands in the data
 * @example
 * const x = [0, 1, 2, 3];
 * d2l.plot(x, [x.map((v) => v * v), x.map((v) => 2 * v - 1)], {
 *   xlabel: "x", ylabel: "f(x)", legend: ["f(x)", "Tangent line (x=1)"] });
 */
export function plot(X: Vectors, Y?: Vectors | null, options: PlotOptions = {}): Figure {
  checkAxes("plot", options);
  const ys = vectors(Y ?? X, "plot");
  const xs = Y == null ? [] : vectors(X, "plot");
  if (xs.length > 1 && xs.length !== ys.length) {
    throw new RangeError(
      `plot: X has ${xs.length} vectors and Y has ${ys.length}; expected one x for all, or one each`,
    );
  }
  const styled = styles(ys.length, options.fmts);
  const curves = ys.map((y, i): Curve => {
    const x = Y == null ? y.map((_, at) => at) : (xs[i] ?? xs[0] ?? []);
    if (x.length !== y.length) {
      throw new RangeError(`plot: curve ${i} has ${x.length} values of x and ${y.length} of y`);
    }
    return {
      name: options.legend?.[i] ?? "",
      x,
      y,
      color: styled[i]?.color ?? "",
      dash: styled[i]?.dash ?? [],
    };
  });
  const plain = new Figure(panelSpec(curves, options));
  const figure = options.theme ? plain.withTheme(options.theme) : plain;
  announce(figure);
  return figure;
}

/**
 * Sets the axes of a figure anew, as `d2l.set_axes` does (section 2.4 of the book): what is not named goes
 * back to its default. The curves stay as they are.
 *
 * @param figure is changed in place, and returned
 * @param options see {@link AxesOptions}; `figsize` defaults to the figure's own
 * @throws RangeError when an option is not usable
 * @throws TypeError when the figure has no curves
 * @example
 * d2l.setAxes(figure, { xlabel: "epoch", ylabel: "loss", yscale: "log", ylim: [1e-3, 1e2] });
 */
export function setAxes(figure: Figure, options: AxesOptions): Figure {
  checkAxes("setAxes", options);
  const dark = figure.spec.background === THEMES.dark.background;
  const light = dark ? figure.withTheme("light").spec : figure.spec;
  if (panelsOf(light).some(isTiles))
    throw new TypeError("setAxes: expected a figure of curves, got one of heatmaps or images");
  const panels = panelsOf(light).map((panel) =>
    curvesOf(panel).map((curve, i) => ({ ...curve, name: options.legend?.[i] ?? "" })),
  );
  let spec = light;
  if ("concat" in light) spec = gridSpec(panels, light.columns, options);
  else
    spec = panelSpec(panels[0] ?? [], {
      ...options,
      figsize: options.figsize ?? [light.width / 100, light.height / 100],
    });
  figure.spec = dark ? new Figure(spec).withTheme("dark").spec : spec;
  announce(figure);
  return figure;
}

/** The look of `count` curves. */
export function styles(
  count: number,
  fmts: readonly string[] = DEFAULT_FORMATS,
): ReturnType<typeof parseFormat>[] {
  const parsed = (fmts.length > 0 ? fmts : DEFAULT_FORMATS).map(parseFormat);
  return Array.from({ length: count }, (_, i) => parsed[i % parsed.length] ?? parseFormat("-"));
}

/** Refuses, by name, what would otherwise fail deep inside the drawing. */
export function checkAxes(where: string, axes: AxesOptions): void {
  for (const name of ["xscale", "yscale"] as const) {
    const scale: unknown = axes[name] ?? "linear";
    if (scale !== "linear" && scale !== "log") {
      throw new RangeError(`${where}: ${name} must be "linear" or "log", got ${JSON.stringify(scale)}`);
    }
  }
  for (const name of ["xlim", "ylim", "figsize"] as const) {
    const pair = axes[name];
    if (pair == null) continue;
    const ok = pair.length === 2 && pair.every((v) => Number.isFinite(v) && (name !== "figsize" || v > 0));
    if (!ok)
      throw new RangeError(`${where}: ${name} must be two finite numbers, got ${JSON.stringify(pair)}`);
  }
}
