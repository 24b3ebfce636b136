// Ops of neural networks: the part of `nn.functional` that has kernels or gradients of its own.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/nn.functional.html

export * from "./activation.ts";
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from "./conv.ts";
export type { Sizes } from "./sizes.ts";
