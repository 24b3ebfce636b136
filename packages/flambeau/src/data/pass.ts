// Where a pass through a loader is, so that another process can go on from there.
// Floor L5 (data).

import { ArgumentError, ValueError } from "../base/errors.ts";
import type { GeneratorMark } from "../base/generator.ts";
import { Generator } from "../base/generator.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";

/** What to save of a DataLoader for going on later. */
export interface LoaderState {
  /** Batches given out in the pass under way; null between passes. */
  readonly position: number | null;
  /** States of the loader's own generators (not of the default one). */
  readonly generators: readonly AnyTensor[];
  /** States of the default generator and of the loader's own when the pass began. */
  readonly start: readonly AnyTensor[];
  /** The worker that has the next batch. */
  readonly turn: number;
  /** Batches that each worker has given in this pass. */
  readonly counts: readonly number[];
  /** States of the workers' generators, as of the last batch of each; null: as seeded. */
  readonly workers: readonly (AnyTensor | null)[];
  /** The dataset's own `stateDict()`, if it has one. */
  readonly dataset?: unknown;
}

/** Datasets that know where they are say so, instead of being gone through again. */
export interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): void;
}

export const isStateful = (x: unknown): x is Stateful =>
  typeof (x as Partial<Stateful> | null)?.stateDict === "function" &&
  typeof (x as Partial<Stateful>).loadStateDict === "function";

const tensorOf = (state: Uint8Array): AnyTensor => fresh(state, [state.length], "uint8");

/** The bytes of a generator's state. @throws ArgumentError for anything else */
export function bytesOf(state: unknown): Uint8Array {
  if (isTensor(state) && state.dtype === "uint8") return state.toTypedArray() as Uint8Array;
  throw new ArgumentError("DataLoader: the state of a generator must be a uint8 tensor");
}

/** A pass under way. */
export class Pass {
  given: number;
  turn: number;
  readonly counts: number[];
  readonly workers: (Uint8Array | null)[];
  readonly #marks: readonly GeneratorMark[];

  constructor(generators: readonly Generator[], numWorkers: number, from: LoaderState | null) {
    this.#marks = generators.map((g) => g.mark());
    this.given = from?.position ?? 0;
    this.turn = from?.turn ?? 0;
    this.counts = from ? [...from.counts] : new Array<number>(numWorkers).fill(0);
    this.workers = from
      ? from.workers.map((state) => state && bytesOf(state))
      : new Array<null>(numWorkers).fill(null);
  }

  state(own: readonly Generator[]): LoaderState {
    return {
      ...between(own),
      position: this.given,
      start: this.#marks.map((mark) => tensorOf(Generator.stateOf(mark))),
      turn: this.turn,
      counts: [...this.counts],
      workers: this.workers.map((state) => state && tensorOf(state)),
    };
  }
}

/** The state between two passes. */
export const between = (own: readonly Generator[]): LoaderState => ({
  position: null,
  generators: own.map((g) => tensorOf(g.getState())),
  start: [],
  turn: 0,
  counts: [],
  workers: [],
});

/** Checks that a state is one of a loader with so many generators and workers. */
export function checkState(state: LoaderState, own: number, numWorkers: number): void {
  const { position, generators, start, counts, workers } = state;
  const midway = position !== null;
  if (midway && !(Number.isSafeInteger(position) && position >= 0))
    throw new ValueError(
      `DataLoader: the position in a state must be a number of batches, got ${String(position)}`,
    );
  if (generators.length !== own || (midway && start.length !== own + 1))
    throw new ValueError(
      `DataLoader: the state is one of a loader with ${generators.length} generators of its own; this one has ${own}`,
    );
  if (midway && (counts.length !== numWorkers || workers.length !== numWorkers))
    throw new ValueError(
      `DataLoader: the state is one of a loader with numWorkers=${counts.length}; this one has ${numWorkers}`,
    );
}
