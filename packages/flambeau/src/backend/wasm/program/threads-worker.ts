// Starts a worker of a team, in Node and in browsers, and holds the program that it runs.
// Floor L2 (backend/wasm/program).
//
// The program is a text: the same starts from TypeScript sources, from the published file and in bundles, without a second
// file that a bundler or a server would have to know of, and in milliseconds, since it imports nothing. In browsers the text
// is a Blob's (a content policy must allow `worker-src blob:`). Where it cannot be started, programs run on one thread.

import type * as workerThreads from "node:worker_threads";
import { abort, cell, maxText, state, textAt, workerCell, workerLine } from "./threads-cells.ts";

/** What a worker is sent first. */
export interface Start {
  readonly kind: "start";
  readonly memory: WebAssembly.Memory;
  /** Where the cells are. */
  readonly control: number;
  /** Whose cells are its own. */
  readonly worker: number;
  /** Its number in the team, from 1. */
  readonly thread: number;
  /** Exports `wait`; see waiterModule. */
  readonly waiter: WebAssembly.Module;
}

/** A program; its functions are called by their place in `entries`. */
export interface Load {
  readonly kind: "load";
  readonly program: number;
  readonly module: WebAssembly.Module;
  readonly entries: readonly string[];
}

export interface Drop {
  readonly kind: "drop";
  readonly program: number;
}

export type Message = Start | Load | Drop;

/** A worker, as its team sees it. */
export interface Seat {
  post(message: Message): void;
  end(): void;
}

/** Functions that workers have besides those of Math; the same as in math.ts. */
const hostText = `{
    __proto__: Math,
    fmod: (x, y) => x % y,
    pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  }`;

/** Whether workers have the host function `name`. (Error functions of float64 they have not.) */
export const workerHas = (name: string): boolean => name === "fmod" || name === "pow" || name in Math;

const word = (bytes: number): number => bytes / 4;

/** What a worker runs. It lives in `serve`, and returns to its event loop only for messages. */
export const workerText: string = `"use strict";
const node = typeof require === "function" ? require("node:worker_threads") : null;
const port = node ? node.parentPort : self;
let cells, text, mine, start, wait;
let left = 0;
const programs = new Map();

function instance(module) {
  const env = { memory: start.memory };
  return new WebAssembly.Instance(module, { env, host: ${hostText} }).exports;
}
function deal(m) {
  if (m.kind === "load") {
    const exports = instance(m.module);
    programs.set(m.program, m.entries.map((name) => exports[name]));
  } else if (m.kind === "drop") programs.delete(m.program);
  else {
    start = m;
    cells = new Int32Array(m.memory.buffer, m.control, ${word(textAt)});
    text = new Uint16Array(m.memory.buffer, m.control + ${textAt}, ${maxText});
    mine = ${word(workerLine(0))} + ${word(workerLine(1) - workerLine(0))} * m.worker;
    wait = instance(m.waiter).wait;
    Atomics.store(cells, mine + ${word(workerCell.state)}, ${state.alive});
  }
}
function crash(message) {
  // The first one that crashes speaks for all: what it says is there before anybody leaves.
  if (Atomics.compareExchange(cells, ${word(cell.textLength)}, 0, -1) === 0) {
    const n = Math.min(message.length, ${maxText});
    for (let i = 0; i < n; i++) text[i] = message.charCodeAt(i);
    Atomics.store(cells, ${word(cell.textLength)}, n);
    Atomics.compareExchange(cells, ${word(cell.abort)}, 0, ${abort.worker});
  }
  Atomics.add(cells, ${word(cell.generation)}, 1);
  Atomics.notify(cells, ${word(cell.generation)});
}
function run() {
  try {
    const entries = programs.get(Atomics.load(cells, ${word(cell.program)}));
    const entry = entries[Atomics.load(cells, ${word(cell.entry)})];
    entry(start.thread, Atomics.load(cells, ${word(cell.threads)}), Atomics.load(cells, ${word(cell.argument)}));
  } catch (error) {
    crash(String(error));
  }
}
function serve() {
  for (;;) {
    const turn = Atomics.load(cells, ${word(cell.turn)});
    const order = Atomics.load(cells, mine + ${word(workerCell.order)});
    if (order !== left) {
      run();
      left = order;
      Atomics.store(cells, mine + ${word(workerCell.left)}, left);
      if (Atomics.load(cells, ${word(cell.abort)}) !== 0) Atomics.notify(cells, mine + ${word(workerCell.left)});
    } else if (Atomics.load(cells, mine + ${word(workerCell.posted)}) !== Atomics.load(cells, mine + ${word(workerCell.handled)}))
      return;
    else wait(turn);
  }
}
port.onmessage = ({ data }) => {
  try {
    deal(data);
  } catch (error) {
    crash(String(error));
  }
  Atomics.add(cells, mine + ${word(workerCell.handled)}, 1);
  Atomics.notify(cells, mine + ${word(workerCell.handled)});
  serve();
};
if (node)
  process.on("exit", (code) => {
    // Not where it was told to end.
    if (!cells || Atomics.exchange(cells, mine + ${word(workerCell.state)}, ${state.ended}) !== ${state.alive}) return;
    crash("it ended with code " + code);
    Atomics.notify(cells, mine + ${word(workerCell.left)});
    Atomics.notify(cells, mine + ${word(workerCell.handled)});
  });
`;

interface ProcessLike {
  getBuiltinModule?(name: "node:worker_threads"): typeof workerThreads | undefined;
}

/**
 * Starts a worker. `gone` is called, from the event loop, when it could not start or has ended by itself.
 * @throws what the environment throws where there are no workers
 */
export function startWorker(gone: () => void): Seat {
  const { process } = globalThis as { process?: ProcessLike };
  const node = process?.getBuiltinModule?.("node:worker_threads");
  return node ? startInNode(node, gone) : startInBrowser(gone);
}

function startInNode({ Worker }: typeof workerThreads, gone: () => void): Seat {
  // Nothing of the process's own options: no loaders, no hooks, no inspector.
  const worker = new Worker(workerText, { eval: true, name: "flambeau", execArgv: [], env: {} });
  let ending = false;
  // What has gone wrong is in the cells, for whoever waits there.
  worker.on("error", () => undefined);
  worker.on("exit", () => {
    if (!ending) gone();
  });
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    end() {
      ending = true;
      void worker.terminate();
    },
  };
}

let blobUrl: string | null = null;

function startInBrowser(gone: () => void): Seat {
  blobUrl ??= URL.createObjectURL(new Blob([workerText], { type: "text/javascript" }));
  const worker = new Worker(blobUrl, { name: "flambeau" });
  worker.onerror = (event) => {
    event.preventDefault();
    gone();
  };
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
