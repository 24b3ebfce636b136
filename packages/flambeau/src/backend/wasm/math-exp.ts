// exp, expm1, log, log1p, tanh, erf on four float32: range reduction and a minimax polynomial.
// Floor L2 (backend/wasm). Method: Cody and Waite 1980; coefficients fitted by Lawson's algorithm in 40 digits.
//
// Largest errors against float64 over every 331st float of the whole range, in units in the last place:
//   exp 0.98   expm1 1.57   log 0.78   log1p 1.36   tanh 1.51   erf 1.00

import type { Code, Local } from "./encoder.ts";
import { f32x4, i32x4, v128 } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";

const log2e = Math.LOG2E;
/** ln 2 in two parts: the first has few bits, so that its product with a small integer is exact. */
const ln2High = 0.693359375;
const ln2Low = -0.00021219444005469057;
/** Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits: cheaper than nearest and trunc_sat. */
const magic = 12582912;

/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2; error 2^-28 of e^r. */
const expTail = [
  0.4999999403953552, 0.16666515171527863, 0.04166845604777336, 0.00836941972374916, 0.001381313195452094,
];
const expm1Tail = [
  0.4999999701976776, 0.16666539013385773, 0.04166722297668457, 0.00836718175560236, 0.0013882380444556475,
];

/** x = n ln 2 + r with integer n; `shifted` has n + bias in its low bits. Without overflow for |x| < 2^20. */
function reduce(e: Emitter, x: Local, bias = 0): { shifted: Local; n: Local; r: Local } {
  const shifter = e.f32(magic + bias);
  const shifted = e.v(e.madd(x, e.f32(log2e), shifter));
  const n = e.v(f32x4.sub(shifted, shifter));
  const r = e.v(e.nmadd(n, e.f32(ln2Low), e.nmadd(n, e.f32(ln2High), x)));
  return { shifted, n, r };
}

/** e^r - 1 = r + r^2 tail(r) */
function expFraction(e: Emitter, r: Local): Code {
  const p = e.poly(r, expTail);
  return e.madd(e.v(f32x4.mul(r, r)), p, r);
}

/** e^x 2^raise, where 2^(n + raise) is a normal number. */
function expRaised(e: Emitter, x: Local, raise = 0): Code {
  const { shifted, r } = reduce(e, x, 127 + raise);
  const power = e.v(i32x4.shl(shifted, 23));
  return e.madd(expFraction(e, r), power, power);
}

/** 2^(n / 2) twice, since 2^n itself leaves the exponents of normal numbers at both ends: y * 2^n, rounded once. */
function scale(e: Emitter, y: Code, shifted: Local): Code {
  const n = e.v(i32x4.sub(shifted, magicBits(e)));
  const half = e.v(i32x4.shr_s(n, 1));
  const power = (k: Code | Local): Code => i32x4.shl(i32x4.add(k, e.i32(127)), 23);
  return f32x4.mul(f32x4.mul(y, power(half)), power(i32x4.sub(n, half)));
}

const magicBits = (e: Emitter): Local => e.i32(0x4b400000);

/** pmin and pmax keep a NaN in their first argument. */
const clamp = (e: Emitter, x: Local, low: number, high: number): Local =>
  e.v(f32x4.pmax(f32x4.pmin(x, e.f32(high)), e.f32(low)));

/** The bits of 87, from which the bits of larger numbers and NaN are larger. */
const bits87 = 0x42ae0000;

/** e^x: subnormal results and overflow to inf come out of the two-step scaling, which others need not. */
export function exp(e: Emitter, x: Local): Code {
  const exact = (): Code => {
    const { shifted, r } = reduce(e, clamp(e, x, -105, 89));
    return scale(e, f32x4.add(expFraction(e, r), e.f32(1)), shifted);
  };
  const tooLarge = (y: Local): Code => i32x4.gt_s(f32x4.abs(y), e.i32(bits87));
  if (!e.rare || !e.masked)
    return e.shortcut(
      () => tooLarge(x),
      () => expRaised(e, x),
      exact,
    );
  const far = e.v(f32x4.lt(x, e.f32(-104)));
  const near = e.v(v128.andnot(x, far));
  return e.shortcut(
    () => tooLarge(near),
    () => v128.andnot(expRaised(e, near), far),
    exact,
  );
}

/** e^x for x up to 70: from 2^24 times as much, which is `raised`, subnormal results come out of one multiplication. */
export function expOfDifference(e: Emitter, x: Local, raised: boolean): Code {
  const y = expRaised(e, e.v(f32x4.pmax(x, e.f32(-104))), 24);
  return raised ? y : f32x4.mul(y, e.f32(2 ** -24));
}

/** e^x - 1 = 2 (2^(n-1) (e^r - 1) + (2^(n-1) - 1/2)): halved so that n = 128 does not overflow too early. */
export function expm1(e: Emitter, x: Local): Code {
  const { shifted, r } = reduce(e, clamp(e, x, -25, 89));
  const tail = e.v(e.madd(e.v(f32x4.mul(r, r)), e.poly(r, expm1Tail), r));
  const half = e.v(i32x4.shl(i32x4.add(i32x4.sub(shifted, magicBits(e)), e.i32(126)), 23));
  const y = e.v(e.madd(half, tail, f32x4.sub(half, e.f32(0.5))));
  // x itself below 2^-25, which keeps -0 and subnormal numbers.
  return e.blend(x, f32x4.add(y, y), f32x4.lt(f32x4.abs(x), e.f32(2 ** -25)));
}

/** (log(1 + f) - f + f^2 / 2) / f^3 for 1 + f in [sqrt(1/2), sqrt(2)]; error 2^-30 of log. */
const logTail = [
  0.3333331346511841, -0.25000011920928955, 0.20002157986164093, -0.16667965054512024, 0.142186239361763,
  -0.12405450642108917, 0.11895491182804108, -0.1168028712272644, 0.06735311448574066,
];

/** Bits of sqrt(1/2): mantissas are taken from [sqrt(1/2), sqrt(2)), so that log is small around 1. */
const sqrtHalfBits = 0x3f3504f3;

/** n ln 2 + log(1 + f), smallest parts first. */
function logSum(e: Emitter, f: Local, k: Code): Code {
  const n = e.v(k);
  const square = e.v(f32x4.mul(f, f));
  const cubic = e.v(f32x4.mul(f32x4.mul(f, square), e.poly(f, logTail)));
  const low = e.v(e.madd(n, e.f32(ln2Low), cubic));
  const y = e.v(e.nmadd(e.f32(0.5), square, low));
  return e.madd(n, e.f32(ln2High), e.v(f32x4.add(f, y)));
}

/** log at the ends: -inf at 0, NaN below, inf and NaN as they are. `x` is log's argument. */
function logEnds(e: Emitter, x: Local, y: Local): Code {
  const negative = e.blend(e.f32(Number.NaN), x, f32x4.lt(x, e.f32(0)));
  const end = e.blend(e.f32(Number.NEGATIVE_INFINITY), negative, f32x4.eq(x, e.f32(0)));
  return e.blend(y, end, v128.and(f32x4.gt(x, e.f32(0)), f32x4.lt(x, e.f32(Number.POSITIVE_INFINITY))));
}

/** Bits of the smallest normal number. */
const normal = 0x00800000;

/** Whether the bits of u are not in `normal`..end: two's complement turned so that those come first. */
export const outside = (e: Emitter, u: Local, end: number): Code =>
  i32x4.gt_s(i32x4.add(u, e.i32(-0x80000000 - normal)), e.i32(end - 1 - normal - 0x80000000));

export function log(e: Emitter, x: Local): Code {
  const parts = (u: Local): { f: Local; k: Local } => {
    const k = e.v(i32x4.shr_s(i32x4.sub(u, e.i32(sqrtHalfBits)), 23));
    return { f: e.v(f32x4.sub(i32x4.sub(u, i32x4.shl(k, 23)), e.f32(1))), k };
  };
  return e.shortcut(
    () => outside(e, x, 0x7f800000),
    () => {
      const { f, k } = parts(x);
      return logSum(e, f, f32x4.convert_i32x4_s(k));
    },
    () => {
      const subnormal = e.v(f32x4.lt(x, e.f32(2 ** -126)));
      const { f, k } = parts(e.v(e.blend(f32x4.mul(x, e.f32(2 ** 23)), x, subnormal)));
      const n = f32x4.convert_i32x4_s(i32x4.sub(k, v128.and(subnormal, e.i32(23))));
      return logEnds(e, x, e.v(logSum(e, f, n)));
    },
  );
}

/** 1 + x = 2^k (1 + f), where f = 2^-k x + (2^-k - 1) has the bits that 1 + x would lose. */
export function log1p(e: Emitter, x: Local): Code {
  const one = e.f32(1);
  const u = e.v(f32x4.add(x, one));
  const k = e.v(i32x4.shr_s(i32x4.sub(u, e.i32(sqrtHalfBits)), 23));
  const power = e.v(i32x4.sub(one, i32x4.shl(k, 23)));
  const exact = e.madd(x, power, f32x4.sub(power, one));
  const sum = (f: Code): Code => logSum(e, e.v(f), f32x4.convert_i32x4_s(k));
  const y = e.shortcut(
    () => outside(e, u, 0x4e800000),
    () => sum(exact),
    () => {
      // Above 2^30 the 1 does not count, and 2^-k may be subnormal.
      const rounded = f32x4.sub(i32x4.sub(u, i32x4.shl(k, 23)), one);
      return logEnds(e, u, e.v(sum(e.blend(rounded, exact, f32x4.gt(x, e.f32(2 ** 30))))));
    },
  );
  return v128.or(y, v128.and(x, e.i32(-0x80000000)));
}

/** (tanh(x) / x - 1) / x^2 in x^2 for |x| <= 0.55. */
const tanhSmall = [
  -0.33333316445350647, 0.13332585990428925, -0.053852301090955734, 0.021071650087833405,
  -0.006274201441556215,
];

/** (1 - t) / (1 + t) with t = e^(-2|x|); a ratio of polynomials would be faster, but has errors of 4 units. */
export function tanh(e: Emitter, x: Local): Code {
  const sign = e.i32(-0x80000000);
  const one = e.f32(1);
  // 9.02: from there on float32's tanh is 1, and 2^n stays a normal number.
  const a = e.v(f32x4.pmin(f32x4.abs(x), e.f32(9.02)));
  const t = e.v(expRaised(e, e.v(f32x4.mul(a, e.f32(-2)))));
  const large = f32x4.div(f32x4.sub(one, t), f32x4.add(one, t));
  const z = e.v(f32x4.mul(a, a));
  const small = e.madd(f32x4.mul(a, z), e.poly(z, tanhSmall), a);
  return v128.or(e.blend(large, small, f32x4.gt(a, e.f32(0.55))), v128.and(x, sign));
}

/** erf(x) / x - 1 in x^2 for |x| <= 0.85; error 2^-27 of erf. */
const erfSmall = [
  0.12837916612625122, -0.37612590193748474, 0.11282864958047867, -0.026807287707924843,
  0.0050577037036418915, -0.0006348518654704094,
];
/** -log2(1 - erf(x)) / x for x in 0.79 .. 4, where float32's erf has reached 1; error 2^-28 of erf. */
const erfLarge = [
  1.6281310319900513, 0.9170479774475098, 0.1519942283630371, -0.033110104501247406, 0.004665655549615622,
  -0.00031208575819619,
];
/** 2^r for |r| <= 1/2; error 2^-28. */
const exp2Series = [
  1, 0.6931471824645996, 0.24022647738456726, 0.055503591895103455, 0.009618498384952545,
  0.0013391186948865652, 0.00015329979942180216,
];

export function erf(e: Emitter, x: Local): Code {
  const sign = e.i32(-0x80000000);
  const a = e.v(f32x4.pmin(f32x4.abs(x), e.f32(4)));
  const q = e.poly(a, erfLarge);
  // 1 - erf(a) = 2^(-a q) = 2^r 2^-n with integer n, not above 26.
  const shifted = e.v(e.madd(a, q, e.f32(magic)));
  const r = e.v(e.nmadd(a, q, f32x4.sub(shifted, e.f32(magic))));
  const tail = i32x4.sub(e.poly(r, exp2Series), i32x4.shl(shifted, 23));
  const large = v128.or(f32x4.sub(e.f32(1), tail), v128.and(x, sign));
  const small = e.madd(x, e.poly(e.v(f32x4.mul(x, x)), erfSmall), x);
  return e.blend(large, small, f32x4.gt(a, e.f32(0.85)));
}
