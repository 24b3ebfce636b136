// Splitting a dataset at random.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split

import { ValueError } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";
import { defaultGenerator } from "../base/generator.ts";
import { Subset } from "./dataset.ts";
import { permutation } from "./sampler.ts";
import type { ExampleOf, MapStyle } from "./types.ts";

/**
 * Non-overlapping subsets of random examples.
 *
 * @param dataset what to split
 * @param lengths sizes that sum to the dataset's, or fractions that sum to 1: sizes are then rounded down, and what
 * remains is given to the first subsets, one each
 * @param options `generator`; default the one that `torch.manualSeed` seeds
 * @throws ValueError if the lengths do not sum to the dataset's size, or a fraction is not between 0 and 1
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 * @example
 * const [train, test] = data.randomSplit(dataset, [0.8, 0.2]);
 */
export function randomSplit<D extends MapStyle<unknown>, const L extends readonly number[]>(
  dataset: D,
  lengths: L,
  options: { readonly generator?: Generator } = {},
): { -readonly [K in keyof L]: Subset<ExampleOf<D>> } {
  const n = dataset.length;
  const total = lengths.reduce((sum, x) => sum + x, 0);
  // A sum of fractions may miss 1 by rounding, but only downwards: PyTorch asks for both.
  const sizes = total <= 1 && Math.abs(total - 1) <= 1e-9 ? sizesOf(lengths, n) : lengths;
  if (sizes.some((k) => !Number.isSafeInteger(k) || k < 0) || sizes.reduce((sum, k) => sum + k, 0) !== n)
    throw new ValueError(
      `Sum of input lengths does not equal the length of the input dataset! Lengths [${lengths.join(", ")}], ${n} examples`,
    );
  const order = permutation(n, options.generator ?? defaultGenerator);
  let end = 0;
  return sizes.map((k) => {
    end += k;
    return new Subset<unknown>(dataset, Array.from(order.subarray(end - k, end)));
  }) as { -readonly [K in keyof L]: Subset<ExampleOf<D>> };
}

function sizesOf(fractions: readonly number[], n: number): number[] {
  const sizes = fractions.map((f, i) => {
    if (f < 0 || f > 1) throw new ValueError(`Fraction at index ${i} is not between 0 and 1`);
    return Math.floor(n * f);
  });
  const left = n - sizes.reduce((sum, k) => sum + k, 0);
  for (let i = 0; i < left; i++) sizes[i % sizes.length]!++;
  sizes.forEach((k, i) => {
    if (k === 0) console.warn(`Length of split at index ${i} is 0. This might result in an empty dataset.`);
  });
  return sizes;
}
