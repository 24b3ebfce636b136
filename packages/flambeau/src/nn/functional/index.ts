// Functions of neural networks, without state: `nn.functional`.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.functional.html

export { linear } from "../../ops/matmul.ts";
export { logSoftmax, softmax } from "../../ops/softmax.ts";
export {
  huberLoss,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  type ReductionMode,
  smoothL1Loss,
} from "./losses.ts";
