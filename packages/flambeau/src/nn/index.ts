// `torch.nn`: modules, parameters, initialisation and functions of neural networks.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.html

export {
  CELU,
  ELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  RReLU,
  SELU,
  SiLU,
  Threshold,
} from "./activation.ts";
export * from "./activation-plain.ts";
export { AdaptiveLogSoftmaxWithLoss, type AdaptiveOptions } from "./adaptive.ts";
export {
  MultiheadAttention,
  type MultiheadAttentionOptions,
  NonDynamicallyQuantizableLinear,
} from "./attention.ts";
export type { BackwardHook, BackwardPreHook } from "./backward-hooks.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
} from "./batchnorm.ts";
export type { ForwardHook, ForwardPreHook } from "./call.ts";
export { ModuleDict, ModuleList, ParameterDict, ParameterList } from "./containers.ts";
export { Conv1d, Conv2d, Conv3d, type ConvModuleOptions, type ConvPadding } from "./conv.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeModuleOptions,
} from "./conv-transpose.ts";
export { deepcopy } from "./copy.ts";
export { CosineSimilarity, PairwiseDistance } from "./distance.ts";
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from "./dropout.ts";
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagModuleOptions,
  type EmbeddingModuleOptions,
} from "./embedding.ts";
export { Flatten, Unflatten } from "./flatten.ts";
export * as functional from "./functional/index.ts";
export * as init from "./init.ts";
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
  LazyLinear,
  UninitializedParameter,
} from "./lazy.ts";
export { Bilinear, Identity, Linear, type LinearOptions } from "./linear.ts";
export { HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss } from "./loss.ts";
export { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss, type NLLLossOptions } from "./loss-class.ts";
export {
  CTCLoss,
  type CTCLossModuleOptions,
  GaussianNLLLoss,
  PoissonNLLLoss,
  type PoissonNLLLossOptions,
} from "./loss-likelihood.ts";
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  type MarginOptions,
  MarginRankingLoss,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  MultiMarginLoss,
  SoftMarginLoss,
  TripletMarginLoss,
  type TripletMarginOptions,
  TripletMarginWithDistanceLoss,
} from "./loss-margin.ts";
export { type CallArgs, type CallResult, Module } from "./module.ts";
export { GroupNorm, LayerNorm, RMSNorm } from "./normalization.ts";
export * from "./padding.ts";
export { type AnyParameter, Parameter } from "./parameter.ts";
export {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolModuleOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolModuleOptions,
} from "./pooling.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolModuleOptions,
} from "./pooling-adaptive.ts";
export * from "./pooling-more.ts";
export * from "./resize.ts";
export { GRU, LSTM, RNN } from "./rnn.ts";
export { type RecurrentModuleOptions, RNNBase } from "./rnn-base.ts";
export { type CellOptions, GRUCell, LSTMCell, RNNCell } from "./rnn-cells.ts";
export { Sequential } from "./sequential.ts";
export type { LoadReport, StateDict } from "./state-dict.ts";
export { type Summary, type SummaryRow, summary } from "./summary.ts";
export {
  Transformer,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerOptions,
} from "./transformer.ts";
export {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./transformer-layers.ts";
export * as utils from "./utils/index.ts";
export {
  ChannelShuffle,
  CrossMapLRN2d,
  LocalResponseNorm,
  PixelShuffle,
  PixelUnshuffle,
  type ResponseNormOptions,
} from "./vision.ts";
