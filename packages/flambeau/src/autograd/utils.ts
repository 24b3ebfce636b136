// What PyTorch keeps under torch.utils and fits here: checkpoints, and the count of operations.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/checkpoint.html

export { countFlops } from "../ops/flops.ts";
export * as checkpoint from "./checkpoint.ts";
