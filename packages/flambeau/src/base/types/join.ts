// Concatenation and stacking.
// Floor L0 (base), types only.

import type { Add } from "./arithmetic.ts";
import type { At, Differ, Dim, Fail, InsertAt, Rank, SetAt, Shape, Show, Unknowns } from "./core.ts";

/** `torch.cat` of a list of shapes along `D`. An array of unknown length makes that extent `number`. */
export type Cat<List, D = 0, Op extends string = "cat"> = List extends readonly unknown[]
  ? number extends List["length"]
    ? CatAny<List[number], D, Op>
    : List extends readonly [infer First, ...infer Rest]
      ? CatLoop<First, Rest, D, Op>
      : Fail<`${Op}: expected a non-empty list of Tensors`>
  : Shape;

type CatAny<S, D, Op extends string> =
  number extends Rank<S>
    ? Shape
    : Dim<D, Rank<S>, Op, S> extends infer I
      ? [I] extends [Fail<string>]
        ? I
        : SetAt<S, I, number>
      : never;

type CatLoop<S, List, D, Op extends string> = List extends readonly [infer T, ...infer Rest]
  ? number extends Rank<S> | Rank<T>
    ? CatLoop<Shape, Rest, D, Op>
    : T extends readonly [0]
      ? CatLoop<S, Rest, D, Op>
      : S extends readonly [0]
        ? CatLoop<T, Rest, D, Op>
        : Rank<S> extends Rank<T>
          ? CatTwo<S, T, Dim<D, Rank<S>, Op, S>, Op> extends infer R
            ? [R] extends [Fail<string>]
              ? R
              : CatLoop<R, Rest, D, Op>
            : never
          : Fail<`${Op}: Tensors must have same number of dimensions: got ${Show<S>} and ${Show<T>}`>
  : number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? Fail<`${Op}: zero-dimensional tensor cannot be concatenated`>
      : Dim<D, Rank<S>, Op, S> extends infer I
        ? [I] extends [Fail<string>]
          ? I
          : S
        : never;

type CatTwo<S, T, I, Op extends string> = [I] extends [Fail<string>]
  ? I
  : number extends I
    ? Unknowns<S>
    : AgreeBut<S, T, I> extends true
      ? SetAt<Merge<S, T>, I, Add<At<S, I>, At<T, I>>>
      : Fail<`${Op}: sizes of tensors must match except in dimension ${I & number}: got ${Show<S>} and ${Show<T>}`>;

/** Whether no two extents are known to differ, but at position `I`. */
type AgreeBut<S, T, I, Seen extends unknown[] = []> = S extends readonly [infer X, ...infer SR]
  ? T extends readonly [infer Y, ...infer TR]
    ? Seen["length"] extends I
      ? AgreeBut<SR, TR, I, [...Seen, X]>
      : Differ<X, Y> extends true
        ? false
        : AgreeBut<SR, TR, I, [...Seen, X]>
    : false
  : T extends readonly []
    ? true
    : false;

/** What two agreeing shapes know together. */
type Merge<S, T, Out extends unknown[] = []> = S extends readonly [infer X, ...infer SR]
  ? T extends readonly [infer Y, ...infer TR]
    ? Merge<SR, TR, [...Out, { x: number } extends { x: X } ? Y : X]>
    : Out
  : Out;

/** `torch.stack` of a list of shapes along a new dimension `D`. */
export type Stack<List, D = 0, Op extends string = "stack"> = List extends readonly unknown[]
  ? number extends List["length"]
    ? StackAt<List[number], D, number, Op>
    : List extends readonly [infer First, ...infer Rest]
      ? StackLoop<First, Rest, D, List["length"], Op>
      : Fail<`${Op}: expects a non-empty list of tensors`>
  : Shape;

type StackLoop<S, List, D, N, Op extends string> = List extends readonly [infer T, ...infer Rest]
  ? number extends Rank<S> | Rank<T>
    ? StackLoop<Shape, Rest, D, N, Op>
    : AgreeBut<S, T, never> extends true
      ? StackLoop<Merge<S, T>, Rest, D, N, Op>
      : Fail<`${Op}: expects each tensor to be equal size, but got ${Show<S>} and ${Show<T>}`>
  : StackAt<S, D, N, Op>;

type StackAt<S, D, N, Op extends string> =
  number extends Rank<S>
    ? Shape
    : Dim<D, Add<Rank<S>, 1>, Op, S> extends infer I
      ? [I] extends [Fail<string>]
        ? I
        : InsertAt<S, I, N>
      : never;
