// Places to draw on while training runs: a terminal, redrawn in place, and the output of a notebook's cell.

import { Figure, specBundle } from "./figure.ts";
import type { FigureSpec } from "./spec.ts";
import type { TextStream } from "./terminal/environment.ts";
import { canRedraw, hostProcess, wantsColor } from "./terminal/environment.ts";
import { renderTerminal, stripColors } from "./terminal/render.ts";
import { cells } from "./terminal/text.ts";

/** Somewhere to draw. */
export interface Screen {
  /** Draws a state; `changed` is false when it was drawn before, `final` is true when it is the last. */
  draw(spec: FigureSpec, changed: boolean, final: boolean): void;
}

const WIDEST = 100;

/**
 * Draws on a terminal, each picture over the one before. The cursor waits below the picture and is never
 * hidden, so there is nothing to restore when a program is interrupted. On a stream that is no terminal, the
 * final picture is written once.
 */
export function terminalScreen(stream: TextStream): Screen {
  let shown: readonly string[] = [];
  let written: number | undefined;
  const color = wantsColor(stream);

  /** Lines that the last picture takes now: a terminal made narrower has wrapped its longer lines. */
  const height = (columns: number): number =>
    shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(cells(stripColors(line)) / columns)), 0);

  return {
    draw(spec, changed, final) {
      const columns = stream.columns || 80;
      if (!canRedraw(stream)) {
        if (final) stream.write(`${renderTerminal(spec, { columns: Math.min(columns, WIDEST), color })}\n`);
        return;
      }
      if (!changed) return;
      const all = stream.rows || 24;
      const width = Math.min(columns, WIDEST);
      let text = renderTerminal(spec, { columns: width, color });
      // Lines scrolled off the top could not be drawn over again.
      if (text.split("\n").length > all - 1) {
        text = renderTerminal(spec, { columns: width, rows: all - 1, color });
      }
      const lines = text.split("\n").slice(0, Math.max(1, all - 1));
      // If someone else wrote since, going up would destroy their lines: start anew below them.
      const undisturbed = written === undefined || stream.bytesWritten === written;
      const up = undisturbed ? Math.min(height(columns), all - 1) : 0;
      const body = lines.map((line) => `${line}\u001b[K\n`).join("");
      stream.write(`${up > 0 ? `\u001b[${up}A\r` : ""}${body}\u001b[J`);
      shown = lines;
      written = stream.bytesWritten;
    },
  };
}

interface Jupyter {
  display(data: unknown, options: { raw: true; update: boolean; display_id: string }): Promise<void>;
}

/** Draws in the output of a cell of a Deno notebook; nothing anywhere else. */
export function notebookScreen(): Screen | undefined {
  const jupyter = denoJupyter();
  if (!jupyter) return undefined;
  const id = crypto.randomUUID();
  let update = false;
  return {
    draw(spec, changed, final) {
      if (!changed && !final) return;
      // The finished picture also has an SVG, for readers of the saved notebook that cannot draw specs.
      const bundle = final ? new Figure(spec).toMimeBundle() : Promise.resolve(specBundle(spec));
      const options = { raw: true, update, display_id: id } as const;
      update = true;
      // A picture that does not arrive must not end the training.
      bundle.then((data) => jupyter.display(data, options)).catch(() => undefined);
    },
  };
}

function denoJupyter(): Jupyter | undefined {
  try {
    const jupyter = (globalThis as { Deno?: { jupyter?: Partial<Jupyter> } }).Deno?.jupyter;
    return typeof jupyter?.display === "function" ? (jupyter as Jupyter) : undefined;
  } catch {
    // Outside a notebook Deno throws on the access.
    return undefined;
  }
}

/** What is still to be drawn when the program ends; one listener, however many animators there are. */
export const atExit: Set<() => void> = new (class extends Set<() => void> {
  #listening = false;

  override add(draw: () => void): this {
    if (!this.#listening) {
      hostProcess()?.on?.("exit", () => {
        for (const each of [...this]) each();
      });
      this.#listening = true;
    }
    return super.add(draw);
  }
})();
