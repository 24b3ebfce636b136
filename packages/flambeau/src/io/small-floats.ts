// Floating-point numbers of 16 and 8 bits: what they are worth, and the nearest one of 16 bits to a float32. Floor L5 (io).
// Sources: IEEE 754-2008; https://arxiv.org/abs/2209.05433 (8 bits); PyTorch rounds to the nearest, ties to even.

/** The value of every code, as float32, on first use. */
function lazily(codes: number, bitsOf: (code: number) => number): () => Float32Array {
  let values: Float32Array | null = null;
  return () => {
    if (values) return values;
    const bits = new Int32Array(codes);
    for (let code = 0; code < codes; code++) bits[code] = bitsOf(code);
    values = new Float32Array(bits.buffer);
    return values;
  };
}

const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);
function bitsOfValue(value: number): number {
  scratch[0] = value;
  return scratchBits[0]!;
}

/** A code of `exponent` and `mantissa` bits as a float32, infinities and NaNs as in IEEE 754. */
function widened(code: number, exponent: number, mantissa: number): number {
  const sign = (code >>> (exponent + mantissa)) << 31;
  const e = (code >>> mantissa) & ((1 << exponent) - 1);
  const m = code & ((1 << mantissa) - 1);
  const bias = (1 << (exponent - 1)) - 1;
  if (e === (1 << exponent) - 1) return sign | 0x7f800000 | (m << (23 - mantissa));
  if (e === 0) return sign | bitsOfValue(m * 2 ** (1 - bias - mantissa));
  return sign | ((e - bias + 127) << 23) | (m << (23 - mantissa));
}

export const float16Values: () => Float32Array = lazily(1 << 16, (code) => widened(code, 5, 10));
export const float8E5M2Values: () => Float32Array = lazily(1 << 8, (code) => widened(code, 5, 2));
/** Without infinities: the highest exponent is one of numbers, and all ones alone are NaN. */
export const float8E4M3Values: () => Float32Array = lazily(1 << 8, (code) => {
  const sign = (code >>> 7) << 31;
  if ((code & 0x7f) === 0x7f) return sign | 0x7fc00000;
  if (((code >>> 3) & 0xf) === 0xf) return sign | bitsOfValue((1 + (code & 7) / 8) * 2 ** 8);
  return widened(code, 4, 3);
});

/** The float16 nearest to each value, ties to even; beyond 65504 that is infinity. */
export function float16Bits(values: Float32Array): Uint16Array {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = from[i]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    let code: number;
    if (magnitude > 0x7f800000)
      // A NaN keeps the bits that fit, and stays one.
      code = 0x7c00 | ((magnitude >>> 13) & 0x3ff || 0x200);
    else if (magnitude >= 0x47800000) code = 0x7c00;
    else if (magnitude >= 0x38800000) {
      // Rounding may carry into the exponent, up to infinity, which is right.
      const half = 0xfff + ((magnitude >>> 13) & 1);
      code = (magnitude + half - 0x38000000) >>> 13;
    } else {
      // Subnormal: the multiple of 2^-24 that is nearest. Adding 0.5 leaves it in the low bits, rounded.
      scratchBits[0] = magnitude;
      scratch[0] = scratch[0]! + 0.5;
      code = scratchBits[0]! - 0x3f000000;
    }
    out[i] = sign | code;
  }
  return out;
}

/** The bfloat16 nearest to each value, ties to even. */
export function bfloat16Bits(values: Float32Array): Uint16Array {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = from[i]!;
    if ((x & 0x7fffffff) > 0x7f800000) {
      const code = x >>> 16;
      out[i] = (code & 0x7f) === 0 ? code | 0x40 : code;
    } else out[i] = (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}
