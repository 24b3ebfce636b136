// The ops that look at windows of images: convolution, pooling, resampling, borders.
// Floor L4 (ops).

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
export { type FoldOptions, fold, unfold } from "./fold.ts";
export { type FractionalMaxPoolOptions, fractionalMaxPool2d, fractionalMaxPool3d } from "./fractional.ts";
export { type GridSampleOptions, gridSample } from "./grid-sample.ts";
export { type InterpolateMode, type InterpolateOptions, interpolate } from "./interpolate.ts";
export { type PaddingMode, pad } from "./pad.ts";
export * from "./pool.ts";
export type { PoolOptions } from "./pool-windows.ts";
export type { Sizes } from "./sizes.ts";
export { type MaxUnpoolOptions, maxUnpool1d, maxUnpool2d, maxUnpool3d } from "./unpool.ts";
