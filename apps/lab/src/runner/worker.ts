// Runs one program, then waits to be ended: a page starts a worker for each run, so that nothing is left of the
// last one and even an endless loop can be stopped.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";
import { takeConsole } from "./console.ts";
import { failureOf, placesOf } from "./failure.ts";
import { load } from "./load.ts";
import { MemoryGuard, memoryLimit } from "./memory-guard.ts";
import { curveWithNaN, hasNaN } from "./notes.ts";
import { Outlet } from "./outlet.ts";
import type { Answer, Note, Request } from "./protocol.ts";
import { TimerCount } from "./timers.ts";

const post = (answer: Answer): void => postMessage(answer);
const names = new Map<string, string>();
const outlet = new Outlet((batch) => post({ type: "output", batch }));
let noted = false;

// Frames of the framework come first in a stack; those of the program must not fall off its end.
Error.stackTraceLimit = 100;

/** One remark a run: what follows from the first NaN is NaN too. */
function note(where: Note["where"]): void {
  if (noted) return;
  noted = true;
  outlet.flush();
  post({ type: "note", note: { kind: "nan", where } });
}

function fail(thrown: unknown): void {
  outlet.flush();
  post({ type: "failed", failure: failureOf(thrown, names) });
}

const plotted = new WeakSet<object>();
/** Keys of the library count up from 1; those of figures that the program prints count down. */
let lastPrinted = 0;

d2l.onFigure((figure, key) => {
  plotted.add(figure);
  show(figure, key);
});

function show(figure: d2l.Figure, key: number): void {
  post({ type: "figure", key, spec: figure.spec });
  if (noted) return;
  const curve = curveWithNaN(figure.spec);
  if (curve) note(curve);
}

takeConsole({
  write(level, text) {
    outlet.write(level, text);
    if (!noted && hasNaN(text)) note({ console: placesOf(new Error("here").stack ?? "", names)[0] });
  },
  clear() {
    outlet.flush();
    post({ type: "clear" });
  },
  shows(value) {
    if (!(value instanceof d2l.Figure)) return false;
    // What plot has shown already needs no second copy.
    if (!plotted.has(value)) show(value, --lastPrinted);
    return true;
  },
});

// Before the count of timers: the guard's own are none of the program's.
const later = setTimeout;
new MemoryGuard(memoryLimit((navigator as { deviceMemory?: number }).deviceMemory), (run) =>
  later(run),
).install(globalThis);

const timers = new TimerCount(globalThis as never);

addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error ?? event.message);
});

addEventListener(
  "message",
  ({ data }: MessageEvent<Request>) => {
    void run(data);
  },
  { once: true },
);

async function run({ files, entry }: Request): Promise<void> {
  post({ type: "started" });
  try {
    await load(files, entry, { flambeau: torch, "@flambeau/d2l": d2l }, names);
  } catch (thrown) {
    fail(thrown);
  }
  await timers.idle();
  outlet.flush();
  post({ type: "done" });
}

post({ type: "ready" });
