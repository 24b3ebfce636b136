// Linear algebra on the matrices in the last two dimensions.
// Floor L0 (base), types only. Source: https://pytorch.org/docs/stable/linalg.html

import type { Less } from "./arithmetic.ts";
import type { Broadcast } from "./broadcast.ts";
import type { Differ, Fail, Rank, Same, Shape, Show, Then } from "./core.ts";

type TooFew<S, Op extends string> = Fail<`${Op}: expected at least 2 dimensions, but got shape ${Show<S>}`>;

/** `S` if it is one of matrices. */
export type Matrices<S, Op extends string> =
  number extends Rank<S> ? Shape : S extends readonly [...unknown[], unknown, unknown] ? S : TooFew<S, Op>;

/** `S` if it is one of square matrices. */
export type Square<S, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...unknown[], infer M, infer N]
      ? Differ<M, N> extends true
        ? Fail<`${Op}: expected square matrices, but got shape ${Show<S>}`>
        : S
      : TooFew<S, Op>;

/** The batch of a shape of square matrices. */
export type Determinant<S, Op extends string> = number extends Rank<S> ? Shape : Then<Square<S, Op>, Lead<S>>;
type Lead<S> = S extends readonly [...infer L, unknown, unknown] ? L : Shape;

/** One number for each row of square matrices. */
export type PerRow<S, Op extends string> =
  number extends Rank<S> ? Shape : Then<Square<S, Op>, S extends readonly [...infer L, unknown] ? L : Shape>;

type Smaller<M, N> = boolean extends Less<M, N> ? number : Less<M, N> extends true ? M : N;

/** The singular values of matrices. */
export type Singular<S, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer L, infer M, infer N]
      ? [...L, Smaller<M, N>]
      : TooFew<S, Op>;

/** Left vectors: m x m if `Full`, else m x min(m, n). */
export type LeftVectors<S, Full, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer L, infer M, infer N]
      ? [...L, M, boolean extends Full ? number : Full extends true ? M : Smaller<M, N>]
      : TooFew<S, Op>;

/** What stands right: n x n if `Full`, else min(m, n) x n. */
export type RightVectors<S, Full, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer L, infer M, infer N]
      ? [...L, boolean extends Full ? number : Full extends true ? N : Smaller<M, N>, N]
      : TooFew<S, Op>;

/** R of a QR decomposition: m x n if `Full`, else min(m, n) x n. */
export type UpperFactor<S, Full, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer L, infer M, infer N]
      ? [...L, boolean extends Full ? number : Full extends true ? M : Smaller<M, N>, N]
      : TooFew<S, Op>;

/** Matrices with rows and columns exchanged. */
export type Exchanged<S, Op extends string> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer L, infer M, infer N]
      ? [...L, N, M]
      : TooFew<S, Op>;

/** X of A X = B, where B is a vector, vectors in the batch of A, or matrices. */
export type Solve<A, B, Op extends string> = number extends Rank<A> | Rank<B>
  ? Shape
  : Then<Square<A, Op>, SolveKnown<A, B, Op>>;
type SolveKnown<A, B, Op extends string> = B extends readonly [infer K]
  ? A extends readonly [...infer L, infer N, unknown]
    ? Differ<K, N> extends true
      ? Misfit<A, B, Op>
      : [...L, N]
    : Shape
  : A extends readonly [...infer Most, unknown]
    ? Rank<B> extends Rank<Most>
      ? number extends Most[number] | (B & readonly unknown[])[number]
        ? Shape
        : Same<Most, B> extends true
          ? B
          : SolveMatrices<A, B, Op>
      : SolveMatrices<A, B, Op>
    : Shape;

/** X of A X = B for matrices B. */
export type SolveMatrices<A, B, Op extends string> = number extends Rank<A> | Rank<B>
  ? Shape
  : A extends readonly [...infer P, infer N, unknown]
    ? B extends readonly [...infer Q, infer M, infer K]
      ? Differ<N, M> extends true
        ? Misfit<A, B, Op>
        : Broadcast<P, Q, Op> extends infer Batch
          ? [Batch] extends [Fail<string>]
            ? Batch
            : Batch extends readonly unknown[]
              ? [...Batch, M, K]
              : Shape
          : never
      : TooFew<B, Op>
    : TooFew<A, Op>;
type Misfit<
  A,
  B,
  Op extends string,
> = Fail<`${Op}: incompatible shapes of A and B for the equation AX = B: ${Show<A>} and ${Show<B>}`>;
