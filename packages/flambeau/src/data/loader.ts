// Goes through a dataset in batches.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

import { ArgumentError, ValueError } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";
import { defaultGenerator } from "../base/generator.ts";
import { IterableDataset } from "./dataset.ts";
import type { CollateFn } from "./fetch.ts";
import { batchOf, exampleOf, streamed } from "./fetch.ts";
import { BatchSampler, RandomSampler, SequentialSampler } from "./sampler.ts";
import type { Collated, MapStyle } from "./types.ts";
import { WorkerPool } from "./workers/pool.ts";
import { share } from "./workers/share.ts";

export type { CollateFn };

/** Where the examples come from: a {@link Dataset}, an array, a tensor, or an {@link IterableDataset}. */
export type Source<T> = MapStyle<T> | readonly T[] | IterableDataset<T>;

type Indices<I> = Iterable<I> & { readonly length?: number };

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

class Loader<out B> implements Iterable<B> {
  readonly dataset: Source<unknown>;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  readonly sampler: Indices<number> | null;
  readonly batchSampler: Indices<readonly number[]> | null;
  readonly generator: Generator | undefined;
  readonly collateFn: CollateFn<unknown, unknown> | null;
  readonly numWorkers: number;
  readonly #parallel: ParallelOptions;
  #pool: WorkerPool | null = null;

  constructor(
    dataset: Source<unknown>,
    options: DataLoaderOptions & { readonly collateFn?: CollateFn<unknown, unknown> | null } = {},
  ) {
    const { batchSampler, sampler, generator } = options;
    const shuffle = options.shuffle ?? false;
    const dropLast = options.dropLast ?? false;
    const batchSize = options.batchSize === undefined ? 1 : options.batchSize;
    this.numWorkers = options.numWorkers ?? 0;
    this.#parallel = checkedParallel(this.numWorkers, options);
    if (dataset === null || typeof dataset !== "object")
      throw new ArgumentError(
        `DataLoader: expected a dataset, but got ${dataset === null ? "null" : typeof dataset}`,
      );
    const streaming = dataset instanceof IterableDataset;
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
    this.dataset = dataset;
    this.generator = generator;
    this.collateFn = options.collateFn ?? null;
    this.dropLast = dropLast;
    this.batchSize = batchSampler ? null : batchSize;
    if (streaming) {
      this.sampler = null;
      this.batchSampler = batchSize === null ? null : new BatchSampler([], batchSize, dropLast);
      return;
    }
    const sized = dataset as MapStyle<unknown>;
    this.sampler =
      sampler ??
      (batchSampler
        ? null
        : shuffle
          ? new RandomSampler(sized, { generator })
          : new SequentialSampler(sized));
    this.batchSampler =
      batchSampler ?? (batchSize === null ? null : new BatchSampler(this.sampler!, batchSize, dropLast));
  }

  /** Number of batches in a pass. @throws ArgumentError if the sampler, or the stream, does not know its length. */
  get length(): number {
    const { dataset, batchSize } = this;
    if (!(dataset instanceof IterableDataset)) {
      const { length } = (this.batchSampler ?? this.sampler)!;
      if (length === undefined) throw new ArgumentError("DataLoader: the sampler has no length");
      return length;
    }
    if (dataset.length === undefined)
      throw new ArgumentError("DataLoader: the IterableDataset has no length");
    const n = dataset.length / (batchSize ?? 1);
    return this.dropLast ? Math.floor(n) : Math.ceil(n);
  }

  /** A pass through the dataset. */
  [Symbol.iterator](): IterableIterator<B> {
    const { dataset } = this;
    // PyTorch draws a seed for workers for every pass, with or without workers.
    const { hi, lo } = (this.generator ?? defaultGenerator).random64();
    const seed = (BigInt(hi & 0x7fffffff) << 32n) | BigInt(lo);
    const batches =
      this.numWorkers > 0
        ? this.#ahead(seed)
        : dataset instanceof IterableDataset
          ? streamed(dataset, this.batchSize, this.dropLast, this.collateFn)
          : this.#inTurn(dataset as MapStyle<unknown>);
    return batches as IterableIterator<B>;
  }

  *#inTurn(dataset: MapStyle<unknown>): IterableIterator<unknown> {
    const { collateFn, batchSampler } = this;
    if (batchSampler) for (const indices of batchSampler) yield batchOf(dataset, indices, collateFn);
    else for (const i of this.sampler!) yield exampleOf(dataset.at(i), collateFn);
  }

  /** What is asked of the workers, one entry a batch; endless for a stream. */
  *#requests(): Iterator<readonly number[] | number | null> {
    if (!(this.dataset instanceof IterableDataset)) yield* this.batchSampler ?? this.sampler!;
    else for (;;) yield null;
  }

  /** The batches of a pass, loaded by workers that `seed` starts. */
  *#ahead(seed: bigint): IterableIterator<unknown> {
    const { numWorkers } = this;
    const { prefetchFactor, persistentWorkers } = this.#parallel;
    const pool = this.#pool ?? this.#startWorkers();
    // Another pass that begins before this one has ended gets workers of its own.
    this.#pool = null;
    let whole = false;
    const requests = this.#requests();
    const finished = new Set<number>();
    /** Which worker has which batch, in the order of the batches. */
    const open: { readonly number: number; readonly worker: number }[] = [];
    let next = 0;
    let turn = 0;
    const ask = (): void => {
      while (finished.size < numWorkers && finished.has(turn)) turn = (turn + 1) % numWorkers;
      if (finished.size === numWorkers) return;
      const { done, value } = requests.next();
      if (done) return;
      pool.send(turn, { kind: "batch", number: next, indices: value });
      open.push({ number: next++, worker: turn });
      turn = (turn + 1) % numWorkers;
    };
    try {
      for (let id = 0; id < numWorkers; id++) pool.send(id, { kind: "pass", seed: seed + BigInt(id) });
      for (let i = 0; i < numWorkers * prefetchFactor; i++) ask();
      for (let first = open.shift(); first; first = open.shift()) {
        const answer = pool.receive(first.number, first.worker);
        if (!answer) finished.add(first.worker);
        ask();
        if (answer) yield answer.batch;
      }
      whole = true;
    } finally {
      // A pass that was left early leaves answers that the next one must not meet.
      if (persistentWorkers && whole && this.#pool === null) this.#pool = pool;
      else pool.close();
    }
  }

  #startWorkers(): WorkerPool {
    const { dataset, collateFn, numWorkers, batchSize, dropLast } = this;
    const { workerModule, timeout } = this.#parallel;
    const shared = workerModule === null ? share(dataset) : null;
    if (workerModule === null && (!shared || collateFn))
      throw new ArgumentError(
        `DataLoader: numWorkers=${numWorkers} needs the option workerModule: a ${collateFn ? "collateFn" : (dataset as object).constructor.name} ` +
          "cannot be sent to another thread. Give the module that exports the dataset, or use numWorkers 0",
      );
    const streaming = dataset instanceof IterableDataset;
    return new WorkerPool({
      numWorkers,
      dataset: shared,
      module: workerModule,
      streaming,
      batchSize,
      dropLast,
      timeout,
    });
  }
}

interface ParallelOptions {
  readonly workerModule: string | null;
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly timeout: number;
}

function checkedParallel(numWorkers: number, options: DataLoaderOptions): ParallelOptions {
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

interface DataLoaderConstructor {
  new <T, B>(
    dataset: Source<T>,
    options: DataLoaderOptions & { readonly collateFn: CollateFn<T, B> },
  ): Loader<B>;
  new <T>(dataset: Source<T>, options: DataLoaderOptions & { readonly batchSize: null }): Loader<T>;
  new <T>(dataset: Source<T>, options?: DataLoaderOptions): Loader<Collated<T>>;
}

/** What {@link DataLoader} makes: goes through batches of type `B`, again and again. */
export type DataLoader<B> = Loader<B>;

/**
 * Goes through a dataset in batches, as often as it is iterated over. The order under `shuffle` is PyTorch's.
 *
 * Differs from PyTorch: with `batchSize: null` examples come as they are, not converted to tensors.
 * @param dataset a {@link Dataset}, an array, a tensor, or an {@link IterableDataset}
 * @param options `batchSize` 1, `shuffle` false, `sampler`, `batchSampler`, `dropLast` false, `generator`, `collateFn`
 * (defaultCollate), `numWorkers` 0, `workerModule`, `prefetchFactor` 2, `persistentWorkers` false, `timeout` 0
 * @throws ValueError for options that exclude each other
 * @throws ArgumentError for workers and a dataset that can only be made by a `workerModule`
 * @throws NotImplementedError for workers outside of Node; RuntimeError for what goes wrong in one
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 * @example
 * const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 5, shuffle: true });
 * for (const [xs, ys] of loader) step(xs, ys);
 */
export const DataLoader: DataLoaderConstructor = Loader;
