// Ops of neural networks: the part of `nn.functional` that has kernels or gradients of its own.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/nn.functional.html

export * from "./activation.ts";
export * from "./spatial.ts";
