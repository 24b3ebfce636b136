// `torch.nn`: modules, parameters, initialisation and functions of neural networks.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.html

export type { ForwardHook, ForwardPreHook } from "./call.ts";
export { deepcopy } from "./copy.ts";
export * as functional from "./functional/index.ts";
export * as init from "./init.ts";
export { Identity, Linear, type LinearOptions } from "./linear.ts";
export { HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss } from "./loss.ts";
export { type CallArgs, type CallResult, Module } from "./module.ts";
export { type AnyParameter, Parameter } from "./parameter.ts";
export { Sequential } from "./sequential.ts";
export type { LoadReport, StateDict } from "./state-dict.ts";
