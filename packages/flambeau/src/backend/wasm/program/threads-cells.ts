// Where threads meet: the int32 cells of shared memory through which a team runs a program together.
// Floor L2 (backend/wasm/program).

/** A line of the cache: cells that different threads write lie on different ones, or each write would slow down the others. */
const line = 64;

/** Most workers that a team ever has, those that have ended included. */
export const maxWorkers = 63;

/** Offsets in bytes from the start of the block, those of cells that others wait for followed by how many sleep there. */
export const cell = {
  /** Counts what the workers have been told: runs and messages. Workers wait for it to change. */
  turn: 0,
  turnSleepers: 4,
  /** Counts barriers that were passed, and aborts. */
  generation: 64,
  generationSleepers: 68,
  /** Threads that have come to the barrier. */
  arrived: 128,
  /** 0, or why all threads leave the program: one of `abort`, or more for what the program itself reports. */
  abort: 192,
  /** Characters of the message at `textAt`. */
  textLength: 196,
  /** What runs: a program, which of its functions, by how many threads, and the number that it is given. */
  program: 256,
  entry: 260,
  threads: 264,
  argument: 268,
} as const;

/** Offsets of a worker's own cells from {@link workerLine}. */
export const workerCell = {
  /** The number of the last run that it takes part in, written by the caller. */
  order: 0,
  /** The number of the last run that it has left. */
  left: 4,
  /** Messages sent to it, and those it has dealt with. */
  posted: 8,
  handled: 12,
  /** One of `state`. */
  state: 16,
} as const;

/** The cells of worker 0, 1, … No two workers have the same, even after one has ended: it may not know yet. */
export const workerLine = (worker: number): number => (5 + worker) * line;

/** UTF-16 of the message of the error that ended a worker. */
export const textAt: number = workerLine(maxWorkers);
export const maxText = 512;

/** Bytes of the block. It begins at a multiple of 64, cleared. */
export const controlBytes: number = textAt + 2 * maxText;

export const state = { none: 0, alive: 1, ended: 2 } as const;

export const abort = {
  /** An exception on the calling thread, which is thrown on. */
  caller: 1,
  /** An exception on a worker, or its end; `text` says which. */
  worker: 2,
  /** A worker did not come to a barrier. */
  stalled: 3,
  /** The first number of a program's own failures. */
  failure: 16,
} as const;
