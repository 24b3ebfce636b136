// Signatures: ops that move, add or drop dimensions.
// Floor L4 (ops), types only.

import type {
  Expand,
  Fits,
  Flatten,
  Narrow,
  Ok,
  Permute,
  Reshape,
  Select,
  Squeeze,
  Transpose,
  TransposeMatrix,
  Unsqueeze,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Unless } from "./common.ts";
import type { Given } from "./reduce.ts";

/** Numbers given one by one, or as one list. */
export type Listed<A, B extends readonly unknown[]> = A extends readonly unknown[] ? A : [A, ...B];

/** `x.reshape(3, -1)`, `x.reshape([3, -1])`. */
export interface ReshapeOp<Name extends string = "reshape"> {
  <X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: X,
    shape: Fits<Reshape<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: B
  ): Tensor<Ok<Reshape<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: T,
    x: X,
    shape: Fits<Reshape<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: Unless<T, B>
  ): Tensor<Ok<Reshape<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
}
/** `x.expand(5, -1)`, `x.expand([5, -1])`. */
export interface ExpandOp<Name extends string = "expand"> {
  <X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: X,
    shape: Fits<Expand<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: B
  ): Tensor<Ok<Expand<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: T,
    x: X,
    shape: Fits<Expand<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: Unless<T, B>
  ): Tensor<Ok<Expand<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
}
/** `x.permute(2, 0, 1)`, `x.permute([2, 0, 1])`. */
export interface PermuteOp<Name extends string = "permute"> {
  <X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: X,
    dims: Fits<Permute<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: B
  ): Tensor<Ok<Permute<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const A extends number | readonly number[], B extends readonly number[]>(
    this: T,
    x: X,
    dims: Fits<Permute<ShapeOf<X>, Listed<A, B>, Name>, A>,
    ...more: Unless<T, B>
  ): Tensor<Ok<Permute<ShapeOf<X>, Listed<A, B>, Name>>, DtOf<X>>;
}
export interface TransposeOp<Name extends string = "transpose"> {
  <X extends AnyTensor, const I extends number, const J extends number>(
    this: X,
    dim0: Fits<Transpose<ShapeOf<X>, I, I, Name>, I>,
    dim1: Fits<Transpose<ShapeOf<X>, I, J, Name>, J>,
  ): Tensor<Ok<Transpose<ShapeOf<X>, I, J, Name>>, DtOf<X>>;
  <X extends AnyTensor, const I extends number, const J extends number>(
    x: X,
    dim0: Fits<Transpose<ShapeOf<X>, I, I, Name>, I>,
    dim1: Fits<Transpose<ShapeOf<X>, I, J, Name>, J>,
  ): Tensor<Ok<Transpose<ShapeOf<X>, I, J, Name>>, DtOf<X>>;
}
/** `x.t()`. More than 2 dimensions give an unknown shape here, and an error at run time. */
export interface TOp {
  <X extends AnyTensor>(this: X): Tensor<Ok<TransposeMatrix<ShapeOf<X>>>, DtOf<X>>;
  <X extends AnyTensor>(x: X): Tensor<Ok<TransposeMatrix<ShapeOf<X>>>, DtOf<X>>;
}
export interface FlattenOp<Name extends string = "flatten"> {
  <X extends AnyTensor, const I extends number = 0, const J extends number = -1>(
    this: X,
    startDim?: Fits<Flatten<ShapeOf<X>, I, -1, Name>, I>,
    endDim?: Fits<Flatten<ShapeOf<X>, I, J, Name>, J>,
  ): Tensor<Ok<Flatten<ShapeOf<X>, I, J, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const I extends number = 0, const J extends number = -1>(
    this: T,
    x: X,
    startDim?: Fits<Flatten<ShapeOf<X>, I, -1, Name>, I>,
    endDim?: Fits<Flatten<ShapeOf<X>, I, J, Name>, J>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Flatten<ShapeOf<X>, I, J, Name>>, DtOf<X>>;
}
export interface UnsqueezeOp<Name extends string = "unsqueeze"> {
  <X extends AnyTensor, const D extends number>(
    this: X,
    dim: Fits<Unsqueeze<ShapeOf<X>, D, Name>, D>,
  ): Tensor<Ok<Unsqueeze<ShapeOf<X>, D, Name>>, DtOf<X>>;
  <X extends AnyTensor, const D extends number>(
    x: X,
    dim: Fits<Unsqueeze<ShapeOf<X>, D, Name>, D>,
  ): Tensor<Ok<Unsqueeze<ShapeOf<X>, D, Name>>, DtOf<X>>;
}
export interface SqueezeOp<Name extends string = "squeeze"> {
  <X extends AnyTensor, const D extends number | readonly number[] | undefined = undefined>(
    this: X,
    dim?: Fits<Squeeze<ShapeOf<X>, D, Name>, Given<D>>,
  ): Tensor<Ok<Squeeze<ShapeOf<X>, D, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, const D extends number | readonly number[] | undefined = undefined>(
    this: T,
    x: X,
    dim?: Fits<Squeeze<ShapeOf<X>, D, Name>, Given<D>>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Squeeze<ShapeOf<X>, D, Name>>, DtOf<X>>;
}
export interface SelectOp<Name extends string = "select"> {
  <X extends AnyTensor, const D extends number, const I extends number>(
    this: X,
    dim: Fits<Select<ShapeOf<X>, D, number, Name>, D>,
    index: Fits<Select<ShapeOf<X>, D, I, Name>, I>,
  ): Tensor<Ok<Select<ShapeOf<X>, D, I, Name>>, DtOf<X>>;
  <X extends AnyTensor, const D extends number, const I extends number>(
    x: X,
    dim: Fits<Select<ShapeOf<X>, D, number, Name>, D>,
    index: Fits<Select<ShapeOf<X>, D, I, Name>, I>,
  ): Tensor<Ok<Select<ShapeOf<X>, D, I, Name>>, DtOf<X>>;
}
export interface NarrowOp<Name extends string = "narrow"> {
  <X extends AnyTensor, const D extends number, const I extends number, const N extends number>(
    this: X,
    dim: Fits<Narrow<ShapeOf<X>, D, number, number, Name>, D>,
    start: I,
    length: Fits<Narrow<ShapeOf<X>, D, I, N, Name>, N>,
  ): Tensor<Ok<Narrow<ShapeOf<X>, D, I, N, Name>>, DtOf<X>>;
  <X extends AnyTensor, const D extends number, const I extends number, const N extends number>(
    x: X,
    dim: Fits<Narrow<ShapeOf<X>, D, number, number, Name>, D>,
    start: I,
    length: Fits<Narrow<ShapeOf<X>, D, I, N, Name>, N>,
  ): Tensor<Ok<Narrow<ShapeOf<X>, D, I, N, Name>>, DtOf<X>>;
}
