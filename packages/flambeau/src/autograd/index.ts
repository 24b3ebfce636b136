// Automatic differentiation: passes, gradients of one's own, checks, modes.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/autograd.html

export type { BackwardOptions, GradOptions } from "../tensor/engine.ts";
export {
  detectAnomaly,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  noGrad,
  setGradEnabled,
} from "../tensor/grad-mode.ts";
export type { Grad, Node } from "../tensor/node.ts";
export { backward, grad } from "./backward.ts";
export { Context, GradFunction as Function } from "./function.ts";
export * as functional from "./functional.ts";
export {
  type Differentiable,
  GradcheckError,
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
} from "./gradcheck.ts";
