// Distances between all points of two sets.
// Floor L0 (base), types only.

import type { Broadcast } from "./broadcast.ts";
import type { Differ, Fail, Rank, Shape, Show } from "./core.ts";

/** [..., P, M] and [..., R, M] give [..., P, R]. */
export type Distances<A, B, Op extends string = "cdist"> = number extends Rank<A> | Rank<B>
  ? Shape
  : A extends readonly [...infer BatchA, infer P, infer M]
    ? B extends readonly [...infer BatchB, infer R, infer N]
      ? Differ<M, N> extends true
        ? Fail<`${Op}: points of different dimension: ${Show<A>} and ${Show<B>}`>
        : Join<Broadcast<BatchA, BatchB, Op>, P, R>
      : Few<A, B, Op>
    : Few<A, B, Op>;

type Join<Batch, P, R> = [Batch] extends [Fail<string>]
  ? Batch
  : Batch extends readonly unknown[]
    ? [...Batch, P, R]
    : Shape;
type Few<
  A,
  B,
  Op extends string,
> = Fail<`${Op}: expected at least 2 dimensions, but got ${Show<A>} and ${Show<B>}`>;
