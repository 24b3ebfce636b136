// The worker's side: makes the dataset once, then answers requests for batches.
// Floor L5 (data). Source: torch/utils/data/_utils/worker.py

import type { MessagePort } from "node:worker_threads";
import { ArgumentError } from "../../base/errors.ts";
import { defaultGenerator } from "../../base/generator.ts";
import { manualSeed } from "../../tensor/sample.ts";
import { IterableDataset } from "../dataset.ts";
import type { AnyCollate } from "../fetch.ts";
import { batchOf, exampleOf, streamed } from "../fetch.ts";
import type { MapStyle } from "../types.ts";
import type { Answer, Request, WorkerStart } from "./messages.ts";
import { pack } from "./messages.ts";
import { unshare } from "./share.ts";

/** What a worker knows of itself; see {@link getWorkerInfo}. */
export interface WorkerInfo {
  /** From 0. */
  readonly id: number;
  readonly numWorkers: number;
  /** What `torch.manualSeed` was called with for this pass: the loader's seed plus `id`. */
  readonly seed: bigint;
  readonly dataset: unknown;
}

let info: WorkerInfo | null = null;

/**
 * In a worker of a DataLoader: which one it is; elsewhere null. A stream uses it to leave out what the others load.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
 */
export const getWorkerInfo = (): WorkerInfo | null => info;

/** What a `workerModule` exports. */
interface WorkerModule {
  readonly dataset?: unknown;
  readonly collateFn?: AnyCollate;
  readonly workerInitFn?: (id: number) => void;
}

async function sourceOf(start: WorkerStart): Promise<{ dataset: unknown; module: WorkerModule }> {
  const module = (start.module === null ? {} : await import(start.module)) as WorkerModule;
  if (start.dataset) return { dataset: unshare(start.dataset), module };
  const made: unknown = typeof module.dataset === "function" ? module.dataset() : module.dataset;
  const dataset = await made;
  if (typeof dataset !== "object" || dataset === null)
    throw new ArgumentError(
      `DataLoader: ${start.module} must export 'dataset': the dataset, or a function that returns it`,
    );
  return { dataset, module };
}

/** @internal Serves one loader until its port is closed. Called in a worker thread. */
export async function serve(start: WorkerStart, port: MessagePort): Promise<void> {
  const signals = new Int32Array(start.signals);
  const answer = (a: Answer, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(a, transfer);
    Atomics.add(signals, 0, 1);
    Atomics.notify(signals, 0);
  };
  const fail = (number: number, error: unknown): void => {
    const e = error instanceof Error ? error : new Error(String(error));
    answer({ kind: "error", number, name: e.name, text: e.stack ?? e.message });
  };
  let stream: Iterator<unknown> | null = null;
  let dataset: unknown;
  let module: WorkerModule = {};
  let broken: unknown = null;
  /** The state of the generator that the loader knows of. */
  let told: Uint8Array | null = null;
  const begin = (seed: bigint, given: number, state: Uint8Array | null): void => {
    info = { id: start.id, numWorkers: start.numWorkers, seed, dataset };
    manualSeed(seed);
    module.workerInitFn?.(start.id);
    if (start.streaming)
      stream = streamed(
        dataset as IterableDataset<unknown>,
        start.batchSize,
        start.dropLast,
        module.collateFn ?? null,
      );
    for (let i = 0; stream && i < given; i++) stream.next();
    if (state) defaultGenerator.setState(state);
    told = defaultGenerator.getState();
  };
  /** The state of the generator, if it has changed. */
  const news = (): Uint8Array | null => {
    const state = defaultGenerator.getState();
    if (state.every((byte, i) => byte === told![i])) return null;
    told = state;
    return state;
  };
  const load = (indices: readonly number[] | number | null): IteratorResult<unknown> => {
    const collateFn = module.collateFn ?? null;
    if (stream) return stream.next();
    const source = dataset as MapStyle<unknown>;
    const value =
      typeof indices === "number"
        ? exampleOf(source.at(indices), collateFn)
        : batchOf(source, indices ?? [], collateFn);
    return { done: false, value };
  };
  try {
    ({ dataset, module } = await sourceOf(start));
    if (dataset instanceof IterableDataset !== start.streaming)
      throw new ArgumentError("DataLoader: the workers' dataset is of another kind than the loader's");
  } catch (error) {
    broken = error;
  }
  port.on("message", (request: Request) => {
    const number = request.kind === "batch" ? request.number : -1;
    try {
      if (broken !== null) throw broken;
      if (request.kind === "pass") begin(request.seed, request.given, request.state);
      else {
        const { done, value } = load(request.indices);
        if (done) answer({ kind: "end", number });
        else {
          const transfer: ArrayBuffer[] = [];
          answer({ kind: "batch", number, batch: pack(value, transfer), state: news() }, transfer);
        }
      }
    } catch (error) {
      // Without a number there is nobody who waits; the next request fails in the same way.
      if (number >= 0) fail(number, error);
      else broken = error;
    }
  });
}
