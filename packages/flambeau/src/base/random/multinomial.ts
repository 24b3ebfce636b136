// Sampling of categories: multinomial, with and without replacement.
// Floor L0 (base). Source: PyTorch 1.13; without replacement it is the Gumbel-max trick in the form
// argmax p / q, q ~ Exp(1): https://github.com/pytorch/pytorch/issues/11931#issuecomment-625882503

import type { Generator } from "../generator.ts";
import type { FloatArray } from "./checks.ts";
import { check, checkFloatArray } from "./checks.ts";
import { fillExponential } from "./continuous.ts";

/**
 * `torch.multinomial`: numSamples categories for each row of weights, which need not sum to one.
 *
 * - With replacement: a search in the cumulative sums; two draws for each sample.
 * - Without: the numSamples largest of p / q with q ~ Exp(1), in descending order; two draws for each weight.
 *
 * Differs from PyTorch: equal quotients, as of categories of weight 0 that must be taken, come in index order.
 * @param out rows x numSamples.
 * @param weights rows x categories, contiguous.
 * @throws RuntimeError for negative, infinite, NaN or all-zero weights, and for more samples than there are.
 * @see https://pytorch.org/docs/stable/generated/torch.multinomial.html
 */
export function fillMultinomial(
  out: BigInt64Array | Int32Array,
  weights: FloatArray,
  categories: number,
  numSamples: number,
  replacement: boolean,
  generator: Generator,
): void {
  checkFloatArray("multinomial", weights);
  check(numSamples > 0, () => "cannot sample n_sample <= 0 samples");
  check(
    replacement || numSamples <= categories,
    () => "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
  );
  check(categories <= 2 ** 24, () => "number of categories cannot exceed 2^24");
  if (out.length === 0) return;
  const put = (at: number, category: number): void => {
    if (out instanceof BigInt64Array) out[at] = BigInt(category);
    else out[at] = category;
  };
  if (replacement) sampleWithReplacement(put, weights, categories, numSamples, generator);
  else sampleLargest(put, weights, categories, numSamples, generator);
}

type Put = (at: number, category: number) => void;

const SUM_IS_ZERO = "invalid multinomial distribution (sum of probabilities <= 0)";

function sampleLargest(put: Put, p: FloatArray, categories: number, k: number, generator: Generator): void {
  check(
    p.every((w) => w >= 0 && w < Infinity),
    () => "probability tensor contains either `inf`, `nan` or element < 0",
  );
  const rows = categories === 0 ? 0 : p.length / categories;
  for (let row = 0; row < rows; row++) {
    check(
      p.subarray(row * categories, (row + 1) * categories).some((w) => w > 0),
      () => SUM_IS_ZERO,
    );
  }
  const q = p.slice();
  fillExponential(q, 1, generator);
  for (let i = 0; i < q.length; i++) q[i] = (p[i] as number) / (q[i] as number);
  for (let row = 0; row < rows; row++) {
    const scores = q.subarray(row * categories, (row + 1) * categories);
    if (k === 1) {
      put(row, indexOfMax(scores));
    } else {
      const order = Array.from(scores.keys()).sort(
        (i, j) => (scores[j] as number) - (scores[i] as number) || i - j,
      );
      for (let s = 0; s < k; s++) put(row * k + s, order[s] as number);
    }
  }
}

function indexOfMax(scores: FloatArray): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] as number) > (scores[best] as number)) best = i;
  return best;
}

function sampleWithReplacement(
  put: Put,
  p: FloatArray,
  categories: number,
  k: number,
  generator: Generator,
): void {
  // Sums are of the dtype of p: rounding decides which category a draw at a boundary falls in.
  const cumulative = p.slice(0, categories);
  const round = p instanceof Float32Array ? Math.fround : (x: number): number => x;
  const rows = categories === 0 ? 0 : p.length / categories;
  check(categories > 0, () => SUM_IS_ZERO);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < categories; j++) {
      const w = p[row * categories + j] as number;
      check(w >= 0, () => "invalid multinomial distribution (encountering probability entry < 0)");
      check(
        w < Infinity,
        () => "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
      );
      sum = round(sum + w);
      cumulative[j] = sum;
    }
    check(sum > 0, () => SUM_IS_ZERO);
    for (let j = 0; j < categories; j++) cumulative[j] = (cumulative[j] as number) / sum;
    cumulative[categories - 1] = 1;
    for (let s = 0; s < k; s++) put(row * k + s, lowerBound(cumulative, generator.uniform53()));
  }
}

/** The first index whose cumulative sum is not below u. */
function lowerBound(cumulative: FloatArray, u: number): number {
  let left = 0;
  let right = cumulative.length;
  while (left < right) {
    const middle = (left + right) >> 1;
    if ((cumulative[middle] as number) < u) left = middle + 1;
    else right = middle;
  }
  return left;
}
