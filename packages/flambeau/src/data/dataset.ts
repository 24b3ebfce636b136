// Datasets: examples that are looked up by number, or come as a stream.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#dataset-types

import { ArgumentError, IndexError, ShapeError, ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { gatherRows } from "./gather.ts";
import type { Collated, ExampleOf, MapStyle, Rows } from "./types.ts";

/**
 * Examples looked up by number. Derive from it, with `at` and `length`.
 *
 * Differs from PyTorch: `at(i)` is `__getitem__`, `length` is `__len__`; arrays and tensors have both already and can
 * take a dataset's place.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
 * @example
 * class Squares extends data.Dataset<number> {
 *   length = 10;
 *   at(i: number): number { return i * i; }
 * }
 */
export abstract class Dataset<out T> implements MapStyle<T>, Iterable<T> {
  abstract readonly length: number;
  /** Example `index`. */
  abstract at(index: number): T;

  /**
   * The batch that `defaultCollate(indices.map((i) => this.at(i)))` would give, where there is a shorter way to it;
   * null where there is not.
   */
  gather(_indices: readonly number[]): Collated<T> | null {
    return null;
  }

  /** This dataset followed by another one (Python's `+`). */
  concat<D extends MapStyle<unknown>>(other: D): ConcatDataset<T | ExampleOf<D>> {
    // What an array holds is what its `at` gives for an index in range.
    return new ConcatDataset<T | ExampleOf<D>>([this, other as MapStyle<ExampleOf<D>>]);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/**
 * Examples that come one after the other, such as lines of a file. Derive from it, with an iterator; `length` where it
 * is known.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
 */
export abstract class IterableDataset<out T> implements Iterable<T> {
  readonly length?: number;
  abstract [Symbol.iterator](): Iterator<T>;
}

/**
 * Example i is row i of each tensor.
 *
 * @throws ShapeError if the tensors differ in length
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 * @example
 * const dataset = new data.TensorDataset(torch.zeros(20, 200), torch.zeros(20, 1));
 * const [x, y] = dataset.at(0); // shapes [200] and [1]
 */
export class TensorDataset<const out T extends readonly AnyTensor[]> extends Dataset<Rows<T>> {
  readonly tensors: T;

  constructor(...tensors: T) {
    super();
    const first = tensors[0];
    if (!first) throw new ValueError("TensorDataset: expected at least one tensor");
    for (const t of tensors) {
      if (t.ndim === 0) throw new ValueError("TensorDataset: a 0-d tensor has no rows");
      if (t.length !== first.length)
        throw new ShapeError(
          "TensorDataset",
          [first.shape, t.shape],
          `Size mismatch between tensors: ${first.length} and ${t.length} rows`,
        );
    }
    this.tensors = tensors;
  }

  get length(): number {
    return this.tensors[0]!.length;
  }

  at(index: number): Rows<T> {
    // A mapped tuple is known to TypeScript as an array only.
    return this.tensors.map((t) => t.select(0, index)) as unknown as Rows<T>;
  }

  override gather(indices: readonly number[]): Collated<Rows<T>> {
    const { tensors } = this;
    const batch = new Array<AnyTensor>(tensors.length);
    for (let i = 0; i < tensors.length; i++) batch[i] = gatherRows(tensors[i]!, indices);
    return batch as unknown as Collated<Rows<T>>;
  }
}

/**
 * One dataset after the other.
 *
 * @throws ValueError for no datasets, ArgumentError for an {@link IterableDataset}
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 */
export class ConcatDataset<out T> extends Dataset<T> {
  readonly datasets: readonly MapStyle<T>[];
  /** Where each dataset ends. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<MapStyle<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ValueError("datasets should not be an empty iterable");
    if (this.datasets.some((d) => d instanceof IterableDataset))
      throw new ArgumentError("ConcatDataset does not support IterableDataset");
    let end = 0;
    this.cumulativeSizes = this.datasets.map((d) => {
      end += d.length;
      return end;
    });
  }

  get length(): number {
    return this.cumulativeSizes[this.cumulativeSizes.length - 1]!;
  }

  at(index: number): T {
    if (index < 0 && -index > this.length)
      throw new ValueError("absolute value of index should not exceed dataset length");
    const i = index < 0 ? index + this.length : index;
    const which = this.cumulativeSizes.findIndex((end) => i < end);
    if (which < 0) throw new IndexError(`index ${index} is out of range for a dataset of ${this.length}`);
    return this.datasets[which]!.at(which === 0 ? i : i - this.cumulativeSizes[which - 1]!);
  }
}

/**
 * Streams one after the other.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
 */
export class ChainDataset<out T> extends IterableDataset<T> {
  readonly datasets: Iterable<IterableDataset<T>>;

  constructor(datasets: Iterable<IterableDataset<T>>) {
    super();
    this.datasets = datasets;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const d of this.datasets) {
      if (!(d instanceof IterableDataset))
        throw new ArgumentError("ChainDataset only supports IterableDataset");
      yield* d;
    }
  }
}

/**
 * The examples of a dataset that `indices` lists.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 */
export class Subset<out T> extends Dataset<T> {
  readonly dataset: MapStyle<T>;
  readonly indices: readonly number[];

  constructor(dataset: MapStyle<T>, indices: readonly number[]) {
    super();
    this.dataset = dataset;
    this.indices = indices;
  }

  get length(): number {
    return this.indices.length;
  }

  at(index: number): T {
    return this.dataset.at(this.#whole(index));
  }

  override gather(indices: readonly number[]): Collated<T> | null {
    if (!(this.dataset instanceof Dataset)) return null;
    return (this.dataset as Dataset<T>).gather(indices.map((i) => this.#whole(i)));
  }

  /** Number in the whole dataset of the subset's example `index`; negative ones count from the end. */
  #whole(index: number): number {
    const i = this.indices[index < 0 ? index + this.length : index];
    if (i === undefined)
      throw new IndexError(`index ${index} is out of range for a subset of ${this.length}`);
    return i;
  }
}
