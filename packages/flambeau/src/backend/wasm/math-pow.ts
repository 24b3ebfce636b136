// pow and fmod on four float32, computed in float64.
// Floor L2 (backend/wasm). Special cases: C99 annex F.9.4.4 and F.9.7.1.
//
// Largest errors against float64: pow 0.54 units in the last place; fmod is exact.

import { f32ToF64, f64ToF32, i32ToF64 } from "./casts.ts";
import type { Code, Func, Local } from "./encoder.ts";
import { call, f32, f32x4, f64, f64x2, i32, i32x4, i64x2, v128 } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";
import { narrowMask } from "./lanes.ts";
import { outside } from "./math-exp.ts";

const signBit = -0x80000000;

/** log2(m) / s in s^2, where s = (m - 1) / (m + 1) and m in [sqrt(1/2), sqrt(2)]; error 2^-36. */
const log2Series = [
  2.885390081790571, 0.9617966727033523, 0.5770837122447747, 0.4116647840251301, 0.3408820390839673,
];
/** 2^r for |r| <= 1/2; error 2^-29. */
const exp2Series = [
  1.0000000005999836, 0.69314720726691, 0.24022646656336702, 0.055503254720703055, 0.009618503634893798,
  0.0013401257786218054, 0.00015344628050876659,
];
const magic64 = 6755399441055744;
const sqrtHalfBits64 = 0x3fe6a09e667f3bcdn;
/** The bits of 2^52 + 2^51: an integer below 2^51 added to them is that integer as magic64 + n. */
const magicBits64 = 0x4338000000000000n;

/** |x|^y for float64 holding float32 values: 2^(y log2 x) with the exponent to 2^-28 absolute. */
function powerOfTwo(e: Emitter, x: Local, y: Local): Local {
  const k = e.v(i64x2.shr_s(i64x2.sub(x, e.i64(sqrtHalfBits64)), 52));
  const m = e.v(i64x2.sub(x, i64x2.shl(k, 52)));
  const n = f64x2.sub(i64x2.add(k, e.i64(magicBits64)), e.f64(magic64));
  const s = e.v(f64x2.div(f64x2.sub(m, e.f64(1)), f64x2.add(m, e.f64(1))));
  const log2 = e.v(e.madd64(s, e.poly64(e.v(f64x2.mul(s, s)), log2Series), n));
  const zero = e.blend(e.f64(Number.NEGATIVE_INFINITY), log2, f64x2.eq(x, e.f64(0)));
  const ends = e.blend(x, zero, f64x2.eq(x, e.f64(Number.POSITIVE_INFINITY)));
  // Beyond +-200 float32 has long overflowed or vanished; float64 has not. NaN stays.
  const product = f64x2.mul(y, ends);
  const exponent = e.v(f64x2.pmax(f64x2.pmin(product, e.f64(200)), e.f64(-200)));
  const shifted = e.v(f64x2.add(exponent, e.f64(magic64)));
  const r = e.v(f64x2.sub(exponent, f64x2.sub(shifted, e.f64(magic64))));
  return e.v(i64x2.add(e.poly64(r, exp2Series), i64x2.shl(shifted, 52)));
}

/** Bits of sqrt(1/2). */
const sqrtHalfBits = 0x3f3504f3;
/** Bits of 126: the exponent of a result that float32 holds as a normal number. */
const bits126 = 0x42fc0000;

/** a^y for normal a = 2^k m, and results whose exponent is within +-126. */
function usualPow(e: Emitter, a: Local, y: Local, k: Local): Code {
  const m = i32x4.sub(a, i32x4.shl(k, 23));
  const rests = f32ToF64(e, e.v(f32x4.sub(m, e.f32(1))));
  const exponents = f32ToF64(e, y);
  const scales = i32ToF64(e, k);
  const [low, high] = rests.map((t, h) => {
    const s = e.v(f64x2.div(t, f64x2.add(t, e.f64(2))));
    const log2 = e.v(e.madd64(s, e.poly64(e.v(f64x2.mul(s, s)), log2Series), scales[h]!));
    const exponent = e.v(f64x2.mul(exponents[h]!, log2));
    const shifted = e.v(f64x2.add(exponent, e.f64(magic64)));
    const r = e.v(f64x2.sub(exponent, f64x2.sub(shifted, e.f64(magic64))));
    return e.v(i64x2.add(e.poly64(r, exp2Series), i64x2.shl(shifted, 52)));
  });
  return f64ToF32(low!, high!);
}

export function pow(e: Emitter, x: Local, y: Local): Code {
  const a = e.v(f32x4.abs(x));
  const k = e.v(i32x4.shr_s(i32x4.sub(a, e.i32(sqrtHalfBits)), 23));
  // An upper bound of |y log2 x|, whose bits are large for NaN too.
  const bound = f32x4.mul(f32x4.abs(y), f32x4.add(f32x4.abs(f32x4.convert_i32x4_s(k)), e.f32(1)));
  const root = v128.and(f32x4.lt(x, e.f32(0)), f32x4.ne(f32x4.trunc(y), y));
  const rare = v128.or(v128.or(outside(e, a, 0x7f800000), i32x4.gt_s(bound, e.i32(bits126))), root);
  const half = e.v(f32x4.mul(y, e.f32(0.5)));
  const odd = f32x4.ne(f32x4.trunc(half), half);
  const sign = v128.and(v128.and(x, odd), e.i32(signBit));
  return e.unless(rare, v128.or(usualPow(e, a, y, k), sign), () => anyPow(e, x, y));
}

/** With all special cases. */
function anyPow(e: Emitter, x: Local, y: Local): Code {
  const one = e.f32(1);
  const infinity = e.f32(Number.POSITIVE_INFINITY);
  const a = e.v(f32x4.abs(x));
  const bases = f32ToF64(e, a);
  const exponents = f32ToF64(e, y);
  const magnitude = e.v(
    f64ToF32(powerOfTwo(e, bases[0]!, exponents[0]!), powerOfTwo(e, bases[1]!, exponents[1]!)),
  );
  const nan = e.f32(Number.NaN);
  // NaN must not pass through the integer arithmetic on exponents.
  const unordered = v128.or(f32x4.ne(x, x), f32x4.ne(y, y));
  const fraction = e.v(f32x4.ne(f32x4.trunc(y), y));
  const half = e.v(f32x4.mul(y, e.f32(0.5)));
  const odd = v128.andnot(f32x4.ne(f32x4.trunc(half), half), fraction);
  const signed = e.v(v128.or(magnitude, v128.and(v128.and(x, odd), e.i32(signBit))));
  // A negative finite base with a fractional exponent.
  const invalid = v128.and(v128.and(f32x4.lt(x, e.f32(0)), fraction), f32x4.lt(a, infinity));
  const y1 = e.v(e.blend(nan, signed, v128.or(unordered, invalid)));
  // x^0 = 1^y = 1 even for NaN, and (-1)^inf = 1.
  const unit = v128.or(f32x4.eq(y, e.f32(0)), f32x4.eq(x, one));
  const minusOne = v128.and(f32x4.eq(a, one), f32x4.eq(f32x4.abs(y), infinity));
  return e.blend(one, y1, v128.or(unit, minusOne));
}

/** Lanes that float64 arithmetic cannot do: through JavaScript's `%`, which is exact. */
function exactly(e: Emitter, x: Local, y: Local, result: Local, mask: Local): Code {
  const fix: Func = e.module.helper("exact fmod", () =>
    e.module.func("exact_fmod", { x: "v128", y: "v128", r: "v128", mask: "v128" }, ["v128"], (f, p) => {
      for (let lane = 0; lane < 4; lane++) {
        const wide = (v: Local): Code => f64.promote_f32(f32x4.extract_lane(v, lane));
        const value = f32.demote_f64(call(e.host.get("fmod")!, wide(p.x), wide(p.y)));
        f.if(i32.ne(i32x4.extract_lane(p.mask, lane), 0), () =>
          f.set(p.r, f32x4.replace_lane(p.r, lane, value)),
        );
      }
      f.do(v128.or(p.r, p.r));
    }),
  );
  return call(fix, x, y, result, mask);
}

/** |x| - trunc(|x| / |y|) |y|: exact in float64 while the quotient is below 2^29, since 29 + 24 bits are 53. */
export function fmod(e: Emitter, x: Local, y: Local): Code {
  const ax = e.v(f32x4.abs(x));
  const ay = e.v(f32x4.abs(y));
  const tops = f32ToF64(e, ax);
  const bottoms = f32ToF64(e, ay);
  const halves = tops.map((top, h) => {
    const bottom = bottoms[h]!;
    const q = e.v(f64x2.trunc(f64x2.div(top, bottom)));
    const r = e.v(f64x2.sub(top, f64x2.mul(q, bottom)));
    // The rounded quotient may have reached the next integer.
    const fixed = e.v(f64x2.add(r, v128.and(bottom, f64x2.lt(r, e.f64(0)))));
    return { fixed, hard: v128.not(f64x2.lt(q, e.f64(2 ** 29))) };
  });
  const magnitude = f64ToF32(halves[0]!.fixed, halves[1]!.fixed);
  const hard = narrowMask(halves[0]!.hard, halves[1]!.hard);
  const mask = e.v(v128.or(hard, f32x4.eq(ay, e.f32(Number.POSITIVE_INFINITY))));
  const result = e.v(v128.or(magnitude, v128.and(x, e.i32(signBit))));
  e.f.if(v128.any_true(mask), () => e.f.set(result, exactly(e, x, y, result, mask)));
  return v128.or(result, result);
}
