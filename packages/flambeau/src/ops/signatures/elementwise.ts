// Signatures: ops that work element by element, with broadcasting and promotion.
// Floor L4 (ops), types only.

import type { Broadcast, Fits, FloatResult, Ok } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Both, DTypes, Extents, NoOptions, Operand, Unless } from "./common.ts";
import type { InPlaceTag } from "./inplace.ts";

/** The same shape and dtype. */
export interface Unary extends InPlaceTag<"unary"> {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, DtOf<X>>;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, DtOf<X>>;
}
/** The same shape; integers and bool give the default float. */
export interface UnaryFloat extends InPlaceTag<"unary"> {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, FloatResult<DtOf<X>>>;
}
/** The same shape, bool. */
export interface UnaryBool {
  <X extends AnyTensor>(this: X): Tensor<ShapeOf<X>, "bool">;
  <X extends AnyTensor>(x: X): Tensor<ShapeOf<X>, "bool">;
}

/** Two operands that broadcast; the dtype is promoted. `Name` is the op's in messages. */
export interface Binary<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
  <X extends AnyTensor, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
}
/** {@link Binary} whose function takes a number on the left as well: `torch.pow(2, x)`. */
export interface BinaryEither<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
  <const X extends Operand, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
}
/** `x + alpha * other`, and its like. */
export interface AddLike<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
    options?: { readonly alpha?: number },
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
  <T, X extends AnyTensor, const Y extends Operand>(
    this: T,
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
    options?: { readonly alpha?: number },
    ...none: Unless<T, []>
  ): Tensor<Ok<Both<X, Y, Name>>, DTypes<X, Y>>;
}
/** Two operands that broadcast; the dtype is promoted, and floating point. */
export interface BinaryFloat<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
  <X extends AnyTensor, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, FloatResult<DTypes<X, Y>>>;
}
export interface DivisionOptions {
  readonly roundingMode?: "trunc" | "floor" | null;
}
type Quotient<O, D> = O extends { readonly roundingMode: string } ? D : FloatResult<D>;
/** Division: a float, unless the quotient is rounded. */
export interface Division<Name extends string = "div"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand, const O extends DivisionOptions = NoOptions>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
    options?: O,
  ): Tensor<Ok<Both<X, Y, Name>>, Quotient<O, DTypes<X, Y>>>;
  <T, X extends AnyTensor, const Y extends Operand, const O extends DivisionOptions = NoOptions>(
    this: T,
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
    options?: O,
    ...none: Unless<T, []>
  ): Tensor<Ok<Both<X, Y, Name>>, Quotient<O, DTypes<X, Y>>>;
}
/** Two operands that broadcast, bool. */
export interface Compare<Name extends string = "broadcast"> extends InPlaceTag<"binary"> {
  <X extends AnyTensor, const Y extends Operand>(
    this: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, "bool">;
  <X extends AnyTensor, const Y extends Operand>(
    x: X,
    other: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Ok<Both<X, Y, Name>>, "bool">;
}

type Three<X, A, B, Name extends string> = Broadcast<
  Ok<Broadcast<Extents<X>, Extents<A>, Name>>,
  Extents<B>,
  Name
>;
type Third = Operand | null | undefined;
/** `x.clamp(min, max)`: bounds are numbers or tensors that broadcast; the dtype stays. */
export interface Clamp<Name extends string = "clamp"> extends InPlaceTag<"args"> {
  readonly "~args": [min?: Third, max?: Third];
  <X extends AnyTensor, A extends Third = undefined, B extends Third = undefined>(
    this: X,
    min?: Fits<Both<X, A, Name>, A>,
    max?: Fits<Three<X, A, B, Name>, B>,
  ): Tensor<Ok<Three<X, A, B, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, A extends Third = undefined, B extends Third = undefined>(
    this: T,
    x: X,
    min?: Fits<Both<X, A, Name>, A>,
    max?: Fits<Three<X, A, B, Name>, B>,
    ...none: Unless<T, []>
  ): Tensor<Ok<Three<X, A, B, Name>>, DtOf<X>>;
}
/** Three operands that broadcast, the dtype that of the first: lerp, addcmul, addcdiv. `Last`: whether that may be a number. */
export interface Ternary<
  Name extends string = "broadcast",
  Options extends object = object,
  Last extends Operand = AnyTensor,
> extends InPlaceTag<"args"> {
  readonly "~args": [a: AnyTensor, b: Last, options?: Options];
  <X extends AnyTensor, A extends AnyTensor, B extends Last>(
    this: X,
    a: Fits<Both<X, A, Name>, A>,
    b: Fits<Three<X, A, B, Name>, B>,
    options?: Options,
  ): Tensor<Ok<Three<X, A, B, Name>>, DtOf<X>>;
  <T, X extends AnyTensor, A extends AnyTensor, B extends Last>(
    this: T,
    x: X,
    a: Fits<Both<X, A, Name>, A>,
    b: Fits<Three<X, A, B, Name>, B>,
    options?: Options,
    ...none: Unless<T, []>
  ): Tensor<Ok<Three<X, A, B, Name>>, DtOf<X>>;
}

type Choice<C, A, B> = Broadcast<Ok<Broadcast<Extents<A>, Extents<B>, "where">>, ShapeOf<C>, "where">;
/** `torch.where(condition, a, b)`; `torch.where(condition)` gives the places where it is true. */
export interface Where {
  (condition: AnyTensor): Tensor<[number], "int32">[];
  <X extends AnyTensor, C extends AnyTensor, const B extends Operand>(
    this: X,
    condition: Fits<Broadcast<ShapeOf<C>, ShapeOf<X>, "where">, C>,
    other: Fits<Both<X, B, "where">, Fits<Choice<C, X, B>, B>>,
  ): Tensor<Ok<Choice<C, X, B>>, DTypes<X, B>>;
  <C extends AnyTensor, const A extends Operand, const B extends Operand>(
    condition: C,
    x: Fits<Broadcast<ShapeOf<C>, Extents<A>, "where">, A>,
    other: Fits<Both<A, B, "where">, Fits<Choice<C, A, B>, B>>,
  ): Tensor<Ok<Choice<C, A, B>>, DTypes<A, B>>;
}
