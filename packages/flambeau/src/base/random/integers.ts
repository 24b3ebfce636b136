// Uniform integers: random_ and randint, for every dtype.
// Floor L0 (base). Follows PyTorch 1.13's CPU kernels, which take a draw modulo the number of values.

import type { DType, TypedArray } from "../dtype.ts";
import type { Generator } from "../generator.ts";
import { check, dtypeOf, toInt64 } from "./checks.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Names as PyTorch's messages write them, and the values of an integer dtype. */
const integers: {
  readonly [D in DType]?: { readonly name: string; readonly min: bigint; readonly max: bigint };
} = {
  bool: { name: "bool", min: 0n, max: 1n },
  uint8: { name: "unsigned char", min: 0n, max: 255n },
  int32: { name: "int", min: -(2n ** 31n), max: 2n ** 31n - 1n },
  int64: { name: "long", min: INT64_MIN, max: INT64_MAX },
};

/** Bits of the significand of a floating-point dtype, null for the others. */
const digitsOf = (dtype: DType): 24 | 53 | null =>
  dtype === "float32" ? 24 : dtype === "float64" ? 53 : null;

/** A 64-bit draw, unsigned. */
function drawBig(generator: Generator): bigint {
  const { hi, lo } = generator.random64();
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/**
 * An int64 as the nearest number of `digits` bits. Number() alone would round twice on the way to float32, so
 * beyond 2^53 the low bits are first folded into one sticky bit.
 */
function toFloat(value: bigint, digits: 24 | 53): number {
  if (digits === 53 || (value < 2n ** 53n && value > -(2n ** 53n))) return Number(value);
  return Number((value >> 16n) | (value & 0xffffn ? 1n : 0n)) * 65536;
}

/** `value` through a float of `digits` bits and back. What no longer fits becomes -2^63, as on x86. */
function throughFloat(value: bigint, digits: 24 | 53): bigint {
  const float = toFloat(value, digits);
  const result = BigInt(digits === 24 ? Math.fround(float) : float);
  return result > INT64_MAX ? INT64_MIN : result;
}

const floorLog2 = (value: bigint): number => (value < 0n ? -value : value).toString(2).length - 1;

/** The first float at or after `from`, if `from` itself would round down out of the range. */
function raiseFrom(from: bigint, digits: 24 | 53): bigint {
  const up = throughFloat(BigInt.asIntN(64, from + 1n), digits);
  return up < from ? up + 2n ** BigInt(floorLog2(from + 1n) - digits + 1) : from;
}

/** The last float at or before `to`, if values just below `to` would round up to it. */
function lowerTo(to: bigint, digits: 24 | 53): bigint {
  const down = throughFloat(BigInt.asIntN(64, to - 1n), digits);
  return down >= to ? down - 2n ** BigInt(floorLog2(to - 1n) - digits + 1) : to;
}

/**
 * `Tensor.random_()`: uniform integers over what the dtype holds exactly: [0, 2^63) for int64, [0, 2^31) for
 * int32, [0, 255], {0, 1}, [0, 2^24] for float32, [0, 2^53] for float64.
 *
 * int64 and float64 take two draws each, the others one.
 * @param dtype "bool" for a Uint8Array of 0 and 1; default: what `out` holds.
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html
 */
export function fillRandom(out: TypedArray, generator: Generator, dtype: DType = dtypeOf(out)): void {
  const n = out.length;
  if (out instanceof BigInt64Array) {
    for (let i = 0; i < n; i++) out[i] = drawBig(generator) & BigInt(INT64_MAX);
  } else if (out instanceof Float64Array) {
    for (let i = 0; i < n; i++) out[i] = Number(drawBig(generator) % (2n ** 53n + 1n));
  } else if (out instanceof Float32Array) {
    for (let i = 0; i < n; i++) out[i] = generator.random32() % (2 ** 24 + 1);
  } else {
    const mask = dtype === "bool" ? 1 : out instanceof Uint8Array ? 0xff : 0x7fffffff;
    for (let i = 0; i < n; i++) out[i] = generator.random32() & mask;
  }
}

/**
 * `Tensor.random_(from, to)` and `torch.randint(low, high)`: uniform integers in [from, to).
 *
 * A draw modulo (to - from), plus from. One 32-bit draw each, except for int64, float32 and float64 with
 * to - from >= 2^32: two.
 * @param to null: up to and with the largest integer of the dtype (2^24 for float32, 2^53 for float64).
 * @param dtype "bool" for a Uint8Array of 0 and 1; default: what `out` holds.
 * @throws RuntimeError if from >= to or a bound is outside the dtype; ArgumentError if one is not an integer.
 * @see https://pytorch.org/docs/stable/generated/torch.randint.html
 */
export function fillRandint(
  out: TypedArray,
  from: number | bigint,
  to: number | bigint | null,
  generator: Generator,
  dtype: DType = dtypeOf(out),
): void {
  const low = toInt64("random_", "from", from);
  if (to === null) {
    fillUpToMax(out, low, generator, dtype);
    return;
  }
  const high = toInt64("random_", "to", to);
  check(low < high, () => `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
  const digits = digitsOf(dtype);
  if (digits === null) {
    checkBounds(low, high - 1n, dtype);
    fillModulo(out, high - low, low, generator);
  } else {
    const first = raiseFrom(low, digits);
    const end = lowerTo(high, digits);
    check(first < end, () => {
      const found = `from=${first} >= to=${end}`;
      return `random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got ${found}`;
    });
    fillModulo(out, end - first, first, generator);
  }
}

function fillUpToMax(out: TypedArray, low: bigint, generator: Generator, dtype: DType): void {
  const digits = digitsOf(dtype);
  if (low === INT64_MIN) {
    check(
      digits !== null || dtype === "int64",
      () => "random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16",
    );
    store(out, generator, () => BigInt.asIntN(64, drawBig(generator)));
  } else if (digits === null) {
    const max = integers[dtype]?.max ?? 0n;
    checkBounds(low, max, dtype);
    fillModulo(out, max - low + 1n, low, generator);
  } else {
    const first = raiseFrom(low, digits);
    const last = 2n ** BigInt(digits);
    check(first < last, () => {
      const found = `from=${first} > to_inc=${last}`;
      const rule = "'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype";
      return `random_ expects ${rule}, but got ${found}`;
    });
    fillModulo(out, last - first + 1n, first, generator);
  }
}

function checkBounds(low: bigint, last: bigint, dtype: DType): void {
  const { name, min, max } = integers[dtype] ?? { name: dtype, min: INT64_MIN, max: INT64_MAX };
  check(low >= min && low <= max, () => `from is out of bounds for ${name}`);
  check(last >= min && last <= max, () => `to - 1 is out of bounds for ${name}`);
}

/** draw % range + base, wrapped to 64 bits. */
function fillModulo(out: TypedArray, range: bigint, base: bigint, generator: Generator): void {
  const wide = range >= 2n ** 32n && !(out instanceof Int32Array || out instanceof Uint8Array);
  const exact = base > -(2n ** 52n) && base < 2n ** 52n;
  if (wide || !exact) {
    store(out, generator, (g) =>
      BigInt.asIntN(64, ((wide ? drawBig(g) : BigInt(g.random32())) % range) + base),
    );
    return;
  }
  const start = Number(base);
  // >>> 0 keeps the remainder an integer instruction. Only int32 from its minimum has 2^32 values here: then
  // the modulus wraps to 0, and the remainder would change nothing.
  const modulus = Number(range) >>> 0;
  const n = out.length;
  if (out instanceof BigInt64Array) {
    for (let i = 0; i < n; i++) out[i] = BigInt((generator.random32() % modulus) + start);
  } else if (modulus === 0) {
    for (let i = 0; i < n; i++) out[i] = generator.random32() + start;
  } else if (out instanceof Int32Array) {
    for (let i = 0; i < n; i++) out[i] = (generator.random32() % modulus) + start;
  } else {
    for (let i = 0; i < n; i++) out[i] = (generator.random32() % modulus) + start;
  }
}

function store(out: TypedArray, generator: Generator, draw: (generator: Generator) => bigint): void {
  const n = out.length;
  if (out instanceof BigInt64Array) for (let i = 0; i < n; i++) out[i] = draw(generator);
  else if (out instanceof Float32Array) for (let i = 0; i < n; i++) out[i] = toFloat(draw(generator), 24);
  else for (let i = 0; i < n; i++) out[i] = Number(draw(generator));
}
