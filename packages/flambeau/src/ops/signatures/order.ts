// Signatures: ops about the order of elements: sorting, extrema with positions, searching, counting.
// Floor L4 (ops), types only.

import type { DType, Scalar } from "../../base/dtype.ts";
import type {
  Broadcast,
  Dim,
  Fits,
  Ok,
  Quantiles,
  Rank,
  Reduce,
  ResultType,
  Shape,
  Topk,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Named, ValuesAndIndices } from "../named.ts";
import type { NoOptions, Unless } from "./common.ts";
import type { InPlaceTag } from "./inplace.ts";
import type { AlongDim, KeepdimOption, Kept } from "./reduce.ts";

type Row<X, D, Name extends string> = Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>;
/** What an op along one dimension leaves of a shape. */
type Rest<X, D, O, Name extends string> = Reduce<ShapeOf<X>, D, Kept<O>, Name>;

export interface SortOptions {
  /** Largest first. Default false. */
  readonly descending?: boolean;
  /** Whether equal elements keep their order. They always do; default false. */
  readonly stable?: boolean;
}
/** `x.sort(1)`: elements in order, and where they stood. */
export interface SortOp<Name extends string = "sort"> {
  <X extends AnyTensor, const D extends number = -1>(
    this: X,
    dim?: Fits<Row<X, D, Name>, D>,
    options?: SortOptions,
  ): ValuesAndIndices<ShapeOf<X>, DtOf<X>>;
  <T, X extends AnyTensor, const D extends number = -1>(
    this: T,
    x: X,
    dim?: Fits<Row<X, D, Name>, D>,
    options?: SortOptions,
    ...none: Unless<T, []>
  ): ValuesAndIndices<ShapeOf<X>, DtOf<X>>;
}
/** `x.argsort(1)`. */
export interface ArgsortOp<Name extends string = "argsort"> {
  <X extends AnyTensor, const D extends number = -1>(
    this: X,
    dim?: Fits<Row<X, D, Name>, D>,
    options?: SortOptions,
  ): Tensor<ShapeOf<X>, "int32">;
  <T, X extends AnyTensor, const D extends number = -1>(
    this: T,
    x: X,
    dim?: Fits<Row<X, D, Name>, D>,
    options?: SortOptions,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, "int32">;
}

export interface TopkOptions {
  /** The largest elements (default), or the smallest. */
  readonly largest?: boolean;
  /** Whether they come in order. They always do; default true. */
  readonly sorted?: boolean;
}
/** `x.topk(5, 1)`. */
export interface TopkOp<Name extends string = "topk"> {
  <X extends AnyTensor, const K extends number, const D extends number = -1>(
    this: X,
    k: K,
    dim?: Fits<Topk<ShapeOf<X>, K, D, Name>, D>,
    options?: TopkOptions,
  ): ValuesAndIndices<Ok<Topk<ShapeOf<X>, K, D, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const K extends number, const D extends number = -1>(
    this: T,
    x: X,
    k: K,
    dim?: Fits<Topk<ShapeOf<X>, K, D, Name>, D>,
    options?: TopkOptions,
    ...none: Unless<T, []>
  ): ValuesAndIndices<Ok<Topk<ShapeOf<X>, K, D, Name>>, DtOf<X>>;
}
/** `x.kthvalue(2, 1)`. */
export interface KthOp<Name extends string = "kthvalue"> {
  <X extends AnyTensor, const D extends number = -1, const O extends KeepdimOption = NoOptions>(
    this: X,
    k: number,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
  ): ValuesAndIndices<Ok<Rest<X, D, O, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const D extends number = -1, const O extends KeepdimOption = NoOptions>(
    this: T,
    x: X,
    k: number,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): ValuesAndIndices<Ok<Rest<X, D, O, Name>>, DtOf<X>>;
}
/** `x.mode(1)`: an element of each row, and where it stood. */
export interface PickOp<Name extends string> {
  <X extends AnyTensor, const D extends number = -1, const O extends KeepdimOption = NoOptions>(
    this: X,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
  ): ValuesAndIndices<Ok<Rest<X, D, O, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const D extends number = -1, const O extends KeepdimOption = NoOptions>(
    this: T,
    x: X,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): ValuesAndIndices<Ok<Rest<X, D, O, Name>>, DtOf<X>>;
}

type MaybeDim = number | null | undefined;
type Median<X, D, O, Name extends string> = [D] extends [null | undefined]
  ? Tensor<[], DtOf<X>>
  : ValuesAndIndices<Ok<Rest<X, D, O, Name>>, DtOf<X>>;
/** `x.median()` is a number; `x.median(1)` says where it stood as well. */
export interface MedianOp<Name extends string = "median"> {
  <X extends AnyTensor, const D extends MaybeDim = undefined, const O extends KeepdimOption = NoOptions>(
    this: X,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
  ): Median<X, D, O, Name>;
  <T, X extends AnyTensor, const D extends MaybeDim = undefined, const O extends KeepdimOption = NoOptions>(
    this: T,
    x: X,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): Median<X, D, O, Name>;
}

type Extremum<X, A, O, Name extends string> = A extends AnyTensor
  ? Broadcast<ShapeOf<X>, ShapeOf<A>, Name>
  : Rest<X, A, O, Name>;
type ExtremumOf<X, A, O, Name extends string> = [A] extends [AnyTensor]
  ? Tensor<Ok<Extremum<X, A, O, Name>>, ResultType<ShapeOf<X>, DtOf<X>, ShapeOf<A>, DtOf<A>>>
  : Median<X, A, O, Name>;
/** `x.max()`, `x.max(1)` with positions, `x.max(y)` element by element. */
export interface ExtremumOp<Name extends string> {
  <
    X extends AnyTensor,
    const A extends MaybeDim | AnyTensor = undefined,
    const O extends KeepdimOption = NoOptions,
  >(
    this: X,
    dim?: Fits<Extremum<X, A, O, Name>, A>,
    options?: O,
  ): ExtremumOf<X, A, O, Name>;
  <
    T,
    X extends AnyTensor,
    const A extends MaybeDim | AnyTensor = undefined,
    const O extends KeepdimOption = NoOptions,
  >(
    this: T,
    x: X,
    dim?: Fits<Extremum<X, A, O, Name>, A>,
    options?: O,
    ...none: Unless<T, []>
  ): ExtremumOf<X, A, O, Name>;
}

type AminmaxOptions = KeepdimOption & { readonly dim?: MaybeDim };
type DimOf<O> = O extends { readonly dim: infer D } ? D : undefined;
type MinAndMax<X, O> = Tensor<Ok<Rest<X, DimOf<O>, O, "aminmax">>, DtOf<X>>;
type Aminmax<X, O> = Named<
  readonly [min: MinAndMax<X, O>, max: MinAndMax<X, O>],
  { min: MinAndMax<X, O>; max: MinAndMax<X, O> }
>;
/** `x.aminmax({ dim: 1 })`. */
export interface AminmaxOp {
  <X extends AnyTensor, const O extends AminmaxOptions = NoOptions>(
    this: X,
    options?: Fits<Rest<X, DimOf<O>, O, "aminmax">, O>,
  ): Aminmax<X, O>;
  <X extends AnyTensor, const O extends AminmaxOptions = NoOptions>(
    x: X,
    options?: Fits<Rest<X, DimOf<O>, O, "aminmax">, O>,
  ): Aminmax<X, O>;
}

/** `x.cumsum(1)`; there is a form in place. */
export type CumulativeOp<Name extends string> = AlongDim<Name, "sum"> &
  InPlaceTag<"args"> & { readonly "~args": [dim: number, options?: { readonly dtype?: DType }] };
/** `x.cummax(1)`: running extrema, and where they stood. */
export interface CumulativePair<Name extends string> {
  <X extends AnyTensor, const D extends number>(
    this: X,
    dim: Fits<Row<X, D, Name>, D>,
  ): ValuesAndIndices<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor, const D extends number>(
    x: X,
    dim: Fits<Row<X, D, Name>, D>,
  ): ValuesAndIndices<ShapeOf<X>, DtOf<X>>;
}

export interface QuantileOptions extends KeepdimOption {
  /** How a value between two elements is made. Default `linear`. */
  readonly interpolation?: "linear" | "lower" | "higher" | "midpoint" | "nearest";
}
type Quantile<X, Q, D, O, Name extends string> = Quantiles<
  Q extends AnyTensor ? ShapeOf<Q> : [],
  Rest<X, D, O, Name>
>;
/** `x.quantile(0.5, 1)`: several quantiles come in a new first dimension. */
export interface QuantileOp<Name extends string> {
  <
    X extends AnyTensor,
    Q extends AnyTensor | number,
    const D extends MaybeDim = undefined,
    const O extends QuantileOptions = NoOptions,
  >(
    this: X,
    q: Q,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
  ): Tensor<Ok<Quantile<X, Q, D, O, Name>>, DtOf<X>>;
  <
    T,
    X extends AnyTensor,
    Q extends AnyTensor | number,
    const D extends MaybeDim = undefined,
    const O extends QuantileOptions = NoOptions,
  >(
    this: T,
    x: X,
    q: Q,
    dim?: Fits<Rest<X, D, O, Name>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Quantile<X, Q, D, O, Name>>, DtOf<X>>;
}

export interface UniqueOptions {
  /** Whether to say where in the result each element of the input is. Default false. */
  readonly returnInverse?: boolean;
  /** Whether to say how often each occurs. Default false. */
  readonly returnCounts?: boolean;
  /** A dimension whose slices are compared; by default elements are. */
  readonly dim?: number | null;
}
type Distinct<X, O> = Tensor<O extends { readonly dim: number } ? Shape : [number], DtOf<X>>;
type InverseOf<X, O> = Tensor<O extends { readonly dim: number } ? [number] : ShapeOf<X>, "int32">;
type Flag<O, K extends keyof UniqueOptions> = O extends { readonly [P in K]: infer V } ? V : false;
type UniqueResult<X, O> = boolean extends Flag<O, "returnInverse"> | Flag<O, "returnCounts">
  ? [Flag<O, "returnInverse">, Flag<O, "returnCounts">] extends [true, false]
    ? [values: Distinct<X, O>, inverse: InverseOf<X, O>]
    : [Flag<O, "returnInverse">, Flag<O, "returnCounts">] extends [false, true]
      ? [values: Distinct<X, O>, counts: Tensor<[number], "int32">]
      : AnyTensor | AnyTensor[]
  : Flag<O, "returnInverse"> extends true
    ? [values: Distinct<X, O>, inverse: InverseOf<X, O>, counts: Tensor<[number], "int32">]
    : Distinct<X, O>;
/** `x.unique()`, `x.unique({ returnCounts: true })`. */
export interface UniqueOp<Options extends UniqueOptions> {
  <X extends AnyTensor, const O extends Options = Options & NoOptions>(
    this: X,
    options?: O,
  ): UniqueResult<X, O>;
  <X extends AnyTensor, const O extends Options = Options & NoOptions>(x: X, options?: O): UniqueResult<X, O>;
}

export interface SearchOptions {
  /** Whether positions are int32. They always are; default false. */
  readonly outInt32?: boolean;
  /** Whether a value goes after the elements that equal it. Default false. */
  readonly right?: boolean;
  /** The same as a word; `left` is the default. */
  readonly side?: "left" | "right" | null;
  /** The places of the elements in order, where the sequences are not sorted. */
  readonly sorter?: AnyTensor | null;
}
type ShapeOrScalar<V> = V extends AnyTensor ? ShapeOf<V> : [];
/** `torch.searchsorted(sequence, values)`; a function only, as in PyTorch. */
export type SearchOp = <V extends AnyTensor | Scalar>(
  sequence: AnyTensor,
  values: V,
  options?: SearchOptions,
) => Tensor<ShapeOrScalar<V>, "int32">;
/** `torch.bucketize(values, boundaries)`; a function only, as in PyTorch. */
export type BucketizeOp = <V extends AnyTensor | Scalar>(
  input: V,
  boundaries: AnyTensor,
  options?: Pick<SearchOptions, "outInt32" | "right">,
) => Tensor<ShapeOrScalar<V>, "int32">;
/** `torch.isin(elements, test)`; a function only, as in PyTorch. */
export type IsinOp = <E extends AnyTensor | Scalar>(
  elements: E,
  testElements: AnyTensor | Scalar,
  options?: { readonly assumeUnique?: boolean; readonly invert?: boolean },
) => Tensor<ShapeOrScalar<E>, "bool">;

export interface HistogramOptions {
  /** The bounds of each dimension, one pair after the other. Default: from the smallest to the largest element. */
  readonly range?: readonly number[] | null | undefined;
  /** What each element counts. Default 1. */
  readonly weight?: AnyTensor | null | undefined;
  /** Whether the counts become a density, which integrates to 1. Default false. */
  readonly density?: boolean | undefined;
}
type Bins<B> = B extends number ? [B] : [number];
type Counted<X, B> = Named<
  readonly [hist: Tensor<Bins<B>, DtOf<X>>, binEdges: Tensor<[number], DtOf<X>>],
  { hist: Tensor<Bins<B>, DtOf<X>>; binEdges: Tensor<[number], DtOf<X>> }
>;
/** `x.histogram(10)`. */
export interface HistogramOp {
  <X extends AnyTensor, const B extends number | AnyTensor = 100>(
    this: X,
    bins?: B,
    options?: HistogramOptions,
  ): Counted<X, B>;
  <T, X extends AnyTensor, const B extends number | AnyTensor = 100>(
    this: T,
    x: X,
    bins?: B,
    options?: HistogramOptions,
    ...none: Unless<T, []>
  ): Counted<X, B>;
}
/** `torch.histogramdd(points, [10, 10])`; a function only, as in PyTorch. */
export type HistogramddOp = <X extends AnyTensor>(
  x: X,
  bins: number | readonly number[] | readonly AnyTensor[],
  options?: HistogramOptions,
) => Named<
  readonly [hist: Tensor<Shape, DtOf<X>>, binEdges: Tensor<[number], DtOf<X>>[]],
  { hist: Tensor<Shape, DtOf<X>>; binEdges: Tensor<[number], DtOf<X>>[] }
>;
type Counts<W> = Tensor<
  [number],
  [W] extends [null | undefined] ? "int32" : DtOf<W> extends "float32" ? "float32" : DType
>;
/** `x.bincount()`, `x.bincount(weights, 10)`. */
export interface BincountOp {
  <X extends AnyTensor, W extends AnyTensor | null | undefined = undefined>(
    this: X,
    weights?: W,
    minlength?: number,
  ): Counts<W>;
  <T, X extends AnyTensor, W extends AnyTensor | null | undefined = undefined>(
    this: T,
    x: X,
    weights?: W,
    minlength?: number,
    ...none: Unless<T, []>
  ): Counts<W>;
}

/** `x.equal(y)`: one answer for all elements, a JavaScript boolean. */
export interface JudgeOp<Options extends readonly unknown[] = []> {
  <X extends AnyTensor>(this: X, other: AnyTensor, ...options: Options): boolean;
  <X extends AnyTensor>(x: X, other: AnyTensor, ...options: Options): boolean;
}
