// What PyTorch keeps under torch.utils and belongs to differentiation.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/checkpoint.html

export * as checkpoint from "./checkpoint.ts";
