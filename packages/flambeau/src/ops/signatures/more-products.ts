// Signatures: products beyond matmul.
// Floor L4 (ops), types only.

import type {
  AddMatrix,
  AddOuter,
  AddStack,
  AddStackSum,
  AddVector,
  Broadcast,
  Cross,
  Differ,
  Fail,
  Fits,
  Inner,
  Kron,
  Ok,
  Outer,
  Promote,
  Reduce,
  TensorDot,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { DTypes, Unless } from "./common.ts";

type SameDType<X, Y, Name extends string, R> =
  Differ<DtOf<X>, DtOf<Y>> extends true
    ? Fail<`${Name}: expected both tensors to have the same dtype, but got ${DtOf<X> & string} and ${DtOf<Y> & string}`>
    : R;

/** Two vectors. */
export interface OuterOp<Name extends string = "outer"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Outer<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  ): Tensor<Ok<Outer<ShapeOf<X>, ShapeOf<Y>, Name>>, DTypes<X, Y>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Outer<ShapeOf<X>, ShapeOf<Y>, Name>, Y>,
  ): Tensor<Ok<Outer<ShapeOf<X>, ShapeOf<Y>, Name>>, DTypes<X, Y>>;
}

type InnerRule<X, Y, Name extends string> = SameDType<X, Y, Name, Inner<ShapeOf<X>, ShapeOf<Y>, Name>>;
/** Sums over the last dimensions. */
export interface InnerOp<Name extends string = "inner"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<InnerRule<X, Y, Name>, Y>,
  ): Tensor<Ok<InnerRule<X, Y, Name>>, DtOf<X>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<InnerRule<X, Y, Name>, Y>,
  ): Tensor<Ok<InnerRule<X, Y, Name>>, DtOf<X>>;
}

/** The Kronecker product. */
export interface KronOp {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Y,
  ): Tensor<Kron<ShapeOf<X>, ShapeOf<Y>>, DTypes<X, Y>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Y,
  ): Tensor<Kron<ShapeOf<X>, ShapeOf<Y>>, DTypes<X, Y>>;
}

type CrossRule<X, Y, Name extends string> = SameDType<X, Y, Name, Cross<ShapeOf<X>, ShapeOf<Y>, Name>>;
type CrossFn<Name extends string, Dim> = <X extends AnyTensor, Y extends AnyTensor>(
  x: X,
  other: Fits<CrossRule<X, Y, Name>, Y>,
  dim?: Dim,
) => Tensor<Ok<CrossRule<X, Y, Name>>, DtOf<X>>;
/** `x.cross(y, dim)`; `linalg.cross(x, y, { dim })`, which is no method. */
export type CrossOp<Name extends string = "cross"> = Name extends "cross"
  ? CrossMethod<Name>
  : CrossFn<Name, { readonly dim?: number }>;
interface CrossMethod<Name extends string> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<CrossRule<X, Y, Name>, Y>,
    dim?: number | null,
  ): Tensor<Ok<CrossRule<X, Y, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, Y extends AnyTensor>(
    this: T,
    x: X,
    other: Fits<CrossRule<X, Y, Name>, Y>,
    dim?: number | null,
    ...none: Unless<T, []>
  ): Tensor<Ok<CrossRule<X, Y, Name>>, DtOf<X>>;
}

type VecdotRule<X, Y, D, Name extends string> =
  SameDType<X, Y, Name, Broadcast<ShapeOf<X>, ShapeOf<Y>, Name>> extends infer B
    ? [B] extends [Fail<string>]
      ? B
      : Reduce<B, D, false, Name>
    : never;
/** `linalg.vecdot(x, y, { dim })`. */
export type VecdotOp<Name extends string = "vecdot"> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const D extends number = -1,
>(
  x: X,
  y: Fits<VecdotRule<X, Y, D, Name>, Y>,
  options?: { readonly dim?: D },
) => Tensor<Ok<VecdotRule<X, Y, D, Name>>, DtOf<X>>;

type TensordotRule<X, Y, N> = SameDType<X, Y, "tensordot", TensorDot<ShapeOf<X>, ShapeOf<Y>, N>>;
/** `tensordot(a, b, 2)`, `tensordot(a, b, [[0, 1], [1, 0]])`; a function only, as in PyTorch. */
export type TensordotOp = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const N extends number | readonly (readonly number[])[] | AnyTensor = 2,
>(
  a: X,
  b: Fits<TensordotRule<X, Y, N>, Y>,
  dims?: N,
) => Tensor<Ok<TensordotRule<X, Y, N>>, DtOf<X>>;

export interface AddProductOptions {
  /** The factor of the input. Default 1. */
  readonly beta?: number;
  /** The factor of the product. Default 1. */
  readonly alpha?: number;
}
type AddRule<Name extends string, S, A, B> = Name extends "addmm"
  ? AddMatrix<S, A, B, Name>
  : Name extends "addmv"
    ? AddVector<S, A, B, Name>
    : Name extends "addr"
      ? AddOuter<S, A, B, Name>
      : Name extends "addbmm"
        ? AddStackSum<S, A, B, Name>
        : AddStack<S, A, B, Name>;
type Added<Name extends string, X, A, B> = Name extends "addr"
  ? AddRule<Name, ShapeOf<X>, ShapeOf<A>, ShapeOf<B>>
  : SameDType<A, B, Name, AddRule<Name, ShapeOf<X>, ShapeOf<A>, ShapeOf<B>>>;
type AddedDType<Name extends string, X, A, B> = Name extends "addr"
  ? Promote<DtOf<X>, Promote<DtOf<A>, DtOf<B>>>
  : DtOf<A>;

/** `x.addmm(a, b, { beta, alpha })` and its like; the name tells the rule. */
export interface AddProductOp<Name extends string> {
  <X extends AnyTensor, A extends AnyTensor, B extends AnyTensor>(
    this: X,
    a: A,
    b: Fits<Added<Name, X, A, B>, B>,
    options?: AddProductOptions,
  ): Tensor<Ok<Added<Name, X, A, B>>, AddedDType<Name, X, A, B>>;
  <T, X extends AnyTensor, A extends AnyTensor, B extends AnyTensor>(
    this: T,
    x: X,
    a: A,
    b: Fits<Added<Name, X, A, B>, B>,
    options?: AddProductOptions,
    ...none: Unless<T, []>
  ): Tensor<Ok<Added<Name, X, A, B>>, AddedDType<Name, X, A, B>>;
  readonly "~inplace": true;
  readonly "~family": "args";
  readonly "~args": [a: AnyTensor, b: AnyTensor, options?: AddProductOptions];
}
