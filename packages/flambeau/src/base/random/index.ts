// The samplers: each fills a contiguous array with exactly the numbers, and the draws, of PyTorch's CPU kernel.
// Floor L0 (base). Follows PyTorch 1.13.

export type { FloatArray } from "./checks.ts";
export { fillCauchy, fillExponential } from "./continuous.ts";
export { fillBernoulli, fillBernoulliFrom, fillGeometric, fillPoisson } from "./discrete.ts";
export { fillAlphaDropout, fillDropout } from "./dropout.ts";
export { fillRandint, fillRandom } from "./integers.ts";
export { fillMultinomial } from "./multinomial.ts";
export { fillLogNormal, fillNormal, fillNormalFrom, sampleNormal } from "./normal.ts";
export { fillRandperm } from "./permutation.ts";
export { fillRand, fillRReluNoise, fillUniform } from "./uniform.ts";
