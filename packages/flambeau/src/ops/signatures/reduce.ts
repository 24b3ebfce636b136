// Signatures: reductions, and ops along one dimension.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type { Dim, Fits, FloatResult, Ok, Rank, Reduce, SumResult } from "../../base/types/index.ts";
import type { Dims } from "../../tensor/reduction.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { NoOptions, Unless } from "./common.ts";

export type { Dims };

/** A dimension argument as it was given; for a number that is not a literal, any (see Vague in base/types/reduce.ts). */
export type Given<D> = number extends D ? Dims : D;

export interface ReduceOptions {
  /** Whether reduced dimensions stay, with extent 1. Default false. */
  readonly keepdim?: boolean;
  /** The dtype to compute in. */
  readonly dtype?: DType;
}
export type KeepdimOption = Pick<ReduceOptions, "keepdim">;
/** Whether reduced dimensions stay, of a literal type of options. */
export type Kept<O> = Keep<O>;
type Keep<O> = "keepdim" extends keyof O ? O["keepdim"] : false;

/** The dtype of a reduction: that of the input; of a sum (integers and bool: int32); a float; bool. */
export type ReduceRule = "same" | "sum" | "float" | "bool";
export type Reduced<D, Rule, O> = O extends { readonly dtype: infer R extends DType }
  ? R
  : Rule extends "sum"
    ? SumResult<D>
    : Rule extends "float"
      ? FloatResult<D>
      : Rule extends "bool"
        ? "bool"
        : D;

/** `x.sum()`, `x.sum(1)`, `x.sum([0, -1], { keepdim: true })`. */
export interface Reduction<Name extends string = "reduction", Rule extends ReduceRule = "sum"> {
  <X extends AnyTensor, const D extends Dims = undefined, const O extends ReduceOptions = NoOptions>(
    this: X,
    dim?: Fits<Reduce<ShapeOf<X>, D, Keep<O>, Name>, Given<D>>,
    options?: O,
  ): Tensor<Ok<Reduce<ShapeOf<X>, D, Keep<O>, Name>>, Reduced<DtOf<X>, Rule, O>>;
  <T, X extends AnyTensor, const D extends Dims = undefined, const O extends ReduceOptions = NoOptions>(
    this: T,
    x: X,
    dim?: Fits<Reduce<ShapeOf<X>, D, Keep<O>, Name>, Given<D>>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Reduce<ShapeOf<X>, D, Keep<O>, Name>>, Reduced<DtOf<X>, Rule, O>>;
}

/** A reduction that keeps the dtype. */
export type ReductionSame<Name extends string = "reduction"> = Reduction<Name, "same">;
/** A reduction to bool. */
export type ReductionBool<Name extends string = "reduction"> = Reduction<Name, "bool">;

/** `x.argmax()`, `x.argmax(1)`: positions, in the default integer type; one dimension at most. */
export interface ReductionIndex<Name extends string = "reduction"> {
  <
    X extends AnyTensor,
    const D extends number | null | undefined = undefined,
    const O extends { readonly keepdim?: boolean } = NoOptions,
  >(
    this: X,
    dim?: Fits<Reduce<ShapeOf<X>, D, Keep<O>, Name>, D>,
    options?: O,
  ): Tensor<Ok<Reduce<ShapeOf<X>, D, Keep<O>, Name>>, "int32">;
  <
    T,
    X extends AnyTensor,
    const D extends number | null | undefined = undefined,
    const O extends { readonly keepdim?: boolean } = NoOptions,
  >(
    this: T,
    x: X,
    dim?: Fits<Reduce<ShapeOf<X>, D, Keep<O>, Name>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Reduce<ShapeOf<X>, D, Keep<O>, Name>>, "int32">;
}

/** The same shape, along one dimension: `x.cumsum(0)`, `x.softmax(-1)`. */
export interface AlongDim<Name extends string = "reduction", Rule extends ReduceRule = "same"> {
  <X extends AnyTensor, const D extends number, const O extends { readonly dtype?: DType } = NoOptions>(
    this: X,
    dim: Fits<Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, D>,
    options?: O,
  ): Tensor<ShapeOf<X>, Reduced<DtOf<X>, Rule, O>>;
  <T, X extends AnyTensor, const D extends number, const O extends { readonly dtype?: DType } = NoOptions>(
    this: T,
    x: X,
    dim: Fits<Dim<D, Rank<ShapeOf<X>>, Name, ShapeOf<X>>, D>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, Reduced<DtOf<X>, Rule, O>>;
}
