// Fused multiply-add, rounded once: PyTorch's kernels are compiled with it, so its numbers depend on it.
// Floor L0 (base). Source: S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved
// algorithms using rounding to odd" (2008), https://doi.org/10.1109/TC.2007.70819

/**
 * a b + c in single precision, rounded once; all three are float32 values.
 *
 * The product is exact in double. Rounding the sum to double and then to single errs only where the double is
 * half way between two singles; there the error of the sum decides.
 */
export function fma32(a: number, b: number, c: number): number {
  const p = a * b;
  const s = p + c;
  const near = Math.fround(s);
  const d = s - near;
  const other = near + 2 * d;
  if (d === 0 || Math.fround(other) !== other) return near;
  const t = s - p;
  const error = p - (s - t) + (c - t);
  if (error === 0) return near;
  return error > 0 === other > near ? other : near;
}

const SPLIT = 2 ** 27 + 1;
const bits = new BigInt64Array(1);
const float = new Float64Array(bits.buffer);

/** x + y rounded to odd: truncated, with the last bit set where inexact, so that a second rounding is harmless. */
function addToOdd(x: number, y: number): number {
  const s = x + y;
  const t = s - x;
  const error = x - (s - t) + (y - t);
  if (error === 0) return s;
  float[0] = s;
  const b = bits[0] as bigint;
  if (b & 1n) return s;
  bits[0] = error > 0 === s > 0 ? b + 1n : b - 1n;
  return float[0] as number;
}

/** a b + c in double precision, rounded once (outside the ranges where the product over- or underflows). */
export function fma64(a: number, b: number, c: number): number {
  const p = a * b;
  // Adding zero rounds nothing, and beyond this magnitude the exact splitting below would overflow.
  if (c === 0 || !(Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(p)) < 2 ** 900)) return p + c;
  const a1 = a * SPLIT - (a * SPLIT - a);
  const b1 = b * SPLIT - (b * SPLIT - b);
  const a2 = a - a1;
  const b2 = b - b1;
  const pError = a2 * b2 - (p - a1 * b1 - a2 * b1 - a1 * b2);
  const s = c + pError;
  const t = s - c;
  const sError = c - (s - t) + (pError - t);
  const v = p + s;
  const w = v - p;
  const vError = p - (v - w) + (s - w);
  return v + addToOdd(sError, vError);
}
