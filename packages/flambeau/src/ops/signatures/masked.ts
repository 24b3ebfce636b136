// Signatures: reductions that leave masked elements out. Functions only.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type { Dim, Fits, FloatResult, Ok, Rank, Reduce } from "../../base/types/index.ts";
import type { Dims } from "../../tensor/reduction.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Both, DTypes, NoOptions } from "./common.ts";
import type { Given, Kept, Reduced, ReduceOptions, ReduceRule } from "./reduce.ts";

export interface MaskedOptions extends ReduceOptions {
  /** True where elements count; broadcasts to the input's shape. Default everywhere. */
  readonly mask?: AnyTensor | null;
}

/** `torch.masked.sum(x, 0, { mask })` */
export type MaskedReduction<Name extends string, Rule extends ReduceRule> = <
  X extends AnyTensor,
  const D extends Dims = undefined,
  const O extends MaskedOptions = NoOptions,
>(
  x: X,
  dim?: Fits<Reduce<ShapeOf<X>, D, Kept<O>, Name>, Given<D>>,
  options?: O,
) => Tensor<Ok<Reduce<ShapeOf<X>, D, Kept<O>, Name>>, Reduced<DtOf<X>, Rule, O>>;

export interface MaskedVarianceOptions extends MaskedOptions {
  /** Whether to divide by one less than the number of elements. Default false. */
  readonly unbiased?: boolean;
}
/** `torch.masked.var(x, 0, { mask, unbiased: true })` */
export type MaskedVariance<Name extends string> = <
  X extends AnyTensor,
  const D extends Dims = undefined,
  const O extends MaskedVarianceOptions = NoOptions,
>(
  x: X,
  dim?: Fits<Reduce<ShapeOf<X>, D, Kept<O>, Name>, Given<D>>,
  options?: O,
) => Tensor<Ok<Reduce<ShapeOf<X>, D, Kept<O>, Name>>, Reduced<DtOf<X>, "float", O>>;

/** `torch.masked.argmax(x, 0, { mask })` */
export type MaskedArgReduction<Name extends string> = <
  X extends AnyTensor,
  const D extends number | null | undefined = undefined,
  const O extends MaskedOptions = NoOptions,
>(
  x: X,
  dim?: Fits<Reduce<ShapeOf<X>, D, Kept<O>, Name>, D>,
  options?: O,
) => Tensor<Ok<Reduce<ShapeOf<X>, D, Kept<O>, Name>>, Reduced<DtOf<X>, "same", O>>;

/** `torch.masked.norm(x, 2, 0, { mask })` */
export type MaskedNorm<Name extends string = "masked.norm"> = <
  X extends AnyTensor,
  const D extends Dims = undefined,
  const O extends MaskedOptions = NoOptions,
>(
  x: X,
  ord?: number,
  dim?: Fits<Reduce<ShapeOf<X>, D, Kept<O>, Name>, Given<D>>,
  options?: O,
) => Tensor<Ok<Reduce<ShapeOf<X>, D, Kept<O>, Name>>, Reduced<DtOf<X>, "same", O>>;

type AlongOptions = Pick<MaskedOptions, "dtype" | "mask">;
type DTypeOf<X, O> = O extends { readonly dtype: infer R extends DType } ? R : DtOf<X>;
/** `torch.masked.softmax(x, 0, { mask })` */
export type MaskedAlong<Name extends string, Rule extends ReduceRule = "float"> = <
  X extends AnyTensor,
  const D extends number,
  const O extends AlongOptions = NoOptions,
>(
  x: X,
  dim: Fits<Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, D>,
  options?: O,
) => Tensor<ShapeOf<X>, Reduced<DtOf<X>, Rule, O>>;

/** `torch.masked.normalize(x, 2, 0, { mask })` */
export type MaskedNormalize<Name extends string = "masked.normalize"> = <
  X extends AnyTensor,
  const D extends number,
  const O extends AlongOptions & { readonly eps?: number } = NoOptions,
>(
  x: X,
  ord: number,
  dim: Fits<Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, D>,
  options?: O,
) => Tensor<ShapeOf<X>, FloatResult<DTypeOf<X, O>>>;

export interface MaskedPairOptions {
  readonly dtype?: DType;
  /** True where elements of the first input count. */
  readonly inputMask?: AnyTensor | null;
  /** True where elements of the second input count. */
  readonly otherMask?: AnyTensor | null;
}
/** `torch.masked.logaddexp(x, y, { inputMask, otherMask })` */
export type MaskedPair<Name extends string = "masked.logaddexp"> = <X extends AnyTensor, Y extends AnyTensor>(
  x: X,
  other: Fits<Both<X, Y, Name>, Y>,
  options?: MaskedPairOptions,
) => Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
