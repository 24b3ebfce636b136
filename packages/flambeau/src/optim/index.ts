// The optimizers: classes that hold parameters, and beside each the pure rule of its step.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html

export type { GroupInit, ParamGroup, Params, ParamsInit } from "./groups.ts";
export { Optimizer } from "./optimizer.ts";
export { SGD, type SGDOptions, type SGDRule, type SGDState, sgd } from "./sgd.ts";
export type { OptimizerStateDict } from "./state-dict.ts";
