// Trains for a page: what its workers do. The newest settings win: a run is dropped at its next yield when others have come. Pictures go to the page
// when it has drawn the last ones, so it is never behind by more than one.

import type { AnyLive, Controls, LiveTexts, Picture } from "../../../../lessons/live.ts";
import type { Failure } from "../runner/failure.ts";
import type { Answer, Labels, Request, Source } from "./protocol.ts";
import { isDiverged, snapshot } from "./snapshot.ts";

type Run = Extract<Request, { type: "run" }>;

/** How long training may keep the thread before messages are looked at, in ms. */
const turnMs = 4;

let live: AnyLive | undefined;
let wanted: Run | null = null;
let working = false;
/** Pictures that the page has not got yet. */
const waiting = new Map<string, Picture>();
/** Pictures that the current run has shown. */
const shown = new Set<string>();
let finished = false;
let current = 0;
let runs = 0;
let lastMs = 0;
let drawn = true;

function post(answer: Answer, transfer: ArrayBuffer[] = []): void {
  postMessage(answer, { transfer });
}

/** What went wrong, in words. */
let describe = (error: unknown): Failure => ({ kind: "exception", message: String(error), stack: [] });

function fail(error: unknown): void {
  post({ type: "failed", id: current, failure: describe(error) });
}

/** Sends what is waiting, if the page is ready for it. */
function flush(): void {
  if (!drawn || (waiting.size === 0 && !finished)) return;
  const transfer: ArrayBuffer[] = [];
  const pictures = [...waiting].map(([name, picture]) => [name, snapshot(picture, transfer)] as const);
  const diverged = pictures.some(([, picture]) => isDiverged(picture));
  waiting.clear();
  drawn = false;
  post(
    { type: "frame", id: current, pictures, shown: [...shown], finished, runs, ms: lastMs, diverged },
    transfer,
  );
  finished = false;
}

const { port1, port2 } = new MessageChannel();

/** Lets messages in. A timer would wait for 4 ms each time. */
function turn(): Promise<void> {
  return new Promise((done) => {
    port1.onmessage = () => done();
    port2.postMessage(null);
  });
}

async function train(run: Run, lesson: AnyLive): Promise<void> {
  current = run.id;
  finished = false;
  shown.clear();
  const start = performance.now();
  let turned = start;
  const training = lesson.run(
    run.values as never,
    (name, picture) => {
      shown.add(name);
      waiting.set(name, picture);
    },
    lesson.texts[run.language],
  );
  while (!training.next().done) {
    const now = performance.now();
    if (now - turned < turnMs) continue;
    flush();
    await turn();
    if (wanted) {
      training.return();
      return;
    }
    turned = performance.now();
  }
  runs++;
  lastMs = performance.now() - start;
  finished = true;
  flush();
}

async function work(): Promise<void> {
  working = true;
  while (wanted && live) {
    const run: Run = wanted;
    wanted = null;
    try {
      await train(run, live);
    } catch (error) {
      fail(error);
    }
    await turn();
  }
  working = false;
}

async function open(found: Promise<AnyLive>): Promise<void> {
  try {
    const opened = await found;
    const labels = ({ controls, choices, pictures }: LiveTexts<Controls>): Labels => ({
      controls,
      choices,
      pictures,
    });
    post({
      type: "opened",
      controls: opened.controls,
      labels: { en: labels(opened.texts.en), zh: labels(opened.texts.zh) },
    });
    // Controls can be moved while data are on their way.
    await opened.load?.();
    live = opened;
    if (!working) await work();
  } catch (error) {
    fail(error);
  }
}

/**
 * Makes this worker a trainer. `find` loads the live part that the page names; `words` describes what it throws, by default without
 * places: those of bundled code tell a reader nothing.
 */
export function serve(find: (source: Source) => Promise<AnyLive>, words = describe): void {
  describe = words;
  addEventListener("message", ({ data }: MessageEvent<Request>) => {
    switch (data.type) {
      case "open":
        void open(find(data.source));
        break;
      case "run":
        wanted = data;
        if (!working) void work();
        break;
      case "drawn":
        drawn = true;
        flush();
    }
  });
}
