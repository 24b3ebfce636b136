// Functions of neural networks, without state: `nn.functional`.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.functional.html

export { cosineSimilarity, pairwiseDistance, pdist } from "../../ops/distances.ts";
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type Sizes,
} from "../../ops/functional/index.ts";
export * from "../../ops/functional/spatial.ts";
export { linear } from "../../ops/linear.ts";
export * from "./activation.ts";
export {
  type AttentionOptions,
  type AttentionSettings,
  type AttentionWeights,
  multiHeadAttentionForward,
} from "./attention.ts";
export { bilinear } from "./bilinear.ts";
export * from "./classification.ts";
export { type CTCLossOptions, ctcLoss } from "./ctc.ts";
export {
  _scaledDotProductAttention,
  type DotProductAttentionOptions,
  scaledDotProductAttention,
} from "./dot-product-attention.ts";
export * from "./dropout.ts";
export { type EmbeddingBagOptions, type EmbeddingOptions, embedding, embeddingBag } from "./embedding.ts";
export { type GumbelSoftmaxOptions, gumbelSoftmax } from "./gumbel.ts";
export {
  type GaussianNllLossOptions,
  gaussianNllLoss,
  type HuberLossOptions,
  huberLoss,
  type KLDivOptions,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  type PoissonNllLossOptions,
  poissonNllLoss,
  type ReductionMode,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from "./losses.ts";
export * from "./margin-losses.ts";
export * from "./normalization.ts";
export { oneHot } from "./one-hot.ts";
export {
  affineGrid,
  type LpPoolOptions,
  lpPool1d,
  lpPool2d,
  type UpsampleOptions,
  upsampleBilinear,
  upsampleNearest,
} from "./resize.ts";
export { type RmsNormOptions, rmsNorm } from "./rms-norm.ts";
export { channelShuffle, pixelShuffle, pixelUnshuffle } from "./vision.ts";
