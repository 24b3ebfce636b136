// What PyTorch keeps under torch.utils and fits here: checkpoints of activations, the count of operations, TensorBoard.
// Source: https://pytorch.org/docs/stable/checkpoint.html

export * as checkpoint from "./autograd/checkpoint.ts";
export * as tensorboard from "./io/tensorboard/index.ts";
export { countFlops } from "./ops/flops.ts";
