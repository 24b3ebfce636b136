// Test data for kernels, and how far results may be off.

import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { binaryOps, unaryOps } from "../../src/ir/scalar.ts";

const integerOps = "neg abs not add sub mul idiv fmod max min and or xor shl shr".split(" ");
const boolOps = "not add mul max min and or xor".split(" ");
const notForFloats = new Set("not idiv and or xor shl shr".split(" "));

/** Unary and binary operations that take `dtype`. */
export function legalOps(dtype: DType): readonly string[] {
  const kind = dtypes[dtype].kind;
  if (kind === "bool") return boolOps;
  return kind === "int" ? integerOps : [...unaryOps, ...binaryOps].filter((op) => !notForFloats.has(op));
}

export const isUnary = (op: string): boolean => (unaryOps as readonly string[]).includes(op);

/** Distance of two float32 or float64 numbers of `dtype`, in units in the last place of the second. */
export function ulps(dtype: DType, got: number, want: number): number {
  if (Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(want) || (got === 0 && want === 0))
    return Number.POSITIVE_INFINITY;
  const [digits, lowest] = dtype === "float32" ? [23, -126] : [52, -1022];
  const exponent = Math.floor(Math.log2(Math.abs(want)));
  return Math.abs(got - want) / 2 ** (Math.max(lowest, exponent) - digits);
}

const specials: { readonly [D in DType]: readonly (number | bigint)[] } = {
  float32: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    2 ** -149,
    -(2 ** -130),
    3e38,
    -3e38,
    88.8,
    1e10,
    2 ** 24 + 2,
    2 ** 31,
    -(2 ** 31),
    -1e-3,
  ],
  float64: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    5e-324,
    1e308,
    -1e308,
    710,
    1e10,
    2 ** 53,
    0.1,
    2 ** 31,
    -(2 ** 31) - 0.5,
    2 ** 63,
  ],
  int32: [0, 1, -1, 2, 3, -7, 31, 32, 2 ** 31 - 1, -(2 ** 31), 65536, 12345, 16777217],
  int64: [
    0n,
    1n,
    -1n,
    2n,
    3n,
    -7n,
    63n,
    64n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 32n,
    2n ** 53n + 1n,
    0x7fffff8000000001n,
  ],
  uint8: [0, 1, 2, 3, 7, 31, 100, 127, 128, 200, 254, 255],
  bool: [0, 1],
};

let seed = 1;
/** A fixed stream of numbers in [0, 1). */
export function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

export const integer = (below: number): number => Math.floor(random() * below);

/** n elements: 600 special values (in an order that differs from call to call), then numbers of moderate size. */
export function sample(dtype: DType, n: number): TypedArray {
  const a = new dtypes[dtype].array(n);
  const s = specials[dtype];
  const start = integer(s.length);
  const step = integer(s.length - 1) + 1;
  const moderate = {
    bool: () => integer(2),
    uint8: () => integer(256),
    int32: () => integer(200) - 100,
    int64: () => BigInt(integer(200) - 100),
    float32: () => (random() - 0.4) * 12,
    float64: () => (random() - 0.4) * 12,
  };
  for (let i = 0; i < n; i++)
    a[i] =
      i < 600
        ? (s[(start + i * step + Math.floor(i / s.length)) % s.length] as number)
        : (moderate[dtype]() as number);
  return a;
}

/** An array of ones, where writes out of bounds show. */
export function ones(dtype: DType, n: number): TypedArray {
  const a = new dtypes[dtype].array(n);
  if (a instanceof BigInt64Array) a.fill(1n);
  else a.fill(1);
  return a;
}
