// Reshape and flatten: the rules that count elements.
// Floor L0 (base), types only.

import type { DivMod, Mul, Numel } from "./arithmetic.ts";
import type { Alike, Dim, Fail, Is, Rank, Same, Shape, Show } from "./core.ts";

/**
 * `x.reshape(Target)` with at most one -1, which is worked out where all other extents are known. Equal extents at the
 * front are set aside first, so that a batch dimension may be unknown.
 */
export type Reshape<S, Target, Op extends string = "reshape"> =
  number extends Rank<Target>
    ? Shape
    : Holes<Target> extends 0 | 1
      ? number extends Rank<S>
        ? Filled<Target, number>
        : Strip<S, Target, [], S, Target, Op>
      : Fail<`${Op}: only one dimension can be inferred, got ${Show<Target>}`>;

/** How many extents are -1: 0, 1, or 2 for more. */
type Holes<T, Rest = T, Seen extends 0 | 1 | 2 = 0> = Rest extends readonly [infer H, ...infer R]
  ? Is<H, -1, T> extends true
    ? Holes<T, R, Seen extends 0 ? 1 : 2>
    : Holes<T, R, Seen>
  : Seen;

/** The target with `N` in place of -1. */
type Filled<T, N> = { -readonly [K in keyof T]: T[K] extends -1 ? N : T[K] };

/** Sets equal extents at the front aside; a leading -1 that the rest leaves room for is the leading extent. */
type Strip<S, T, Front extends unknown[], S0, T0, Op extends string> = S extends readonly [
  infer X,
  ...infer SR,
]
  ? T extends readonly [infer Y, ...infer TR]
    ? Alike<X, Y> extends true
      ? Strip<SR, TR, [...Front, X], S0, T0, Op>
      : Y extends -1
        ? Same<Numel<SR>, Numel<TR>> extends true
          ? number extends Numel<SR>
            ? [...Front, number, ...TR]
            : [...Front, X, ...TR]
          : Count<S, T, Front, S0, T0, Op>
        : Count<S, T, Front, S0, T0, Op>
    : Count<S, T, Front, S0, T0, Op>
  : Count<S, T, Front, S0, T0, Op>;

type Count<S, T, Front extends unknown[], S0, T0, Op extends string> =
  Holes<T> extends 1
    ? Infer<DivMod<Numel<S>, Numel<Filled<T, 1>>>, Numel<Filled<T, 1>>, T, Front, S0, T0, Op>
    : Matches<Numel<S>, Numel<T>> extends false
      ? Invalid<S0, T0, Op>
      : Joined<Front, T>;

type Matches<A, B> = number extends A | B ? true : Same<A, B>;

type Infer<QuotientAndRest, Known, T, Front extends unknown[], S0, T0, Op extends string> = Known extends 0
  ? Fail<`${Op}: cannot reshape ${Show<S0>} into shape ${Show<T0>}: -1 is ambiguous because it can be any value`>
  : QuotientAndRest extends readonly [infer Q, infer R]
    ? number extends R
      ? Joined<Front, Filled<T, number>>
      : R extends 0
        ? Joined<Front, Filled<T, Q>>
        : Invalid<S0, T0, Op>
    : Shape;

type Joined<Front extends unknown[], T> = T extends readonly unknown[] ? [...Front, ...T] : Shape;

type Invalid<S, T, Op extends string> =
  number extends Numel<S>
    ? Fail<`${Op}: shape '${Show<T>}' is invalid for input of shape ${Show<S>}`>
    : Fail<`${Op}: shape '${Show<T>}' is invalid for input of size ${Numel<S> & number} (input shape ${Show<S>})`>;

/** The dimensions from `Start` to `End`, both included, made one. */
export type Flatten<S, Start = 0, End = -1, Op extends string = "flatten"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? [1]
      : FlattenAt<S, Dim<Start, Rank<S>, Op, S>, Dim<End, Rank<S>, Op, S>, Op>;

type FlattenAt<S, I, J, Op extends string> = [I] extends [Fail<string>]
  ? I
  : [J] extends [Fail<string>]
    ? J
    : number extends I | J
      ? Shape
      : FlattenLoop<S, I, J, Op, S>;

/** Copies up to `I`, multiplies up to `J`, copies the rest. `At` counts the dimensions seen. */
type FlattenLoop<S, I, J, Op extends string, S0, Out extends unknown[] = []> = Out["length"] extends I
  ? FlattenRun<S, J, 1, Out, Out, Op, S0>
  : S extends readonly [infer H, ...infer Rest]
    ? FlattenLoop<Rest, I, J, Op, S0, [...Out, H]>
    : Out;

type FlattenRun<
  S,
  J,
  N,
  Out extends unknown[],
  At extends unknown[],
  Op extends string,
  S0,
> = S extends readonly [infer H, ...infer Rest]
  ? At["length"] extends J
    ? [...Out, Mul<N, H>, ...Rest]
    : FlattenRun<Rest, J, Mul<N, H>, Out, [...At, H], Op, S0>
  : Fail<`${Op}: startDim cannot come after endDim, for shape ${Show<S0>}`>;
