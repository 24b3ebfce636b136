// Shape rules of what looks at windows: convolution and its adjoint, pooling, borders, resizing. Spatial extents are known
// where extents, kernel, stride, padding and dilation are literals.
// Floor L0 (base), types only.

import type { Shape } from "../shape.ts";
import type { Add, Div, Less, Mul, Sub } from "./arithmetic.ts";
import type { Differ, Fail, Rank, Show } from "./core.ts";

/** Number of spatial dimensions. */
export type Spatial = 1 | 2 | 3;
interface PlusOne {
  1: 2;
  2: 3;
  3: 4;
}
interface PlusTwo {
  1: 3;
  2: 4;
  3: 5;
}

/** Option `Key` of `O`, or its default. */
type Option<O, Key extends string, Default> = Key extends keyof O
  ? undefined extends O[Key]
    ? number
    : O[Key]
  : Default;
/** The size for dimension number `I["length"]`: one number is for all, as is a list of one. */
type SizeAt<V, I extends readonly unknown[]> = V extends number
  ? V
  : V extends readonly [infer Only]
    ? Only
    : V extends readonly unknown[]
      ? number extends V["length"]
        ? number
        : V[I["length"] & keyof V]
      : number;

/** How many windows fit, or "large" for a window that is larger than what it looks at. */
type Count<L, K, S, P, D, Ceil> = CountIn<Add<L, Mul<2, P>>, Add<Mul<D, Sub<K, 1>>, 1>, S, Ceil>;
type CountIn<Padded, Reach, S, Ceil> =
  Less<Padded, Reach> extends true
    ? "large"
    : Ceil extends false
      ? Add<Div<Sub<Padded, Reach>, S>, 1>
      : number;

/** The counts of all dimensions, or "large". `P` may be "same" or "valid". */
export type Counts<
  L,
  K,
  S,
  P,
  D,
  Ceil,
  I extends unknown[] = [],
  Out extends unknown[] = [],
> = L extends readonly [infer L0, ...infer Rest]
  ? [P] extends ["same"]
    ? L
    : Count<
          L0,
          SizeAt<K, I>,
          SizeAt<S, I>,
          [P] extends ["valid"] ? 0 : SizeAt<P, I>,
          SizeAt<D, I>,
          Ceil
        > extends infer N
      ? N extends "large"
        ? "large"
        : Counts<Rest, K, S, P, D, Ceil, [...I, 0], [...Out, N]>
      : never
  : Out;

/** `Lead` and the counts; a window that is too large is a failure. */
export type Join<Lead extends readonly unknown[], N, X, K, Name extends string> = N extends "large"
  ? Fail<`${Name}: kernel ${ShowSizes<K>} is larger than its padded input ${Show<X>}`>
  : N extends readonly unknown[]
    ? [...Lead, ...N]
    : Shape;
type ShowSizes<K> = K extends number ? `${K}` : Show<K>;

type Takes<C, In, X, W, Name extends string> =
  Differ<C, In> extends true
    ? Fail<`${Name}: an input ${Show<X>} has ${C & number} channels, but a weight ${Show<W>} takes ${In & number}`>
    : null;
export type Unfit<
  X,
  N extends Spatial,
  Name extends string,
> = Fail<`${Name}: expected an input of ${PlusOne[N]} or ${PlusTwo[N]} dimensions, but got ${Show<X>}`>;

/** The input taken apart: what stands in front of the channels, the channels, the spatial extents. */
export type Parts<X, N extends Spatial> =
  number extends Rank<X>
    ? "unknown"
    : Rank<X> extends PlusTwo[N]
      ? X extends readonly [infer B, infer C, ...infer L]
        ? [[B], C, L]
        : "unknown"
      : Rank<X> extends PlusOne[N]
        ? X extends readonly [infer C, ...infer L]
          ? [[], C, L]
          : "unknown"
        : "unfit";

/** Convolution of `X` with a weight `W` = [out, in / groups, ...kernel]. */
export type Conv<X, W, O, N extends Spatial, Name extends string = `conv${N}d`> =
  Parts<X, N> extends infer P
    ? P extends "unfit"
      ? Unfit<X, N, Name>
      : P extends [infer B extends unknown[], infer C, infer L]
        ? number extends Rank<W>
          ? Shape
          : W extends readonly [infer Out, infer In, ...infer K]
            ? Rank<K> extends N
              ? Takes<C, Mul<In, Option<O, "groups", 1>>, X, W, Name> extends infer F extends Fail<string>
                ? F
                : Join<
                    [...B, Out],
                    Counts<
                      L,
                      K,
                      Option<O, "stride", 1>,
                      Option<O, "padding", 0>,
                      Option<O, "dilation", 1>,
                      false
                    >,
                    X,
                    K,
                    Name
                  >
              : Fail<`${Name}: expected a weight of ${PlusTwo[N]} dimensions, but got ${Show<W>}`>
            : Shape
        : Shape
    : never;

type Grown<L, K, S, P, D, Extra> = Sub<
  Add<Add<Mul<Sub<L, 1>, S>, Mul<D, Sub<K, 1>>>, Add<Extra, 1>>,
  Mul<2, P>
>;
export type GrownAll<
  L,
  K,
  S,
  P,
  D,
  E,
  I extends unknown[] = [],
  Out extends unknown[] = [],
> = L extends readonly [infer L0, ...infer Rest]
  ? GrownAll<
      Rest,
      K,
      S,
      P,
      D,
      E,
      [...I, 0],
      [...Out, Grown<L0, SizeAt<K, I>, SizeAt<S, I>, SizeAt<P, I>, SizeAt<D, I>, SizeAt<E, I>>]
    >
  : Out;

/** The adjoint of a convolution: `W` = [in, out / groups, ...kernel]. */
export type ConvTranspose<X, W, O, N extends Spatial, Name extends string = `convTranspose${N}d`> =
  Parts<X, N> extends infer P
    ? P extends "unfit"
      ? Unfit<X, N, Name>
      : P extends [infer B extends unknown[], infer C, infer L]
        ? number extends Rank<W>
          ? Shape
          : W extends readonly [infer In, infer Out, ...infer K]
            ? Rank<K> extends N
              ? Takes<C, In, X, W, Name> extends infer F extends Fail<string>
                ? F
                : [
                    ...B,
                    Mul<Out, Option<O, "groups", 1>>,
                    ...GrownAll<
                      L,
                      K,
                      Option<O, "stride", 1>,
                      Option<O, "padding", 0>,
                      Option<O, "dilation", 1>,
                      Option<O, "outputPadding", 0>
                    >,
                  ]
              : Fail<`${Name}: expected a weight of ${PlusTwo[N]} dimensions, but got ${Show<W>}`>
            : Shape
        : Shape
    : never;

/** Windows of size `K`, `stride` (default `K`) apart. */
export type Pool<X, K, O, N extends Spatial, Name extends string> =
  Parts<X, N> extends infer P
    ? P extends "unfit"
      ? Unfit<X, N, Name>
      : P extends [infer B extends unknown[], infer C, infer L]
        ? Join<
            [...B, C],
            Counts<
              L,
              K,
              Stride<O, K>,
              Option<O, "padding", 0>,
              Option<O, "dilation", 1>,
              Option<O, "ceilMode", false>
            >,
            X,
            K,
            Name
          >
        : Shape
    : never;
type Stride<O, K> = "stride" extends keyof O
  ? O["stride"] extends null | undefined | readonly []
    ? K
    : Option<O, "stride", K>
  : K;

/** As many windows as asked for. */
export type AdaptivePool<X, M, N extends Spatial, Name extends string> =
  Parts<X, N> extends infer P
    ? P extends "unfit"
      ? Unfit<X, N, Name>
      : P extends [infer B extends unknown[], infer C, infer L]
        ? [...B, C, ...Asked<L, M>]
        : Shape
    : never;
export type Asked<L, M, I extends unknown[] = [], Out extends unknown[] = []> = L extends readonly [
  infer L0,
  ...infer Rest,
]
  ? Asked<Rest, M, [...I, 0], [...Out, AskedAt<L0, M, I>]>
  : Out;
type AskedAt<L, M, I extends readonly unknown[]> = M extends number
  ? M
  : M extends readonly [infer Only]
    ? Or<Only, L>
    : M extends readonly unknown[]
      ? number extends M["length"]
        ? number
        : Or<M[I["length"] & keyof M], L>
      : number;
type Or<M, L> = M extends null ? L : M;

/** `S` with pairs of paddings added, from the last dimension on. */
export type Pad<S, P> =
  number extends Rank<S>
    ? Shape
    : P extends readonly unknown[]
      ? number extends P["length"]
        ? { -readonly [I in keyof S]: number }
        : PadLoop<S, P>
      : Shape;
type PadLoop<S, P, Out extends unknown[] = []> = S extends readonly [...infer Rest, infer L]
  ? P extends readonly [infer A, infer B, ...infer More]
    ? PadLoop<Rest, More, [Add<L, Add<A, B>>, ...Out]>
    : PadLoop<Rest, [], [L, ...Out]>
  : Out;

/** [N, C, ...] with the spatial extents `size`, where they are given. */
export type Resize<S, O> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [infer N, infer C, ...infer L]
      ? [N, C, ...Asked<L, "size" extends keyof O ? O["size"] : undefined>]
      : Shape;
