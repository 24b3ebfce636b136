// Accumulator of the book (section 3.6 of its first edition, "Softmax Regression from Scratch").

import type { Scalar } from "./numbers.ts";
import { scalar } from "./numbers.ts";

class Sums {
  readonly #sums: Float64Array;

  constructor(n: number) {
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(`Accumulator: n must be a positive integer, got ${n}`);
    const sums = new Float64Array(n);
    this.#sums = sums;
    for (let i = 0; i < n; i++) Object.defineProperty(this, i, { get: () => sums[i], enumerable: true });
  }

  /** The number of sums. */
  get length(): number {
    return this.#sums.length;
  }

  /**
   * Adds one value to each sum, in order; a tensor with one element counts as its value.
   *
   * @throws RangeError when there are more or fewer values than sums
   */
  add(...values: readonly Scalar[]): void {
    if (values.length !== this.#sums.length) {
      throw new RangeError(`Accumulator.add: expected ${this.#sums.length} values, got ${values.length}`);
    }
    // All are read before the first is added: a bad value leaves the sums as they were.
    const numbers = values.map((value) => scalar(value, "Accumulator.add"));
    for (let i = 0; i < numbers.length; i++) this.#sums[i]! += numbers[i]!;
  }

  /** Sets every sum to 0. */
  reset(): void {
    this.#sums.fill(0);
  }

  /**
   * One of the sums; as `metric[i]`, but an index that does not exist is an error.
   *
   * @param i from 0; negative counts from the end
   * @throws RangeError when there is no such sum
   */
  at(i: number): number {
    const sum = this.#sums.at(i);
    if (sum === undefined || !Number.isInteger(i)) {
      throw new RangeError(`Accumulator.at: index ${i} is out of range for ${this.#sums.length} sums`);
    }
    return sum;
  }
}

type Numbers<N extends number, T extends number[] = []> = T["length"] extends N
  ? T
  : Numbers<N, [...T, number]>;

/** The indices that exist, so that `metric[2]` of an `Accumulator(2)` is underlined in the editor. */
type Indexed<N extends number> = number extends N
  ? { readonly [index: number]: number }
  : `${N}` extends `-${string}` | `${string}.${string}` | `${string}e${string}`
    ? unknown
    : { readonly [I in Extract<keyof Numbers<N>, `${number}`>]: number };

/** Sums over `N` variables, read as `metric[0]`, `metric[1]`, ... */
export type Accumulator<N extends number = number> = Sums & Indexed<N>;

/**
 * Sums over `n` variables. The sums are read as `metric[0]`, `metric[1]`, ...
 *
 * @param n the number of sums
 * @throws RangeError when n is not a positive integer
 * @example
 * const metric = new d2l.Accumulator(2); // sum of losses, number of examples
 * metric.add(0.5, 10);
 * metric.add(0.25, 10);
 * metric[0] / metric[1]; // 0.0375
 */
export const Accumulator: new <N extends number>(n: N) => Accumulator<N> = Sums as never;
