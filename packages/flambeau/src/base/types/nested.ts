// The shape of nested arrays, as `torch.tensor` reads them.
// Floor L0 (base), types only.

import type { Fail, Rank, Shape } from "./core.ts";

interface TypedArrayLike {
  readonly BYTES_PER_ELEMENT: number;
  readonly length: number;
}

/**
 * The shape of nested data: a number is 0-d; tuples give their lengths, arrays of unknown length give `number`; typed
 * arrays are one dimension. Rows of different lengths fail. More than 8 levels (a recursive type) are an unknown rank.
 */
export type NestedShape<T, Op extends string = "tensor", Depth extends unknown[] = []> = 0 extends 1 & T
  ? Shape
  : [T] extends [number | boolean | bigint]
    ? []
    : Depth["length"] extends 8
      ? Shape
      : [T] extends [readonly unknown[]]
        ? [T[number]] extends [never]
          ? [0]
          : NestedShape<T[number], Op, [...Depth, 0]> extends infer Inner
            ? Prepend<T["length"], Inner, Op>
            : never
        : [T] extends [TypedArrayLike]
          ? [number]
          : Shape;

type Prepend<N, Inner, Op extends string> = [Inner] extends [Fail<string>]
  ? Inner
  : number extends Rank<Inner>
    ? Shape
    : OneLength<N> extends true
      ? Inner extends readonly unknown[]
        ? [N, ...Inner]
        : Shape
      : Fail<`${Op}: expected sequences of equal length, got rows of different lengths`>;

/** Whether a type is not a union. */
type OneLength<N, All = N> = [N] extends [never]
  ? true
  : N extends unknown
    ? [All] extends [N]
      ? true
      : false
    : never;
