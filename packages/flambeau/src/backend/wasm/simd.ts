// Vector instructions: f32x4.add(x, y), i8x16.shuffle(x, y, lanes), and relaxed SIMD (f32x4.relaxed_madd).
// Floor L2 (backend/wasm). Source: https://webassembly.github.io/spec/core/binary/instructions.html#vector-instructions

import type { Arg, Code, Load, Op1, Op2, Op3, Store, ValueType } from "./code.ts";
import { encodeF32, encodeF64, encodeUnsigned, load, op, store, table } from "./code.ts";

type All<T, F> = { readonly [K in keyof T]: F };
/** The amount of a shift is an i32, taken modulo the width of a lane. */
type Shift = (x: Arg, amount: Arg) => Code;
type Lane = (x: Arg, lane: number) => Code;
type ReplaceLane = (x: Arg, lane: number, value: Arg) => Code;

const simd = (n: number): readonly number[] => [0xfd, ...encodeUnsigned(n)];
const ops1 = <T extends Readonly<Record<string, number>>>(t: T): All<T, Op1> => table(t, ["v128"], simd);
const ops2 = <T extends Readonly<Record<string, number>>>(t: T): All<T, Op2> =>
  table(t, ["v128", "v128"], simd);
const ops3 = <T extends Readonly<Record<string, number>>>(t: T): All<T, Op3> =>
  table(t, ["v128", "v128", "v128"], simd);
const shifts = <T extends Readonly<Record<string, number>>>(t: T): All<T, Shift> =>
  table(t, ["v128", "i32"], simd);
const splat = (type: ValueType, n: number): Op1 => op([type], simd(n)) as Op1;
const extract =
  (n: number): Lane =>
  (x, lane) =>
    op(["v128"], [...simd(n), lane])(x);
const replace =
  (type: ValueType, n: number): ReplaceLane =>
  (x, lane, value) =>
    op(["v128", type], [...simd(n), lane])(x, value);

const v128Binary = { and: 0x4e, andnot: 0x4f, or: 0x50, xor: 0x51 };

type LoadLane = (address: Arg, x: Arg, lane: number, offset?: number) => Code;
const lane =
  (n: number, align: number): LoadLane =>
  (address, x, lane, offset = 0) =>
    op(["i32", "v128"], [...simd(n), align, ...encodeUnsigned(offset), lane])(address, x);

export const v128: All<typeof v128Binary, Op2> & {
  readonly load: Load;
  readonly store: Store;
  readonly load8x8_s: Load;
  readonly load8x8_u: Load;
  readonly load16x4_s: Load;
  readonly load16x4_u: Load;
  readonly load32x2_s: Load;
  readonly load32x2_u: Load;
  readonly load8_splat: Load;
  readonly load16_splat: Load;
  readonly load32_splat: Load;
  readonly load64_splat: Load;
  readonly load32_zero: Load;
  readonly load64_zero: Load;
  readonly load8_lane: LoadLane;
  readonly load16_lane: LoadLane;
  readonly load32_lane: LoadLane;
  readonly load64_lane: LoadLane;
  readonly store8_lane: LoadLane;
  readonly store16_lane: LoadLane;
  readonly store32_lane: LoadLane;
  readonly store64_lane: LoadLane;
  readonly not: Op1;
  readonly any_true: Op1;
  /** Bits of `a` where the mask has ones, of `b` elsewhere. */
  bitselect(a: Arg, b: Arg, mask: Arg): Code;
  /** Inline constants are slow in long loops (V8 builds them anew): see `FunctionBuilder.hoist`. */
  const(bytes: readonly number[]): Code;
  constF32(a: number, b?: number, c?: number, d?: number): Code;
  constF64(a: number, b?: number): Code;
  constI32(a: number, b?: number, c?: number, d?: number): Code;
} = {
  ...ops2(v128Binary),
  load: load(simd(0x00), 4),
  store: store("v128", simd(0x0b), 4),
  load8x8_s: load(simd(0x01), 3),
  load8x8_u: load(simd(0x02), 3),
  load16x4_s: load(simd(0x03), 3),
  load16x4_u: load(simd(0x04), 3),
  load32x2_s: load(simd(0x05), 3),
  load32x2_u: load(simd(0x06), 3),
  load8_splat: load(simd(0x07), 0),
  load16_splat: load(simd(0x08), 1),
  load32_splat: load(simd(0x09), 2),
  load64_splat: load(simd(0x0a), 3),
  load32_zero: load(simd(0x5c), 2),
  load64_zero: load(simd(0x5d), 3),
  load8_lane: lane(0x54, 0),
  load16_lane: lane(0x55, 1),
  load32_lane: lane(0x56, 2),
  load64_lane: lane(0x57, 3),
  store8_lane: lane(0x58, 0),
  store16_lane: lane(0x59, 1),
  store32_lane: lane(0x5a, 2),
  store64_lane: lane(0x5b, 3),
  not: splat("v128", 0x4d),
  any_true: splat("v128", 0x53),
  bitselect: op(["v128", "v128", "v128"], simd(0x52)) as Op3,
  const: (bytes) => [...simd(0x0c), ...bytes],
  constF32: (a, b = a, c = a, d = a) => [...simd(0x0c), ...[a, b, c, d].flatMap(encodeF32)],
  constF64: (a, b = a) => [...simd(0x0c), ...[a, b].flatMap(encodeF64)],
  constI32: (a, b = a, c = a, d = a) => {
    const bytes = new Uint8Array(Int32Array.of(a, b, c, d).buffer);
    return [...simd(0x0c), ...bytes];
  },
};

const i8x16Unary = { abs: 0x60, neg: 0x61, popcnt: 0x62, all_true: 0x63, bitmask: 0x64 };
const i8x16Binary = {
  swizzle: 0x0e,
  relaxed_swizzle: 0x100,
  eq: 0x23,
  ne: 0x24,
  lt_s: 0x25,
  lt_u: 0x26,
  gt_s: 0x27,
  gt_u: 0x28,
  le_s: 0x29,
  le_u: 0x2a,
  ge_s: 0x2b,
  ge_u: 0x2c,
  narrow_i16x8_s: 0x65,
  narrow_i16x8_u: 0x66,
  add: 0x6e,
  add_sat_s: 0x6f,
  add_sat_u: 0x70,
  sub: 0x71,
  sub_sat_s: 0x72,
  sub_sat_u: 0x73,
  min_s: 0x76,
  min_u: 0x77,
  max_s: 0x78,
  max_u: 0x79,
  avgr_u: 0x7b,
};
const i8x16Shift = { shl: 0x6b, shr_s: 0x6c, shr_u: 0x6d };
const i8x16Ternary = { relaxed_laneselect: 0x109 };

export const i8x16: All<typeof i8x16Unary, Op1> &
  All<typeof i8x16Binary, Op2> &
  All<typeof i8x16Shift, Shift> &
  All<typeof i8x16Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane_s: Lane;
    readonly extract_lane_u: Lane;
    readonly replace_lane: ReplaceLane;
    /** Byte i of the result is byte `lanes[i]` of the 32 bytes of a and b. */
    shuffle(a: Arg, b: Arg, lanes: readonly number[]): Code;
  } = {
  ...ops1(i8x16Unary),
  ...ops2(i8x16Binary),
  ...shifts(i8x16Shift),
  ...ops3(i8x16Ternary),
  splat: splat("i32", 0x0f),
  extract_lane_s: extract(0x15),
  extract_lane_u: extract(0x16),
  replace_lane: replace("i32", 0x17),
  shuffle: (a, b, lanes) => op(["v128", "v128"], [...simd(0x0d), ...lanes])(a, b),
};

const i16x8Unary = {
  abs: 0x80,
  neg: 0x81,
  all_true: 0x83,
  bitmask: 0x84,
  extadd_pairwise_i8x16_s: 0x7c,
  extadd_pairwise_i8x16_u: 0x7d,
  extend_low_i8x16_s: 0x87,
  extend_high_i8x16_s: 0x88,
  extend_low_i8x16_u: 0x89,
  extend_high_i8x16_u: 0x8a,
};
const i16x8Binary = {
  eq: 0x2d,
  ne: 0x2e,
  lt_s: 0x2f,
  lt_u: 0x30,
  gt_s: 0x31,
  gt_u: 0x32,
  le_s: 0x33,
  le_u: 0x34,
  ge_s: 0x35,
  ge_u: 0x36,
  narrow_i32x4_s: 0x85,
  narrow_i32x4_u: 0x86,
  add: 0x8e,
  add_sat_s: 0x8f,
  add_sat_u: 0x90,
  sub: 0x91,
  sub_sat_s: 0x92,
  sub_sat_u: 0x93,
  mul: 0x95,
  min_s: 0x96,
  min_u: 0x97,
  max_s: 0x98,
  max_u: 0x99,
  avgr_u: 0x9b,
  q15mulr_sat_s: 0x82,
  extmul_low_i8x16_s: 0x9c,
  extmul_high_i8x16_s: 0x9d,
  extmul_low_i8x16_u: 0x9e,
  extmul_high_i8x16_u: 0x9f,
  relaxed_q15mulr_s: 0x111,
  relaxed_dot_i8x16_i7x16_s: 0x112,
};
const i16x8Shift = { shl: 0x8b, shr_s: 0x8c, shr_u: 0x8d };
const i16x8Ternary = { relaxed_laneselect: 0x10a };

export const i16x8: All<typeof i16x8Unary, Op1> &
  All<typeof i16x8Binary, Op2> &
  All<typeof i16x8Shift, Shift> &
  All<typeof i16x8Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane_s: Lane;
    readonly extract_lane_u: Lane;
    readonly replace_lane: ReplaceLane;
  } = {
  ...ops1(i16x8Unary),
  ...ops2(i16x8Binary),
  ...shifts(i16x8Shift),
  ...ops3(i16x8Ternary),
  splat: splat("i32", 0x10),
  extract_lane_s: extract(0x18),
  extract_lane_u: extract(0x19),
  replace_lane: replace("i32", 0x1a),
};

const i32x4Unary = {
  abs: 0xa0,
  neg: 0xa1,
  all_true: 0xa3,
  bitmask: 0xa4,
  extadd_pairwise_i16x8_s: 0x7e,
  extadd_pairwise_i16x8_u: 0x7f,
  extend_low_i16x8_s: 0xa7,
  extend_high_i16x8_s: 0xa8,
  extend_low_i16x8_u: 0xa9,
  extend_high_i16x8_u: 0xaa,
  trunc_sat_f32x4_s: 0xf8,
  trunc_sat_f32x4_u: 0xf9,
  trunc_sat_f64x2_s_zero: 0xfc,
  trunc_sat_f64x2_u_zero: 0xfd,
  relaxed_trunc_f32x4_s: 0x101,
  relaxed_trunc_f32x4_u: 0x102,
  relaxed_trunc_f64x2_s_zero: 0x103,
  relaxed_trunc_f64x2_u_zero: 0x104,
};
const i32x4Binary = {
  eq: 0x37,
  ne: 0x38,
  lt_s: 0x39,
  lt_u: 0x3a,
  gt_s: 0x3b,
  gt_u: 0x3c,
  le_s: 0x3d,
  le_u: 0x3e,
  ge_s: 0x3f,
  ge_u: 0x40,
  add: 0xae,
  sub: 0xb1,
  mul: 0xb5,
  min_s: 0xb6,
  min_u: 0xb7,
  max_s: 0xb8,
  max_u: 0xb9,
  dot_i16x8_s: 0xba,
  extmul_low_i16x8_s: 0xbc,
  extmul_high_i16x8_s: 0xbd,
  extmul_low_i16x8_u: 0xbe,
  extmul_high_i16x8_u: 0xbf,
};
const i32x4Shift = { shl: 0xab, shr_s: 0xac, shr_u: 0xad };
const i32x4Ternary = { relaxed_laneselect: 0x10b, relaxed_dot_i8x16_i7x16_add_s: 0x113 };

export const i32x4: All<typeof i32x4Unary, Op1> &
  All<typeof i32x4Binary, Op2> &
  All<typeof i32x4Shift, Shift> &
  All<typeof i32x4Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane: Lane;
    readonly replace_lane: ReplaceLane;
  } = {
  ...ops1(i32x4Unary),
  ...ops2(i32x4Binary),
  ...shifts(i32x4Shift),
  ...ops3(i32x4Ternary),
  splat: splat("i32", 0x11),
  extract_lane: extract(0x1b),
  replace_lane: replace("i32", 0x1c),
};

const i64x2Unary = {
  abs: 0xc0,
  neg: 0xc1,
  all_true: 0xc3,
  bitmask: 0xc4,
  extend_low_i32x4_s: 0xc7,
  extend_high_i32x4_s: 0xc8,
  extend_low_i32x4_u: 0xc9,
  extend_high_i32x4_u: 0xca,
};
const i64x2Binary = {
  eq: 0xd6,
  ne: 0xd7,
  lt_s: 0xd8,
  gt_s: 0xd9,
  le_s: 0xda,
  ge_s: 0xdb,
  add: 0xce,
  sub: 0xd1,
  mul: 0xd5,
  extmul_low_i32x4_s: 0xdc,
  extmul_high_i32x4_s: 0xdd,
  extmul_low_i32x4_u: 0xde,
  extmul_high_i32x4_u: 0xdf,
};
const i64x2Shift = { shl: 0xcb, shr_s: 0xcc, shr_u: 0xcd };
const i64x2Ternary = { relaxed_laneselect: 0x10c };

export const i64x2: All<typeof i64x2Unary, Op1> &
  All<typeof i64x2Binary, Op2> &
  All<typeof i64x2Shift, Shift> &
  All<typeof i64x2Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane: Lane;
    readonly replace_lane: ReplaceLane;
  } = {
  ...ops1(i64x2Unary),
  ...ops2(i64x2Binary),
  ...shifts(i64x2Shift),
  ...ops3(i64x2Ternary),
  splat: splat("i64", 0x12),
  extract_lane: extract(0x1d),
  replace_lane: replace("i64", 0x1e),
};

const f32x4Unary = {
  abs: 0xe0,
  neg: 0xe1,
  sqrt: 0xe3,
  ceil: 0x67,
  floor: 0x68,
  trunc: 0x69,
  nearest: 0x6a,
  convert_i32x4_s: 0xfa,
  convert_i32x4_u: 0xfb,
  demote_f64x2_zero: 0x5e,
};
const f32x4Binary = {
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  gt: 0x44,
  le: 0x45,
  ge: 0x46,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  pmin: 0xea,
  pmax: 0xeb,
  relaxed_min: 0x10d,
  relaxed_max: 0x10e,
};
/** a * b + c and -(a * b) + c, rounded once or twice as the machine likes. */
const f32x4Ternary = { relaxed_madd: 0x105, relaxed_nmadd: 0x106 };

export const f32x4: All<typeof f32x4Unary, Op1> &
  All<typeof f32x4Binary, Op2> &
  All<typeof f32x4Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane: Lane;
    readonly replace_lane: ReplaceLane;
  } = {
  ...ops1(f32x4Unary),
  ...ops2(f32x4Binary),
  ...ops3(f32x4Ternary),
  splat: splat("f32", 0x13),
  extract_lane: extract(0x1f),
  replace_lane: replace("f32", 0x20),
};

const f64x2Unary = {
  abs: 0xec,
  neg: 0xed,
  sqrt: 0xef,
  ceil: 0x74,
  floor: 0x75,
  trunc: 0x7a,
  nearest: 0x94,
  convert_low_i32x4_s: 0xfe,
  convert_low_i32x4_u: 0xff,
  promote_low_f32x4: 0x5f,
};
const f64x2Binary = {
  eq: 0x47,
  ne: 0x48,
  lt: 0x49,
  gt: 0x4a,
  le: 0x4b,
  ge: 0x4c,
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  div: 0xf3,
  min: 0xf4,
  max: 0xf5,
  pmin: 0xf6,
  pmax: 0xf7,
  relaxed_min: 0x10f,
  relaxed_max: 0x110,
};
const f64x2Ternary = { relaxed_madd: 0x107, relaxed_nmadd: 0x108 };

export const f64x2: All<typeof f64x2Unary, Op1> &
  All<typeof f64x2Binary, Op2> &
  All<typeof f64x2Ternary, Op3> & {
    readonly splat: Op1;
    readonly extract_lane: Lane;
    readonly replace_lane: ReplaceLane;
  } = {
  ...ops1(f64x2Unary),
  ...ops2(f64x2Binary),
  ...ops3(f64x2Ternary),
  splat: splat("f64", 0x14),
  extract_lane: extract(0x21),
  replace_lane: replace("f64", 0x22),
};
