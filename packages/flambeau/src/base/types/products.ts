// Products beyond matmul: outer, inner, Kronecker, cross, tensordot, and sums with a product.
// Floor L0 (base), types only. Source: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

import type { Mul } from "./arithmetic.ts";
import type { Broadcast, Expand, MatMul } from "./broadcast.ts";
import type { Differ, Fail, Rank, Shape, Show, Then } from "./core.ts";

/** Fails when a rank is known to be another one than `R`. */
type Ranked<S, R extends number, Op extends string> =
  number extends Rank<S>
    ? true
    : Rank<S> extends R
      ? true
      : Fail<`${Op}: expected ${R} dimensions, but got shape ${Show<S>}`>;

/** Two vectors to a matrix. */
export type Outer<A, B, Op extends string = "outer"> = Then<
  Ranked<A, 1, Op>,
  Then<Ranked<B, 1, Op>, [Only<A>, Only<B>]>
>;
type Only<S> = S extends readonly [infer N] ? N : number;

/** Sums over the last dimension of both; a 0-d shape gives the other one. */
export type Inner<A, B, Op extends string = "inner"> = number extends Rank<A> | Rank<B>
  ? Shape
  : A extends readonly [...infer P, infer K]
    ? B extends readonly [...infer Q, infer L]
      ? Differ<K, L> extends true
        ? Fail<`${Op}: the last dimension must match on both input tensors but got shapes ${Show<A>} and ${Show<B>}`>
        : [...P, ...Q]
      : A
    : B;

/** Extents multiplied one by one from the end. */
export type Kron<A, B> = number extends Rank<A> | Rank<B> ? Shape : KronLoop<A, B>;
type KronLoop<A, B, Out extends unknown[] = []> = A extends readonly [...infer AR, infer X]
  ? B extends readonly [...infer BR, infer Y]
    ? KronLoop<AR, BR, [Mul<X, Y>, ...Out]>
    : [...A, ...Out]
  : B extends readonly unknown[]
    ? [...B, ...Out]
    : Out;

/** The common shape of two tensors of the same rank. */
export type Cross<A, B, Op extends string = "cross"> = number extends Rank<A> | Rank<B>
  ? Shape
  : Rank<A> extends Rank<B>
    ? Broadcast<A, B, Op>
    : Fail<`${Op}: inputs must have the same number of dimensions, but got ${Show<A>} and ${Show<B>}`>;

/** The last `N` dimensions of `A` against the first `N` of `B`; anything but a literal gives an unknown shape. */
export type TensorDot<A, B, N, Op extends string = "tensordot"> = number extends Rank<A> | Rank<B>
  ? Shape
  : N extends number
    ? number extends N
      ? Shape
      : DotLoop<A, B, N, Op>
    : Shape;
type DotLoop<
  A,
  B,
  N,
  Op extends string,
  Kept = A,
  Dropped extends unknown[] = [],
> = Dropped["length"] extends N
  ? Contracted<Kept, B, Dropped, A, B, Op>
  : Kept extends readonly [...infer Rest, infer X]
    ? DotLoop<A, B, N, Op, Rest, [X, ...Dropped]>
    : Fail<`${Op}: cannot contract ${N & number} dimensions of ${Show<A>}`>;
type Contracted<P, Rest, List, A, B, Op extends string> = List extends readonly [infer X, ...infer More]
  ? Rest extends readonly [infer Y, ...infer Q]
    ? X extends 1
      ? Contracted<P, Q, More, A, B, Op>
      : Y extends 1
        ? Contracted<P, Q, More, A, B, Op>
        : Differ<X, Y> extends true
          ? Fail<`${Op}: contracted dimensions need to match: ${Show<A>} and ${Show<B>}`>
          : Contracted<P, Q, More, A, B, Op>
    : Fail<`${Op}: too many dimensions contracted of ${Show<B>}`>
  : P extends readonly unknown[]
    ? Rest extends readonly unknown[]
      ? [...P, ...Rest]
      : Shape
    : Shape;

/** `S` spread to the shape of a product. */
type Into<S, P, Op extends string> = [P] extends [Fail<string>]
  ? P
  : number extends Rank<P>
    ? Shape
    : Expand<S, P, Op>;

/** `input + a @ b` for matrices. */
export type AddMatrix<S, A, B, Op extends string> = Then<
  Ranked<A, 2, Op>,
  Then<Ranked<B, 2, Op>, Into<S, MatMul<A, B, Op>, Op>>
>;
/** `input + a @ v` for a matrix and a vector. */
export type AddVector<S, A, B, Op extends string> = Then<
  Ranked<A, 2, Op>,
  Then<Ranked<B, 1, Op>, Into<S, MatMul<A, B, Op>, Op>>
>;
/** `input + a @ b` for stacks of matrices. */
export type AddStack<S, A, B, Op extends string> = Then<
  Ranked<A, 3, Op>,
  Then<Ranked<B, 3, Op>, Into<S, MatMul<A, B, Op>, Op>>
>;
/** `input + sum over i of a[i] @ b[i]`. */
export type AddStackSum<S, A, B, Op extends string> = Then<
  Ranked<A, 3, Op>,
  Then<Ranked<B, 3, Op>, Into<S, WithoutFirst<MatMul<A, B, Op>>, Op>>
>;
type WithoutFirst<S> = S extends readonly [unknown, ...infer Rest] ? Rest : S;
/** `input + outer(u, v)`. */
export type AddOuter<S, A, B, Op extends string> = Into<S, Outer<A, B, Op>, Op>;
