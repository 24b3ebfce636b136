// Signatures: convolution, pooling and what else looks at windows of images. Functions only, as in PyTorch.
// Floor L4 (ops), types only.

import type { Scalar } from "../../base/dtype.ts";
import type {
  AdaptivePool,
  Conv,
  ConvTranspose,
  Fits,
  Ok,
  Pad,
  Pool,
  Resize,
  Spatial,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { ConvOptions, ConvTransposeOptions } from "../functional/conv.ts";
import type { FoldOptions } from "../functional/fold.ts";
import type { FractionalMaxPoolOptions } from "../functional/fractional.ts";
import type { GridSampleOptions } from "../functional/grid-sample.ts";
import type { InterpolateOptions } from "../functional/interpolate.ts";
import type { PaddingMode } from "../functional/pad.ts";
import type { AvgPoolOptions, MaxPoolOptions, OutputSizes } from "../functional/pool.ts";
import type { Sizes } from "../functional/sizes.ts";
import type { MaxUnpoolOptions } from "../functional/unpool.ts";
import type { NoOptions } from "./common.ts";

/** `conv2d(x, weight, bias, { padding: 1 })`. */
export type ConvOp<N extends Spatial> = <
  X extends AnyTensor,
  W extends AnyTensor,
  const O extends ConvOptions = NoOptions,
>(
  x: X,
  weight: Fits<Conv<ShapeOf<X>, ShapeOf<W>, O, N>, W>,
  bias?: AnyTensor | null,
  options?: O,
) => Tensor<Ok<Conv<ShapeOf<X>, ShapeOf<W>, O, N>>, DtOf<X>>;
/** `convTranspose2d(x, weight, bias, { stride: 2 })`. */
export type ConvTransposeOp<N extends Spatial> = <
  X extends AnyTensor,
  W extends AnyTensor,
  const O extends ConvTransposeOptions = NoOptions,
>(
  x: X,
  weight: Fits<ConvTranspose<ShapeOf<X>, ShapeOf<W>, O, N>, W>,
  bias?: AnyTensor | null,
  options?: O,
) => Tensor<Ok<ConvTranspose<ShapeOf<X>, ShapeOf<W>, O, N>>, DtOf<X>>;

/** Values, or with `returnIndices` values and indices. */
type Picked<R, X, O> = O extends { readonly returnIndices: infer I }
  ? I extends true
    ? Both<R, X>
    : I extends false
      ? Tensor<Ok<R>, DtOf<X>>
      : Tensor<Ok<R>, DtOf<X>> | Both<R, X>
  : Tensor<Ok<R>, DtOf<X>>;
type Both<R, X> = [values: Tensor<Ok<R>, DtOf<X>>, indices: Tensor<Ok<R>, "int32">];

/** `maxPool2d(x, 2)`, `maxPool2d(x, [3, 2], { stride: 1, returnIndices: true })`. */
export type MaxPoolOp<N extends Spatial> = <
  X extends AnyTensor,
  const K extends Sizes,
  const O extends MaxPoolOptions = NoOptions,
>(
  x: X,
  kernelSize: Fits<Pool<ShapeOf<X>, K, O, N, `maxPool${N}d`>, K>,
  options?: O,
) => Picked<Pool<ShapeOf<X>, K, O, N, `maxPool${N}d`>, X, O>;
export type MaxPoolWithIndicesOp<N extends Spatial> = <
  X extends AnyTensor,
  const K extends Sizes,
  const O extends MaxPoolOptions = NoOptions,
>(
  x: X,
  kernelSize: Fits<Pool<ShapeOf<X>, K, O, N, `maxPool${N}d`>, K>,
  options?: O,
) => Both<Pool<ShapeOf<X>, K, O, N, `maxPool${N}d`>, X>;
/** `avgPool2d(x, 2)`. */
export type AvgPoolOp<N extends Spatial> = <
  X extends AnyTensor,
  const K extends Sizes,
  const O extends AvgPoolOptions = NoOptions,
>(
  x: X,
  kernelSize: Fits<Pool<ShapeOf<X>, K, O, N, `avgPool${N}d`>, K>,
  options?: O,
) => Tensor<Ok<Pool<ShapeOf<X>, K, O, N, `avgPool${N}d`>>, DtOf<X>>;
/** `adaptiveAvgPool2d(x, [1, 1])`. */
export type AdaptiveAvgPoolOp<N extends Spatial> = <X extends AnyTensor, const M extends OutputSizes>(
  x: X,
  outputSize: Fits<AdaptivePool<ShapeOf<X>, M, N, `adaptiveAvgPool${N}d`>, M>,
) => Tensor<Ok<AdaptivePool<ShapeOf<X>, M, N, `adaptiveAvgPool${N}d`>>, DtOf<X>>;
export type AdaptiveMaxPoolOp<N extends Spatial> = <
  X extends AnyTensor,
  const M extends OutputSizes,
  const O extends { readonly returnIndices?: boolean } = NoOptions,
>(
  x: X,
  outputSize: Fits<AdaptivePool<ShapeOf<X>, M, N, `adaptiveMaxPool${N}d`>, M>,
  options?: O,
) => Picked<AdaptivePool<ShapeOf<X>, M, N, `adaptiveMaxPool${N}d`>, X, O>;
export type FractionalMaxPoolOp = <X extends AnyTensor, const O extends FractionalMaxPoolOptions>(
  x: X,
  kernelSize: Sizes,
  options: O,
) => Picked<readonly number[], X, O>;
export type MaxUnpoolOp = <X extends AnyTensor>(
  x: X,
  indices: AnyTensor,
  kernelSize: Sizes,
  options?: MaxUnpoolOptions,
) => Tensor<readonly number[], DtOf<X>>;

/** `pad(x, [1, 1])`. */
export type PadOp = <X extends AnyTensor, const P extends readonly number[]>(
  x: X,
  padding: P,
  mode?: PaddingMode,
  value?: Scalar | null,
) => Tensor<Pad<ShapeOf<X>, P>, DtOf<X>>;

export type UnfoldOp = <X extends AnyTensor>(
  x: X,
  kernelSize: Sizes,
  options?: FoldOptions,
) => Tensor<readonly number[], DtOf<X>>;
export type FoldOp = <X extends AnyTensor>(
  x: X,
  outputSize: Sizes,
  kernelSize: Sizes,
  options?: FoldOptions,
) => Tensor<readonly number[], DtOf<X>>;

/** `interpolate(x, { size: [8, 8] })`. */
export type InterpolateOp = <X extends AnyTensor, const O extends InterpolateOptions>(
  x: X,
  options: O,
) => Tensor<Resize<ShapeOf<X>, O>, DtOf<X>>;
export type GridSampleOp = <X extends AnyTensor>(
  x: X,
  grid: AnyTensor,
  options?: GridSampleOptions,
) => Tensor<readonly number[], DtOf<X>>;
