// Special functions: `torch.special`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

export { i0 } from "../bessel.ts";
export { erf, erfc, erfinv, logit, sinc } from "../error-functions.ts";
export {
  digamma,
  digamma as psi,
  igamma as gammainc,
  igammac as gammaincc,
  lgamma as gammaln,
  mvlgamma as multigammaln,
  polygamma,
} from "../gamma.ts";
export { exp2, expm1, log1p, sigmoid as expit } from "../math.ts";
export { round } from "../rounding.ts";
export { logSoftmax, logsumexp, softmax } from "../softmax.ts";
export { xlogy } from "../two-numbers.ts";
export * from "./bessel.ts";
export * from "./normal.ts";
export * from "./polynomials.ts";
export * from "./zeta.ts";
