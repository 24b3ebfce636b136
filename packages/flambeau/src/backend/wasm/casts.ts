// Conversions between dtypes, four elements at a time. Float to integer truncates; where that is out of range, C leaves
// the result undefined, and we do what x86 does in PyTorch: the smallest integer, NaN included. Anything to bool is
// `!= 0`, so NaN is true.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import type { Code, Local } from "./encoder.ts";
import { f32, f32x4, f64, f64x2, i8x16, i32x4, i64, i64x2, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { narrowMask, widenMask } from "./lanes.ts";

/** The upper half of a vector in the lower half. */
const upper = (x: Local): Code => i8x16.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
/** The lower halves of two vectors. */
const join = (low: Code | Local, high: Code | Local): Code =>
  i8x16.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);

const toLow = (e: Emitter, x: Local): [Local, Local] => [x, e.v(upper(x))];

export const f32ToF64 = (e: Emitter, x: Local): Group =>
  toLow(e, x).map((v) => e.v(f64x2.promote_low_f32x4(v)));
export const i32ToF64 = (e: Emitter, x: Local): Group =>
  toLow(e, x).map((v) => e.v(f64x2.convert_low_i32x4_s(v)));
export const f64ToF32 = (low: Local, high: Local): Code =>
  join(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high));

function toBool(e: Emitter, from: DType, x: Group): Code {
  switch (from) {
    case "float32":
      return f32x4.ne(x[0]!, e.f32(0));
    case "float64":
      return narrowMask(f64x2.ne(x[0]!, e.f64(0)), f64x2.ne(x[1]!, e.f64(0)));
    case "int64":
      return narrowMask(i64x2.ne(x[0]!, e.i64(0n)), i64x2.ne(x[1]!, e.i64(0n)));
    default:
      return i32x4.ne(x[0]!, e.i32(0));
  }
}

function fromBool(e: Emitter, to: DType, x: Local): Group {
  switch (to) {
    case "float32":
      return [e.v(v128.and(x, e.f32(1)))];
    case "float64":
      return widenMask(e, x).map((m) => e.v(v128.and(m, e.f64(1))));
    case "int64":
      return widenMask(e, x).map((m) => e.v(v128.and(m, e.i64(1n))));
    default:
      return [e.v(v128.and(x, e.i32(1)))];
  }
}

/** From the int32 vectors that int32 and uint8 live in. */
function fromI32(e: Emitter, to: DType, x: Local): Group {
  switch (to) {
    case "float32":
      return [e.v(f32x4.convert_i32x4_s(x))];
    case "float64":
      return i32ToF64(e, x);
    case "int64":
      return [e.v(i64x2.extend_low_i32x4_s(x)), e.v(i64x2.extend_high_i32x4_s(x))];
    case "uint8":
      return [e.v(v128.and(x, e.i32(255)))];
    default:
      return [x];
  }
}

// Truncation saturates below as wanted; what is not below 2^31, or not a number, is put right.
function toI32(e: Emitter, from: DType, x: Group): Code {
  switch (from) {
    case "float32":
      return e.blend(i32x4.trunc_sat_f32x4_s(x[0]!), e.i32(-(2 ** 31)), f32x4.lt(x[0]!, e.f32(2 ** 31)));
    case "float64": {
      const cut = join(i32x4.trunc_sat_f64x2_s_zero(x[0]!), i32x4.trunc_sat_f64x2_s_zero(x[1]!));
      const inside = x.map((v) => e.v(f64x2.lt(v, e.f64(2 ** 31))));
      return e.blend(cut, e.i32(-(2 ** 31)), narrowMask(inside[0]!, inside[1]!));
    }
    default:
      return narrowMask(x[0]!, x[1]!);
  }
}

/** The low byte of the integer, whatever its size: the float less the multiple of 256 below it, which is exact. */
function byteOf(e: Emitter, from: DType, x: Group): Local {
  if (from === "float32") {
    const whole = e.v(f32x4.trunc(x[0]!));
    const above = f32x4.mul(f32x4.floor(f32x4.mul(whole, e.f32(1 / 256))), e.f32(256));
    return e.v(i32x4.trunc_sat_f32x4_s(f32x4.sub(whole, above)));
  }
  const [low, high] = x.map((v) => {
    const whole = e.v(f64x2.trunc(v));
    const above = f64x2.mul(f64x2.floor(f64x2.mul(whole, e.f64(1 / 256))), e.f64(256));
    return e.v(i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(whole, above)));
  });
  return e.v(join(low!, high!));
}

/** Lanes of a vector through scalar code to lanes of another type. */
function int64FromF64(e: Emitter, x: Local): Local {
  const low = e.v(i64x2.splat(i64.trunc_sat_f64_s(f64x2.extract_lane(x, 0))));
  const cut = i64x2.replace_lane(low, 1, i64.trunc_sat_f64_s(f64x2.extract_lane(x, 1)));
  return e.v(e.blend(cut, e.i64(-(2n ** 63n)), f64x2.lt(x, e.f64(2 ** 63))));
}

function f32FromInt64(e: Emitter, [low, high]: Group): Local {
  let out = e.v(f32x4.splat(f32.convert_i64_s(i64x2.extract_lane(low!, 0))));
  for (let lane = 1; lane < 4; lane++)
    out = e.v(
      f32x4.replace_lane(out, lane, f32.convert_i64_s(i64x2.extract_lane(lane < 2 ? low! : high!, lane & 1))),
    );
  return out;
}

function f64FromInt64(e: Emitter, x: Local): Local {
  const low = e.v(f64x2.splat(f64.convert_i64_s(i64x2.extract_lane(x, 0))));
  return e.v(f64x2.replace_lane(low, 1, f64.convert_i64_s(i64x2.extract_lane(x, 1))));
}

export function cast(e: Emitter, from: DType, to: DType, x: Group): Group {
  if (from === to) return x;
  if (to === "bool") return [e.v(toBool(e, from, x))];
  if (from === "bool") return fromBool(e, to, x[0]!);
  if (from === "int32" || from === "uint8") return fromI32(e, to, x[0]!);
  if (to === "int32") return [e.v(toI32(e, from, x))];
  if (to === "uint8")
    return [from === "int64" ? e.v(v128.and(toI32(e, from, x), e.i32(255))) : byteOf(e, from, x)];
  if (from === "float32") {
    const wide = f32ToF64(e, x[0]!);
    return to === "float64" ? wide : wide.map((v) => int64FromF64(e, v));
  }
  if (from === "float64")
    return to === "float32" ? [e.v(f64ToF32(x[0]!, x[1]!))] : x.map((v) => int64FromF64(e, v));
  // int64: float32 directly, since a detour over float64 rounds twice.
  return to === "float32" ? [f32FromInt64(e, x)] : x.map((v) => f64FromInt64(e, v));
}
