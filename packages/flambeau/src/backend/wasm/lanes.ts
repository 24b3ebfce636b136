// How generated kernels hold values: groups of four elements in one or two vectors; constants, loads and stores.
// Floor L2 (backend/wasm).
//
// A group is four elements whatever the dtype, so that a body of mixed dtypes needs no bookkeeping:
//   float32, int32   one vector                   float64, int64   two vectors of two
//   uint8            one vector of int32 0..255   bool             one vector of 32-bit masks, 0 or -1

import type { DType } from "../../base/dtype.ts";
import type { Expr } from "../../ir/scalar.ts";
import { encodeF32, encodeF64 } from "./code.ts";
import type { Code, Func, FunctionBuilder, Local, ModuleBuilder } from "./encoder.ts";
import { f32, f32x4, f64, f64x2, i8x16, i16x8, i32, i32x4, i64, i64x2, v128 } from "./encoder.ts";
import type { Features } from "./features.ts";
import type { Constants } from "./memory.ts";
import { storeVectors } from "./stores.ts";

export type Group = readonly Local[];

/** Elements that share their bytes' width in memory have one pointer; kernels address operands as base + pointer. */
export const elementBytes: { readonly [D in DType]: 1 | 4 | 8 } = {
  bool: 1,
  uint8: 1,
  int32: 4,
  float32: 4,
  int64: 8,
  float64: 8,
};

/** Low words of the 64-bit lanes of two vectors; as masks: two pairs of 64-bit masks to one of 32-bit masks. */
const lowWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** What code generation needs at hand while it fills one function. */
export class Emitter {
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly memory: Constants;
  readonly features: Features;
  /** Functions of JavaScript that the kernel calls, by name; see hostImports in math.ts. */
  readonly host: ReadonlyMap<string, Func>;
  /**
   * While it is a list, `shortcut` and `unless` note there in which lanes the usual code is wrong, and whoever set it
   * computes a round again with null here where any is. A branch within a body would keep V8 from pairing vectors.
   */
  rare: Local[] | null = null;
  /** Whether -inf is a usual argument of exp, as it is in a softmax with a mask. */
  masked = false;
  /** Arguments of exp that are not above 0, but for rounding: the function needs no other way for them. */
  differences: ReadonlySet<Expr> = new Set();
  /** Those of them for which 2^24 e^x will do, since the factor is in the divisor as well. */
  raised: ReadonlySet<Expr> = new Set();

  constructor(
    f: FunctionBuilder,
    module: ModuleBuilder,
    memory: Constants,
    features: Features,
    host: ReadonlyMap<string, Func>,
  ) {
    this.f = f;
    this.module = module;
    this.memory = memory;
    this.features = features;
    this.host = host;
  }

  /** Keeps a vector in a new local. */
  v(code: Code | Local): Local {
    return this.f.let("v128", code);
  }

  #constant(bytes: readonly number[], inline: () => Code): Local {
    return this.f.hoist(`const ${bytes.join()}`, "v128", () => {
      const at = this.memory.constant(bytes);
      if (at < 0) return inline();
      return bytes.length === 4 ? v128.load32_splat(0, at) : v128.load64_splat(0, at);
    });
  }

  f32(x: number): Local {
    return this.#constant(encodeF32(x), () => f32x4.splat(f32.const(x)));
  }
  f64(x: number): Local {
    return this.#constant(encodeF64(x), () => f64x2.splat(f64.const(x)));
  }
  i32(n: number): Local {
    return this.#constant([n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255], () =>
      i32x4.splat(i32.const(n)),
    );
  }
  i64(n: bigint): Local {
    const bytes = [...new Uint8Array(BigInt64Array.of(n).buffer)];
    return this.#constant(bytes, () => i64x2.splat(i64.const(n)));
  }

  /** Lanes of `a` where the mask is all ones, of `b` where it is zero; one instruction instead of three on x86. */
  blend(a: Code | Local, b: Code | Local, mask: Code | Local): Code {
    return this.features.relaxedSimd ? i32x4.relaxed_laneselect(a, b, mask) : v128.bitselect(a, b, mask);
  }
  /** `usual` where lanes of the mask, which are rare, can be done again; else `exact`, equal to it in the others. */
  shortcut(rare: () => Code, usual: () => Code, exact: () => Code): Code {
    if (!this.rare) return exact();
    this.rare.push(this.v(rare()));
    return usual();
  }
  /** As `shortcut`, for an `exact` that is slow and has other bits: computed only where one of four lanes needs it. */
  unless(rare: Code, usual: Code | Local, exact: () => Code): Code {
    const mask = this.v(rare);
    const y = this.v(usual);
    if (this.rare) this.rare.push(mask);
    else this.f.if(v128.any_true(mask), () => this.f.set(y, this.blend(exact(), y, mask)));
    return v128.or(y, y);
  }
  /** x * y + z, rounded once where relaxed SIMD has it; polynomials do not care which. */
  madd(x: Code | Local, y: Code | Local, z: Code | Local): Code {
    return this.features.relaxedSimd ? f32x4.relaxed_madd(x, y, z) : f32x4.add(f32x4.mul(x, y), z);
  }
  /** z - x * y */
  nmadd(x: Code | Local, y: Code | Local, z: Code | Local): Code {
    return this.features.relaxedSimd ? f32x4.relaxed_nmadd(x, y, z) : f32x4.sub(z, f32x4.mul(x, y));
  }
  madd64(x: Code | Local, y: Code | Local, z: Code | Local): Code {
    return this.features.relaxedSimd ? f64x2.relaxed_madd(x, y, z) : f64x2.add(f64x2.mul(x, y), z);
  }

  /** Horner's rule: c[0] + c[1] x + c[2] x^2 + … */
  poly(x: Local, c: readonly number[]): Local {
    let y = this.f32(c.at(-1)!);
    for (let i = c.length - 2; i >= 0; i--) y = this.v(this.madd(y, x, this.f32(c[i]!)));
    return y;
  }
  /** The same for an even number of coefficients, by Horner's rule in x^2: more work in a shorter chain. */
  pairs(x: Local, c: readonly number[]): Code {
    const square = this.v(f32x4.mul(x, x));
    const pair = (i: number): Code => this.madd(x, this.f32(c[i + 1]!), this.f32(c[i]!));
    let y = pair(c.length - 2);
    for (let i = c.length - 4; i >= 0; i -= 2) y = this.madd(this.v(y), square, this.v(pair(i)));
    return y;
  }
  poly64(x: Local, c: readonly number[]): Local {
    let y = this.f64(c.at(-1)!);
    for (let i = c.length - 2; i >= 0; i--) y = this.v(this.madd64(y, x, this.f64(c[i]!)));
    return y;
  }
}

/** A vector per half, for eight-byte dtypes. */
export const halves = (e: Emitter, make: (half: 0 | 1) => Code): Group => [e.v(make(0)), e.v(make(1))];

/** 32-bit masks of a group as 64-bit masks of its two halves. */
export const widenMask = (e: Emitter, mask: Local): Group => [
  e.v(i64x2.extend_low_i32x4_s(mask)),
  e.v(i64x2.extend_high_i32x4_s(mask)),
];
/** Also the low words of four int64. */
export const narrowMask = (low: Code | Local, high: Code | Local): Code => i8x16.shuffle(low, high, lowWords);

/**
 * Lane 0 of a group in all lanes, by way of memory at `scratch`: V8 makes two vectors of 128 bits one of 256 if both were loaded from
 * one element, but not if both are the same result of something else.
 */
export function spread(e: Emitter, dtype: DType, [group]: Group, scratch: Local): Group {
  if (elementBytes[dtype] === 8) {
    e.f.do(v128.store64_lane(scratch, group!, 0));
    const x = e.v(v128.load64_splat(scratch));
    return [x, x];
  }
  e.f.do(v128.store32_lane(scratch, group!, 0));
  return [e.v(v128.load32_splat(scratch))];
}

/** Applies scalar code to each lane of 64-bit or 32-bit vectors: for what SIMD does not have. */
export function perLane(
  e: Emitter,
  dtype: DType,
  args: readonly Group[],
  make: (...lanes: readonly Code[]) => Code,
): Group {
  return args[0]!.map((_, half) => {
    const vectors = args.map((g) => g[half]!);
    const lanes = lanesOf(dtype);
    let out = e.v(lanes.splat(make(...vectors.map((x) => lanes.extract(x, 0)))));
    for (let lane = 1; lane < lanes.count; lane++)
      out = e.v(lanes.replace(out, lane, make(...vectors.map((x) => lanes.extract(x, lane)))));
    return out;
  });
}

interface Lanes {
  readonly count: number;
  splat(value: Code): Code;
  extract(x: Local, lane: number): Code;
  replace(x: Local, lane: number, value: Code): Code;
}

/** Lanes of a group's vectors by dtype; uint8 and bool live in 32-bit lanes. */
export function lanesOf(dtype: DType): Lanes {
  switch (dtype) {
    case "float32":
      return { count: 4, splat: f32x4.splat, extract: f32x4.extract_lane, replace: f32x4.replace_lane };
    case "float64":
      return { count: 2, splat: f64x2.splat, extract: f64x2.extract_lane, replace: f64x2.replace_lane };
    case "int64":
      return { count: 2, splat: i64x2.splat, extract: i64x2.extract_lane, replace: i64x2.replace_lane };
    default:
      return { count: 4, splat: i32x4.splat, extract: i32x4.extract_lane, replace: i32x4.replace_lane };
  }
}

export function constantGroup(e: Emitter, dtype: DType, value: number): Group {
  switch (dtype) {
    case "float32":
      return [e.f32(value)];
    case "float64": {
      const x = e.f64(value);
      return [x, x];
    }
    case "int64": {
      const x = e.i64(BigInt.asIntN(64, BigInt(Math.trunc(value))));
      return [x, x];
    }
    case "int32":
      return [e.i32(value | 0)];
    case "uint8":
      return [e.i32(value & 255)];
    case "bool":
      return [e.i32(value !== 0 ? -1 : 0)];
  }
}

/** A scalar operand, read from the cell where the caller put it, as a group of four equal elements. */
export function loadScalar(e: Emitter, dtype: DType, address: number): Group {
  const key = `scalar ${address}`;
  switch (dtype) {
    case "float32":
    case "int32":
      return [e.f.hoist(key, "v128", () => v128.load32_splat(0, address))];
    case "float64":
    case "int64": {
      const x = e.f.hoist(key, "v128", () => v128.load64_splat(0, address));
      return [x, x];
    }
    case "uint8":
      return [e.f.hoist(key, "v128", () => i32x4.splat(i32.load8_u(0, address)))];
    case "bool":
      return [e.f.hoist(key, "v128", () => i32x4.splat(i32.sub(0, i32.ne(i32.load8_u(0, address), 0))))];
  }
}

/** Loads `count` adjacent groups from `pointer + address`. */
export function loadGroups(
  e: Emitter,
  dtype: DType,
  pointer: Local,
  address: number,
  count: number,
): Group[] {
  const groups: Group[] = [];
  if (elementBytes[dtype] === 1) {
    const words = loadBytes(e, pointer, address, count);
    if (dtype === "uint8") return words.map((x) => [x]);
    const zero = e.i32(0);
    return words.map((x) => [e.v(i32x4.ne(x, zero))]);
  }
  const vectors = elementBytes[dtype] / 4;
  for (let u = 0; u < count; u++) {
    const group: Local[] = [];
    for (let h = 0; h < vectors; h++) group.push(e.v(v128.load(pointer, address + 16 * (u * vectors + h))));
    groups.push(group);
  }
  return groups;
}

/** Bytes as vectors of int32, 4 per group. */
function loadBytes(e: Emitter, pointer: Local, address: number, count: number): Local[] {
  const out: Local[] = [];
  let u = 0;
  for (; u + 1 < count; u += 2) {
    const x = e.v(v128.load8x8_u(pointer, address + 4 * u));
    out.push(e.v(i32x4.extend_low_i16x8_u(x)), e.v(i32x4.extend_high_i16x8_u(x)));
  }
  for (; u < count; u++) {
    const x = v128.load32_zero(pointer, address + 4 * u);
    out.push(e.v(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x))));
  }
  return out;
}

/** Stores adjacent groups at `pointer + address`. */
export function storeGroups(
  e: Emitter,
  dtype: DType,
  groups: readonly Group[],
  pointer: Local,
  address: number,
): void {
  if (elementBytes[dtype] === 1) {
    storeBytes(
      e,
      dtype,
      groups.map((g) => g[0]!),
      pointer,
      address,
    );
    return;
  }
  storeVectors(e.f, groups.flat(), pointer, address);
}

function storeBytes(
  e: Emitter,
  dtype: DType,
  groups: readonly Local[],
  pointer: Local,
  address: number,
): void {
  const finish = (x: Local): Local => (dtype === "bool" ? e.v(v128.and(x, e.i32(0x01010101))) : x);
  // Masks narrow with signs (0 or -1 per byte), uint8 values without.
  const narrow = dtype === "bool" ? i8x16.narrow_i16x8_s : i8x16.narrow_i16x8_u;
  let u = 0;
  for (; u + 3 < groups.length; u += 4) {
    const low = i16x8.narrow_i32x4_s(groups[u]!, groups[u + 1]!);
    const high = i16x8.narrow_i32x4_s(groups[u + 2]!, groups[u + 3]!);
    e.f.do(v128.store(pointer, finish(e.v(narrow(low, high))), address + 4 * u));
  }
  for (; u + 1 < groups.length; u += 2) {
    const x = e.v(i16x8.narrow_i32x4_s(groups[u]!, groups[u + 1]!));
    e.f.do(v128.store64_lane(pointer, finish(e.v(narrow(x, x))), 0, address + 4 * u));
  }
  for (; u < groups.length; u++) {
    const x = e.v(i16x8.narrow_i32x4_s(groups[u]!, groups[u]!));
    e.f.do(v128.store32_lane(pointer, finish(e.v(narrow(x, x))), 0, address + 4 * u));
  }
}
