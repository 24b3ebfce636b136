// Arithmetic on non-negative literal numbers, digit by digit. Whatever is not a plain integer literal gives `number`.
// A number is worked on as the list of its digits, the lowest first: 784 is ["4", "8", "7"].
// Floor L0 (base), types only.

import type { Difference, Digit, Product, Sum } from "./digits.ts";

type Bit = "0" | "1";

/** Digits of a literal, lowest first; `never` for 1.5, -3 and other text that is not all digits. */
type Digits<Text extends string, Out extends Digit[] = []> = Text extends `${infer D}${infer Rest}`
  ? D extends Digit
    ? Digits<Rest, [D, ...Out]>
    : never
  : Out;

/** The number that a list of digits stands for; leading zeros are dropped. */
type Value<List extends Digit[], Text extends string = ""> = List extends [
  infer D extends Digit,
  ...infer Rest extends Digit[],
]
  ? Value<Rest, `${D}${Text}`>
  : Parse<Text>;

type Parse<Text extends string> = Text extends `0${infer Rest}`
  ? Rest extends ""
    ? 0
    : Parse<Rest>
  : Text extends `${infer N extends number}`
    ? N
    : 0;

/** `true` unless both are literals that are plain non-negative integers. */
type Vague<A, B> = number extends A | B
  ? true
  : `${A & number}${B & number}` extends `${string}${"." | "-" | "e"}${string}`
    ? true
    : false;

type AddLists<
  A extends Digit[],
  B extends Digit[],
  Carry extends Bit = "0",
  Out extends Digit[] = [],
> = A extends [infer X extends Digit, ...infer AR extends Digit[]]
  ? B extends [infer Y extends Digit, ...infer BR extends Digit[]]
    ? AddNext<Sum[Carry][X][Y], AR, BR, Out>
    : Carry extends "0"
      ? [...Out, ...A]
      : AddNext<Sum["1"][X]["0"], AR, [], Out>
  : B extends [infer Y extends Digit, ...infer BR extends Digit[]]
    ? Carry extends "0"
      ? [...Out, ...B]
      : AddNext<Sum["1"]["0"][Y], [], BR, Out>
    : Carry extends "1"
      ? [...Out, "1"]
      : Out;

type AddNext<
  Pair,
  A extends Digit[],
  B extends Digit[],
  Out extends Digit[],
> = Pair extends `${infer Carry extends Bit}${infer D extends Digit}`
  ? AddLists<A, B, Carry, [...Out, D]>
  : never;

/** A - B as a list of the length of A; `never` when B is the greater. */
type SubLists<
  A extends Digit[],
  B extends Digit[],
  Borrow extends Bit = "0",
  Out extends Digit[] = [],
> = A extends [infer X extends Digit, ...infer AR extends Digit[]]
  ? B extends [infer Y extends Digit, ...infer BR extends Digit[]]
    ? SubNext<Difference[Borrow][X][Y], AR, BR, Out>
    : Borrow extends "0"
      ? [...Out, ...A]
      : SubNext<Difference["1"][X]["0"], AR, [], Out>
  : Borrow extends "1"
    ? never
    : B extends [infer Y extends Digit, ...infer BR extends Digit[]]
      ? Y extends "0"
        ? SubLists<[], BR, "0", Out>
        : never
      : Out;

type SubNext<
  Pair,
  A extends Digit[],
  B extends Digit[],
  Out extends Digit[],
> = Pair extends `${infer Borrow extends Bit}${infer D extends Digit}`
  ? SubLists<A, B, Borrow, [...Out, D]>
  : never;

/** A times one digit. */
type Times<
  A extends Digit[],
  D extends Digit,
  Carry extends Digit = "0",
  Out extends Digit[] = [],
> = D extends "0"
  ? []
  : D extends "1"
    ? A
    : A extends [infer X extends Digit, ...infer Rest extends Digit[]]
      ? Product[X][D] extends `${infer High extends Digit}${infer Low extends Digit}`
        ? Sum["0"][Low][Carry] extends `${infer C extends Digit}${infer First extends Digit}`
          ? Sum["0"][High][C] extends `0${infer Over extends Digit}`
            ? Times<Rest, D, Over, [...Out, First]>
            : never
          : never
        : never
      : Carry extends "0"
        ? Out
        : [...Out, Carry];

/** A times B, from the lowest digit of B upwards; A grows a zero at each step. */
type MulLists<A extends Digit[], B extends Digit[], Out extends Digit[] = []> = B extends [
  infer D extends Digit,
  ...infer Rest extends Digit[],
]
  ? MulLists<["0", ...A], Rest, AddLists<Out, Times<A, D>>>
  : Out;

type Next = ["1", "2", "3", "4", "5", "6", "7", "8", "9", never];

/** How often B goes into R (at most nine times), and what is left: [digit, rest]. */
type Goes<R extends Digit[], B extends Digit[], Count extends Digit = "0"> = [SubLists<R, B>] extends [never]
  ? [Count, R]
  : Goes<SubLists<R, B>, B, Next[Count]>;

/** Long division; A is consumed from its highest digit: [quotient, rest]. */
type DivLists<
  A extends Digit[],
  B extends Digit[],
  Quotient extends Digit[] = [],
  Rest extends Digit[] = [],
> = A extends [...infer Low extends Digit[], infer D extends Digit]
  ? Goes<[D, ...Rest], B> extends [infer Q extends Digit, infer R extends Digit[]]
    ? DivLists<Low, B, [Q, ...Quotient], R>
    : never
  : [Quotient, Rest];

/** A + B. */
export type Add<A, B> = A extends 0
  ? B
  : B extends 0
    ? A
    : Vague<A, B> extends true
      ? number
      : Value<AddLists<Digits<`${A & number}`>, Digits<`${B & number}`>>>;

/** A - B, which may be negative. */
export type Sub<A, B> = B extends 0
  ? A
  : Vague<A, B> extends true
    ? number
    : [SubLists<Digits<`${A & number}`>, Digits<`${B & number}`>>] extends [never]
      ? `-${Value<SubLists<Digits<`${B & number}`>, Digits<`${A & number}`>>>}` extends `${infer N extends number}`
        ? N
        : number
      : Value<SubLists<Digits<`${A & number}`>, Digits<`${B & number}`>>>;

/** A * B. 1 and 0 are looked at first, so that they work with any other factor. */
export type Mul<A, B> = A extends 1
  ? B
  : B extends 1
    ? A
    : A extends 0
      ? 0
      : B extends 0
        ? 0
        : Vague<A, B> extends true
          ? number
          : Value<MulLists<Digits<`${A & number}`>, Digits<`${B & number}`>>>;

/** [floor(A / B), A mod B]; both are `number` when B is 0. */
export type DivMod<A, B> = B extends 1
  ? [A, 0]
  : B extends 0
    ? [number, number]
    : Vague<A, B> extends true
      ? [number, number]
      : DivLists<Digits<`${A & number}`>, Digits<`${B & number}`>> extends [
            infer Q extends Digit[],
            infer R extends Digit[],
          ]
        ? [Value<Q>, Value<R>]
        : [number, number];

/** floor(A / B). */
export type Div<A, B> = DivMod<A, B>[0];

/** A mod B. */
export type Mod<A, B> = DivMod<A, B>[1];

/** Whether A < B; `boolean` when that is not known. */
export type Less<A, B> =
  Vague<A, B> extends true
    ? boolean
    : [SubLists<Digits<`${A & number}`>, Digits<`${B & number}`>>] extends [never]
      ? true
      : false;

/** Product of a list, 1 for the empty one. */
export type Numel<S, Out = 1> = S extends readonly [infer H, ...infer Rest] ? Numel<Rest, Mul<Out, H>> : Out;
