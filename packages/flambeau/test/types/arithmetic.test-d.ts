// Arithmetic of literal numbers in types.

import type { Add, Div, DivMod, Less, Mod, Mul, Numel, Sub } from "../../src/base/types/index.ts";
import type { Equal } from "./expect.ts";
import { check } from "./expect.ts";

check<Equal<Add<784, 216>, 1000>>();
check<Equal<Add<999, 1>, 1000>>();
check<Equal<Add<1, 99>, 100>>();
check<Equal<Add<0, 7>, 7>>();
check<Equal<Sub<1000, 1>, 999>>();
check<Equal<Sub<7, 7>, 0>>();
check<Equal<Sub<3, 10>, -7>>();
check<Equal<Mul<784, 128>, 100352>>();
check<Equal<Mul<999, 999>, 998001>>();
check<Equal<Mul<100, 100>, 10000>>();
check<Equal<Mul<0, 7>, 0>>();
check<Equal<Mul<123456, 654321>, 80779853376>>();
check<Equal<DivMod<100352, 784>, [128, 0]>>();
check<Equal<DivMod<1000, 7>, [142, 6]>>();
check<Equal<DivMod<5, 7>, [0, 5]>>();
check<Equal<Div<9, 2>, 4>>();
check<Equal<Mod<9, 2>, 1>>();
check<Equal<Less<5, 7>, true>>();
check<Equal<Less<7, 7>, false>>();
check<Equal<Less<10, 7>, false>>();
check<Equal<Numel<[2, 3, 4]>, 24>>();
check<Equal<Numel<[]>, 1>>();
check<Equal<Numel<[2, 0, 4]>, 0>>();

// What is not a literal, or not a whole number, is `number`.
check<Equal<Add<number, 7>, number>>();
check<Equal<Mul<7, number>, number>>();
check<Equal<Mul<1.5, 7>, number>>();
check<Equal<Sub<number, 7>, number>>();
check<Equal<DivMod<number, 7>, [number, number]>>();
check<Equal<DivMod<7, 0>, [number, number]>>();
check<Equal<Less<number, 7>, boolean>>();
check<Equal<Numel<[2, number]>, number>>();
