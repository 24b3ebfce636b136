// The page's side of a training: a worker, the values of the controls, and the pictures that came last.

import type { Control, Controls, Picture } from "../../../../lessons/live.ts";
import type { Failure } from "../runner/failure.ts";
import type { Language } from "../site/language.svelte.ts";
import type { Answer, Frame, Labels, Request, Source, Values } from "./protocol.ts";

/** Time over which the rate of runs is measured, in ms. */
const rateMs = 1000;
/** How long pictures of the run before may stand beside those of a new one, in ms. */
const patienceMs = 500;

export type Status = "starting" | "running" | "done" | "failed" | "stopped";

export class LiveHost {
  status: Status = $state("starting");
  controls: Controls | null = $state.raw(null);
  labels: Record<Language, Labels> | null = $state.raw(null);
  values: Values = $state.raw({});
  /** In the order of first showing. */
  pictures: ReadonlyMap<string, Picture> = $state.raw(new Map());
  failure: Failure | null = $state.raw(null);
  diverged: boolean = $state(false);
  /** Runs a second while controls move; null before it is known. */
  rate: number | null = $state(null);
  /** Time of the last finished run, in ms. */
  ms: number = $state(0);
  /** What is trained. */
  source: Source = $state.raw({ lesson: "" });
  /** Runs finished since the page opened. */
  runs: number = $state(0);

  #worker: Worker | null = null;
  #language: Language;
  #id = 0;
  /** When the newest run was asked for. */
  #began = 0;
  #finishes: { at: number; runs: number }[] = [];

  constructor(source: Source, language: Language) {
    this.source = source;
    this.#language = language;
    this.#start();
  }

  /** Texts of the live part appear in this language from the next frame on. */
  set language(language: Language) {
    if (language === this.#language) return;
    this.#language = language;
    this.#run();
  }

  /** Moves a control: trains anew. */
  set(name: string, value: number | string | boolean): void {
    if (this.values[name] === value) return;
    this.values = { ...this.values, [name]: value };
    this.#run();
  }

  /** All controls back to where they were. */
  reset(): void {
    this.values = this.#defaults();
    this.#run();
  }

  /** Trains once more with the same values. */
  again(): void {
    this.#run();
  }

  /** Whether the reader's code runs, not the lesson's. */
  get edited(): boolean {
    return this.source.files !== undefined;
  }

  /** Ends the training at once. */
  stop(): void {
    this.close();
    this.status = "stopped";
  }

  /** Other code, or the same after a crash, in a new worker; the controls keep what they have in common. */
  restart(source: Source = this.source): void {
    this.close();
    this.source = source;
    this.#start();
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): void {
    this.status = "starting";
    this.failure = null;
    this.diverged = false;
    this.#finishes = [];
    this.runs = 0;
    const worker = this.source.files
      ? new Worker(new URL("./edited-worker.ts", import.meta.url), { type: "module", name: "live" })
      : new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "live" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail({ kind: "worker", message: event.message || "the worker could not start", stack: [] });
      this.close();
    };
    this.#post({ type: "open", source: this.source });
  }

  #post(request: Request): void {
    this.#worker?.postMessage(request);
  }

  #run(): void {
    if (!this.#worker) {
      this.#start();
      return;
    }
    if (!this.controls) return;
    this.status = "running";
    this.#began = performance.now();
    this.#post({ type: "run", id: ++this.#id, values: this.values, language: this.#language });
  }

  #hear(answer: Answer): void {
    switch (answer.type) {
      case "opened": {
        this.controls = answer.controls;
        this.labels = answer.labels;
        this.values = { ...this.#defaults(), ...this.#kept(answer.controls) };
        this.#run();
        break;
      }
      case "frame":
        this.#frame(answer);
        break;
      case "failed":
        this.#fail(answer.failure);
    }
  }

  #frame(frame: Frame): void {
    const pictures = new Map(this.pictures);
    for (const [name, picture] of frame.pictures) pictures.set(name, picture);
    // Pictures of an earlier run stay until this one had its time to show its own: nothing flickers while controls move.
    if (frame.finished || (frame.id === this.#id && performance.now() - this.#began > patienceMs))
      for (const name of pictures.keys()) if (!frame.shown.includes(name)) pictures.delete(name);
    if (frame.finished) {
      this.ms = frame.ms;
      this.failure = null;
    }
    this.pictures = pictures;
    this.diverged = frame.diverged;
    if (frame.id === this.#id && frame.finished) this.status = "done";
    this.#measure(frame.runs);
    requestAnimationFrame(() => this.#post({ type: "drawn" }));
  }

  #measure(runs: number): void {
    this.runs = runs;
    const now = performance.now();
    const finishes = this.#finishes;
    // A pause ends the measurement: the rate is that of runs which follow each other.
    if (finishes.length > 0 && now - finishes.at(-1)!.at > 250) finishes.length = 0;
    finishes.push({ at: now, runs });
    while (now - finishes[0]!.at > rateMs) finishes.shift();
    const { at, runs: before } = finishes[0]!;
    if (now - at > rateMs / 4) this.rate = ((runs - before) * 1000) / (now - at);
  }

  #fail(failure: Failure): void {
    this.status = "failed";
    this.failure = failure;
  }

  #defaults(): Values {
    return Object.fromEntries(
      Object.entries(this.controls ?? {}).map(([name, control]: [string, Control]) => [name, control.value]),
    );
  }

  /** Values set before a restart that the controls still allow. */
  #kept(controls: Controls): Values {
    return Object.fromEntries(
      Object.entries(this.values).filter(([name, value]) => {
        const control = controls[name];
        if (!control || typeof value !== typeof control.value) return false;
        if (control.kind === "choice") return control.among.includes(String(value));
        return control.kind !== "slider" || (Number(value) >= control.least && Number(value) <= control.most);
      }),
    );
  }
}
