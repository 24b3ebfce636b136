// Broadcasting, expand and matmul.
// Floor L0 (base), types only. Source: https://pytorch.org/docs/stable/notes/broadcasting.html

import type { Alike, Differ, EitherKnown, Fail, Rank, Same, Shape, Show } from "./core.ts";

/** The common shape of two operands of `Op`. An unknown extent beside a known one other than 1 is the known one. */
export type Broadcast<A, B, Op extends string = "broadcast"> = 0 extends 1 & B
  ? B
  : 0 extends 1 & A
    ? A
    : number extends Rank<A> | Rank<B>
      ? Shape
      : Loop<A, B, Fail<`${Op}: shapes ${Show<A>} and ${Show<B>} cannot be broadcast together`>>;

type Loop<A, B, Failure, Out extends unknown[] = []> = A extends readonly [...infer AR, infer X]
  ? B extends readonly [...infer BR, infer Y]
    ? Alike<X, Y> extends true
      ? Loop<AR, BR, Failure, [X, ...Out]>
      : { r: Clash<X, Y> } extends { r: false }
        ? Failure
        : Loop<AR, BR, Failure, [Pair<X, Y>, ...Out]>
    : [...A, ...Out]
  : B extends readonly [...infer BR, infer Y]
    ? [...BR, Y, ...Out]
    : Out;

/** `false` when two extents do not go together. */
type Clash<X, Y> = Same<X, Y> extends true ? EitherKnown<X, Y> : Pair<X, Y> extends false ? false : true;

/** What two extents make together; `false` when they do not go together. */
type Pair<X, Y> = Y extends 1
  ? X
  : X extends 1
    ? Y
    : number extends X
      ? Y
      : number extends Y
        ? X
        : Same<X, Y> extends true
          ? X
          : false;

/** `x.expand(...)`: -1 keeps an extent, dimensions may be added in front. */
export type Expand<S, Target, Op extends string = "expand"> =
  number extends Rank<Target>
    ? Shape
    : number extends Rank<S>
      ? { -readonly [K in keyof Target]: Target[K] extends -1 ? number : Target[K] }
      : ExpandLoop<S, Target, Fail<`${Op}: shape ${Show<S>} cannot be expanded to ${Show<Target>}`>>;

type ExpandLoop<S, T, Failure, Out extends unknown[] = []> = T extends readonly [...infer TR, infer N]
  ? S extends readonly [...infer SR, infer X]
    ? Same<X, N> extends true
      ? ExpandLoop<SR, TR, Failure, [X, ...Out]>
      : Stretch<X, N> extends false
        ? Failure
        : ExpandLoop<SR, TR, Failure, [Stretch<X, N>, ...Out]>
    : -1 extends T[number]
      ? number extends T[number]
        ? [...T, ...Out]
        : Failure
      : [...T, ...Out]
  : S extends readonly []
    ? Out
    : Failure;

type Stretch<X, N> = N extends -1 ? X : X extends 1 ? N : number extends N ? X : number extends X ? N : false;

/** The shape of a matrix product: vectors, matrices, and stacks of matrices whose leading dimensions broadcast. */
export type MatMul<A, B, Op extends string = "matmul"> = number extends Rank<A> | Rank<B>
  ? Shape
  : A extends readonly [infer M, infer K]
    ? B extends readonly [infer L, infer N]
      ? Inner<K, L, [M, N], A, B, Op>
      : MatMulAny<A, B, Op>
    : MatMulAny<A, B, Op>;

type MatMulAny<A, B, Op extends string> = A extends readonly [infer K]
  ? B extends readonly [infer L]
    ? Inner<K, L, [], A, B, Op>
    : B extends readonly [...infer Batch, infer L, infer N]
      ? Inner<K, L, [...Batch, N], A, B, Op>
      : NeedsDims<A, B, Op>
  : A extends readonly [...infer BatchA, infer M, infer K]
    ? B extends readonly [infer L]
      ? Inner<K, L, [...BatchA, M], A, B, Op>
      : B extends readonly [...infer BatchB, infer L, infer N]
        ? Inner<K, L, Batched<BatchA, BatchB, M, N, A, B, Op>, A, B, Op>
        : NeedsDims<A, B, Op>
    : NeedsDims<A, B, Op>;

type Inner<K, L, Out, A, B, Op extends string> =
  Differ<K, L> extends true ? Fail<`${Op}: inner sizes differ: ${Show<A>} x ${Show<B>}`> : Out;

type Batched<P, Q, M, N, A, B, Op extends string> =
  Broadcast<P, Q> extends infer Batch
    ? [Batch] extends [Fail<string>]
      ? Fail<`${Op}: batch sizes cannot be broadcast: ${Show<A>} x ${Show<B>}`>
      : Batch extends readonly unknown[]
        ? [...Batch, M, N]
        : Shape
    : never;

type NeedsDims<
  A,
  B,
  Op extends string,
> = Fail<`${Op}: both arguments need to be at least 1D, but they are ${Show<A>} x ${Show<B>}`>;

/** Fails unless an operand of shape `B` can be written into one of shape `A` in place; else `A`. */
export type InPlace<A, B, Op extends string> = number extends Rank<A> | Rank<B>
  ? A
  : Broadcast<A, B, Op> extends infer R
    ? R extends Fail<string>
      ? R
      : Keeps<A, R> extends true
        ? A
        : Fail<`${Op}: output with shape ${Show<A>} doesn't match the broadcast shape ${Show<R>}`>
    : never;

type Keeps<A, R> = R extends readonly [infer Y, ...infer RR]
  ? A extends readonly [infer X, ...infer AR]
    ? Rank<A> extends Rank<R>
      ? Differ<X, Y> extends true
        ? false
        : Keeps<AR, RR>
      : false
    : false
  : true;

/** The shape of `x @ weight^T`: weight is [out, in], or [in]. */
export type Linear<S, W, Op extends string = "linear"> = number extends Rank<S> | Rank<W>
  ? Shape
  : S extends readonly [...infer Batch, infer K]
    ? W extends readonly [infer Out, infer In]
      ? Inward<K, In, [...Batch, Out], S, W, Op>
      : W extends readonly [infer In]
        ? Inward<K, In, Batch, S, W, Op>
        : Fail<`${Op}: the weight must be [out, in] or [in], but it is ${Show<W>}`>
    : NeedsDims<S, W, Op>;

type Inward<K, In, Out, S, W, Op extends string> =
  Differ<K, In> extends true
    ? Fail<`${Op}: an input of shape ${Show<S>} does not fit a weight of shape ${Show<W>} ([out, in])`>
    : Out;
