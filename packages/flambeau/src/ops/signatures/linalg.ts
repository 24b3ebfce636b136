// Signatures: linear algebra. Functions of `torch.linalg` only: none of them is a method.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type {
  Determinant,
  Differ,
  Exchanged,
  Fail,
  Fits,
  LeftVectors,
  Ok,
  PerRow,
  Reduce,
  RightVectors,
  Shape,
  Singular,
  Solve,
  SolveMatrices,
  Square,
  UpperFactor,
} from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Named } from "../named.ts";
import type { NoOptions } from "./common.ts";
import type { Dims, Given } from "./reduce.ts";

/** A function without a shape rule that keeps the dtype. */
export type LinalgFn<Args extends readonly unknown[]> = <X extends AnyTensor>(
  x: X,
  ...args: Args
) => Tensor<Shape, DtOf<X>>;
/** The same with two tensors. */
export type LinalgPairFn<Args extends readonly unknown[]> = <X extends AnyTensor>(
  a: X,
  b: AnyTensor,
  ...args: Args
) => Tensor<Shape, DtOf<X>>;

/** Square matrices to square matrices. */
export type SquareFn<Name extends string, Args extends readonly unknown[]> = <X extends AnyTensor>(
  a: Fits<Square<ShapeOf<X>, Name>, X>,
  ...args: Args
) => Tensor<ShapeOf<X>, DtOf<X>>;
interface CholeskyOptions {
  readonly upper?: boolean;
}
interface CheckErrors {
  /** Whether failure is thrown instead of reported. Default false. */
  readonly checkErrors?: boolean;
}
export type CholeskyOp = SquareFn<"linalg.cholesky", [options?: CholeskyOptions]>;
export type InvOp<Name extends string> = SquareFn<Name, []>;

type Info<S> = Tensor<S, "int32">;
type WithInfo<Field extends string, R, I> = Named<
  readonly [R, I],
  { readonly [K in Field]: R } & { readonly info: I }
>;
export type CholeskyExOp = <X extends AnyTensor>(
  a: Fits<Square<ShapeOf<X>, "linalg.choleskyEx">, X>,
  options?: CholeskyOptions & CheckErrors,
) => WithInfo<"L", Tensor<ShapeOf<X>, DtOf<X>>, Info<Ok<Determinant<ShapeOf<X>, "linalg.choleskyEx">>>>;
export type InvExOp = <X extends AnyTensor>(
  a: Fits<Square<ShapeOf<X>, "linalg.invEx">, X>,
  options?: CheckErrors,
) => WithInfo<"inverse", Tensor<ShapeOf<X>, DtOf<X>>, Info<Ok<Determinant<ShapeOf<X>, "linalg.invEx">>>>;

type SameDType<X, Y, Name extends string, R> =
  Differ<DtOf<X>, DtOf<Y>> extends true
    ? Fail<`${Name}: expected A and B to have the same dtype, but got ${DtOf<X> & string} and ${DtOf<Y> & string}`>
    : R;
type SolveRule<X, Y, O, Name extends string> = SameDType<
  X,
  Y,
  Name,
  O extends { readonly left: true } | { readonly left?: undefined }
    ? Solve<ShapeOf<X>, ShapeOf<Y>, Name>
    : Shape
>;
interface Left {
  readonly left?: boolean;
}
export type SolveOp = <X extends AnyTensor, Y extends AnyTensor, const O extends Left = NoOptions>(
  a: X,
  b: Fits<SolveRule<X, Y, O, "linalg.solve">, Y>,
  options?: O,
) => Tensor<Ok<SolveRule<X, Y, O, "linalg.solve">>, DtOf<X>>;
export type SolveExOp = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends Left & CheckErrors = NoOptions,
>(
  a: X,
  b: Fits<SolveRule<X, Y, O, "linalg.solveEx">, Y>,
  options?: O,
) => WithInfo<
  "result",
  Tensor<Ok<SolveRule<X, Y, O, "linalg.solveEx">>, DtOf<X>>,
  Info<Ok<Determinant<ShapeOf<X>, "linalg.solveEx">>>
>;

type TriangularRule<X, Y, O, Name extends string> = SameDType<
  X,
  Y,
  Name,
  O extends { readonly left: boolean } ? Shape : SolveMatrices<ShapeOf<X>, ShapeOf<Y>, Name>
>;
export type SolveTriangularOp = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends Left & { readonly upper: boolean; readonly unitriangular?: boolean },
>(
  a: X,
  b: Fits<TriangularRule<X, Y, O, "linalg.solveTriangular">, Y>,
  options: O,
) => Tensor<Ok<TriangularRule<X, Y, O, "linalg.solveTriangular">>, DtOf<X>>;

export type DetOp<Name extends string> = <X extends AnyTensor>(
  a: Fits<Determinant<ShapeOf<X>, Name>, X>,
) => Tensor<Ok<Determinant<ShapeOf<X>, Name>>, DtOf<X>>;
type SignAndLog<T> = Named<readonly [sign: T, logabsdet: T], { sign: T; logabsdet: T }>;
export type SlogdetOp<Name extends string> = <X extends AnyTensor>(
  a: Fits<Determinant<ShapeOf<X>, Name>, X>,
) => SignAndLog<Tensor<Ok<Determinant<ShapeOf<X>, Name>>, DtOf<X>>>;

type Full<O> = O extends { readonly fullMatrices: infer F } ? F : true;
type Svd<S, D extends DType, F> = Named<
  readonly [
    U: Tensor<Ok<LeftVectors<S, F, "linalg.svd">>, D>,
    S: Tensor<Ok<Singular<S, "linalg.svd">>, D>,
    Vh: Tensor<Ok<RightVectors<S, F, "linalg.svd">>, D>,
  ],
  {
    U: Tensor<Ok<LeftVectors<S, F, "linalg.svd">>, D>;
    S: Tensor<Ok<Singular<S, "linalg.svd">>, D>;
    Vh: Tensor<Ok<RightVectors<S, F, "linalg.svd">>, D>;
  }
>;
export type SvdOp = <
  X extends AnyTensor,
  const O extends { readonly fullMatrices?: boolean; readonly driver?: string | null } = NoOptions,
>(
  a: Fits<Singular<ShapeOf<X>, "linalg.svd">, X>,
  options?: O,
) => Svd<ShapeOf<X>, DtOf<X>, Full<O>>;
export type SvdvalsOp = <X extends AnyTensor>(
  a: Fits<Singular<ShapeOf<X>, "linalg.svdvals">, X>,
  options?: { readonly driver?: string | null },
) => Tensor<Ok<Singular<ShapeOf<X>, "linalg.svdvals">>, DtOf<X>>;

type Eigen<L, V> = Named<readonly [eigenvalues: L, eigenvectors: V], { eigenvalues: L; eigenvectors: V }>;
export type EighOp = <X extends AnyTensor>(
  a: Fits<PerRow<ShapeOf<X>, "linalg.eigh">, X>,
  UPLO?: string,
) => Eigen<Tensor<Ok<PerRow<ShapeOf<X>, "linalg.eigh">>, DtOf<X>>, Tensor<ShapeOf<X>, DtOf<X>>>;
export type EigvalshOp = <X extends AnyTensor>(
  a: Fits<PerRow<ShapeOf<X>, "linalg.eigvalsh">, X>,
  UPLO?: string,
) => Tensor<Ok<PerRow<ShapeOf<X>, "linalg.eigvalsh">>, DtOf<X>>;

type Complete<M> = M extends "complete" ? true : M extends "reduced" ? false : boolean;
type Qr<Q, R> = Named<readonly [Q: Q, R: R], { Q: Q; R: R }>;
export type QrOp = <X extends AnyTensor, const M extends "reduced" | "complete" | "r" = "reduced">(
  a: Fits<Singular<ShapeOf<X>, "linalg.qr">, X>,
  mode?: M,
) => Qr<
  Tensor<M extends "r" ? [0] : Ok<LeftVectors<ShapeOf<X>, Complete<M>, "linalg.qr">>, DtOf<X>>,
  Tensor<Ok<UpperFactor<ShapeOf<X>, M extends "r" ? false : Complete<M>, "linalg.qr">>, DtOf<X>>
>;

interface Pivot {
  /** Must be true (default): there is no decomposition without pivoting, as in PyTorch on a CPU. */
  readonly pivot?: boolean;
}
type Pivots<X> = Tensor<Ok<Singular<ShapeOf<X>, "linalg.lu">>, "int32">;
type LuFactors<X> = Named<
  readonly [LU: Tensor<ShapeOf<X>, DtOf<X>>, pivots: Pivots<X>],
  { LU: Tensor<ShapeOf<X>, DtOf<X>>; pivots: Pivots<X> }
>;
export type LuFactorOp = <X extends AnyTensor>(
  a: Fits<Singular<ShapeOf<X>, "linalg.lu_factor">, X>,
  options?: Pivot,
) => LuFactors<X>;
export type LuFactorExOp = <X extends AnyTensor>(
  a: Fits<Singular<ShapeOf<X>, "linalg.lu_factor_ex">, X>,
  options?: Pivot & CheckErrors,
) => Named<
  readonly [LU: Tensor<ShapeOf<X>, DtOf<X>>, pivots: Pivots<X>, info: Tensor<Shape, "int32">],
  { LU: Tensor<ShapeOf<X>, DtOf<X>>; pivots: Pivots<X>; info: Tensor<Shape, "int32"> }
>;
type Plu<P, L, U> = Named<readonly [P: P, L: L, U: U], { P: P; L: L; U: U }>;
export type LuOp = <X extends AnyTensor>(
  a: Fits<Singular<ShapeOf<X>, "linalg.lu">, X>,
  options?: Pivot,
) => Plu<
  Tensor<Ok<LeftVectors<ShapeOf<X>, true, "linalg.lu">>, DtOf<X>>,
  Tensor<Ok<LeftVectors<ShapeOf<X>, false, "linalg.lu">>, DtOf<X>>,
  Tensor<Ok<RightVectors<ShapeOf<X>, false, "linalg.lu">>, DtOf<X>>
>;
type LuSolveRule<X, Y, O> = SameDType<
  X,
  Y,
  "linalg.lu_solve",
  O extends { readonly left: boolean } ? Shape : SolveMatrices<ShapeOf<X>, ShapeOf<Y>, "linalg.lu_solve">
>;
export type LuSolveOp = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends Left & { readonly adjoint?: boolean } = NoOptions,
>(
  LU: X,
  pivots: AnyTensor,
  b: Fits<LuSolveRule<X, Y, O>, Y>,
  options?: O,
) => Tensor<Ok<LuSolveRule<X, Y, O>>, DtOf<X>>;

/** Pseudo-inverses. */
export type PinvOp<Name extends string, Args extends readonly unknown[]> = <X extends AnyTensor>(
  a: Fits<Exchanged<ShapeOf<X>, Name>, X>,
  ...args: Args
) => Tensor<Ok<Exchanged<ShapeOf<X>, Name>>, DtOf<X>>;

interface NormOptions {
  /** Whether reduced dimensions stay, with extent 1. Default false. */
  readonly keepdim?: boolean;
  /** The dtype to compute in; not a smaller one than that of the input. */
  readonly dtype?: DType | null;
}
type Keep<O> = "keepdim" extends keyof O ? O["keepdim"] : false;
type NormDType<D, O> = O extends { readonly dtype: infer R extends DType } ? R : D;
/** `vectorNorm(x, ord, dim, options)`. */
export type VectorNormOp = <
  X extends AnyTensor,
  const D extends Dims = undefined,
  const O extends NormOptions = NoOptions,
>(
  x: X,
  ord?: number,
  dim?: Fits<Reduce<ShapeOf<X>, D, Keep<O>, "linalg.vectorNorm">, Given<D>>,
  options?: O,
) => Tensor<Ok<Reduce<ShapeOf<X>, D, Keep<O>, "linalg.vectorNorm">>, NormDType<DtOf<X>, O>>;
