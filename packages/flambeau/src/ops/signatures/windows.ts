// Signatures: convolution, pooling and what else looks at windows of images.
// Floor L4 (ops), types only.

import type { Scalar } from "../../base/dtype.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { ConvOptions, ConvTransposeOptions } from "../functional/conv.ts";
import type { FoldOptions } from "../functional/fold.ts";
import type { FractionalMaxPoolOptions } from "../functional/fractional.ts";
import type { GridSampleOptions } from "../functional/grid-sample.ts";
import type { InterpolateOptions } from "../functional/interpolate.ts";
import type { PaddingMode } from "../functional/pad.ts";
import type { AvgPoolOptions, MaxPoolOptions, OutputSizes } from "../functional/pool.ts";
import type { Sizes } from "../functional/sizes.ts";
import type { MaxUnpoolOptions } from "../functional/unpool.ts";

type N = 1 | 2 | 3;
/** `conv2d(x, weight, bias, { padding: 1 })`; a function only. */
export type ConvOp<_ extends N> = (
  x: AnyTensor,
  weight: AnyTensor,
  bias?: AnyTensor | null,
  options?: ConvOptions,
) => AnyTensor;
export type ConvTransposeOp<_ extends N> = (
  x: AnyTensor,
  weight: AnyTensor,
  bias?: AnyTensor | null,
  options?: ConvTransposeOptions,
) => AnyTensor;

export type MaxPoolOp<_ extends N> = <const O extends MaxPoolOptions>(
  x: AnyTensor,
  kernelSize: Sizes,
  options?: O,
) => O extends { readonly returnIndices: true } ? [values: AnyTensor, indices: AnyTensor] : AnyTensor;
export type MaxPoolWithIndicesOp<_ extends N> = (
  x: AnyTensor,
  kernelSize: Sizes,
  options?: MaxPoolOptions,
) => [values: AnyTensor, indices: AnyTensor];
export type AvgPoolOp<_ extends N> = (x: AnyTensor, kernelSize: Sizes, options?: AvgPoolOptions) => AnyTensor;
export type AdaptiveAvgPoolOp<_ extends N> = (x: AnyTensor, outputSize: OutputSizes) => AnyTensor;
export type AdaptiveMaxPoolOp<_ extends N> = <const O extends { readonly returnIndices?: boolean }>(
  x: AnyTensor,
  outputSize: OutputSizes,
  options?: O,
) => O extends { readonly returnIndices: true } ? [values: AnyTensor, indices: AnyTensor] : AnyTensor;

export type PadOp = (
  x: AnyTensor,
  padding: readonly number[],
  mode?: PaddingMode,
  value?: Scalar | null,
) => AnyTensor;

export type UnfoldOp = (x: AnyTensor, kernelSize: Sizes, options?: FoldOptions) => AnyTensor;
export type FoldOp = (x: AnyTensor, outputSize: Sizes, kernelSize: Sizes, options?: FoldOptions) => AnyTensor;
export type MaxUnpoolOp = (
  x: AnyTensor,
  indices: AnyTensor,
  kernelSize: Sizes,
  options?: MaxUnpoolOptions,
) => AnyTensor;
export type FractionalMaxPoolOp = <const O extends FractionalMaxPoolOptions>(
  x: AnyTensor,
  kernelSize: Sizes,
  options?: O,
) => O extends { readonly returnIndices: true } ? [values: AnyTensor, indices: AnyTensor] : AnyTensor;
export type InterpolateOp = (x: AnyTensor, options?: InterpolateOptions) => AnyTensor;
export type GridSampleOp = (x: AnyTensor, grid: AnyTensor, options?: GridSampleOptions) => AnyTensor;
