// A finished picture: wraps the Vega-Lite spec and turns it into SVG, PNG, text or a notebook's output.
// Vega, the PNG encoder and node:fs are loaded on first use, so importing this file costs nothing.

import type { FigureSpec } from "./spec.ts";
import { joinSpecs, themed } from "./spec.ts";
import type { TerminalOptions } from "./terminal/render.ts";
import { renderTerminal } from "./terminal/render.ts";
import { improveEstimate } from "./text-width.ts";
import type { Theme } from "./theme.ts";
import { loadVega } from "./vega.js";

/** What a Jupyter front end is given: one entry per MIME type. */
export type MimeBundle = Record<string, unknown>;

/**
 * A picture of curves, as `plot` and `Animator` make it.
 *
 * In a Deno notebook a figure shows itself when it is the last value of a cell.
 *
 * @example
 * const figure = d2l.plot([1, 2, 3], [1, 4, 9], { xlabel: "x", ylabel: "x²" });
 * await figure.save("squares.svg");
 * console.log(figure.toTerminal());
 */
export class Figure {
  /** The Vega-Lite v6 spec, plain JSON: hand it to `vega-embed` to draw it in a page. */
  spec: FigureSpec;

  constructor(spec: FigureSpec) {
    this.spec = spec;
  }

  /**
   * Several figures as one picture, row by row.
   *
   * @param columns figures in a row
   * @throws RangeError when `columns` is not a positive integer
   * @example await d2l.Figure.grid([first.figure(), second.figure()], 2).save("both.svg");
   */
  static grid(figures: readonly Figure[], columns: number, title?: string): Figure {
    if (!Number.isInteger(columns) || columns < 1)
      throw new RangeError(`Figure.grid: columns must be a positive integer, got ${columns}`);
    return new Figure(
      joinSpecs(
        figures.map((figure) => figure.spec),
        columns,
        title,
      ),
    );
  }

  /**
   * The same figure in the colours of a theme.
   *
   * @param theme `"light"` or `"dark"`
   */
  withTheme(theme: Theme): Figure {
    return new Figure(themed(this.spec, theme));
  }

  /** The picture as an SVG document. */
  async toSvg(): Promise<string> {
    const view = await this.#view();
    try {
      return ownIds(await view.toSVG(), JSON.stringify(this.spec));
    } finally {
      view.finalize();
    }
  }

  /**
   * The picture as a PNG file. In Node the labels are set in DejaVu Sans, matplotlib's font, and Chinese,
   * Japanese or Korean ones in a font of the machine; a page uses its own fonts.
   *
   * @param scale pixels per px of the spec; default 2, so that 3.5 x 2.5 inches give 700 x 500 pixels
   * @throws RangeError when scale is not a positive number
   */
  async toPng(scale = 2): Promise<Uint8Array<ArrayBuffer>> {
    if (!(scale > 0 && Number.isFinite(scale))) {
      throw new RangeError(`toPng: scale must be a positive number, got ${scale}`);
    }
    if ("document" in globalThis) {
      const view = await this.#view();
      const canvas = await view.toCanvas(scale).finally(() => view.finalize());
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
      if (!blob) throw new Error("toPng: the page could not encode the picture");
      return new Uint8Array(await blob.arrayBuffer());
    }
    const { svgToPng } = await import("./png.ts");
    return svgToPng(await this.toSvg(), scale);
  }

  /**
   * Writes the picture to a file; the extension says how: `.svg`, `.png`, or `.json` for the Vega-Lite spec.
   * A file of that name is replaced only once the new one is complete.
   *
   * @throws RangeError on another extension, before anything is drawn or written
   * @throws Error in a page
   * @throws Error when the file cannot be written; its `cause` is the error of the file system
   */
  async save(path: string): Promise<void> {
    const extension = /\.([^./\\]*)$/.exec(path)?.[1]?.toLowerCase();
    if (extension !== "svg" && extension !== "png" && extension !== "json") {
      throw new RangeError(`save: "${path}" must end in .svg, .png or .json`);
    }
    if ("document" in globalThis) {
      throw new Error(
        "save: a page cannot write files; offer the result of toSvg() or toPng() as a download",
      );
    }
    const contents =
      extension === "svg"
        ? await this.toSvg()
        : extension === "png"
          ? await this.toPng()
          : `${JSON.stringify(this.spec, null, 2)}\n`;
    const { writeWhole } = await import("./write.ts");
    await writeWhole(path, contents);
  }

  /**
   * The picture as text: braille dots for the curves, in colour where asked for.
   *
   * @param options `columns` (default the terminal's width, else 80), `rows` (default by width), `color`
   *   (default whether the terminal shows colours; `NO_COLOR` is honoured)
   */
  toTerminal(options: TerminalOptions = {}): string {
    return renderTerminal(this.spec, options);
  }

  /** The picture for a notebook: the spec, an SVG for readers that cannot draw specs, and text. */
  async toMimeBundle(): Promise<MimeBundle> {
    return { ...specBundle(this.spec), "image/svg+xml": await this.toSvg() };
  }

  static {
    // The name by which Deno's kernel finds it. Not written as `[Symbol.for(...)]()`, because a declaration
    // for that cannot be made from this file alone.
    const value = Figure.prototype.toMimeBundle;
    Object.defineProperty(Figure.prototype, Symbol.for("Jupyter.display"), { value });
  }

  async #view(): Promise<import("vega").View> {
    const [vega, vegaLite, { expressionInterpreter: expr }] = await loadVega();
    // A copy, because Vega marks the rows of the data that it is given.
    const compiled = vegaLite.compile(structuredClone(this.spec)).spec;
    improveEstimate(vega.textMetrics);
    // Interpreted, so that a page whose content policy forbids code from text can draw too.
    const runtime = vega.parse(compiled, undefined, { ast: true });
    return new vega.View(runtime, { expr, renderer: "none", logLevel: vega.Error });
  }
}

/**
 * The quick part of a notebook's output, for live updates. More front ends know the type of Vega-Lite 5 than
 * that of 6; the specs built here mean the same in both.
 */
export function specBundle(spec: FigureSpec): MimeBundle {
  return {
    "application/vnd.vegalite.v5+json": {
      ...spec,
      $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    },
    "text/plain": renderTerminal(spec, { columns: 80, color: false }),
  };
}

/**
 * Vega numbers its clip paths through the life of the program. Here they follow from the figure: the same
 * figure gives the same file, and two figures inlined in one page do not use each other's paths.
 */
function ownIds(svg: string, spec: string): string {
  let hash = 5381;
  for (let i = 0; i < spec.length; i++) hash = (Math.imul(hash, 33) ^ spec.charCodeAt(i)) >>> 0;
  const numbers = new Map<string, number>();
  return svg.replace(/(id="|url\(#)clip(\d+)/g, (_, before: string, number: string) => {
    if (!numbers.has(number)) numbers.set(number, numbers.size);
    return `${before}clip-${hash.toString(36)}-${numbers.get(number)}`;
  });
}
