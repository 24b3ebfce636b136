// Goes through a dataset in batches.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

import { ArgumentError, NotImplementedError, ValueError } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";
import { defaultGenerator } from "../base/generator.ts";
import { defaultCollate } from "./collate.ts";
import { Dataset, IterableDataset } from "./dataset.ts";
import { BatchSampler, RandomSampler, SequentialSampler } from "./sampler.ts";
import type { Collated, MapStyle } from "./types.ts";

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
  /** Workers that load batches; only 0 so far, the default. */
  readonly numWorkers?: number;
}

/** Makes a batch of examples. */
export type CollateFn<T, B> = (examples: T[]) => B;

class Loader<out B> implements Iterable<B> {
  readonly dataset: Source<unknown>;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  readonly sampler: Indices<number> | null;
  readonly batchSampler: Indices<readonly number[]> | null;
  readonly generator: Generator | undefined;
  readonly collateFn: CollateFn<unknown, unknown> | null;

  constructor(
    dataset: Source<unknown>,
    options: DataLoaderOptions & { readonly collateFn?: CollateFn<unknown, unknown> | null } = {},
  ) {
    const { batchSampler, sampler, generator } = options;
    const shuffle = options.shuffle ?? false;
    const dropLast = options.dropLast ?? false;
    const batchSize = options.batchSize === undefined ? 1 : options.batchSize;
    if ((options.numWorkers ?? 0) > 0)
      throw new NotImplementedError(
        `DataLoader: numWorkers=${options.numWorkers}: loading in workers is not implemented yet; use 0`,
      );
    if ((options.numWorkers ?? 0) < 0)
      throw new ValueError(
        "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.",
      );
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
    const batches =
      dataset instanceof IterableDataset
        ? this.#stream(dataset)
        : this.batchSampler
          ? this.#batches(dataset as MapStyle<unknown>, this.batchSampler)
          : this.#examples(dataset as MapStyle<unknown>, this.sampler!);
    // PyTorch draws a seed for workers for every pass, with or without workers.
    (this.generator ?? defaultGenerator).random64();
    return batches as IterableIterator<B>;
  }

  *#batches(dataset: MapStyle<unknown>, lists: Iterable<readonly number[]>): IterableIterator<unknown> {
    const { collateFn } = this;
    const direct = !collateFn && dataset instanceof Dataset ? dataset : null;
    for (const indices of lists) {
      const batch = direct ? direct.gather(indices) : null;
      if (batch !== null) yield batch;
      else {
        const examples = indices.map((i) => dataset.at(i));
        yield collateFn ? collateFn(examples) : defaultCollate(examples);
      }
    }
  }

  *#examples(dataset: MapStyle<unknown>, indices: Iterable<number>): IterableIterator<unknown> {
    const { collateFn } = this;
    for (const i of indices) {
      const example = dataset.at(i);
      // Without batches PyTorch hands collate_fn the example itself.
      yield collateFn ? (collateFn as (example: unknown) => unknown)(example) : example;
    }
  }

  *#stream(dataset: Iterable<unknown>): IterableIterator<unknown> {
    const { collateFn, batchSize, dropLast } = this;
    if (batchSize === null) {
      for (const example of dataset)
        yield collateFn ? (collateFn as (example: unknown) => unknown)(example) : example;
      return;
    }
    let examples: unknown[] = [];
    const collate = collateFn ?? defaultCollate;
    for (const example of dataset) {
      examples.push(example);
      if (examples.length < batchSize) continue;
      yield collate(examples);
      examples = [];
    }
    if (examples.length > 0 && !dropLast) yield collate(examples);
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
 * ({@link defaultCollate}), `numWorkers` 0
 * @throws ValueError for options that exclude each other
 * @throws NotImplementedError for numWorkers beyond 0
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 * @example
 * const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 5, shuffle: true });
 * for (const [xs, ys] of loader) step(xs, ys);
 */
export const DataLoader: DataLoaderConstructor = Loader;
