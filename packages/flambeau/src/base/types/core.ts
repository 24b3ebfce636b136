// What every shape rule is written with: failures that carry a sentence, comparisons that stay silent when an extent
// is not known, dimension arguments, and edits of one place in a shape.
// Floor L0 (base), types only.

import type { Shape } from "../shape.ts";
import type { Less, Sub } from "./arithmetic.ts";

export type { Shape };

/** The result of a rule whose arguments do not go together; `M` is the sentence that the editor shows. */
export interface Fail<M extends string> {
  readonly error: M;
}

/** The result of a rule as a shape: a failed one is an unknown shape, so that one mistake is one error. */
export type Ok<R> = R extends Fail<string> ? Shape : R;

/** The type of a parameter: `P` where the rule's result `R` is good, else the sentence, which nothing can be assigned to. */
export type Fits<R, P> = 0 extends 1 & R ? P : R extends Fail<infer M> ? M : P;

/** The first failure of two results, else the second result. */
export type Then<R, S> = R extends Fail<string> ? R : S;

// Extents are compared inside an object: a bare `A extends B` waits for a type parameter to be known, the wrapped one
// is decided where A and B are the same parameter, or where the answer is the same for `any` in the place of each
// parameter. That makes rules work in code that is generic in an extent. A wrapped test must be undecided when all its
// parameters are `any`, or it is decided once and for all where it is declared: hence EitherKnown.

// biome-ignore lint/suspicious/noExplicitAny: the one type that is assignable to whatever a test asks for.
type Undecided = any;

/** Whether two extents or shapes are the same type. */
export type Same<A, B> = { a: A; b: B } extends { a: B; b: A } ? true : false;

/** Like Same, but a type parameter beside a literal counts as another one instead of as undecided. */
export type Alike<A, B> = { a: A; b: B; c: Side<A, B> } extends { a: B; b: A; c: Side<B, A> } ? true : false;
type Side<A, B> = { a: A; b: A } extends { a: 0; b: 1 }
  ? { a: B; b: B } extends { a: 0; b: 1 }
    ? Undecided
    : 1
  : 2;

/** Whether an extent of the shape `S` is the literal `N`; a type parameter counts as another one. */
export type Is<X, N, S> = { x: X; c: Doubt<X, S> } extends { x: N; c: 0 } ? true : false;
type Doubt<X, S> = { a: X; b: X } extends { a: 0; b: 1 }
  ? { a: S; b: S } extends { a: 0; b: 1 }
    ? Undecided
    : 1
  : 0;

/** Whether two extents are known and different. */
export type Differ<A, B> =
  Alike<A, B> extends true
    ? false
    : { r: Meet<A, B> } extends { r: false }
      ? 0 extends 1 & A
        ? false
        : true
      : false;
type Meet<A, B> =
  Same<A, B> extends true
    ? EitherKnown<A, B>
    : { e: A } extends { e: B }
      ? true
      : { e: B } extends { e: A }
        ? true
        : false;

/** `any` for two `any`s, else something that is not `false`. */
export type EitherKnown<A, B> = { a: A; b: A } extends { a: 0; b: 1 }
  ? { a: B; b: B } extends { a: 0; b: 1 }
    ? Undecided
    : true
  : true;

/** The rank: a literal where it is known, else `number`. */
export type Rank<S> = S extends readonly unknown[] ? S["length"] : number;

/** `[5, 200]`, as messages write shapes. */
export type Show<S> = S extends readonly unknown[]
  ? number extends S["length"]
    ? "[...]"
    : `[${Join<S>}]`
  : "[...]";
type Join<S> = S extends readonly [infer H, ...infer Rest]
  ? Rest extends readonly []
    ? ShowExtent<H>
    : `${ShowExtent<H>}, ${Join<Rest>}`
  : "";
type ShowExtent<N> = number extends N ? "number" : `${N & number}`;

/**
 * A dimension argument as a position from 0, in a shape of rank `R`; `number` where it is not a literal. A 0-d shape has
 * one dimension to name. Fails when it is out of range; `S` is the shape that the sentence names.
 */
export type Dim<D, R, Op extends string, S> = number extends D | R
  ? number
  : R extends 0
    ? D extends 0 | -1
      ? 0
      : OutOfRange<D, 1, Op, S>
    : `${D & number}` extends `-${infer P extends number}`
      ? Less<R, P> extends true
        ? OutOfRange<D, R, Op, S>
        : Sub<R, P>
      : Less<D, R> extends true
        ? D
        : OutOfRange<D, R, Op, S>;

type OutOfRange<
  D,
  R,
  Op extends string,
  S,
> = Fail<`${Op}: Dimension out of range (expected to be in range of [-${R & number}, ${Sub<R, 1> & number}], but got ${D &
  number}) for shape ${Show<S>}`>;

/** The same rank with no extent known. */
export type Unknowns<S> = number extends Rank<S> ? Shape : { -readonly [K in keyof S]: number };

/** `S` with the extent at position `I` (from 0, or a union of positions) replaced; `number` for `I` forgets all extents. */
export type SetAt<S, I, N> = number extends I ? Unknowns<S> : SetLoop<S, I, N>;
type SetLoop<S, I, N, Out extends unknown[] = []> = S extends readonly [infer H, ...infer Rest]
  ? SetLoop<Rest, I, N, [...Out, Out["length"] extends I ? N : H]>
  : Out;

/** `S` without the extents at position `I` (from 0, or a union of positions). */
export type Drop<S, I> = number extends I
  ? S extends readonly [unknown, ...infer Rest]
    ? Unknowns<Rest>
    : []
  : DropLoop<S, I>;
type DropLoop<S, I, Out extends unknown[] = [], At extends unknown[] = []> = S extends readonly [
  infer H,
  ...infer Rest,
]
  ? DropLoop<Rest, I, At["length"] extends I ? Out : [...Out, H], [...At, H]>
  : Out;

/** `S` with an extent `N` put in at position `I`. */
export type InsertAt<S, I, N> = number extends I
  ? S extends readonly unknown[]
    ? [number, ...Unknowns<S>]
    : Shape
  : InsertLoop<S, I, N>;
type InsertLoop<S, I, N, Out extends unknown[] = []> = Out["length"] extends I
  ? S extends readonly unknown[]
    ? [...Out, N, ...S]
    : Shape
  : S extends readonly [infer H, ...infer Rest]
    ? InsertLoop<Rest, I, N, [...Out, H]>
    : Out;

/** The extent at position `I`; `number` where either is not known. */
export type At<S, I> = `${I & number}` extends keyof S ? S[`${I & number}`] : number;
