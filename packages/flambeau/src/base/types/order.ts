// Rules of ops that pick elements by their order.
// Floor L0 (base), types only.

import type { Less } from "./arithmetic.ts";
import type { At, Dim, Fail, Rank, SetAt, Shape, Show } from "./core.ts";

/** `K` elements of each row along `D`. */
export type Topk<S, K, D, Op extends string = "topk"> =
  number extends Rank<S>
    ? Shape
    : S extends readonly []
      ? Dim<D, 0, Op, S> extends Fail<infer M>
        ? Fail<M>
        : []
      : Dim<D, Rank<S>, Op, S> extends infer I
        ? [I] extends [Fail<string>]
          ? I
          : number extends I | K | At<S, I>
            ? SetAt<S, I, K>
            : Less<At<S, I>, K> extends true
              ? Fail<`${Op}: selected index k out of range: ${K & number}, of ${At<S, I> & number} elements in a row of shape ${Show<S>}`>
              : SetAt<S, I, K>
        : never;

/** Quantiles of shape `Q` of rows that leave `S`: several come in a new first dimension. */
export type Quantiles<Q, S> =
  S extends Fail<string>
    ? S
    : Q extends readonly []
      ? S
      : Q extends readonly [infer N]
        ? S extends readonly unknown[]
          ? [N, ...S]
          : Shape
        : Shape;
