// Signatures: ops about the order of elements: sorting, extrema with positions, searching, counting.
// Floor L4 (ops), types only.

import type { Broadcast, Dim, Fits, Ok, Rank, Reduce, ResultType, Topk } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Named, ValuesAndIndices } from "../named.ts";
import type { NoOptions, Unless } from "./common.ts";
import type { KeepdimOption, Kept } from "./reduce.ts";

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
