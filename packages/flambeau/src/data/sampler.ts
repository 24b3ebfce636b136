// Samplers: the order in which a loader goes through a dataset. The random ones make PyTorch's draws.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#data-loading-order-and-sampler

import { showShape, ValueError } from "../base/errors.ts";
import { defaultGenerator, Generator } from "../base/generator.ts";
import { fillMultinomial, fillRandint, fillRandom, fillRandperm } from "../base/random/index.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** Anything whose length is known. */
export interface Sized {
  readonly length: number;
}

/**
 * Gives out indices, or lists of them, anew for every pass.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 */
export abstract class Sampler<out I = number> implements Iterable<I> {
  /** Number of indices in a pass. */
  abstract readonly length: number;
  abstract [Symbol.iterator](): Iterator<I>;
}

// A generator costs more to make than to seed.
const scratch = new Generator();

/** @internal A new seed, drawn as `torch.empty((), dtype=torch.int64).random_()` does: 63 bits from two draws. */
export function drawSeed(generator: Generator): bigint {
  const seed = new BigInt64Array(1);
  fillRandom(seed, generator);
  return seed[0]!;
}

/** @internal `torch.randperm(n)`. */
export function permutation(n: number, generator: Generator): Int32Array {
  const order = allocate("int32", n) as Int32Array;
  fillRandperm(order, generator);
  return order;
}

function checkNumSamples(n: number): void {
  if (!Number.isSafeInteger(n) || n <= 0)
    throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${n}`);
}

/**
 * 0, 1, 2, ... in this order.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
 */
export class SequentialSampler extends Sampler {
  readonly dataSource: Sized;

  constructor(dataSource: Sized) {
    super();
    this.dataSource = dataSource;
  }
  get length(): number {
    return this.dataSource.length;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    const n = this.length;
    for (let i = 0; i < n; i++) yield i;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Whether an index may come more than once. Default false. */
  readonly replacement?: boolean;
  /** Number of indices in a pass. Default: the dataset's length. */
  readonly numSamples?: number | undefined;
  /** Default: a new generator for each pass, seeded by a draw from the default one. */
  readonly generator?: Generator | undefined;
}

/**
 * All indices in random order, or independent random ones.
 *
 * Draws on first use, as PyTorch does, and like PyTorch 1.13 draws one more permutation at the end of a pass without
 * replacement, which shows in the next pass of a generator of one's own.
 * @param dataSource the dataset
 * @param options `replacement` false, `numSamples` the dataset's length, `generator`
 * @throws ValueError unless numSamples is a positive integer
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 */
export class RandomSampler extends Sampler {
  readonly dataSource: Sized;
  readonly replacement: boolean;
  readonly generator: Generator | undefined;
  readonly #numSamples: number | undefined;

  constructor(dataSource: Sized, options: RandomSamplerOptions = {}) {
    super();
    this.dataSource = dataSource;
    this.replacement = options.replacement ?? false;
    this.generator = options.generator;
    this.#numSamples = options.numSamples;
    checkNumSamples(this.numSamples);
  }
  /** Number of indices in a pass. */
  get numSamples(): number {
    return this.#numSamples ?? this.dataSource.length;
  }
  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    const n = this.dataSource.length;
    const samples = this.numSamples;
    if (!this.generator && !this.replacement && samples === n) {
      // One draw from a generator that nobody else sees.
      const order = permutation(n, scratch.manualSeed(drawSeed(defaultGenerator)));
      for (let i = 0; i < n; i++) yield order[i]!;
      return;
    }
    const generator = this.generator ?? new Generator().manualSeed(drawSeed(defaultGenerator));
    if (this.replacement) {
      // PyTorch draws 32 at a time.
      for (let done = 0; done < samples; done += 32) {
        const chunk = new Int32Array(Math.min(32, samples - done));
        fillRandint(chunk, 0, n, generator);
        yield* chunk;
      }
      return;
    }
    for (let pass = 0; pass < Math.floor(samples / n); pass++) yield* permutation(n, generator);
    yield* permutation(n, generator).subarray(0, samples % n);
  }
}

/**
 * The given indices in random order.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
 */
export class SubsetRandomSampler extends Sampler {
  readonly indices: readonly number[];
  readonly generator: Generator | undefined;

  constructor(indices: readonly number[], options: { readonly generator?: Generator | undefined } = {}) {
    super();
    this.indices = indices;
    this.generator = options.generator;
  }
  get length(): number {
    return this.indices.length;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    const order = permutation(this.length, this.generator ?? defaultGenerator);
    for (let i = 0; i < order.length; i++) yield this.indices[order[i]!]!;
  }
}

/**
 * Indices drawn with given probabilities.
 *
 * @param weights of each index; they need not sum to 1
 * @param numSamples number of indices in a pass
 * @param options `replacement`: whether an index may come more than once, default true; `generator`
 * @throws ValueError unless numSamples is a positive integer and the weights have one dimension
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 */
export class WeightedRandomSampler extends Sampler {
  readonly weights: Float64Array;
  readonly numSamples: number;
  readonly replacement: boolean;
  readonly generator: Generator | undefined;

  constructor(
    weights: Iterable<number> | AnyTensor,
    numSamples: number,
    options: { readonly replacement?: boolean; readonly generator?: Generator | undefined } = {},
  ) {
    super();
    checkNumSamples(numSamples);
    if (isTensor(weights) && weights.ndim !== 1)
      throw new ValueError(
        `weights should be a 1d sequence but given weights have shape ${showShape(weights.shape)}`,
      );
    this.weights = Float64Array.from(
      isTensor(weights) ? (weights.toTypedArray() as Float64Array) : weights,
      Number,
    );
    this.numSamples = numSamples;
    this.replacement = options.replacement ?? true;
    this.generator = options.generator;
  }
  get length(): number {
    return this.numSamples;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    const out = new Int32Array(this.numSamples);
    const { weights } = this;
    fillMultinomial(
      out,
      weights,
      weights.length,
      this.numSamples,
      this.replacement,
      this.generator ?? defaultGenerator,
    );
    yield* out;
  }
}

/**
 * Lists of the indices of another sampler.
 *
 * @param sampler where indices come from; any iterable
 * @param batchSize number of indices in a list
 * @param dropLast whether to leave out a last list that would be shorter
 * @throws ValueError unless batchSize is a positive integer
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
 */
export class BatchSampler extends Sampler<number[]> {
  readonly sampler: Iterable<number> & { readonly length?: number };
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(
    sampler: Iterable<number> & { readonly length?: number },
    batchSize: number,
    dropLast: boolean,
  ) {
    super();
    if (!Number.isSafeInteger(batchSize) || batchSize <= 0)
      throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${batchSize}`);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }
  get length(): number {
    const n = (this.sampler.length ?? 0) / this.batchSize;
    return this.dropLast ? Math.floor(n) : Math.ceil(n);
  }
  *[Symbol.iterator](): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length === this.batchSize) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
