// Samples by inversion of a distribution function: exponential_ and cauchy_.
// Floor L0 (base). Follows PyTorch 1.13's CPU kernels: in double from two draws each, for float32 too.

import type { Generator } from "../generator.ts";
import type { FloatArray } from "./checks.ts";
import { check, checkFloatArray, checkNotNaN, showDouble } from "./checks.ts";
import { fma64 } from "./fma.ts";

/**
 * `Tensor.exponential_`: -log(1 - u) / lambda. Its logarithm, negated, is the Gumbel noise of
 * `gumbel_softmax`. lambda = 0 gives infinity.
 *
 * @throws RuntimeError unless lambda >= 0; NaN is refused.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html
 */
export function fillExponential(out: FloatArray, lambda: number, generator: Generator): void {
  checkFloatArray("exponential_cpu", out);
  check(lambda >= 0, () => `exponential_ expects lambda >= 0.0, but found lambda=${showDouble(lambda)}`);
  const scale = -1 / lambda;
  for (let i = 0; i < out.length; i++) out[i] = scale * Math.log(1 - generator.uniform53());
}

/**
 * `Tensor.cauchy_`: median + sigma tan(pi (u - 1/2)). PyTorch takes any sigma, negative ones too.
 *
 * @throws RuntimeError if an argument is NaN. Differs from PyTorch, which fills with NaN.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html
 */
export function fillCauchy(out: FloatArray, median: number, sigma: number, generator: Generator): void {
  checkFloatArray("cauchy_cpu", out);
  checkNotNaN("cauchy_", "median", median);
  checkNotNaN("cauchy_", "sigma", sigma);
  for (let i = 0; i < out.length; i++) {
    out[i] = fma64(sigma, Math.tan(Math.PI * (generator.uniform53() - 0.5)), median);
  }
}
