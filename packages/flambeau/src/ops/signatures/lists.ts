// Signatures: ops that take or give lists of tensors.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type {
  At,
  Cat,
  Dim,
  Div,
  Drop,
  Fail,
  Fits,
  Mod,
  Ok,
  Promote,
  Rank,
  SetAt,
  Shape,
  Stack,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Unless } from "./common.ts";

type Shapes<L> = { [K in keyof L]: ShapeOf<L[K]> };
type ListDType<L, D extends DType = "bool"> = L extends readonly [infer H, ...infer Rest]
  ? ListDType<Rest, Promote<D, DtOf<H>>>
  : L extends readonly []
    ? D
    : L extends readonly (infer X)[]
      ? DtOf<X>
      : D;

/** A function only, as in PyTorch. */
export type CatOp<Name extends string = "cat"> = <
  const L extends readonly AnyTensor[],
  const D extends number = 0,
>(
  tensors: Fits<Cat<Shapes<L>, D, Name>, L>,
  dim?: D,
) => Tensor<Ok<Cat<Shapes<L>, D, Name>>, ListDType<L>>;
/** A function only, as in PyTorch. */
export type StackOp<Name extends string = "stack"> = <
  const L extends readonly AnyTensor[],
  const D extends number = 0,
>(
  tensors: Fits<Stack<Shapes<L>, D, Name>, L>,
  dim?: D,
) => Tensor<Ok<Stack<Shapes<L>, D, Name>>, ListDType<L>>;

/** The shape of a piece: its extent at `I` is known where `N` pieces come out equal. */
type Piece<S, I, N> =
  number extends Rank<S>
    ? Shape
    : I extends Fail<string>
      ? I
      : SetAt<S, I, Mod<At<S, I>, N> extends 0 ? Div<At<S, I>, N> : number>;
type Chunks<X, N, D, Name extends string> = Piece<ShapeOf<X>, Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, N>;

/** `x.chunk(3, 1)`. */
export interface ChunkOp<Name extends string = "chunk"> {
  <X extends AnyTensor, const N extends number, const D extends number = 0>(
    this: X,
    chunks: N,
    dim?: Fits<Chunks<X, N, D, Name>, D>,
  ): Tensor<Ok<Chunks<X, N, D, Name>>, DtOf<X>>[];
  <T, X extends AnyTensor, const N extends number, const D extends number = 0>(
    this: T,
    x: X,
    chunks: N,
    dim?: Fits<Chunks<X, N, D, Name>, D>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Chunks<X, N, D, Name>>, DtOf<X>>[];
}

type Row<S, I> = number extends Rank<S> ? Shape : I extends Fail<string> ? I : Drop<S, I>;
type Rows<X, D, Name extends string> = Row<ShapeOf<X>, Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>>;
/** `x.unbind(1)`. */
export interface UnbindOp<Name extends string = "unbind"> {
  <X extends AnyTensor, const D extends number = 0>(
    this: X,
    dim?: Fits<Rows<X, D, Name>, D>,
  ): Tensor<Ok<Rows<X, D, Name>>, DtOf<X>>[];
  <T, X extends AnyTensor, const D extends number = 0>(
    this: T,
    x: X,
    dim?: Fits<Rows<X, D, Name>, D>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Rows<X, D, Name>>, DtOf<X>>[];
}
