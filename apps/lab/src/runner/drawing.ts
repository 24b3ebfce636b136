// The page's side of drawing figures: one worker for all, loaded with the first figure.

import type { FigureSpec, Theme } from "@flambeau/d2l";
import type { DrawAnswer, DrawRequest } from "./drawing-worker.ts";

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (answer: DrawAnswer) => void>();

/** A figure as an SVG document. */
export function draw(spec: FigureSpec, theme: Theme): Promise<string> {
  if (!worker) {
    worker = new Worker(new URL("./drawing-worker.ts", import.meta.url), { type: "module", name: "drawing" });
    worker.onmessage = ({ data }: MessageEvent<DrawAnswer>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      for (const [id, answer] of waiting) answer({ id, error: event.message });
      waiting.clear();
      worker = undefined;
    };
  }
  const request: DrawRequest = { id: ++lastId, spec, theme };
  worker.postMessage(request);
  return new Promise((done, fail) => {
    waiting.set(request.id, (answer) => {
      if ("svg" in answer) done(answer.svg);
      else fail(new Error(answer.error));
    });
  });
}
