// Signatures: variances, norms, distances.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type { Broadcast, Distances, Fail, Fits, Ok, Reduce } from "../../base/types/index.ts";
import type { Dims } from "../../tensor/reduction.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Both, DTypes, NoOptions, Operand, Unless } from "./common.ts";
import type { Given, Kept, ReduceOptions } from "./reduce.ts";

type Over<X, D, O, Name extends string> = Reduce<ShapeOf<X>, D, Kept<O>, Name>;

/** Options of `var`, `std` and their like. */
export interface VarianceOptions {
  /** Whether reduced dimensions stay, with extent 1. Default false. */
  readonly keepdim?: boolean;
  /** What is subtracted from the number of elements: 1 for the unbiased estimate (default), 0 for the biased one. */
  readonly correction?: number | null;
  /** Whether the correction is 1 (true) or 0, where `correction` is not given. Default true. */
  readonly unbiased?: boolean;
}

/** `x.var()`, `x.std(1, { correction: 0 })`. */
export interface VarianceOp<Name extends string = "var"> {
  <X extends AnyTensor, const D extends Dims = undefined, const O extends VarianceOptions = NoOptions>(
    this: X,
    dim?: Fits<Over<X, D, O, Name>, Given<D>>,
    options?: O,
  ): Tensor<Ok<Over<X, D, O, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const D extends Dims = undefined, const O extends VarianceOptions = NoOptions>(
    this: T,
    x: X,
    dim?: Fits<Over<X, D, O, Name>, Given<D>>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Over<X, D, O, Name>>, DtOf<X>>;
}

/** `torch.varMean(x, 1)`: a function only, as in PyTorch. */
export type VarianceMeanOp<Name extends string = "varMean"> = <
  X extends AnyTensor,
  const D extends Dims = undefined,
  const O extends VarianceOptions = NoOptions,
>(
  x: X,
  dim?: Fits<Over<X, D, O, Name>, Given<D>>,
  options?: O,
) => [spread: Tensor<Ok<Over<X, D, O, Name>>, DtOf<X>>, mean: Tensor<Ok<Over<X, D, O, Name>>, DtOf<X>>];

type NormDType<D, O> = O extends { readonly dtype: infer R extends DType } ? R : D;
/** `x.norm()`, `x.norm(1, 0)`, `x.norm("fro", [0, 1], { keepdim: true })`. */
export interface NormOp<Name extends string = "norm"> {
  <X extends AnyTensor, const D extends Dims = undefined, const O extends ReduceOptions = NoOptions>(
    this: X,
    p?: number | "fro" | "nuc" | null,
    dim?: Fits<Over<X, D, O, Name>, Given<D>>,
    options?: O,
  ): Tensor<Ok<Over<X, D, O, Name>>, NormDType<DtOf<X>, O>>;
  <T, X extends AnyTensor, const D extends Dims = undefined, const O extends ReduceOptions = NoOptions>(
    this: T,
    x: X,
    p?: number | "fro" | "nuc" | null,
    dim?: Fits<Over<X, D, O, Name>, Given<D>>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Over<X, D, O, Name>>, NormDType<DtOf<X>, O>>;
}

/** `x.dist(y)`: a number, of operands that broadcast. */
export interface DistOp<Name extends string = "dist"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
    p?: number,
  ): Tensor<[], DTypes<X, Y>>;
  <T, X extends AnyTensor, const Y extends Operand>(
    this: T,
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
    p?: number,
    ...none: Unless<T, []>
  ): Tensor<[], DTypes<X, Y>>;
}

export interface CovarianceOptions {
  /** What is subtracted from the number of observations. Default 1. */
  readonly correction?: number;
  /** How often each observation counts: integers. */
  readonly fweights?: AnyTensor | null;
  /** How much each observation counts: floats. */
  readonly aweights?: AnyTensor | null;
}

export interface CdistOptions {
  /** Whether Euclidean distances come from a matrix product. Default: above 25 points. */
  readonly computeMode?:
    | "use_mm_for_euclid_dist_if_necessary"
    | "use_mm_for_euclid_dist"
    | "donot_use_mm_for_euclid_dist";
}

/** `torch.cdist(x1, x2)`: a function only, as in PyTorch. */
export type CdistOp<Name extends string = "cdist"> = <X extends AnyTensor, Y extends AnyTensor>(
  x1: X,
  x2: Fits<Distances<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  p?: number,
  options?: CdistOptions,
) => Tensor<Ok<Distances<ShapeOf<X>, ShapeOf<Y>, Name>>, DtOf<X>>;

/** `torch.pdist(x)` */
export type PdistOp = <X extends AnyTensor>(x: X, p?: number) => Tensor<[number], DtOf<X>>;

type Along<X, Y, D, Keeps, Name extends string> =
  Broadcast<ShapeOf<X>, ShapeOf<Y>, Name> extends infer S
    ? S extends Fail<string>
      ? S
      : Reduce<S, D, Keeps, Name>
    : never;
export interface PairwiseOptions {
  /** Added to every difference. Default 1e-6. */
  readonly eps?: number;
  /** Whether the last dimension stays, with extent 1. Default false. */
  readonly keepdim?: boolean;
}
/** `pairwiseDistance(x1, x2)` */
export type PairwiseOp<Name extends string = "pairwiseDistance"> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends PairwiseOptions = NoOptions,
>(
  x1: X,
  x2: Fits<Along<X, Y, -1, Kept<O>, Name>, Y>,
  p?: number,
  options?: O,
) => Tensor<Ok<Along<X, Y, -1, Kept<O>, Name>>, DTypes<X, Y>>;

type Directions<X, Y, D, Name extends string> = Along<X, Y, D, false, Name>;
/** `cosineSimilarity(x1, x2, -1)` */
export type CosineOp<Name extends string = "cosineSimilarity"> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const D extends number = 1,
>(
  x1: X,
  x2: Fits<Broadcast<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  dim?: Fits<Directions<X, Y, D, Name>, D>,
  options?: { readonly eps?: number },
) => Tensor<Ok<Directions<X, Y, D, Name>>, DTypes<X, Y>>;
