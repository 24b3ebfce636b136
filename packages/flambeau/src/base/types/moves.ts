// Dimensions moved, windows, diagonals, repetition, and joins that widen first.
// Floor L0 (base), types only.

import type { Add, Div, Less, Mul, Sub } from "./arithmetic.ts";
import type { At, Dim, Drop, Fail, InsertAt, Rank, SetAt, Shape, Show, Unknowns } from "./core.ts";
import type { Cat } from "./join.ts";
import type { Transpose } from "./views.ts";

/** One dimension moved to another place; lists of dimensions leave the rank only. */
export type MoveDim<S, From, To, Op extends string = "movedim"> =
  number extends Rank<S>
    ? Shape
    : From extends number
      ? To extends number
        ? Moved<S, Dim<From, Rank<S>, Op, S>, Dim<To, Rank<S>, Op, S>>
        : Unknowns<S>
      : Unknowns<S>;
type Moved<S, I, J> = [I] extends [Fail<string>]
  ? I
  : [J] extends [Fail<string>]
    ? J
    : S extends readonly []
      ? []
      : number extends I | J
        ? Unknowns<S>
        : InsertAt<Drop<S, I>, J, At<S, I>>;

/** The last two dimensions exchanged. */
export type TransposeLast<S, Op extends string = "mT"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? []
      : S extends readonly [unknown]
        ? Fail<`${Op}: only supported on matrices or batches of matrices, got shape ${Show<S>}`>
        : Transpose<S, -2, -1, Op>;

// The types of properties of a tensor have to vary with S as S does (it is declared `out`). Conditional types do not in
// the eyes of the checker; looking a rank up in a table does.

/** All dimensions in reverse order, up to rank 6. */
export type Reversed<S> = ReverseTable<S & Shape>[(S & Shape)["length"]];
interface ReverseTable<S extends Shape> {
  [rank: number]: Shape;
  0: [];
  1: [S[0]];
  2: [S[1], S[0]];
  3: [S[2], S[1], S[0]];
  4: [S[3], S[2], S[1], S[0]];
  5: [S[4], S[3], S[2], S[1], S[0]];
  6: [S[5], S[4], S[3], S[2], S[1], S[0]];
}

/** The last two dimensions exchanged, up to rank 6; unknown where that fails. */
export type TransposedLast<S> = TransposeTable<S & Shape>[(S & Shape)["length"]];
interface TransposeTable<S extends Shape> {
  [rank: number]: Shape;
  0: [];
  2: [S[1], S[0]];
  3: [S[0], S[2], S[1]];
  4: [S[0], S[1], S[3], S[2]];
  5: [S[0], S[1], S[2], S[4], S[3]];
  6: [S[0], S[1], S[2], S[3], S[5], S[4]];
}

/** Windows of `Size` elements along a dimension, `Step` apart. */
export type Unfold<S, D, Size, Step, Op extends string = "unfold"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? [number]
      : Dim<D, Rank<S>, Op, S> extends infer I
        ? [I] extends [Fail<string>]
          ? I
          : S extends readonly unknown[]
            ? number extends I | Size
              ? [...Unknowns<S>, number]
              : Windows<S, I, At<S, I>, Size, Step, Op>
            : Shape
        : never;
type Windows<S extends readonly unknown[], I, N, Size, Step, Op extends string> = number extends N | Step
  ? Appended<SetAt<S, I, number>, Size>
  : Less<N, Size> extends true
    ? Fail<`${Op}: maximum size for tensor at dimension ${I & number} is ${N & number} but size is ${Size & number}`>
    : Appended<SetAt<S, I, Add<Div<Sub<N, Size>, Step>, 1>>, Size>;
type Appended<S, N> = S extends readonly unknown[] ? [...S, N] : Shape;

/** Length of a diagonal of an `M` x `N` matrix. */
type DiagonalLength<M, N, Offset> = number extends M | N | Offset
  ? number
  : `${Offset & number}` extends `-${infer K extends number}`
    ? Shorter<Left<M, K>, N>
    : Shorter<M, Left<N, Offset>>;
type Left<N, K> = Less<N, K> extends true ? 0 : Sub<N, K>;
type Shorter<A, B> = Less<A, B> extends true ? A : B;

/** The diagonals of the matrices that two dimensions span, in a new last dimension. */
export type Diagonal<S, Offset = 0, I = 0, J = 1, Op extends string = "diagonal"> =
  number extends Rank<S> ? Shape : DiagonalAt<S, Offset, Dim<I, Rank<S>, Op, S>, Dim<J, Rank<S>, Op, S>, Op>;
type DiagonalAt<S, Offset, I, J, Op extends string> = [I] extends [Fail<string>]
  ? I
  : [J] extends [Fail<string>]
    ? J
    : number extends I | J
      ? Shape
      : [I] extends [J]
        ? Fail<`${Op}: dimensions cannot be identical, got ${I & number} twice for shape ${Show<S>}`>
        : Appended<Drop<S, I | J>, DiagonalLength<At<S, I>, At<S, J>, Offset>>;

/** Absolute value of a literal. */
type Magnitude<N> = number extends N ? number : `${N & number}` extends `-${infer P extends number}` ? P : N;
type Grown<N, Offset> = number extends N | Offset ? number : Add<N, Magnitude<Offset>>;

/** The last dimension spread over a diagonal of new matrices. */
export type DiagEmbed<S, Offset = 0> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [...infer Rest, infer N]
      ? [...Rest, Grown<N, Offset>, Grown<N, Offset>]
      : Fail<"diagEmbed: a 0-d tensor has no dimension to embed">;

/** `diag`: a vector's matrix, a matrix's diagonal. */
export type Diag<S, Offset = 0> =
  number extends Rank<S>
    ? Shape
    : S extends readonly [infer N]
      ? [Grown<N, Offset>, Grown<N, Offset>]
      : S extends readonly [infer M, infer N]
        ? [DiagonalLength<M, N, Offset>]
        : Fail<`diag: matrix or a vector expected, got shape ${Show<S>}`>;

/** Each extent so many times; a shape with fewer of them gets leading ones. `Tile`: so do the numbers of times. */
export type Repeat<S, Times, Op extends string = "repeat"> =
  number extends Rank<Times>
    ? Shape
    : number extends Rank<S>
      ? Op extends "tile"
        ? Shape
        : Unknowns<Times>
      : Less<Rank<Times>, Rank<S>> extends true
        ? Op extends "tile"
          ? RepeatEnds<S, Times>
          : Fail<`${Op}: ${Show<Times>} has fewer numbers than ${Show<S>} has dimensions`>
        : RepeatEnds<S, Times>;
/** From the last dimension to the first. */
type RepeatEnds<S, Times, Out extends unknown[] = []> = S extends readonly [...infer SR, infer N]
  ? Times extends readonly [...infer TR, infer K]
    ? RepeatEnds<SR, TR, [Mul<N, K>, ...Out]>
    : [...SR, N, ...Out]
  : Times extends readonly unknown[]
    ? [...Times, ...Out]
    : Shape;

/** With leading (and for rank 3 trailing) ones until there are at least `N` dimensions. */
export type AtLeast<S, N extends 1 | 2 | 3> =
  number extends Rank<S>
    ? Shape
    : N extends 1
      ? S extends readonly []
        ? [1]
        : S
      : N extends 2
        ? S extends readonly []
          ? [1, 1]
          : S extends readonly [infer A]
            ? [1, A]
            : S
        : S extends readonly []
          ? [1, 1, 1]
          : S extends readonly [infer A]
            ? [1, A, 1]
            : S extends readonly [infer A, infer B]
              ? [A, B, 1]
              : S;

type Widened<List, N extends 1 | 2 | 3> = { [K in keyof List]: AtLeast<List[K], N> };
type AsColumn<S> = S extends readonly [] ? [1, 1] : S extends readonly [infer N] ? [N, 1] : S;
type AsColumns<List> = { [K in keyof List]: AsColumn<List[K]> };

/** hstack, vstack (rowStack), dstack and columnStack of a list of shapes. */
export type StackKind<List, Op extends string> = Op extends "hstack"
  ? HStack<Widened<List, 1>, Op>
  : Op extends "dstack"
    ? Cat<Widened<List, 3>, 2, Op>
    : Op extends "columnStack"
      ? HStack<AsColumns<List>, Op>
      : Cat<Widened<List, 2>, 0, Op>;
type HStack<List, Op extends string> = List extends readonly [infer First, ...unknown[]]
  ? number extends Rank<First>
    ? Shape
    : Cat<List, First extends readonly [unknown] ? 0 : 1, Op>
  : List extends readonly []
    ? Fail<`${Op}: expects a non-empty list of tensors`>
    : Shape;
