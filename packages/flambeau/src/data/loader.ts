// Goes through a dataset in batches.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

import { ArgumentError } from "../base/errors.ts";
import { defaultGenerator, Generator } from "../base/generator.ts";
import { IterableDataset } from "./dataset.ts";
import type { CollateFn } from "./fetch.ts";
import { batchOf, exampleOf, streamed } from "./fetch.ts";
import type { DataLoaderOptions, Indices, ParallelOptions } from "./options.ts";
import { checkedParallel, checkOrder } from "./options.ts";
import type { LoaderState } from "./pass.ts";
import { between, bytesOf, checkState, isStateful, Pass } from "./pass.ts";
import { BatchSampler, RandomSampler, SequentialSampler } from "./sampler.ts";
import type { Collated, MapStyle } from "./types.ts";
import { ahead } from "./workers/ahead.ts";
import { WorkerPool } from "./workers/pool.ts";
import { share } from "./workers/share.ts";

export type { CollateFn, DataLoaderOptions };

/** Where the examples come from: a {@link Dataset}, an array, a tensor, or an {@link IterableDataset}. */
export type Source<T> = MapStyle<T> | readonly T[] | IterableDataset<T>;

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
  #found: readonly Generator[] | null = null;
  /** The pass that began last, while it is under way. */
  #pass: Pass | null = null;
  /** The pass to go on with. */
  #resume: LoaderState | null = null;

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
    checkOrder(streaming, options);
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

  /** Generators beside the default one that the order of the batches depends on. */
  get #own(): readonly Generator[] {
    if (this.#found !== null) return this.#found;
    const found = new Set<Generator>();
    const look = (x: unknown): void => {
      if (typeof x !== "object" || x === null) return;
      const { generator, sampler } = x as { generator?: unknown; sampler?: unknown };
      if (generator instanceof Generator && generator !== defaultGenerator) found.add(generator);
      look(sampler);
    };
    look(this);
    look(this.batchSampler);
    this.#found = [...found];
    return this.#found;
  }

  /**
   * What to save for going on with the batch after the last one that was given out: the position in the pass under way, and the
   * states of generators and workers. `torch.saveCheckpoint` takes it together with the default generator's state.
   */
  stateDict(): LoaderState {
    const own = this.#own;
    const state = this.#resume ?? this.#pass?.state(own) ?? between(own);
    return this.numWorkers === 0 && isStateful(this.dataset)
      ? { ...state, dataset: this.dataset.stateDict() }
      : state;
  }

  /**
   * Takes over a {@link stateDict}: the next pass is the rest of the one that was under way. Examples that were given out already
   * are not loaded again; a stream is gone through, unless the dataset has `stateDict` and `loadStateDict` of its own.
   *
   * Exact as far as the order comes from generators that nobody else draws from while the pass is under way, but for the default one.
   * @throws ValueError for the state of another kind of loader
   */
  loadStateDict(state: LoaderState): void {
    const own = this.#own;
    checkState(state, own.length, this.numWorkers);
    own.forEach((g, i) => {
      g.setState(bytesOf(state.generators[i]));
    });
    this.#pass = null;
    this.#resume = state.position === null ? null : state;
    if (state.dataset !== undefined && isStateful(this.dataset))
      this.dataset.loadStateDict(state.dataset as never);
  }

  /** A pass through the dataset. */
  [Symbol.iterator](): IterableIterator<B> {
    const resume = this.#resume;
    if (resume) return this.#resumed(resume) as IterableIterator<B>;
    return this.#begin(
      new Pass([defaultGenerator, ...this.#own], this.numWorkers, null),
      null,
    ) as IterableIterator<B>;
  }

  /** The rest of a pass: its order is drawn again, from generators as they were when it began. */
  #resumed(resume: LoaderState): IterableIterator<unknown> {
    this.#resume = null;
    const generators = [defaultGenerator, ...this.#own];
    const now = generators.map((g) => g.getState());
    try {
      generators.forEach((g, i) => {
        g.setState(bytesOf(resume.start[i]));
      });
      const batches = this.#begin(new Pass(generators, this.numWorkers, resume), resume);
      // Up to where batches that are left are about to be loaded.
      batches.next();
      return batches;
    } finally {
      generators.forEach((g, i) => {
        g.setState(now[i]!);
      });
    }
  }

  #begin(pass: Pass, resume: LoaderState | null): IterableIterator<unknown> {
    this.#pass = pass;
    // PyTorch draws a seed for workers for every pass, with or without workers.
    const { hi, lo } = (this.generator ?? defaultGenerator).random64();
    const seed = (BigInt(hi & 0x7fffffff) << 32n) | BigInt(lo);
    if (this.numWorkers > 0) return this.#ahead(pass, resume !== null, seed);
    const known = resume?.dataset !== undefined && isStateful(this.dataset);
    return this.dataset instanceof IterableDataset
      ? this.#streamed(this.dataset, pass, resume !== null, known ? 0 : pass.given)
      : this.#inTurn(this.dataset as MapStyle<unknown>, pass, resume !== null);
  }

  #ended(pass: Pass): void {
    if (this.#pass === pass) this.#pass = null;
  }

  // Each of these yields null first in a resumed pass, where all is prepared.

  *#inTurn(dataset: MapStyle<unknown>, pass: Pass, resumed: boolean): IterableIterator<unknown> {
    const { collateFn } = this;
    try {
      const requests = (this.batchSampler ?? this.sampler!)[Symbol.iterator]() as Iterator<
        number | readonly number[]
      >;
      for (let i = 0; i < pass.given; i++) requests.next();
      if (resumed) yield null;
      for (const wanted of { [Symbol.iterator]: () => requests }) {
        const batch =
          typeof wanted === "number"
            ? exampleOf(dataset.at(wanted), collateFn)
            : batchOf(dataset, wanted, collateFn);
        pass.given++;
        yield batch;
      }
    } finally {
      this.#ended(pass);
    }
  }

  *#streamed(
    dataset: Iterable<unknown>,
    pass: Pass,
    resumed: boolean,
    skip: number,
  ): IterableIterator<unknown> {
    try {
      const batches = streamed(dataset, this.batchSize, this.dropLast, this.collateFn);
      for (let i = 0; i < skip; i++) batches.next();
      if (resumed) yield null;
      for (const batch of batches) {
        pass.given++;
        yield batch;
      }
    } finally {
      this.#ended(pass);
    }
  }

  /** What is asked of the workers, one entry a batch; endless for a stream. */
  *#requests(skip: number): Iterator<readonly number[] | number | null> {
    if (this.dataset instanceof IterableDataset) for (;;) yield null;
    const requests = (this.batchSampler ?? this.sampler!)[Symbol.iterator]() as Iterator<
      number | readonly number[]
    >;
    for (let i = 0; i < skip; i++) requests.next();
    yield* { [Symbol.iterator]: () => requests };
  }

  /** The batches of a pass, loaded by workers that `seed` starts. */
  *#ahead(pass: Pass, resumed: boolean, seed: bigint): IterableIterator<unknown> {
    const pool = this.#pool ?? this.#startWorkers();
    // Another pass that begins before this one has ended gets workers of its own.
    this.#pool = null;
    const { prefetchFactor, persistentWorkers } = this.#parallel;
    let whole = false;
    try {
      const requests = this.#requests(pass.given);
      yield* ahead(pool, requests, pass, { seed, resumed, numWorkers: this.numWorkers, prefetchFactor });
      whole = true;
    } finally {
      this.#ended(pass);
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
