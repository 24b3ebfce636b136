// sin, cos, atan, atan2 on four float32.
// Floor L2 (backend/wasm). Method: Cody and Waite 1980; coefficients fitted by Lawson's algorithm in 40 digits.
//
// Largest errors against float64 over every 331st float of the whole range, in units in the last place:
//   sin 1.52   cos 1.54   atan 1.40   atan2 1.47

import { f32ToF64, f64ToF32 } from "./casts.ts";
import type { Code, Func, Local } from "./encoder.ts";
import { call, f32, f32x4, f64, f64x2, i32x4, v128 } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";
import { narrowMask } from "./lanes.ts";

const signBit = -0x80000000;

/** (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi/4. */
const sinTail = [-0.16666653752326965, 0.008332112804055214, -0.00019508735567796975];
const cosTail = [0.04166664555668831, -0.0013887251261621714, 2.442567165417131e-5];

/** pi / 2 in two parts: products of the first, which has 33 bits, with n < 2^20 are exact in float64. */
const halfPiHigh = 1.5707963267341256;
const halfPiLow = 6.077100506506192e-11;
const magic64 = 6755399441055744;

/** pi / 2 in three float32; a - n pi / 2 by fused multiply-adds is exact in the first for n < 2^16. */
const halfPi32 = [1.5707963705062866, -4.371138828673793e-8, -1.7151245100058819e-15];
const magic = 12582912;
/** Up to here float32 does. */
const moderate = 65536;

/** Up to here n = 2x / pi is below 2^20. Larger arguments go to JavaScript one by one; they are rare. */
const largest = 1e6;

/** The lanes of `x` above `largest` through the host's function, the others from `y`. */
function largeArguments(e: Emitter, name: "sin" | "cos", x: Local, y: Local): Code {
  const fix: Func = e.module.helper(`large ${name}`, () =>
    e.module.func(`large_${name}`, { x: "v128", y: "v128" }, ["v128"], (f, p) => {
      for (let lane = 0; lane < 4; lane++) {
        const t = f.let("f32", f32x4.extract_lane(p.x, lane));
        const exact = f32.demote_f64(call(e.host.get(name)!, f64.promote_f32(t)));
        f.if(f32.gt(f32.abs(t), largest), () => f.set(p.y, f32x4.replace_lane(p.y, lane, exact)));
      }
      f.do(v128.or(p.y, p.y));
    }),
  );
  return call(fix, x, y);
}

/** a = n pi / 2 + r for a >= 0: r, and n in the low bits of each lane. */
interface Quadrants {
  readonly r: Local;
  readonly n: Local;
}

/** In float64, for a < 2^20. */
function quadrants64(e: Emitter, a: Local): Quadrants {
  const parts = f32ToF64(e, a).map((t) => {
    const shifted = e.v(f64x2.add(f64x2.mul(t, e.f64(2 / Math.PI)), e.f64(magic64)));
    const n = e.v(f64x2.sub(shifted, e.f64(magic64)));
    const high = f64x2.sub(t, f64x2.mul(n, e.f64(halfPiHigh)));
    return { shifted, r: e.v(f64x2.sub(high, f64x2.mul(n, e.f64(halfPiLow)))) };
  });
  const r = e.v(f64ToF32(parts[0]!.r, parts[1]!.r));
  return { r, n: e.v(narrowMask(parts[0]!.shifted, parts[1]!.shifted)) };
}

function quadrants32(e: Emitter, a: Local): Quadrants {
  const shifted = e.v(e.madd(a, e.f32(2 / Math.PI), e.f32(magic)));
  const n = e.v(f32x4.sub(shifted, e.f32(magic)));
  let r = a;
  for (const part of halfPi32) r = e.v(e.nmadd(n, e.f32(part), r));
  return { r, n: shifted };
}

function sinCosOf(e: Emitter, name: "sin" | "cos", x: Local, { r, n }: Quadrants): Code {
  // cos(x) = sin(x + pi/2): one quadrant on.
  const quadrant = name === "cos" ? e.v(i32x4.add(n, e.i32(1))) : n;
  const z = e.v(f32x4.mul(r, r));
  const s = e.v(e.madd(f32x4.mul(r, z), e.poly(z, sinTail), r));
  const c = e.v(e.madd(f32x4.mul(z, z), e.poly(z, cosTail), e.nmadd(e.f32(0.5), z, e.f32(1))));
  const odd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
  const turned = i32x4.shl(quadrant, 30);
  const sign = v128.and(name === "sin" ? v128.xor(turned, x) : turned, e.i32(signBit));
  return v128.xor(e.blend(c, s, odd), sign);
}

function sinCos(e: Emitter, name: "sin" | "cos", x: Local): Code {
  const a = e.v(f32x4.abs(x));
  const beyond = (limit: number): Code => f32x4.gt(a, e.f32(limit));
  const wide = (): Code => {
    const y = e.v(sinCosOf(e, name, x, quadrants64(e, a)));
    return e.unless(beyond(largest), y, () => largeArguments(e, name, x, y));
  };
  if (!e.features.fusedMadd) return wide();
  return e.unless(beyond(moderate), sinCosOf(e, name, x, quadrants32(e, a)), wide);
}

export const sin = (e: Emitter, x: Local): Code => sinCos(e, "sin", x);
export const cos = (e: Emitter, x: Local): Code => sinCos(e, "cos", x);

/** (atan(t) / t - 1) / t^2 in t^2 for 0 <= t <= 1. */
const atanTail = [
  -0.33333298563957214, 0.19998547434806824, -0.1426422894001007, 0.10952120274305344, -0.0840325877070427,
  0.057954318821430206, -0.031174592673778534, 0.010912864468991756, -0.0017932336777448654,
];

function atanOfFraction(e: Emitter, t: Local): Local {
  const z = e.v(f32x4.mul(t, t));
  return e.v(e.madd(f32x4.mul(t, z), e.poly(z, atanTail), t));
}

/** pi / 2 - y, the constant in two floats. */
const halfPiMinus = (e: Emitter, y: Local): Code =>
  f32x4.add(f32x4.sub(e.f32(1.5707963705062866), y), e.f32(-4.3711390001862426e-8));
const piMinus = (e: Emitter, y: Local): Code =>
  f32x4.add(f32x4.sub(e.f32(3.1415927410125732), y), e.f32(-8.742278000372485e-8));

export function atan(e: Emitter, x: Local): Code {
  const a = e.v(f32x4.abs(x));
  const outside = e.v(f32x4.gt(a, e.f32(1)));
  const y = atanOfFraction(e, e.v(e.blend(f32x4.div(e.f32(1), a), a, outside)));
  const angle = e.blend(halfPiMinus(e, y), y, outside);
  return v128.or(angle, v128.and(x, e.i32(signBit)));
}

/** The angle of (x, y): the smaller over the larger of |x| and |y|, then back by octant. */
export function atan2(e: Emitter, y: Local, x: Local): Code {
  const ax = e.v(f32x4.abs(x));
  const ay = e.v(f32x4.abs(y));
  const steep = e.v(f32x4.gt(ay, ax));
  const small = e.blend(ax, ay, steep);
  const large = e.v(e.blend(ay, ax, steep));
  const infinity = e.f32(Number.POSITIVE_INFINITY);
  // 0 / 0 counts as 0, inf / inf as 1; NaN stays NaN in the sum.
  const ratio = e.v(f32x4.div(small, large));
  const bothInfinite = v128.and(f32x4.eq(ax, infinity), f32x4.eq(ay, infinity));
  const one = e.v(e.blend(e.f32(1), ratio, bothInfinite));
  const t = e.v(e.blend(e.f32(0), one, f32x4.eq(large, e.f32(0))));
  const a = atanOfFraction(e, t);
  const b = e.v(e.blend(halfPiMinus(e, a), a, steep));
  const c = e.v(e.blend(piMinus(e, b), b, i32x4.shr_s(x, 31)));
  const angle = e.v(v128.or(c, v128.and(y, e.i32(signBit))));
  const unordered = v128.or(f32x4.ne(x, x), f32x4.ne(y, y));
  return e.blend(e.f32(Number.NaN), angle, unordered);
}
