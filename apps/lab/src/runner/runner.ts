// The page's side of running programs: a fresh worker for each run, a spare one that is ready before it is needed.

import type { Failure } from "./failure.ts";
import type { Files } from "./link.ts";
import type { Answer } from "./protocol.ts";

/** Hears what a run says, until its end. */
export type Listener = (answer: Exclude<Answer, { type: "ready" }>) => void;

export class Runner {
  #running: Worker | undefined;
  #spare: Worker | undefined;

  /** Starts the next run's worker already. */
  warm(): void {
    this.#spare ??= start();
  }

  /** Runs a program; one that still runs is ended. `hear` is told how it went, last with "done". */
  run(files: Files, entry: string, hear: Listener): void {
    this.stop();
    const worker = this.#spare ?? start();
    this.#spare = undefined;
    this.#running = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (this.#running !== worker || data.type === "ready") return;
      hear(data);
      if (data.type !== "done") return;
      this.stop();
      this.warm();
    };
    // What a program throws arrives as a message; this is the worker itself: it could not load, or had no memory left.
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#running !== worker) return;
      this.stop();
      hear({ type: "failed", failure: death(event.message) });
      hear({ type: "done" });
      this.warm();
    };
    worker.postMessage({ files, entry });
  }

  /** Ends what runs, at once. */
  stop(): void {
    this.#running?.terminate();
    this.#running = undefined;
  }

  /** Ends everything: the page is left. */
  close(): void {
    this.stop();
    this.#spare?.terminate();
    this.#spare = undefined;
  }
}

function death(message: string | undefined): Failure {
  const kind = /memory/i.test(message ?? "") ? "memory" : "worker";
  return { kind, message: message || "the worker ended", stack: [] };
}

function start(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "program" });
}
