// Pictures for a page: whoever shows them says so here, and plot and Animator tell it what they draw.

import type { Figure } from "./figure.ts";

/**
 * Shows a picture. `key` is the same for all states of one picture: a new state takes the place of the last.
 *
 * @see {@link onFigure}
 */
export type FigureListener = (figure: Figure, key: number) => void;

const listeners = new Set<FigureListener>();
const keys = new WeakMap<object, number>();
let lastKey = 0;

/**
 * Calls a function with every picture that `plot`, `setAxes` and `Animator` draw from now on. It is how a page, or a worker that
 * runs code for one, shows them: `figure.spec` is plain JSON and can be posted.
 *
 * @returns ends the subscription
 * @example
 * const end = d2l.onFigure((figure, key) => postMessage({ key, spec: figure.spec }));
 * d2l.plot([1, 2, 3], [1, 4, 9]);
 * end();
 */
export function onFigure(listener: FigureListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether anyone looks. */
export function isWatched(): boolean {
  return listeners.size > 0;
}

/** Tells the listeners; `owner` is what the picture belongs to: itself, or the animator. */
export function announce(figure: Figure, owner: object = figure): void {
  if (listeners.size === 0) return;
  const key = keys.get(owner) ?? ++lastKey;
  keys.set(owner, key);
  for (const listener of listeners) listener(figure, key);
}
