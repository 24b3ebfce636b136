// What a DataLoader is told, checked.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

import { ValueError } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";

/** Indices in an order, or lists of them. */
export type Indices<I> = Iterable<I> & { readonly length?: number };

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions {
  /** Number of examples in a batch; null for single examples. Default 1. */
  readonly batchSize?: number | null;
  /** Whether each pass takes the examples in a new random order. Default false. */
  readonly shuffle?: boolean;
  /** The order of the examples. Default by `shuffle`. */
  readonly sampler?: Indices<number>;
  /** The lists of examples that make the batches; instead of batchSize, shuffle, sampler and dropLast. */
  readonly batchSampler?: Indices<readonly number[]>;
  /** Whether to leave out a last batch that would be smaller. Default false. */
  readonly dropLast?: boolean;
  /** Where the random order comes from. Default: the generator that `torch.manualSeed` seeds. */
  readonly generator?: Generator;
  /** Worker threads that load batches ahead, in Node; 0 loads them in the calling thread. Default 0. */
  readonly numWorkers?: number;
  /**
   * The module that makes the dataset again in every worker: `new URL("./my-data.ts", import.meta.url)`. It exports `dataset`, the
   * dataset or a function that returns it, and may export `collateFn` and `workerInitFn(id)` as well. Datasets of tensors (tensors, TensorDataset, Subset and ConcatDataset of these) need none: they are put into shared memory.
   */
  readonly workerModule?: string | URL;
  /** How many batches each worker loads ahead. Default 2. */
  readonly prefetchFactor?: number;
  /** Whether workers stay for the next pass. Default false. */
  readonly persistentWorkers?: boolean;
  /** Longest wait for a batch from a worker in ms; 0, the default, for any. */
  readonly timeout?: number;
}

/** How workers go about it. */
export interface ParallelOptions {
  readonly workerModule: string | null;
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly timeout: number;
}

/** The options for workers. @throws ValueError for those that do not go together */
export function checkedParallel(numWorkers: number, options: DataLoaderOptions): ParallelOptions {
  const { workerModule, prefetchFactor, persistentWorkers = false, timeout = 0 } = options;
  if (!Number.isInteger(numWorkers) || numWorkers < 0)
    throw new ValueError(
      "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.",
    );
  if (timeout < 0) throw new ValueError("timeout option should be non-negative");
  if (numWorkers === 0 && prefetchFactor !== undefined)
    throw new ValueError(
      "prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 to enable multiprocessing.",
    );
  if (prefetchFactor !== undefined && !(Number.isInteger(prefetchFactor) && prefetchFactor > 0))
    throw new ValueError(`prefetch_factor option should be a positive integer, got ${prefetchFactor}`);
  if (numWorkers === 0 && persistentWorkers)
    throw new ValueError("persistent_workers option needs num_workers > 0");
  return {
    workerModule: workerModule === undefined ? null : String(workerModule),
    prefetchFactor: prefetchFactor ?? 2,
    persistentWorkers,
    timeout,
  };
}

/** @throws ValueError for options that say in different ways which examples make up a batch */
export function checkOrder(streaming: boolean, options: DataLoaderOptions): void {
  const { batchSampler, sampler, shuffle = false, dropLast = false, batchSize = 1 } = options;
  if (streaming) {
    const bad = (option: string, value: unknown): ValueError =>
      new ValueError(
        `DataLoader with IterableDataset: expected unspecified ${option} option, but got ${option}=${String(value)}`,
      );
    if (shuffle) throw bad("shuffle", shuffle);
    if (sampler) throw bad("sampler", sampler);
    if (batchSampler) throw bad("batch_sampler", batchSampler);
  }
  if (sampler && shuffle) throw new ValueError("sampler option is mutually exclusive with shuffle");
  if (batchSampler) {
    if (batchSize !== 1 || shuffle || sampler || dropLast)
      throw new ValueError(
        "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last",
      );
  } else if (batchSize === null && dropLast)
    throw new ValueError(
      "batch_size=None option disables auto-batching and is mutually exclusive with drop_last",
    );
}
