// A pass by workers: batches are asked for ahead of time, in turn, and given out in the order in which they were asked for.
// Floor L5 (data). Source: torch/utils/data/dataloader.py, _MultiProcessingDataLoaderIter

import type { Pass } from "../pass.ts";
import type { WorkerPool } from "./pool.ts";

/** How a pass is loaded. */
export interface AheadOptions {
  /** Of worker 0; the others have the numbers after it. */
  readonly seed: bigint;
  /** Whether the pass was under way before: then null comes first, once all that is ahead has been asked for. */
  readonly resumed: boolean;
  readonly numWorkers: number;
  readonly prefetchFactor: number;
}

/** The batches of a pass. @param requests what is asked for, one entry a batch */
export function* ahead(
  pool: WorkerPool,
  requests: Iterator<readonly number[] | number | null>,
  pass: Pass,
  { seed, resumed, numWorkers, prefetchFactor }: AheadOptions,
): IterableIterator<unknown> {
  const finished = new Set<number>();
  /** Which worker has which batch, in the order of the batches. */
  const open: { readonly number: number; readonly worker: number }[] = [];
  let next = 0;
  let { turn } = pass;
  const ask = (): void => {
    while (finished.size < numWorkers && finished.has(turn)) turn = (turn + 1) % numWorkers;
    if (finished.size === numWorkers) return;
    const { done, value } = requests.next();
    if (done) return;
    pool.send(turn, { kind: "batch", number: next, indices: value });
    open.push({ number: next++, worker: turn });
    turn = (turn + 1) % numWorkers;
  };
  for (let id = 0; id < numWorkers; id++) {
    const given = pass.counts[id]!;
    pool.send(id, { kind: "pass", seed: seed + BigInt(id), given, state: pass.workers[id]! });
  }
  for (let i = 0; i < numWorkers * prefetchFactor; i++) ask();
  if (resumed) yield null;
  for (let first = open.shift(); first; first = open.shift()) {
    const { number, worker } = first;
    const answer = pool.receive(number, worker);
    if (!answer) finished.add(worker);
    ask();
    if (!answer) continue;
    pass.given++;
    pass.turn = (worker + 1) % numWorkers;
    pass.counts[worker]!++;
    pass.workers[worker] = answer.state ?? pass.workers[worker]!;
    yield answer.batch;
  }
}
