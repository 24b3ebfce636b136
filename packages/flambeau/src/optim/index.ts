// The optimizers: classes that hold parameters, and beside each the pure rule of its step.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html

export { Adadelta, type AdadeltaOptions, type AdadeltaState, adadelta } from "./adadelta.ts";
export { Adagrad, type AdagradOptions, type AdagradState, adagrad } from "./adagrad.ts";
export {
  Adam,
  type AdamOptions,
  type AdamRule,
  type AdamState,
  AdamW,
  type AdamWOptions,
  adam,
  adamw,
} from "./adam.ts";
export { Adamax, type AdamaxOptions, type AdamaxState, adamax } from "./adamax.ts";
export { ASGD, type ASGDOptions, type ASGDState, asgd } from "./asgd.ts";
export type { GroupInit, ParamGroup, Params, ParamsInit } from "./groups.ts";
export { LBFGS, type LBFGSOptions, type LBFGSState } from "./lbfgs.ts";
export { Lion, type LionOptions, type LionState, lion } from "./lion.ts";
export * as lrScheduler from "./lr_scheduler/index.ts";
export { Muon, type MuonOptions, type MuonState, muon, orthogonalized } from "./muon.ts";
export { NAdam, type NAdamOptions, type NAdamState, nadam } from "./nadam.ts";
export { Optimizer } from "./optimizer.ts";
export { RAdam, type RAdamOptions, radam } from "./radam.ts";
export { RMSprop, type RMSpropOptions, type RMSpropState, rmsprop } from "./rmsprop.ts";
export { Rprop, type RpropOptions, type RpropState, rprop } from "./rprop.ts";
export { SGD, type SGDOptions, type SGDRule, type SGDState, sgd } from "./sgd.ts";
export type { OptimizerStateDict } from "./state-dict.ts";
export * as swaUtils from "./swa-utils.ts";
