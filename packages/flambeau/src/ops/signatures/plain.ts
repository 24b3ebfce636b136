// Signatures: copies, conversions, and ops without a shape rule.
// Floor L4 (ops), types only.

import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { ValuesAndIndices } from "../named.ts";
import type { NoOptions, Unless } from "./common.ts";

/** The same shape and dtype, without a form in place. */
export interface CloneOp {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, DtOf<X>>;
}
/** `x.to("float64")`; with a dtype of its own, `x.double()`. */
export type ToOp<D extends DType = never> = [D] extends [never] ? ToDType : ToFixed<D>;
export interface ToOptions {
  /** Whether a tensor that has the dtype already is copied. Default false. */
  readonly copy?: boolean;
}
type Target = DType | AnyTensor;
type TargetDType<D> = D extends DType ? D : DtOf<D>;
interface ToDType {
  <X extends AnyTensor, const D extends Target>(
    this: X,
    dtype: D,
    options?: ToOptions,
  ): Tensor<ShapeOf<X>, TargetDType<D>>;
  <T, X extends AnyTensor, const D extends Target>(
    this: T,
    x: X,
    dtype: D,
    options?: ToOptions,
    ...none: Unless<T, []>
  ): Tensor<ShapeOf<X>, TargetDType<D>>;
}
/** `x.typeAs(y)`. */
export interface TypeAsOp {
  <X extends AnyTensor, Y extends AnyTensor>(this: X, other: Y): Tensor<ShapeOf<X>, DtOf<Y>>;
  <X extends AnyTensor, Y extends AnyTensor>(x: X, other: Y): Tensor<ShapeOf<X>, DtOf<Y>>;
}
interface ToFixed<D extends DType> {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, D>;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, D>;
}
export interface LikeOptions {
  /** Default: that of the model tensor. */
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
}
type LikeDType<D, O> = O extends { readonly dtype: infer R extends DType } ? R : D;
/** A new tensor in the shape and, unless told, dtype of another one. */
export interface Like<More extends object = object> {
  <X extends AnyTensor, const O extends LikeOptions & More = NoOptions & More>(
    this: X,
    options?: O,
  ): Tensor<ShapeOf<X>, LikeDType<DtOf<X>, O>>;
  <X extends AnyTensor, const O extends LikeOptions & More = NoOptions & More>(
    x: X,
    options?: O,
  ): Tensor<ShapeOf<X>, LikeDType<DtOf<X>, O>>;
}

/** Changes the tensor and returns it: `x.zero_()`. */
export interface SelfOp {
  <X extends AnyTensor>(this: X): X;
  <X extends AnyTensor>(x: X): X;
}

interface Results<X> {
  /** Another shape, the same dtype. */
  any: Tensor<Shape, DtOf<X>>;
  /** The same shape and dtype. */
  same: Tensor<ShapeOf<X>, DtOf<X>>;
  /** Another shape, the same dtype; there is a form in place. */
  inplace: Tensor<Shape, DtOf<X>>;
  /** The same shape and dtype; there is a form in place. */
  sameInplace: Tensor<ShapeOf<X>, DtOf<X>>;
  /** Positions. */
  index: Tensor<Shape, "int32">;
  /** The tensor itself, changed. */
  self: X;
  list: Tensor<Shape, DtOf<X>>[];
  /** What sort, topk and their like return. */
  pair: ValuesAndIndices<Shape, DtOf<X>>;
}

/** What {@link OpFn} may be told about a result; the name of a dtype stands for another shape in that dtype. */
export type ResultKind = keyof Results<AnyTensor> | DType;

/** An op without a shape rule: its further parameters as a labelled tuple, and what comes out of it. */
export type OpFn<Args extends readonly unknown[], Kind extends ResultKind = "any"> = Kind extends
  | "inplace"
  | "sameInplace"
  ? Plain<Args, Kind> & { readonly "~inplace": true; readonly "~family": "args"; readonly "~args": Args }
  : Plain<Args, Kind>;
type Result<X, Kind> = Kind extends keyof Results<X>
  ? Results<X>[Kind]
  : Kind extends DType
    ? Tensor<Shape, Kind>
    : never;
interface Plain<Args extends readonly unknown[], Kind extends ResultKind> {
  <X extends AnyTensor>(this: X, ...args: Args): Result<X, Kind>;
  <X extends AnyTensor>(x: X, ...args: Args): Result<X, Kind>;
}
