// Signatures: dimensions moved, windows, diagonals, repetition, joins that widen, and lists of tensors.
// Floor L4 (ops), types only.

import type {
  At,
  AtLeast,
  Diag,
  DiagEmbed,
  Diagonal,
  Dim,
  Div,
  Fail,
  Fits,
  Flatten,
  Mod,
  MoveDim,
  Ok,
  Rank,
  Repeat,
  Reshape,
  SetAt,
  Shape,
  StackKind,
  SumResult,
  TransposeLast,
  Unfold,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Unless } from "./common.ts";
import type { InPlaceTag } from "./inplace.ts";
import type { Listed } from "./movement.ts";

type OneOrMore = number | readonly number[];

/** `x.movedim(0, -1)`, `x.movedim([0, 1], [1, 0])`. */
export interface MovedimOp<Name extends string = "movedim"> {
  <X extends AnyTensor, const A extends OneOrMore, const B extends OneOrMore>(
    this: X,
    source: Fits<MoveDim<ShapeOf<X>, A, A, Name>, A>,
    destination: Fits<MoveDim<ShapeOf<X>, A, B, Name>, B>,
  ): Tensor<Ok<MoveDim<ShapeOf<X>, A, B, Name>>, DtOf<X>>;
  <X extends AnyTensor, const A extends OneOrMore, const B extends OneOrMore>(
    x: X,
    source: Fits<MoveDim<ShapeOf<X>, A, A, Name>, A>,
    destination: Fits<MoveDim<ShapeOf<X>, A, B, Name>, B>,
  ): Tensor<Ok<MoveDim<ShapeOf<X>, A, B, Name>>, DtOf<X>>;
}
/** `x.adjoint()`. */
export interface TransposeLastOp {
  <X extends AnyTensor>(this: X): Tensor<Ok<TransposeLast<ShapeOf<X>>>, DtOf<X>>;
  <X extends AnyTensor>(x: X): Tensor<Ok<TransposeLast<ShapeOf<X>>>, DtOf<X>>;
}
/** `x.ravel()`. */
export interface RavelOp {
  <X extends AnyTensor>(this: X): Tensor<Ok<Flatten<ShapeOf<X>>>, DtOf<X>>;
  <X extends AnyTensor>(x: X): Tensor<Ok<Flatten<ShapeOf<X>>>, DtOf<X>>;
}
/** `x.viewAs(y)`. */
export interface SameShapeAs<Name extends string> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Reshape<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  ): Tensor<ShapeOf<Y>, DtOf<X>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Reshape<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  ): Tensor<ShapeOf<Y>, DtOf<X>>;
}
/** `x.unfold(0, 3, 1)`. */
export interface WindowsOp {
  <X extends AnyTensor, const D extends number, const N extends number, const P extends number>(
    this: X,
    dimension: Fits<Unfold<ShapeOf<X>, D, number, P>, D>,
    size: Fits<Unfold<ShapeOf<X>, D, N, P>, N>,
    step: P,
  ): Tensor<Ok<Unfold<ShapeOf<X>, D, N, P>>, DtOf<X>>;
  <X extends AnyTensor, const D extends number, const N extends number, const P extends number>(
    x: X,
    dimension: Fits<Unfold<ShapeOf<X>, D, number, P>, D>,
    size: Fits<Unfold<ShapeOf<X>, D, N, P>, N>,
    step: P,
  ): Tensor<Ok<Unfold<ShapeOf<X>, D, N, P>>, DtOf<X>>;
}
/** `x.diagonal(1)`, `x.diagonal(0, -2, -1)`. */
export interface DiagonalOp {
  <X extends AnyTensor, const K extends number = 0, const I extends number = 0, const J extends number = 1>(
    this: X,
    offset?: K,
    dim1?: Fits<Dim<I, Rank<ShapeOf<X>>, "diagonal", ShapeOf<X>>, I>,
    dim2?: Fits<Diagonal<ShapeOf<X>, K, I, J>, J>,
  ): Tensor<Ok<Diagonal<ShapeOf<X>, K, I, J>>, DtOf<X>>;
  <
    T,
    X extends AnyTensor,
    const K extends number = 0,
    const I extends number = 0,
    const J extends number = 1,
  >(
    this: T,
    x: X,
    offset?: K,
    dim1?: Fits<Dim<I, Rank<ShapeOf<X>>, "diagonal", ShapeOf<X>>, I>,
    dim2?: Fits<Diagonal<ShapeOf<X>, K, I, J>, J>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Diagonal<ShapeOf<X>, K, I, J>>, DtOf<X>>;
}
/** `x.diag()`, `x.diag(1)`. */
export interface DiagOp {
  <X extends AnyTensor, const K extends number = 0>(
    this: X,
    diagonal?: K,
  ): Tensor<Ok<Diag<ShapeOf<X>, K>>, DtOf<X>>;
  <T, X extends AnyTensor, const K extends number = 0>(
    this: T,
    x: X,
    diagonal?: K,
    ...none: Unless<T, []>
  ): Tensor<Ok<Diag<ShapeOf<X>, K>>, DtOf<X>>;
}
type Embedded<S, K, I, J> = [I, J] extends [-2, -1] ? DiagEmbed<S, K> : Shape;
/** `x.diagEmbed()`. */
export interface DiagEmbedOp {
  <X extends AnyTensor, const K extends number = 0, const I extends number = -2, const J extends number = -1>(
    this: X,
    offset?: K,
    dim1?: I,
    dim2?: J,
  ): Tensor<Ok<Embedded<ShapeOf<X>, K, I, J>>, DtOf<X>>;
  <
    T,
    X extends AnyTensor,
    const K extends number = 0,
    const I extends number = -2,
    const J extends number = -1,
  >(
    this: T,
    x: X,
    offset?: K,
    dim1?: I,
    dim2?: J,
    ...none: Unless<T, []>
  ): Tensor<Ok<Embedded<ShapeOf<X>, K, I, J>>, DtOf<X>>;
}
/** `x.tril()`, `x.tril(-1)`, and in place. */
export interface TriangleOp extends InPlaceTag<"args"> {
  readonly "~args": [diagonal?: number];
  <X extends AnyTensor>(this: X, diagonal?: number): Tensor<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor>(x: X, diagonal?: number): Tensor<ShapeOf<X>, DtOf<X>>;
}
/** `x.trace()`. */
export interface TraceOp {
  <X extends AnyTensor>(this: X): Tensor<[], SumResult<DtOf<X>>>;
  <X extends AnyTensor>(x: X): Tensor<[], SumResult<DtOf<X>>>;
}
/** `x.flip(0, 1)`, `x.flip([0, 1])`. */
export interface FlipOp {
  <X extends AnyTensor>(
    this: X,
    ...dims: readonly number[] | [readonly number[]]
  ): Tensor<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor>(x: X, ...dims: readonly number[] | [readonly number[]]): Tensor<ShapeOf<X>, DtOf<X>>;
}
/** `x.repeat(2, 3)`, `x.repeat([2, 3])`. */
export interface RepeatOp<Name extends string = "repeat"> {
  <X extends AnyTensor, const A extends OneOrMore, B extends readonly number[]>(
    this: X,
    sizes: Fits<Repeat<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: B
  ): Tensor<Ok<Repeat<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const A extends OneOrMore, B extends readonly number[]>(
    this: T,
    x: X,
    sizes: Fits<Repeat<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: Unless<T, B>
  ): Tensor<Ok<Repeat<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
}
type Coordinates<S> = number extends Rank<S> ? [number, number] : [number, Rank<S>];
/** `x.nonzero()`, `x.nonzero({ asTuple: true })`. */
export interface NonzeroOp {
  <X extends AnyTensor>(this: X, options: { readonly asTuple: true }): Tensor<[number], "int32">[];
  <X extends AnyTensor>(
    this: X,
    options?: { readonly asTuple?: false },
  ): Tensor<Coordinates<ShapeOf<X>>, "int32">;
  <X extends AnyTensor>(x: X, options: { readonly asTuple: true }): Tensor<[number], "int32">[];
  <X extends AnyTensor>(
    x: X,
    options?: { readonly asTuple?: false },
  ): Tensor<Coordinates<ShapeOf<X>>, "int32">;
}

/** A function only, as in PyTorch: a tensor, or several. */
export interface AtLeastOp<N extends 1 | 2 | 3> {
  <X extends AnyTensor>(x: X): Tensor<AtLeast<ShapeOf<X>, N>, DtOf<X>>;
  (tensors: readonly AnyTensor[]): AnyTensor[];
  (...tensors: AnyTensor[]): AnyTensor[];
}
type Shapes<L> = { [K in keyof L]: ShapeOf<L[K]> };
/** hstack and its like: functions of a list. */
export type StackLike<Name extends string> = <const L extends readonly AnyTensor[]>(
  tensors: Fits<StackKind<Shapes<L>, Name>, L>,
) => Tensor<Ok<StackKind<Shapes<L>, Name>>, DtOf<L[number]>>;
/** Functions of several tensors, given one by one or as a list. */
export interface TensorsFn<Options = never> {
  (
    tensors: readonly AnyTensor[],
    ...options: [Options] extends [never] ? [] : [options?: Options]
  ): AnyTensor[];
  (...tensors: AnyTensor[]): AnyTensor[];
  (...args: [...tensors: AnyTensor[], options: Options]): AnyTensor[];
}
/** The same with one result. */
export interface TensorsToOne {
  (tensors: readonly AnyTensor[]): AnyTensor;
  (...tensors: AnyTensor[]): AnyTensor;
}

type Piece<S, I, N> =
  number extends Rank<S>
    ? Shape
    : I extends Fail<string>
      ? I
      : number extends N
        ? SetAt<S, I, number>
        : SetAt<S, I, Mod<At<S, I>, N> extends 0 ? Div<At<S, I>, N> : number>;
type Pieces<X, N, D, Name extends string> = Piece<ShapeOf<X>, Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, N>;
type Places = readonly number[] | AnyTensor;
/** `x.tensorSplit(3)`, `x.tensorSplit([1, 4], 1)`. */
export interface TensorSplitOp<Name extends string = "tensorSplit"> {
  <X extends AnyTensor, const N extends number, const D extends number = 0>(
    this: X,
    sections: N | Places,
    dim?: Fits<Pieces<X, N, D, Name>, D>,
  ): Tensor<Ok<Pieces<X, N, D, Name>>, DtOf<X>>[];
  <T, X extends AnyTensor, const N extends number, const D extends number = 0>(
    this: T,
    x: X,
    sections: N | Places,
    dim?: Fits<Pieces<X, N, D, Name>, D>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Pieces<X, N, D, Name>>, DtOf<X>>[];
}
