// What the matmul kernels need to know of an element type: its width, its vectors, and how a product is accumulated.
// Floor L2 (backend/wasm).

import type { TypedArray } from "../../../base/dtype.ts";
import type { Arg, Code, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { f32x4, f64x2, i8x16, i32, i32x4, i64x2, v128 } from "../encoder.ts";
import type { LinearMemory } from "../memory.ts";

export type MatmulDType = "float32" | "float64" | "int32" | "int64";

/**
 * How a*b + c is rounded: "fused" once (relaxed_madd), "plain" twice (mul, add), "emulated" once by way of float64,
 * which is ten times slower and serves small products on machines where relaxed_madd is missing or not fused.
 */
export type Rounding = "fused" | "plain" | "emulated";

export interface Element {
  readonly dtype: MatmulDType;
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  readonly zero: Code;
  splat(address: Arg, offset?: number): Code;
  add(a: Arg, b: Arg): Code;
  /** a * b + c */
  madd(a: Local, b: Local, c: Local): Code;
}

const zero = v128.constI32(0);

export function element(dtype: MatmulDType, rounding: Rounding): Element {
  switch (dtype) {
    case "float32":
      return {
        dtype,
        bytes: 4,
        lanes: 4,
        zero,
        splat: v128.load32_splat,
        add: f32x4.add,
        madd:
          rounding === "fused"
            ? f32x4.relaxed_madd
            : rounding === "plain"
              ? (a, b, c) => f32x4.add(f32x4.mul(a, b), c)
              : emulatedMadd,
      };
    case "float64":
      return {
        dtype,
        bytes: 8,
        lanes: 2,
        zero,
        splat: v128.load64_splat,
        add: f64x2.add,
        madd: rounding === "fused" ? f64x2.relaxed_madd : (a, b, c) => f64x2.add(f64x2.mul(a, b), c),
      };
    case "int32":
      return {
        dtype,
        bytes: 4,
        lanes: 4,
        zero,
        splat: v128.load32_splat,
        add: i32x4.add,
        madd: (a, b, c) => i32x4.add(i32x4.mul(a, b), c),
      };
    case "int64":
      return {
        dtype,
        bytes: 8,
        lanes: 2,
        zero,
        splat: v128.load64_splat,
        add: i64x2.add,
        madd: (a, b, c) => i64x2.add(i64x2.mul(a, b), c),
      };
  }
}

// The product of two float32 is exact in float64; the sum is rounded to 53 bits and then to 24, which differs from
// one rounding only when the 53-bit sum falls exactly between two float32: about once in 2^29 operations.
function emulatedMadd(a: Local, b: Local, c: Local): Code {
  const high = (x: Local): Code => i8x16.shuffle(x, x, lanes32(2, 3, 2, 3));
  const half = (part: (x: Local) => Arg): Code => {
    const wide = (x: Local): Code => f64x2.promote_low_f32x4(part(x));
    return f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(wide(a), wide(b)), wide(c)));
  };
  return i8x16.shuffle(
    half((x) => x),
    half(high),
    lanes32(0, 1, 4, 5),
  );
}

/** The bytes of a shuffle that picks four 32-bit lanes: 0..3 from the first vector, 4..7 from the second. */
export const lanes32 = (...lanes: readonly number[]): number[] =>
  lanes.flatMap((l) => [4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3]);

/** Transposes as many vectors as a vector has lanes: lane i of result j is lane j of rows[i]. */
export function transposed(f: FunctionBuilder, e: Element, rows: readonly Local[]): Local[] {
  const mix = (a: Local, b: Local, ...lanes: readonly number[]): Local =>
    f.let("v128", i8x16.shuffle(a, b, lanes32(...lanes)));
  const low = (a: Local, b: Local): Local => mix(a, b, 0, 1, 4, 5);
  const high = (a: Local, b: Local): Local => mix(a, b, 2, 3, 6, 7);
  const [r0, r1, r2, r3] = rows as [Local, Local, Local, Local];
  if (e.lanes === 2) return [low(r0, r1), high(r0, r1)];
  const a = mix(r0, r1, 0, 4, 1, 5);
  const b = mix(r0, r1, 2, 6, 3, 7);
  const c = mix(r2, r3, 0, 4, 1, 5);
  const d = mix(r2, r3, 2, 6, 3, 7);
  return [low(a, c), high(a, c), low(b, d), high(b, d)];
}

/** for (; x < end; x += step) body(); signed. */
export function countUp(f: FunctionBuilder, x: Local, end: Arg, step: Arg, body: () => void): void {
  f.block((leave) =>
    f.loop((again) => {
      f.brIf(leave, i32.ge_s(x, end));
      body();
      f.set(x, i32.add(x, step));
      f.br(again);
    }),
  );
}

/** Parameters that are all addresses and counts. */
export const i32s = <K extends string>(...names: readonly K[]): { readonly [N in K]: "i32" } =>
  Object.fromEntries(names.map((n) => [n, "i32"])) as { readonly [N in K]: "i32" };

/** do body(); while (--x); needs x > 0. */
export function countDown(f: FunctionBuilder, x: Local, body: () => void): void {
  f.loop((again) => {
    body();
    f.set(x, i32.sub(x, 1));
    f.brIf(again, x);
  });
}

/** x += amount */
export const bump = (f: FunctionBuilder, x: Local, amount: Arg): void => f.set(x, i32.add(x, amount));

export const importMemory = (m: ModuleBuilder): void => m.importMemory("env", "memory", { minPages: 0 });

/** The heap of the element type. Only valid until the memory grows. */
export function heapOf(memory: LinearMemory, dtype: MatmulDType): TypedArray {
  switch (dtype) {
    case "float32":
      return memory.f32;
    case "float64":
      return memory.f64;
    case "int32":
      return memory.i32;
    case "int64":
      return memory.i64;
  }
}
