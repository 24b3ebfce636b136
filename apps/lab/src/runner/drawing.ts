// The page's side of drawing figures: one worker for all, loaded with the first figure.

import type { FigureSpec, Theme } from "@flambeau/d2l";
import type { DrawAnswer, DrawRequest } from "./drawing-worker.ts";

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (answer: DrawAnswer) => void>();

/** Starts the worker and loads what it draws with, before there is a figure. */
export function warmDrawing(): void {
  drawer();
}

/** A figure as an SVG document. */
export function draw(spec: FigureSpec, theme: Theme): Promise<string> {
  const request: DrawRequest = { id: ++lastId, spec, theme };
  drawer().postMessage(request);
  return new Promise((done, fail) => {
    waiting.set(request.id, (answer) => {
      if ("svg" in answer) done(answer.svg);
      else fail(new Error(answer.error));
    });
  });
}

function drawer(): Worker {
  if (worker) return worker;
  const made = new Worker(new URL("./drawing-worker.ts", import.meta.url), {
    type: "module",
    name: "drawing",
  });
  made.onmessage = ({ data }: MessageEvent<DrawAnswer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  made.onerror = (event) => {
    event.preventDefault();
    for (const [id, answer] of waiting) answer({ id, error: event.message });
    waiting.clear();
    worker = undefined;
  };
  worker = made;
  return made;
}
