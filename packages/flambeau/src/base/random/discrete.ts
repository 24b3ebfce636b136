// Discrete samples: bernoulli, geometric_, poisson.
// Floor L0 (base). Follows PyTorch 1.13's CPU kernels. Poisson: W. Hoermann, "The transformed rejection method
// for generating Poisson random variables" (1993), https://doi.org/10.1016/0167-6687(93)90997-4

import type { TypedArray } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Generator } from "../generator.ts";
import type { FloatArray } from "./checks.ts";
import { check, checkFloatArray, showDouble } from "./checks.ts";

/**
 * `Tensor.bernoulli_(p)`: 1 with probability p, else 0; u < p with u in double, two draws each for every dtype.
 *
 * Differs from PyTorch built with MKL on Intel processors, which uses another generator here.
 * @throws RuntimeError unless 0 <= p <= 1; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html
 */
export function fillBernoulli(out: TypedArray, p: number, generator: Generator): void {
  check(p >= 0 && p <= 1, () => `bernoulli_ expects p to be in [0, 1], but got p=${showDouble(p)}`);
  const n = out.length;
  if (out instanceof BigInt64Array) for (let i = 0; i < n; i++) out[i] = generator.uniform53() < p ? 1n : 0n;
  else if (out instanceof Float32Array)
    for (let i = 0; i < n; i++) out[i] = generator.uniform53() < p ? 1 : 0;
  else for (let i = 0; i < n; i++) out[i] = generator.uniform53() < p ? 1 : 0;
}

/**
 * `torch.bernoulli(p)` and `Tensor.bernoulli_(p)` with a tensor of probabilities, as long as `out`.
 *
 * The draws go by the dtype of p: one each for float32, two for float64.
 * @throws RuntimeError unless every p is in [0, 1]; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.bernoulli.html
 */
export function fillBernoulliFrom(out: TypedArray, p: FloatArray, generator: Generator): void {
  checkFloatArray("bernoulli_tensor_cpu_p_", p);
  const wrong = p.findIndex((q) => !(q >= 0 && q <= 1));
  check(wrong < 0, () => {
    return `Expected p_in >= 0 && p_in <= 1 to be true, but got false: p=${showDouble(p[wrong] as number)}`;
  });
  const single = p instanceof Float32Array;
  for (let i = 0; i < out.length; i++) {
    const one = (single ? generator.uniform24() : generator.uniform53()) < (p[i] as number);
    if (out instanceof BigInt64Array) out[i] = one ? 1n : 0n;
    else out[i] = one ? 1 : 0;
  }
}

/**
 * `Tensor.geometric_(p)`: the number of trials until the first success, ceil(log u / log(1 - p)); two draws each.
 *
 * @throws RuntimeError unless 0 < p < 1; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html
 */
export function fillGeometric(out: TypedArray, p: number, generator: Generator): void {
  check(p > 0 && p < 1, () => `geometric_ expects p to be in (0, 1), but got p=${showDouble(p)}`);
  const log = Math.log(1 - p);
  for (let i = 0; i < out.length; i++) {
    const k = Math.ceil(Math.log(generator.uniform53()) / log);
    // A conversion that does not fit gives the least integer, as on x86.
    if (out instanceof BigInt64Array) out[i] = k < 2 ** 63 ? BigInt(k) : -(2n ** 63n);
    else if (out instanceof Int32Array) out[i] = k < 2 ** 31 ? k : -(2 ** 31);
    else out[i] = k;
  }
}

/**
 * `torch.poisson(rates)`: one sample for each rate, in double; the number of draws depends on the samples.
 *
 * @param rates as long as `out`.
 * @throws RuntimeError unless every rate is >= 0 and finite (differs from PyTorch for infinity: it overflows).
 * @see https://pytorch.org/docs/stable/generated/torch.poisson.html
 */
export function fillPoisson(out: FloatArray, rates: FloatArray, generator: Generator): void {
  checkFloatArray("poisson_cpu", out);
  for (const rate of rates) {
    check(rate >= 0, () => "invalid Poisson rate, expected rate to be non-negative");
    if (rate === Infinity) throw new RuntimeError("invalid Poisson rate, expected rate to be finite");
  }
  for (let i = 0; i < out.length; i++) out[i] = samplePoisson(rates[i] as number, generator);
}

function samplePoisson(rate: number, generator: Generator): number {
  if (rate === 0) return 0;
  if (rate < 10) {
    // Knuth: the number of uniforms whose product stays above exp(-rate).
    const limit = Math.exp(-rate);
    let product = generator.uniform53();
    let count = 0;
    while (product > limit) {
      count++;
      product *= generator.uniform53();
    }
    return count;
  }
  const root = Math.sqrt(rate);
  const logRate = Math.log(rate);
  const b = 0.931 + 2.53 * root;
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = generator.uniform53() - 0.5;
    const v = generator.uniform53();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const accept = Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (us * us) + b);
    if (accept <= -rate + k * logRate - logFactorial(k)) return k;
  }
}

/** log k!: the product itself while it is exact enough, then Stirling's series. */
function logFactorial(k: number): number {
  if (k < 20) {
    let product = 1;
    for (let i = 2; i <= k; i++) product *= i;
    return Math.log(product);
  }
  const x = k + 1;
  const y = 1 / (x * x);
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
