// The WebAssembly encoder: every instruction validates with the types it declares, and modules run.

import { describe, expect, test } from "vitest";
import { encodeSigned, encodeUnsigned } from "../../src/backend/wasm/code.ts";
import type { Arg, Code, ValueType } from "../../src/backend/wasm/encoder.ts";
import {
  atomic,
  call,
  f32,
  f32x4,
  f64,
  f64x2,
  globalGet,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  instantiate,
  ModuleBuilder,
  memoryGrow,
  memorySize,
  select,
  tee,
  v128,
} from "../../src/backend/wasm/encoder.ts";

/** Whether an instruction with these arguments and results makes a valid function. */
function valid(results: readonly ValueType[], code: Code): boolean {
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1, maxPages: 2, shared: true });
  m.func("f", {}, results, (f) => f.do(code));
  return WebAssembly.validate(m.finish());
}

const zero: { readonly [T in ValueType]: Code } = {
  i32: i32.const(0),
  i64: i64.const(0),
  f32: f32.const(0),
  f64: f64.const(0),
  v128: v128.constI32(0),
};
const types: readonly ValueType[] = ["i32", "i64", "f32", "f64", "v128"];

/** How many lists of arguments and results validate, at the smallest number of arguments at which any does. */
function signatures(make: (...args: Arg[]) => Code): number {
  let found = 0;
  const lists: ValueType[][] = types.map((a) => [a]);
  for (const a of types) for (const b of types) lists.push([a, b]);
  lists.push(["v128", "v128", "v128"]);
  for (const [i, list] of lists.entries()) {
    if (found > 0 && list.length > lists[i - 1]!.length) break;
    let code: Code;
    try {
      code = make(...list.map((t) => zero[t]));
    } catch {
      continue;
    }
    for (const r of [[], ...types.map((t) => [t])]) if (valid(r, code)) found++;
  }
  return found;
}

const instructionSets = { i32, i64, f32, f64, v128, i8x16, i16x8, i32x4, i64x2, f32x4, f64x2 };
const immediates = /^(const|shuffle|extract_lane|replace_lane|load.*lane|store.*lane)/;

describe("instructions", () => {
  for (const [set, instructions] of Object.entries(instructionSets)) {
    test(set, () => {
      for (const [name, make] of Object.entries(instructions)) {
        if (immediates.test(name)) continue;
        expect(signatures(make as (...args: Arg[]) => Code), `${set}.${name}`).toBe(1);
      }
    });
  }

  test("lanes, shuffles and constants", () => {
    const x = zero.v128;
    expect(valid(["i32"], i8x16.extract_lane_s(x, 15))).toBe(true);
    expect(valid(["i32"], i8x16.extract_lane_u(x, 15))).toBe(true);
    expect(valid(["i32"], i16x8.extract_lane_s(x, 7))).toBe(true);
    expect(valid(["i32"], i16x8.extract_lane_u(x, 7))).toBe(true);
    expect(valid(["i32"], i32x4.extract_lane(x, 3))).toBe(true);
    expect(valid(["i64"], i64x2.extract_lane(x, 1))).toBe(true);
    expect(valid(["f32"], f32x4.extract_lane(x, 3))).toBe(true);
    expect(valid(["f64"], f64x2.extract_lane(x, 1))).toBe(true);
    expect(valid(["v128"], i8x16.replace_lane(x, 15, 1))).toBe(true);
    expect(valid(["v128"], i16x8.replace_lane(x, 7, 1))).toBe(true);
    expect(valid(["v128"], i32x4.replace_lane(x, 3, 1))).toBe(true);
    expect(valid(["v128"], i64x2.replace_lane(x, 1, 1))).toBe(true);
    expect(valid(["v128"], f32x4.replace_lane(x, 3, 1))).toBe(true);
    expect(valid(["v128"], f64x2.replace_lane(x, 1, 1))).toBe(true);
    expect(
      valid(
        ["v128"],
        i8x16.shuffle(
          x,
          x,
          Array.from({ length: 16 }, (_, i) => 31 - i),
        ),
      ),
    ).toBe(true);
    expect(valid(["v128"], v128.constF32(1, 2, 3, 4))).toBe(true);
    expect(valid(["v128"], v128.constF64(1, 2))).toBe(true);
    expect(valid(["v128"], v128.const(new Array<number>(16).fill(7)))).toBe(true);
    for (const [i, w] of [8, 16, 32, 64].entries()) {
      const lane = 16 >> (i + 1);
      const l = [v128.load8_lane, v128.load16_lane, v128.load32_lane, v128.load64_lane][i]!;
      const s = [v128.store8_lane, v128.store16_lane, v128.store32_lane, v128.store64_lane][i]!;
      expect(valid(["v128"], l(0, x, lane >> 1, 4)), `load${w}_lane`).toBe(true);
      expect(valid([], s(0, x, lane >> 1, 4)), `store${w}_lane`).toBe(true);
    }
    expect(valid(["i32"], i32.const(-(2 ** 31)))).toBe(true);
    expect(valid(["i64"], i64.const(-(2n ** 63n)))).toBe(true);
  });

  test("atomics and memory", () => {
    for (const [name, make] of Object.entries(atomic)) {
      const args = name === "wait" ? [0, 0, i64.const(-1)] : name === "fence" ? [] : [0, 0, 0];
      const found = [[], ["i32"] as const].some((r) => valid(r, (make as (...args: Arg[]) => Code)(...args)));
      // load and notify take fewer arguments: their third is the offset.
      expect(found || valid(["i32"], (make as (...args: Arg[]) => Code)(0, 0)), name).toBe(true);
    }
    expect(valid(["i32"], memorySize())).toBe(true);
    expect(valid(["i32"], memoryGrow(1))).toBe(true);
  });
});

test("LEB128", () => {
  expect(encodeUnsigned(0)).toEqual([0]);
  expect(encodeUnsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
  expect(encodeUnsigned(2 ** 32 - 1)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  expect(encodeSigned(-123456)).toEqual([0xc0, 0xbb, 0x78]);
  expect(encodeSigned(63)).toEqual([63]);
  expect(encodeSigned(64)).toEqual([0xc0, 0]);
});

describe("modules", () => {
  test("constants keep their bits", () => {
    const values = [0, -0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)];
    const m = new ModuleBuilder();
    values.forEach((v, i) => {
      m.func(`i${i}`, {}, ["i32"], (f) => f.do(i32.const(v)), { export: true });
      m.func(`l${i}`, {}, ["i64"], (f) => f.do(i64.const(v)), { export: true });
      m.func(`d${i}`, {}, ["f64"], (f) => f.do(f64.const(v)), { export: true });
    });
    const e = instantiate<Record<string, () => number | bigint>>(m.finish());
    values.forEach((v, i) => {
      expect(e[`i${i}`]!()).toBe(v + 0 || 0);
      expect(e[`l${i}`]!()).toBe(BigInt(v));
      expect(e[`d${i}`]!()).toBe(v);
    });
  });

  test("a loop over memory, a helper, a hoisted vector, a global, an import", () => {
    const seen: number[] = [];
    const m = new ModuleBuilder();
    const log = m.importFunction("env", "log", ["f64"], []);
    m.importMemory("env", "memory", { minPages: 1 });
    const calls = m.global("i32", true, 5);
    const square = m.helper("square", () =>
      m.func("square", { x: "v128" }, ["v128"], (f, { x }) => f.do(f32x4.mul(x, x))),
    );
    expect(
      m.helper("square", () => {
        throw new Error("defined twice");
      }),
    ).toBe(square);
    m.func(
      "run",
      { p: "i32", n: "i32", a: "f32" },
      ["i32"],
      (f, { p, n, a }) => {
        const end = f.let("i32", i32.add(p, i32.shl(n, 2)));
        f.block((done) =>
          f.loop((again) => {
            f.brIf(done, i32.ge_u(p, end));
            const va = f.hoist("a", "v128", () => f32x4.splat(a));
            f.do(v128.store(p, f32x4.add(va, call(square, v128.load(p)))));
            f.set(p, i32.add(p, 16));
            f.br(again);
          }),
        );
        f.globalSet(calls, i32.add(globalGet(calls), 1));
        f.do(call(log, 2.5));
        const x = f.local("i32");
        f.if(
          i32.eq(n, 8),
          () => f.set(x, 1),
          () => f.set(x, 2),
        );
        f.do(i32.add(tee(x, select("i32", i32.const(10), i32.const(20), i32.eq(x, 1))), globalGet(calls)));
      },
      { export: true },
    );
    m.data(16, Uint8Array.of(1, 2, 3));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const e = instantiate<{ run(p: number, n: number, a: number): number }>(m.finish(), {
      env: { memory, log: (x: number) => seen.push(x) },
    });
    expect([...new Uint8Array(memory.buffer, 15, 5)]).toEqual([0, 1, 2, 3, 0]);
    const x = new Float32Array(memory.buffer, 1024, 12).map((_, i, array) => (array[i] = i));
    expect(e.run(1024, 8, 0.5)).toBe(16);
    expect(e.run(1024, 0, 0.5)).toBe(27);
    expect([...new Float32Array(memory.buffer, 1024, 12)]).toEqual(
      [...x].map((v, i) => (i < 8 ? v * v + 0.5 : v)),
    );
    expect(seen).toEqual([2.5, 2.5]);
  });

  test("mistakes are refused while building", () => {
    const m = new ModuleBuilder();
    m.func("f", { x: "f32" }, [], (_, { x }) => {
      expect(() => i32.add(x, 1)).toThrow("expected i32");
      expect(() => f32x4.add(zero.v128, 1)).toThrow("cannot be a number");
    });
    expect(() => m.importFunction("env", "late", [], [])).toThrow("before");
  });
});
