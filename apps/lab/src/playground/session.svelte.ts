// A program as the playground sees it: what it printed, what it drew, how it goes.

import type { FigureSpec } from "@flambeau/d2l";
import { warmDrawing } from "../runner/drawing.ts";
import type { Failure } from "../runner/failure.ts";
import type { Files } from "../runner/link.ts";
import type { Line } from "../runner/outlet.ts";
import type { Answer, Note } from "../runner/protocol.ts";
import { Runner } from "../runner/runner.ts";

export type Status = "ready" | "starting" | "running" | "done" | "failed" | "stopped";

/** A line of the console; `skipped` counts lines that were left out before it. */
export interface Printed extends Line {
  readonly id: number;
  readonly skipped: number;
}

/** Lines that are kept: enough to look back, few enough for a phone. */
const LINES = 1000;
const FIGURES = 50;

export class Session {
  status: Status = $state("ready");
  lines: readonly Printed[] = $state.raw([]);
  /** Older lines that are gone. */
  gone: number = $state(0);
  /** In the order of first showing. */
  figures: ReadonlyMap<number, FigureSpec> = $state.raw(new Map());
  failures: readonly Failure[] = $state.raw([]);
  note: Note | null = $state.raw(null);
  /** How long the last run took, in ms. */
  ms: number = $state(0);

  readonly #runner = new Runner();
  #id = 0;
  #started = 0;

  get active(): boolean {
    return this.status === "starting" || this.status === "running";
  }

  /** Loads what a run needs before there is one. */
  warm(): void {
    this.#runner.warm();
  }

  run(files: Files, entry: string): void {
    this.status = "starting";
    this.clear();
    this.#started = performance.now();
    if (Object.values(files).some((text) => text.includes("@flambeau/d2l"))) warmDrawing();
    this.#runner.run(files, entry, (answer) => this.#hear(answer));
  }

  /** Ends the program at once, whatever it does. */
  stop(): void {
    if (!this.active) return;
    this.#runner.stop();
    this.#runner.warm();
    this.#end("stopped");
  }

  clear(): void {
    this.lines = [];
    this.gone = 0;
    this.figures = new Map();
    this.failures = [];
    this.note = null;
  }

  close(): void {
    this.#runner.close();
  }

  #hear(answer: Parameters<Parameters<Runner["run"]>[2]>[0]): void {
    switch (answer.type) {
      case "started":
        this.status = "running";
        this.#started = performance.now();
        break;
      case "output":
        this.#print(answer);
        break;
      case "clear":
        this.lines = [];
        this.gone = 0;
        break;
      case "figure": {
        if (!this.figures.has(answer.key) && this.figures.size >= FIGURES) break;
        this.figures = new Map(this.figures).set(answer.key, answer.spec);
        break;
      }
      case "note":
        this.note = answer.note;
        break;
      case "failed":
        // Of errors that repeat, as a timer's may, the first ones say it all.
        if (this.failures.length < 5) this.failures = [...this.failures, answer.failure];
        break;
      case "done":
        this.#end(this.failures.length > 0 ? "failed" : "done");
    }
  }

  #end(status: Status): void {
    this.status = status;
    this.ms = performance.now() - this.#started;
  }

  #print({ batch }: Extract<Answer, { type: "output" }>): void {
    const fresh = batch.lines.map(
      (line, i): Printed => ({ ...line, id: ++this.#id, skipped: i === 0 ? batch.skipped : 0 }),
    );
    const all = [...this.lines, ...fresh];
    this.gone += Math.max(0, all.length - LINES);
    this.lines = all.slice(-LINES);
  }
}
