// Scalar instructions: i32.add(a, b), f32.load(p, 8), select(a, b, condition), call(f, x), atomics.
// Floor L2 (backend/wasm). Source: https://webassembly.github.io/spec/core/binary/instructions.html

import type { Arg, Code, Load, Local, Op1, Op2, Store, ValueType } from "./code.ts";
import { constant, encodeUnsigned, load, op, put, store, table } from "./code.ts";

const i32Unary = { clz: 0x67, ctz: 0x68, popcnt: 0x69, eqz: 0x45, extend8_s: 0xc0, extend16_s: 0xc1 };
const i32Binary = {
  eq: 0x46,
  ne: 0x47,
  lt_s: 0x48,
  lt_u: 0x49,
  gt_s: 0x4a,
  gt_u: 0x4b,
  le_s: 0x4c,
  le_u: 0x4d,
  ge_s: 0x4e,
  ge_u: 0x4f,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  div_s: 0x6d,
  div_u: 0x6e,
  rem_s: 0x6f,
  rem_u: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr_s: 0x75,
  shr_u: 0x76,
  rotl: 0x77,
  rotr: 0x78,
};
const i64Unary = {
  clz: 0x79,
  ctz: 0x7a,
  popcnt: 0x7b,
  eqz: 0x50,
  extend8_s: 0xc2,
  extend16_s: 0xc3,
  extend32_s: 0xc4,
};
const i64Binary = {
  eq: 0x51,
  ne: 0x52,
  lt_s: 0x53,
  lt_u: 0x54,
  gt_s: 0x55,
  gt_u: 0x56,
  le_s: 0x57,
  le_u: 0x58,
  ge_s: 0x59,
  ge_u: 0x5a,
  add: 0x7c,
  sub: 0x7d,
  mul: 0x7e,
  div_s: 0x7f,
  div_u: 0x80,
  rem_s: 0x81,
  rem_u: 0x82,
  and: 0x83,
  or: 0x84,
  xor: 0x85,
  shl: 0x86,
  shr_s: 0x87,
  shr_u: 0x88,
  rotl: 0x89,
  rotr: 0x8a,
};
const f32Unary = { abs: 0x8b, neg: 0x8c, ceil: 0x8d, floor: 0x8e, trunc: 0x8f, nearest: 0x90, sqrt: 0x91 };
const f32Binary = {
  eq: 0x5b,
  ne: 0x5c,
  lt: 0x5d,
  gt: 0x5e,
  le: 0x5f,
  ge: 0x60,
  add: 0x92,
  sub: 0x93,
  mul: 0x94,
  div: 0x95,
  min: 0x96,
  max: 0x97,
  copysign: 0x98,
};
const f64Unary = { abs: 0x99, neg: 0x9a, ceil: 0x9b, floor: 0x9c, trunc: 0x9d, nearest: 0x9e, sqrt: 0x9f };
const f64Binary = {
  eq: 0x61,
  ne: 0x62,
  lt: 0x63,
  gt: 0x64,
  le: 0x65,
  ge: 0x66,
  add: 0xa0,
  sub: 0xa1,
  mul: 0xa2,
  div: 0xa3,
  min: 0xa4,
  max: 0xa5,
  copysign: 0xa6,
};

type All<T, F> = { readonly [K in keyof T]: F };

export const i32: All<typeof i32Unary, Op1> &
  All<typeof i32Binary, Op2> & {
    const(n: number): Code;
    readonly load: Load;
    readonly load8_s: Load;
    readonly load8_u: Load;
    readonly load16_s: Load;
    readonly load16_u: Load;
    readonly store: Store;
    readonly store8: Store;
    readonly store16: Store;
    readonly wrap_i64: Op1;
    readonly reinterpret_f32: Op1;
    /** Out of range saturates and NaN gives 0; the other truncations of WebAssembly trap. */
    readonly trunc_sat_f32_s: Op1;
    readonly trunc_sat_f32_u: Op1;
    readonly trunc_sat_f64_s: Op1;
    readonly trunc_sat_f64_u: Op1;
  } = {
  ...table<typeof i32Unary, Op1>(i32Unary, ["i32"]),
  ...table<typeof i32Binary, Op2>(i32Binary, ["i32", "i32"]),
  const: (n) => constant("i32", n),
  load: load([0x28], 2),
  load8_s: load([0x2c], 0),
  load8_u: load([0x2d], 0),
  load16_s: load([0x2e], 1),
  load16_u: load([0x2f], 1),
  store: store("i32", [0x36], 2),
  store8: store("i32", [0x3a], 0),
  store16: store("i32", [0x3b], 1),
  wrap_i64: op(["i64"], [0xa7]),
  reinterpret_f32: op(["f32"], [0xbc]),
  trunc_sat_f32_s: op(["f32"], [0xfc, 0]),
  trunc_sat_f32_u: op(["f32"], [0xfc, 1]),
  trunc_sat_f64_s: op(["f64"], [0xfc, 2]),
  trunc_sat_f64_u: op(["f64"], [0xfc, 3]),
};

export const i64: All<typeof i64Unary, Op1> &
  All<typeof i64Binary, Op2> & {
    const(n: number | bigint): Code;
    readonly load: Load;
    readonly load8_s: Load;
    readonly load8_u: Load;
    readonly load32_s: Load;
    readonly load32_u: Load;
    readonly store: Store;
    readonly store8: Store;
    readonly store32: Store;
    readonly extend_i32_s: Op1;
    readonly extend_i32_u: Op1;
    readonly reinterpret_f64: Op1;
    readonly trunc_sat_f32_s: Op1;
    readonly trunc_sat_f32_u: Op1;
    readonly trunc_sat_f64_s: Op1;
    readonly trunc_sat_f64_u: Op1;
  } = {
  ...table<typeof i64Unary, Op1>(i64Unary, ["i64"]),
  ...table<typeof i64Binary, Op2>(i64Binary, ["i64", "i64"]),
  const: (n) => constant("i64", n),
  load: load([0x29], 3),
  load8_s: load([0x30], 0),
  load8_u: load([0x31], 0),
  load32_s: load([0x34], 2),
  load32_u: load([0x35], 2),
  store: store("i64", [0x37], 3),
  store8: store("i64", [0x3c], 0),
  store32: store("i64", [0x3e], 2),
  extend_i32_s: op(["i32"], [0xac]),
  extend_i32_u: op(["i32"], [0xad]),
  reinterpret_f64: op(["f64"], [0xbd]),
  trunc_sat_f32_s: op(["f32"], [0xfc, 4]),
  trunc_sat_f32_u: op(["f32"], [0xfc, 5]),
  trunc_sat_f64_s: op(["f64"], [0xfc, 6]),
  trunc_sat_f64_u: op(["f64"], [0xfc, 7]),
};

export const f32: All<typeof f32Unary, Op1> &
  All<typeof f32Binary, Op2> & {
    const(x: number): Code;
    readonly load: Load;
    readonly store: Store;
    readonly demote_f64: Op1;
    readonly reinterpret_i32: Op1;
    readonly convert_i32_s: Op1;
    readonly convert_i32_u: Op1;
    readonly convert_i64_s: Op1;
    readonly convert_i64_u: Op1;
  } = {
  ...table<typeof f32Unary, Op1>(f32Unary, ["f32"]),
  ...table<typeof f32Binary, Op2>(f32Binary, ["f32", "f32"]),
  const: (x) => constant("f32", x),
  load: load([0x2a], 2),
  store: store("f32", [0x38], 2),
  demote_f64: op(["f64"], [0xb6]),
  reinterpret_i32: op(["i32"], [0xbe]),
  convert_i32_s: op(["i32"], [0xb2]),
  convert_i32_u: op(["i32"], [0xb3]),
  convert_i64_s: op(["i64"], [0xb4]),
  convert_i64_u: op(["i64"], [0xb5]),
};

export const f64: All<typeof f64Unary, Op1> &
  All<typeof f64Binary, Op2> & {
    const(x: number): Code;
    readonly load: Load;
    readonly store: Store;
    readonly promote_f32: Op1;
    readonly reinterpret_i64: Op1;
    readonly convert_i32_s: Op1;
    readonly convert_i32_u: Op1;
    readonly convert_i64_s: Op1;
    readonly convert_i64_u: Op1;
  } = {
  ...table<typeof f64Unary, Op1>(f64Unary, ["f64"]),
  ...table<typeof f64Binary, Op2>(f64Binary, ["f64", "f64"]),
  const: (x) => constant("f64", x),
  load: load([0x2b], 3),
  store: store("f64", [0x39], 3),
  promote_f32: op(["f32"], [0xbb]),
  reinterpret_i64: op(["i64"], [0xbf]),
  convert_i32_s: op(["i32"], [0xb7]),
  convert_i32_u: op(["i32"], [0xb8]),
  convert_i64_s: op(["i64"], [0xb9]),
  convert_i64_u: op(["i64"], [0xba]),
};

/** `condition ? a : b` without a branch; both are evaluated. */
export function select(type: ValueType, a: Arg, b: Arg, condition: Arg): Code {
  const out: number[] = [];
  put(out, type, a);
  put(out, type, b);
  put(out, "i32", condition);
  out.push(0x1b);
  return out;
}

/** Sets a local and leaves its value on the stack. */
export function tee(x: Local, value: Arg): Code {
  const out: number[] = [];
  put(out, x.type, value);
  out.push(0x22, ...encodeUnsigned(x.index));
  return out;
}

export function call(
  f: { readonly index: number; readonly params: readonly ValueType[] },
  ...args: readonly Arg[]
): Code {
  const out: number[] = [];
  f.params.forEach((type, i) => put(out, type, args[i]!));
  out.push(0x10, ...encodeUnsigned(f.index));
  return out;
}

export const globalGet = (g: { readonly index: number }): Code => [0x23, ...encodeUnsigned(g.index)];

/** In pages of 64 KiB. */
export const memorySize = (): Code => [0x3f, 0];
/** The old size in pages, or -1. */
export const memoryGrow = (pages: Arg): Code => op(["i32"], [0x40, 0])(pages);

const rmw = (n: number): ((address: Arg, value: Arg, offset?: number) => Code) => store("i32", [0xfe, n], 2);

/** Atomics on i32 cells of a shared memory. */
export const atomic: {
  readonly load: Load;
  readonly store: Store;
  /** Read-modify-write instructions give the old value. */
  readonly add: Store;
  readonly sub: Store;
  readonly and: Store;
  readonly or: Store;
  readonly exchange: Store;
  compareExchange(address: Arg, expected: Arg, value: Arg, offset?: number): Code;
  /** 0 woken, 1 the cell did not hold `expected`, 2 timed out; `timeout` in ns as i64, negative for none. */
  wait(address: Arg, expected: Arg, timeout: Arg, offset?: number): Code;
  /** Wakes up to `count` waiters; gives how many there were. */
  notify(address: Arg, count: Arg, offset?: number): Code;
  fence(): Code;
} = {
  load: load([0xfe, 0x10], 2),
  store: rmw(0x17),
  add: rmw(0x1e),
  sub: rmw(0x25),
  and: rmw(0x2c),
  or: rmw(0x33),
  exchange: rmw(0x41),
  compareExchange: (address, expected, value, offset = 0) =>
    op(["i32", "i32", "i32"], [0xfe, 0x48, 2, ...encodeUnsigned(offset)])(address, expected, value),
  wait: (address, expected, timeout, offset = 0) =>
    op(["i32", "i32", "i64"], [0xfe, 0x01, 2, ...encodeUnsigned(offset)])(address, expected, timeout),
  notify: (address, count, offset = 0) =>
    op(["i32", "i32"], [0xfe, 0x00, 2, ...encodeUnsigned(offset)])(address, count),
  fence: () => [0xfe, 0x03, 0x00],
};
