// Signatures: decompositions and solvers that are methods.
// Floor L4 (ops), types only.

import type {
  Determinant,
  Exchanged,
  Fits,
  LeftVectors,
  Ok,
  PerRow,
  RightVectors,
  Shape,
  Singular,
  Square,
  UpperFactor,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Named } from "../named.ts";
import type { NoOptions, Unless } from "./common.ts";

/** Square matrices to square matrices. */
export interface SquareOp<Name extends string, Args extends readonly unknown[]> {
  <X extends AnyTensor>(this: Fits<Square<ShapeOf<X>, Name>, X>, ...args: Args): Tensor<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor>(a: Fits<Square<ShapeOf<X>, Name>, X>, ...args: Args): Tensor<ShapeOf<X>, DtOf<X>>;
}

/** Square matrices to one number each. */
export interface DetMethod<Name extends string> {
  <X extends AnyTensor>(
    this: Fits<Determinant<ShapeOf<X>, Name>, X>,
  ): Tensor<Ok<Determinant<ShapeOf<X>, Name>>, DtOf<X>>;
  <X extends AnyTensor>(
    a: Fits<Determinant<ShapeOf<X>, Name>, X>,
  ): Tensor<Ok<Determinant<ShapeOf<X>, Name>>, DtOf<X>>;
}

type Pair<A extends string, B extends string, X, Y> = Named<
  readonly [X, Y],
  { readonly [K in A]: X } & { readonly [K in B]: Y }
>;
type SignAndLog<X> = Pair<
  "sign",
  "logabsdet",
  Tensor<Ok<Determinant<ShapeOf<X>, "slogdet">>, DtOf<X>>,
  Tensor<Ok<Determinant<ShapeOf<X>, "slogdet">>, DtOf<X>>
>;
export interface SlogdetMethod {
  <X extends AnyTensor>(this: Fits<Determinant<ShapeOf<X>, "slogdet">, X>): SignAndLog<X>;
  <X extends AnyTensor>(a: Fits<Determinant<ShapeOf<X>, "slogdet">, X>): SignAndLog<X>;
}

/** Matrices with rows and columns exchanged. */
export interface PinverseOp {
  <X extends AnyTensor>(
    this: Fits<Exchanged<ShapeOf<X>, "pinverse">, X>,
    rcond?: number,
  ): Tensor<Ok<Exchanged<ShapeOf<X>, "pinverse">>, DtOf<X>>;
  <X extends AnyTensor>(
    a: Fits<Exchanged<ShapeOf<X>, "pinverse">, X>,
    rcond?: number,
  ): Tensor<Ok<Exchanged<ShapeOf<X>, "pinverse">>, DtOf<X>>;
}

/** Two tensors to one, without a shape rule. */
export interface PlainPairOp<Args extends readonly unknown[]> {
  <X extends AnyTensor>(this: X, other: AnyTensor, ...args: Args): Tensor<Shape, DtOf<X>>;
  <T, X extends AnyTensor>(this: T, a: X, b: AnyTensor, ...args: Unless<T, Args>): Tensor<Shape, DtOf<X>>;
}

type Reflections<X> = Pair<
  "a",
  "tau",
  Tensor<ShapeOf<X>, DtOf<X>>,
  Tensor<Ok<Singular<ShapeOf<X>, "geqrf">>, DtOf<X>>
>;
export interface GeqrfOp {
  <X extends AnyTensor>(this: Fits<Singular<ShapeOf<X>, "geqrf">, X>): Reflections<X>;
  <X extends AnyTensor>(a: Fits<Singular<ShapeOf<X>, "geqrf">, X>): Reflections<X>;
}

type LuParts<X, I> = I extends true ? readonly [...LuPair<X>, info: Tensor<Shape, "int32">] : LuPair<X>;
type LuPair<X> = readonly [
  LU: Tensor<ShapeOf<X>, DtOf<X>>,
  pivots: Tensor<Ok<Singular<ShapeOf<X>, "lu">>, "int32">,
];
export interface LuMethod {
  <X extends AnyTensor, const I extends boolean = false>(
    this: Fits<Singular<ShapeOf<X>, "lu">, X>,
    pivot?: boolean,
    getInfos?: I,
  ): LuParts<X, I>;
  <T, X extends AnyTensor, const I extends boolean = false>(
    this: T,
    a: Fits<Singular<ShapeOf<X>, "lu">, X>,
    pivot?: boolean,
    getInfos?: I,
    ...none: Unless<T, []>
  ): LuParts<X, I>;
}

type Complete<O> = O extends { readonly some: infer S }
  ? S extends false
    ? true
    : boolean extends S
      ? boolean
      : false
  : false;
type Qr<X, O> = Pair<
  "Q",
  "R",
  Tensor<Ok<LeftVectors<ShapeOf<X>, Complete<O>, "qr">>, DtOf<X>>,
  Tensor<Ok<UpperFactor<ShapeOf<X>, Complete<O>, "qr">>, DtOf<X>>
>;
interface Some {
  readonly some?: boolean;
}
export interface QrMethod {
  <X extends AnyTensor, const O extends Some = NoOptions>(
    this: Fits<Singular<ShapeOf<X>, "qr">, X>,
    options?: O,
  ): Qr<X, O>;
  <X extends AnyTensor, const O extends Some = NoOptions>(
    a: Fits<Singular<ShapeOf<X>, "qr">, X>,
    options?: O,
  ): Qr<X, O>;
}

type Usv<U, S, V> = Named<readonly [U: U, S: S, V: V], { U: U; S: S; V: V }>;
type Turned<S> = S extends readonly [...infer L, infer M, infer N] ? [...L, N, M] : Shape;
type Svd<X, O> = O extends { readonly computeUv: boolean }
  ? Usv<Tensor<Shape, DtOf<X>>, Tensor<Ok<Singular<ShapeOf<X>, "svd">>, DtOf<X>>, Tensor<Shape, DtOf<X>>>
  : Usv<
      Tensor<Ok<LeftVectors<ShapeOf<X>, Complete<O>, "svd">>, DtOf<X>>,
      Tensor<Ok<Singular<ShapeOf<X>, "svd">>, DtOf<X>>,
      Tensor<Turned<Ok<RightVectors<ShapeOf<X>, Complete<O>, "svd">>>, DtOf<X>>
    >;
interface SvdOptions extends Some {
  readonly computeUv?: boolean;
}
export interface SvdMethod {
  <X extends AnyTensor, const O extends SvdOptions = NoOptions>(
    this: Fits<Singular<ShapeOf<X>, "svd">, X>,
    options?: O,
  ): Svd<X, O>;
  <X extends AnyTensor, const O extends SvdOptions = NoOptions>(
    a: Fits<Singular<ShapeOf<X>, "svd">, X>,
    options?: O,
  ): Svd<X, O>;
}

interface SymeigOptions {
  readonly eigenvectors?: boolean;
  readonly upper?: boolean;
}
type Eigen<X, O> = Pair<
  "eigenvalues",
  "eigenvectors",
  Tensor<Ok<PerRow<ShapeOf<X>, "symeig">>, DtOf<X>>,
  Tensor<O extends { readonly eigenvectors: true } ? ShapeOf<X> : Shape, DtOf<X>>
>;
export interface SymeigOp {
  <X extends AnyTensor, const O extends SymeigOptions = NoOptions>(
    this: Fits<PerRow<ShapeOf<X>, "symeig">, X>,
    options?: O,
  ): Eigen<X, O>;
  <X extends AnyTensor, const O extends SymeigOptions = NoOptions>(
    a: Fits<PerRow<ShapeOf<X>, "symeig">, X>,
    options?: O,
  ): Eigen<X, O>;
}

interface TriangularOptions {
  readonly upper?: boolean;
  readonly transpose?: boolean;
  readonly unitriangular?: boolean;
}
type Solution<X> = Pair<"solution", "clonedCoefficient", Tensor<Shape, DtOf<X>>, Tensor<Shape, DtOf<X>>>;
export interface TriangularSolveOp {
  <X extends AnyTensor>(this: X, A: AnyTensor, options?: TriangularOptions): Solution<X>;
  <T, X extends AnyTensor>(
    this: T,
    b: X,
    A: AnyTensor,
    options?: TriangularOptions,
    ...none: Unless<T, []>
  ): Solution<X>;
}
