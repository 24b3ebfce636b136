// Reductions over dimensions.
// Floor L0 (base), types only.

import type { Dim, Drop, Fail, Rank, SetAt, Shape, Show, Unknowns } from "./core.ts";

/**
 * The shape after reducing `D`: one dimension, a list of them, or all (undefined, null or the empty list). `Keep` leaves
 * the reduced dimensions with extent 1.
 */
export type Reduce<S, D, Keep = false, Op extends string = "sum"> = [D] extends [
  undefined | null | readonly [],
]
  ? All<S, Keep>
  : number extends Rank<S>
    ? Shape
    : boolean extends Keep
      ? Shape
      : D extends number
        ? number extends D
          ? Vague<S, Keep>
          : Finish<S, Dim<D, Rank<S>, Op, S>, Keep>
        : D extends readonly number[]
          ? number extends D["length"]
            ? Vague<S, Keep>
            : List<S, D, Keep, Op>
          : Shape;

/** A number that is not a literal may be a list as well: what is inferred for a union of both is `number`. */
type Vague<S, Keep> = Keep extends true ? Unknowns<S> : Shape;

type All<S, Keep> = boolean extends Keep
  ? Shape
  : Keep extends true
    ? number extends Rank<S>
      ? Shape
      : { -readonly [K in keyof S]: 1 }
    : [];

type List<S, D extends readonly unknown[], Keep, Op extends string, Seen = never> = D extends readonly [
  infer H,
  ...infer Rest,
]
  ? Dim<H, Rank<S>, Op, S> extends infer I
    ? [I] extends [Fail<string>]
      ? I
      : number extends I
        ? Vague<S, Keep>
        : I extends Seen
          ? Fail<`${Op}: dim ${I & number} appears multiple times in the list of dims, for shape ${Show<S>}`>
          : List<S, Rest, Keep, Op, Seen | I>
    : never
  : Finish<S, Seen, Keep>;

type Finish<S, I, Keep> = [I] extends [Fail<string>] ? I : Keep extends true ? SetAt<S, I, 1> : Drop<S, I>;
