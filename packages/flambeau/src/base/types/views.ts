// Views that move, add, drop or narrow dimensions.
// Floor L0 (base), types only.

import type { Add, Less, Sub } from "./arithmetic.ts";
import type { At, Dim, Drop, Fail, InsertAt, Rank, SetAt, Shape, Show, Then, Unknowns } from "./core.ts";

/** Dimensions in a new order. */
export type Permute<S, Dims, Op extends string = "permute"> =
  number extends Rank<Dims>
    ? Unknowns<S>
    : number extends Rank<S>
      ? Unknowns<Dims>
      : Rank<S> extends Rank<Dims>
        ? PermuteLoop<S, Dims, Dims, Op>
        : Fail<`${Op}: the number of dimensions of ${Show<S>} does not equal the length of the dims ${Show<Dims>}`>;

type PermuteLoop<
  S,
  Rest,
  Dims,
  Op extends string,
  Out extends unknown[] = [],
  Seen = never,
> = Rest extends readonly [infer H, ...infer R]
  ? Dim<H, Rank<S>, Op, S> extends infer I
    ? [I] extends [Fail<string>]
      ? I
      : number extends I
        ? Unknowns<S>
        : I extends Seen
          ? Fail<`${Op}: repeated dim ${I & number} in the dims ${Show<Dims>}, for shape ${Show<S>}`>
          : PermuteLoop<S, R, Dims, Op, [...Out, At<S, I>], Seen | I>
    : never
  : Out;

/** Two dimensions swapped. */
export type Transpose<S, I, J, Op extends string = "transpose"> =
  number extends Rank<S> ? Shape : Swap<S, Dim<I, Rank<S>, Op, S>, Dim<J, Rank<S>, Op, S>>;

type Swap<S, I, J> = [I] extends [Fail<string>]
  ? I
  : [J] extends [Fail<string>]
    ? J
    : number extends I | J
      ? Unknowns<S>
      : S extends readonly []
        ? []
        : SetAt<SetAt<S, I, At<S, J>>, J, At<S, I>>;

/** `x.t()`: a matrix transposed; fewer dimensions stay as they are. */
export type TransposeMatrix<S, Op extends string = "t"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [infer M, infer N]
      ? [N, M]
      : S extends readonly [] | readonly [unknown]
        ? S
        : Fail<`${Op}: expects a tensor with <= 2 dimensions, but self has shape ${Show<S>}`>;

/** A dimension of extent 1 put in; `D` may be the rank itself, -1 puts it last. */
export type Unsqueeze<S, D, Op extends string = "unsqueeze"> =
  number extends Rank<S>
    ? Shape
    : Dim<D, Add<Rank<S>, 1>, Op, S> extends infer I
      ? [I] extends [Fail<string>]
        ? I
        : InsertAt<S, I, 1>
      : never;

/** Dimensions of extent 1 dropped: all (`D` undefined), one, or a list. */
export type Squeeze<S, D = undefined, Op extends string = "squeeze"> =
  number extends Rank<S>
    ? Shape
    : [D] extends [undefined | null]
      ? SqueezeAll<S>
      : D extends number
        ? SqueezeOne<S, Dim<D, Rank<S>, Op, S>>
        : SqueezeList<S, D, Op>;

type SqueezeAll<S, Out extends unknown[] = []> = S extends readonly [infer H, ...infer Rest]
  ? number extends H
    ? Shape
    : SqueezeAll<Rest, H extends 1 ? Out : [...Out, H]>
  : Out;

type SqueezeOne<S, I> = [I] extends [Fail<string>]
  ? I
  : S extends readonly []
    ? S
    : number extends I
      ? Shape
      : number extends At<S, I>
        ? Shape
        : At<S, I> extends 1
          ? Drop<S, I>
          : S;

type SqueezeList<S, D, Op extends string, Which = never> = D extends readonly [infer H, ...infer Rest]
  ? Dim<H, Rank<S>, Op, S> extends infer I
    ? [I] extends [Fail<string>]
      ? I
      : S extends readonly []
        ? S
        : number extends I
          ? Shape
          : number extends At<S, I>
            ? Shape
            : SqueezeList<S, Rest, Op, At<S, I> extends 1 ? Which | I : Which>
    : never
  : D extends readonly []
    ? Drop<S, Which>
    : Shape;

/** One index of a dimension: the dimension goes. */
export type Select<S, D, Index = number, Op extends string = "select"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? Fail<`${Op}: cannot be applied to a 0-dim tensor`>
      : Dim<D, Rank<S>, Op, S> extends infer I
        ? [I] extends [Fail<string>]
          ? I
          : Then<InRange<Index, At<S, I>, Op, S>, Drop<S, I>>
        : never;

/** Fails when an index is known to lie outside a dimension of `N` elements. */
type InRange<Index, N, Op extends string, S> = number extends Index | N
  ? true
  : `${Index & number}` extends `-${infer P extends number}`
    ? Less<N, P> extends true
      ? Outside<Index, N, Op, S>
      : true
    : Less<Index, N> extends false
      ? Outside<Index, N, Op, S>
      : true;
type Outside<
  Index,
  N,
  Op extends string,
  S,
> = Fail<`${Op}: index ${Index & number} is out of bounds for dimension with size ${N & number} of shape ${Show<S>}`>;

/** `Length` elements of a dimension from `Start`. */
export type Narrow<S, D, Start, Length, Op extends string = "narrow"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? Fail<`${Op}: cannot be applied to a 0-dim tensor`>
      : Dim<D, Rank<S>, Op, S> extends infer I
        ? [I] extends [Fail<string>]
          ? I
          : Then<Within<Start, Length, At<S, I>, Op, S>, SetAt<S, I, Length>>
        : never;

type Within<Start, Length, N, Op extends string, S> = number extends Start | Length | N
  ? true
  : `${Start & number}` extends `-${infer P extends number}`
    ? Less<N, P> extends true
      ? Exceeds<Start, Length, N, Op, S>
      : Within<Sub<N, P>, Length, N, Op, S>
    : Less<N, Add<Start, Length>> extends true
      ? Exceeds<Start, Length, N, Op, S>
      : true;
type Exceeds<
  Start,
  Length,
  N,
  Op extends string,
  S,
> = Fail<`${Op}: start (${Start & number}) + length (${Length & number}) exceeds dimension size (${N & number}) of shape ${Show<S>}`>;
