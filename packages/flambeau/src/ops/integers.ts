// Functions of integers: common divisors and multiples, shifts.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import { elementwise } from "./define.ts";
import type { BinaryEither, BinaryTensors } from "./signatures.ts";

// Numbers, or bigints for int64; what does not fit wraps when it is stored.
// biome-ignore lint/suspicious/noExplicitAny: one code for both.
type Integer = any;

const size = (a: Integer): Integer => (a < 0 ? -a : a);

function divisor(a: Integer, b: Integer): Integer {
  let x = a;
  let y = b;
  // Loosely: 0 and 0n.
  // biome-ignore lint/suspicious/noDoubleEquals: bigints too.
  while (y != 0) [x, y] = [y, x % y];
  return size(x);
}

function multiple(a: Integer, b: Integer): Integer {
  const d = divisor(a, b);
  // biome-ignore lint/suspicious/noDoubleEquals: bigints too.
  if (d == 0) return d;
  return size(typeof a === "bigint" ? BigInt.asIntN(64, (a / d) * b) : Math.imul(a / d, b));
}

/** The greatest common divisor, not negative; gcd(0, 0) = 0. @throws for floats and bools. */
export const gcd: BinaryTensors<"gcd"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "float"],
  host: () => divisor,
});

/** The least common multiple, not negative; 0 if one of both is 0. @throws for floats and bools. */
export const lcm: BinaryTensors<"lcm"> = elementwise({
  operands: 2,
  tensors: 2,
  refuses: ["bool", "float"],
  host: () => multiple,
});

/** `a * 2^b` without what overflows. Only the low bits of the amount count, as on x86: 5 of int32, 6 of int64. */
export const bitwiseLeftShift: BinaryEither<"bitwiseLeftShift"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["bool", "float"],
  lower: (k, a, b) => k.shl(a!, b!),
});

/** `a / 2^b` rounded down; the sign stays. Amounts count as for {@link bitwiseLeftShift}. */
export const bitwiseRightShift: BinaryEither<"bitwiseRightShift"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["bool", "float"],
  lower: (k, a, b) => k.shr(a!, b!),
});
