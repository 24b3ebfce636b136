// Signatures: derivatives, integrals and spectra of sampled functions.
// Floor L4 (ops), types only.

import type {
  Dim,
  Fits,
  FloatResult,
  Ok,
  Rank,
  Reduce,
  SetAt,
  Shape,
  Then,
  Unknowns,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { NoOptions } from "./common.ts";

export interface GradientOptions {
  /** The distance of samples, one number or one for each dimension, or the coordinates along each. Default 1. */
  readonly spacing?: number | readonly number[] | readonly AnyTensor[] | null;
  /** Default all dimensions. */
  readonly dim?: number | readonly number[] | null;
  /** 1 or 2: whether the derivative at an edge is that of a line or of a parabola. Default 1. */
  readonly edgeOrder?: number;
}
/** `torch.gradient(x)`: a function only, as in PyTorch. */
export type GradientOp = <X extends AnyTensor>(
  x: X,
  options?: GradientOptions,
) => Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>[];

export interface TrapezoidOptions<D extends number = number> {
  /** The distance of samples, where no coordinates are given. Default 1. */
  readonly dx?: number;
  /** Default -1. */
  readonly dim?: D;
}
type DimOf<O> = O extends { readonly dim: infer D } ? D : -1;
type Without<X, D, Name extends string> = Reduce<ShapeOf<X>, D, false, Name>;
/** `torch.trapezoid(y, x)`, `torch.trapezoid(y, null, { dx: 0.1 })`: a function only. */
export type TrapezoidOp<Name extends string = "trapezoid"> = <
  Y extends AnyTensor,
  X extends AnyTensor | null | undefined = undefined,
  const O extends TrapezoidOptions = NoOptions,
>(
  y: Y,
  x?: Fits<Without<Y, DimOf<O>, Name>, X>,
  options?: O,
) => Tensor<
  X extends AnyTensor
    ? Rank<ShapeOf<X>> extends 1
      ? Ok<Without<Y, DimOf<O>, Name>>
      : Shape
    : Ok<Without<Y, DimOf<O>, Name>>,
  FloatResult<DtOf<Y>>
>;

/** `torch.cumulativeTrapezoid(y, x)`: a function only. */
export type CumulativeTrapezoidOp = <Y extends AnyTensor, X extends AnyTensor | null | undefined = undefined>(
  y: Y,
  x?: X,
  options?: TrapezoidOptions,
) => Tensor<X extends AnyTensor ? Shape : Unknowns<ShapeOf<Y>>, FloatResult<DtOf<Y>>>;

export interface FftOptions {
  /** Which direction is divided by the number of points, or "ortho": each by its root. Default "backward". */
  readonly norm?: "backward" | "ortho" | "forward" | null;
}
type Spectrum<X, N, D, Name extends string> =
  Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>> extends infer I
    ? Then<I, SetAt<ShapeOf<X>, I, N extends number ? N : number>>
    : never;
/** `torch.fft.irfft(x, 16)` */
export type FftOp<Name extends string = "fft"> = <
  X extends AnyTensor,
  const N extends number | null | undefined = undefined,
  const D extends number = -1,
>(
  x: X,
  n?: N,
  dim?: Fits<Spectrum<X, N, D, Name>, D>,
  options?: FftOptions,
) => Tensor<Ok<Spectrum<X, N, D, Name>>, FloatResult<DtOf<X>>>;
/** `torch.fft.irfftn(x, [8, 16])` */
export type FftnOp = <X extends AnyTensor>(
  x: X,
  s?: readonly number[] | null,
  dim?: number | readonly number[] | null,
  options?: FftOptions,
) => Tensor<Shape, FloatResult<DtOf<X>>>;
/** `torch.fft.fftshift(x, 0)` */
export type ShiftOp = <X extends AnyTensor>(
  x: X,
  dim?: number | readonly number[] | null,
) => Tensor<ShapeOf<X>, DtOf<X>>;

export interface SegmentOptions {
  /** How long each segment is. */
  readonly lengths?: AnyTensor | null;
  /** Where each segment starts, then where the last one ends. */
  readonly offsets?: AnyTensor | null;
  /** Not supported, as in PyTorch. */
  readonly indices?: AnyTensor | null;
  /** Default 0. */
  readonly axis?: number;
  /** Whether `lengths` may leave elements over. Default false. */
  readonly unsafe?: boolean;
  /** What each reduction starts from. */
  readonly initial?: number | null;
}
/** `torch.segmentReduce(x, "sum", { lengths })`: a function only. */
export type SegmentOp = <X extends AnyTensor>(
  x: X,
  reduce: "sum" | "mean" | "max" | "min" | "prod",
  options?: SegmentOptions,
) => Tensor<Unknowns<ShapeOf<X>>, DtOf<X>>;

interface FrameOptions {
  /** How far frames are apart. Default nFft / 4. */
  readonly hopLength?: number | null;
  /** Default nFft. */
  readonly winLength?: number | null;
  /** What frames are multiplied with, 1-d; default ones. */
  readonly window?: AnyTensor | null;
  /** Whether frame i is centred at i * hopLength. Default true. */
  readonly center?: boolean;
  /** Whether spectra are divided by the root of nFft. Default false. */
  readonly normalized?: boolean;
  /** Whether the mirrored half of the frequencies is left out. */
  readonly onesided?: boolean | null;
  /** Not supported: there are no complex tensors. */
  readonly returnComplex?: boolean | null;
}
export interface StftOptions extends FrameOptions {
  /** How the signal is continued at both ends, where frames are centred. Default "reflect". */
  readonly padMode?: string;
}
export interface IstftOptions extends FrameOptions {
  /** Length of the signal. */
  readonly length?: number | null;
}
