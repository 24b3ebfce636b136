// Shape rules of layers: what their functions do, for channels, kernels and features that the layer holds. `Name` is the
// layer that a sentence names.
// Floor L0 (base), types only.

import type { Div, Mul } from "./arithmetic.ts";
import type { At, Differ, Dim, Fail, Rank, SetAt, Shape, Show, Unknowns } from "./core.ts";
import type { Reshape } from "./reshape.ts";
import type { Asked, Counts, GrownAll, Join, Pad, Parts, Spatial, Unfit } from "./windows.ts";

type WrongChannels<
  X,
  C,
  In,
  Name extends string,
> = Fail<`${Name}: expected an input with ${In & number} channels, but ${Show<X>} has ${C & number}`>;

/** A convolution of `In` to `Out` channels, by kernels of size `K`. */
export type ConvLayer<X, In, Out, K, S, P, D, N extends Spatial, Name extends string> =
  Parts<X, N> extends infer T
    ? T extends "unfit"
      ? Unfit<X, N, Name>
      : T extends [infer B extends unknown[], infer C, infer L]
        ? Differ<C, In> extends true
          ? WrongChannels<X, C, In, Name>
          : Join<[...B, Out], Counts<L, K, S, P, D, false>, X, K, Name>
        : Shape
    : never;

/** Its adjoint; `E` is the output padding. */
export type ConvTransposeLayer<X, In, Out, K, S, P, D, E, N extends Spatial, Name extends string> =
  Parts<X, N> extends infer T
    ? T extends "unfit"
      ? Unfit<X, N, Name>
      : T extends [infer B extends unknown[], infer C, infer L]
        ? Differ<C, In> extends true
          ? WrongChannels<X, C, In, Name>
          : [...B, Out, ...GrownAll<L, K, S, P, D, E>]
        : Shape
    : never;

/** A normalisation of `C` channels, which are dimension 1 of inputs of the ranks `R`. */
export type BatchLayer<X, C, R extends number, Ranks extends string, Name extends string> =
  number extends Rank<X>
    ? X
    : Rank<X> extends R
      ? Differ<At<X, 1>, C> extends true
        ? WrongChannels<X, At<X, 1>, C, Name>
        : X
      : Fail<`${Name}: expected an input of ${Ranks} dimensions, but got ${Show<X>}`>;

/** The same where the batch may be missing. */
export type InstanceLayer<X, C, N extends Spatial, Name extends string> =
  Parts<X, N> extends infer T
    ? T extends "unfit"
      ? Unfit<X, N, Name>
      : T extends [unknown, infer H, unknown]
        ? Differ<H, C> extends true
          ? WrongChannels<X, H, C, Name>
          : X
        : X
    : never;

/** A normalisation of groups of `C` channels: dimension 1 of two dimensions or more. */
export type GroupLayer<X, C, Name extends string> =
  number extends Rank<X>
    ? X
    : X extends readonly [unknown, infer H, ...unknown[]]
      ? Differ<H, C> extends true
        ? WrongChannels<X, H, C, Name>
        : X
      : Fail<`${Name}: expected an input of at least 2 dimensions, but got ${Show<X>}`>;

/** A normalisation over the last dimensions, whose extents are `F`: a number or a list. */
export type FeatureLayer<X, F, Name extends string> =
  number extends Rank<X>
    ? X
    : F extends readonly unknown[]
      ? number extends F["length"]
        ? X
        : Ends<X, F, X, F, Name>
      : Ends<X, [F], X, [F], Name>;
type Ends<X, F, X0, F0, Name extends string> = F extends readonly [...infer FR, infer FL]
  ? X extends readonly [...infer XR, infer XL]
    ? Differ<XL, FL> extends true
      ? WrongEnd<X0, F0, Name>
      : Ends<XR, FR, X0, F0, Name>
    : WrongEnd<X0, F0, Name>
  : X0;
type WrongEnd<
  X,
  F,
  Name extends string,
> = Fail<`${Name}: expected an input whose last dimensions are ${Show<F>}, but got ${Show<X>}`>;

/** Borders `P` (all sides, or pairs from the last dimension on) around `N` dimensions. */
export type PadLayer<X, P, N extends Spatial> = number extends Rank<X> ? Shape : Pad<X, Sides<P, N>>;
/** Such a layer that takes one dimension or two more than it pads. */
export type StrictPadLayer<X, P, N extends Spatial, Name extends string> =
  Parts<X, N> extends "unfit" ? Unfit<X, N, Name> : PadLayer<X, P, N>;
type Sides<P, N extends Spatial> = P extends number
  ? { 1: [P, P]; 2: [P, P, P, P]; 3: [P, P, P, P, P, P] }[N]
  : P extends readonly unknown[]
    ? number extends P["length"]
      ? Sides<number, N>
      : P
    : Sides<number, N>;

/** [N, C, ...] with spatial extents of size `Z`, or `F` times as large. */
export type UpsampleLayer<X, Z, F> =
  number extends Rank<X>
    ? Shape
    : X extends readonly [infer B, infer C, ...infer L]
      ? [B, C, ...([Z] extends [null] ? Scaled<L, F> : Asked<L, Z>)]
      : Shape;
type Scaled<L, F, Out extends unknown[] = []> = L extends readonly [infer H, ...infer Rest]
  ? F extends number
    ? Scaled<Rest, F, [...Out, Mul<H, F>]>
    : F extends readonly [infer G, ...infer More]
      ? Scaled<Rest, More extends readonly [] ? G : More, [...Out, Mul<H, G>]>
      : Scaled<Rest, F, [...Out, number]>
  : Out;

/** Dimension `D` split into `U`, one of which may be -1. */
export type UnflattenLayer<X, D, U, Name extends string> =
  number extends Rank<X>
    ? Shape
    : Dim<D, Rank<X>, Name, X> extends infer I
      ? [I] extends [Fail<string>]
        ? I
        : number extends I | Rank<U>
          ? Shape
          : Split<X, I, Reshape<[At<X, I>], U, Name>>
      : never;
type Split<X, I, U> = U extends Fail<string> ? U : U extends readonly unknown[] ? Spliced<X, I, U> : Shape;
type Spliced<X, I, U extends readonly unknown[], Out extends unknown[] = []> = X extends readonly [
  infer H,
  ...infer Rest,
]
  ? Out["length"] extends I
    ? [...Out, ...U, ...Rest]
    : Spliced<Rest, I, U, [...Out, H]>
  : Out;

/** Dimension `D` halved. */
export type HalfLayer<X, D, Name extends string> =
  number extends Rank<X>
    ? Shape
    : Dim<D, Rank<X>, Name, X> extends infer I
      ? [I] extends [Fail<string>]
        ? I
        : number extends I
          ? Unknowns<X>
          : SetAt<X, I, Div<At<X, I>, 2>>
      : never;

/** Integers of any shape to rows of `F` features. */
export type RowsLayer<X, F> =
  number extends Rank<X> ? Shape : X extends readonly unknown[] ? [...X, F] : Shape;

/** A sequence [L, In], or a batch of them, to `Out` features. */
export type RecurrentLayer<X, In, Out, Name extends string> =
  number extends Rank<X>
    ? Shape
    : Rank<X> extends 2 | 3
      ? X extends readonly [...infer B, infer F]
        ? Differ<F, In> extends true
          ? Fail<`${Name}: expected an input with ${In & number} features, but ${Show<X>} has ${F & number}`>
          : [...B, Out]
        : Shape
      : Fail<`${Name}: expected an input of 2 or 3 dimensions, but got ${Show<X>}`>;
/** A step: [In], or a batch of them, to `Out` features. */
export type CellLayer<X, In, Out, Name extends string> =
  number extends Rank<X>
    ? Shape
    : Rank<X> extends 1 | 2
      ? X extends readonly [...infer B, infer F]
        ? Differ<F, In> extends true
          ? Fail<`${Name}: expected an input with ${In & number} features, but ${Show<X>} has ${F & number}`>
          : [...B, Out]
        : Shape
      : Fail<`${Name}: expected an input of 1 or 2 dimensions, but got ${Show<X>}`>;
/** The states of `Layers` layers after such an input. */
export type RecurrentState<X, Layers, First, Out> =
  number extends Rank<X>
    ? Shape
    : X extends readonly [infer A, infer B, unknown]
      ? [Layers, [First] extends [true] ? A : [First] extends [false] ? B : number, Out]
      : [Layers, Out];
