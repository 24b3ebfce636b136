// Stochastic weight averaging: its learning rate.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#stochastic-weight-averaging

export { SWALR } from "./lr_scheduler/cosine.ts";
