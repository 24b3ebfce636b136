// `optim.swaUtils`: averages of weights, and their learning rate.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

export {
  AveragedModel,
  type AveragedModelOptions,
  type AverageFn,
  getEmaAvgFn,
  getSwaAvgFn,
  updateBn,
} from "./averaging.ts";
export { SWALR } from "./lr_scheduler/cosine.ts";
