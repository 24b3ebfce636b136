// Signatures: ops of two operands that PyTorch takes as tensors only, those without a form in place, and those with
// options.
// Floor L4 (ops), types only.

import type { Fits, FloatResult, Ok } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Named } from "../named.ts";
import type { Both, DTypes, Operand, Unless } from "./common.ts";
import type { InPlaceTag } from "./inplace.ts";

/** The same shape and dtype, with options; there is a form in place. */
export interface UnaryWith<Options extends object> extends InPlaceTag<"args"> {
  readonly "~args": [options?: Options];
  <X extends AnyTensor>(this: X, options?: Options): Tensor<ShapeOf<X>, DtOf<X>>;
  <T, X extends AnyTensor>(
    this: T,
    x: X,
    options?: Options,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, DtOf<X>>;
}

/** The same shape; integers and bool give the default float. There is no form in place. */
export interface UnaryFloatOnly {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}

/** {@link UnaryWith} whose result is floating point. */
export interface UnaryFloatWith<Options extends object> extends InPlaceTag<"args"> {
  readonly "~args": [options?: Options];
  <X extends AnyTensor>(this: X, options?: Options): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <T, X extends AnyTensor>(
    this: T,
    x: X,
    options?: Options,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}
/** `x.logit(eps)` */
export interface LogitOp extends InPlaceTag<"args"> {
  readonly "~args": [eps?: number | null];
  <X extends AnyTensor>(this: X, eps?: number | null): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <T, X extends AnyTensor>(
    this: T,
    x: X,
    eps?: number | null,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}

/** Two tensors that broadcast; the dtype is promoted. There is no form in place. */
export interface BinaryTensorsOnly<Name extends string = "broadcast"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
}
/** {@link BinaryTensorsOnly} with a form in place. */
export interface BinaryTensors<Name extends string = "broadcast">
  extends BinaryTensorsOnly<Name>,
    InPlaceTag<"binary"> {}

/** Two tensors that broadcast; the dtype is promoted, and floating point. There is a form in place. */
export interface BinaryFloatTensors<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
}

/** Two tensors that broadcast, bool. */
export interface CompareTensors<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, "bool">;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, "bool">;
}

/** A function (not a method) of two operands, one of which may be a number; the result is floating point. */
export type FloatOfTwo<Name extends string = "broadcast"> = <
  const X extends Operand,
  const Y extends Operand,
>(
  x: X,
  other: Fits<Both<X, Y, Name>, Y>,
) => Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;

/** {@link FloatOfTwo} that is a method as well, with a form in place. */
export interface BinaryFloatEither<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
  <const X extends Operand, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
}

/** `torch.polygamma(n, x)` and `x.polygamma(n)` */
export interface PolygammaOp extends InPlaceTag<"args"> {
  readonly "~args": [n: number];
  <X extends AnyTensor>(this: X, n: number): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <X extends AnyTensor>(n: number, x: X): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}
/** `x.mvlgamma(p)` */
export interface MvlgammaOp extends InPlaceTag<"args"> {
  readonly "~args": [p: number];
  <X extends AnyTensor>(this: X, p: number): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <X extends AnyTensor>(x: X, p: number): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}

/** Two operands that broadcast, one of which may be a number; the result is float64. */
export interface FloatPower {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, "floatPower">, Y>,
  ): Tensor<Ok<Both<X, Y, "floatPower">>, "float64">;
  <const X extends Operand, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, "floatPower">, Y>,
  ): Tensor<Ok<Both<X, Y, "floatPower">>, "float64">;
}

/** A question about a whole tensor. */
export interface Predicate {
  (this: AnyTensor): boolean;
  (x: AnyTensor): boolean;
}

interface MantissaAndExponent<X> {
  mantissa: Tensor<ShapeOf<X>, DtOf<X>>;
  exponent: Tensor<ShapeOf<X>, "int32">;
}
type Parts<X> = Named<
  readonly [mantissa: MantissaAndExponent<X>["mantissa"], exponent: MantissaAndExponent<X>["exponent"]],
  MantissaAndExponent<X>
>;
/** `x.frexp()` */
export interface Frexp {
  <X extends AnyTensor>(this: X): Parts<X>;
  <X extends AnyTensor>(x: X): Parts<X>;
}
