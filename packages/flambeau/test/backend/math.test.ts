// Errors of the vector functions over the whole range of float32, in units in the last place, against float64.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assumeFeatures } from "../../src/backend/wasm/features.ts";
import { createMapKernel } from "../../src/backend/wasm/map.ts";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import { cdf, erf } from "../../src/ir/erf.ts";
import type { MapNest } from "../../src/ir/nest.ts";
import type { BinaryOp, UnaryOp } from "../../src/ir/scalar.ts";
import { ExprBuilder } from "../../src/ir/scalar.ts";
import { random } from "./samples.ts";

const memory = new LinearMemory();
const count = 1 << 14;
/** Step between the floats that are tried: a prime, so that all low bits occur. */
const stride = 8209;

/** Error of a float32 against the true value; overflow may come half a unit early or late. */
function error(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded) || (Number.isNaN(got) && Number.isNaN(want)))
    return Number.isFinite(rounded) ? Math.abs(got - want) / unit(want) : 0;
  if (!Number.isFinite(want) || Number.isNaN(got) || (got === 0 && want === 0))
    return Number.POSITIVE_INFINITY;
  const largest = 2 ** 128;
  const bounded = Math.abs(got) === Number.POSITIVE_INFINITY ? Math.sign(got) * largest : got;
  return Math.abs(bounded - want) / unit(want);
}
const unit = (x: number): number =>
  x === 0 ? 2 ** -149 : 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

function nestOf(op: string, operands: number): MapNest {
  const b = new ExprBuilder();
  const x = b.input(0, "float32");
  const body =
    operands === 1 ? b.unary(op as UnaryOp, x) : b.binary(op as BinaryOp, x, b.input(1, "float32"));
  return {
    kind: "map",
    name: op,
    operands: new Array(operands).fill({ dtype: "float32", scalar: false }),
    body,
  };
}

type Measure = (got: number, want: number, x: number) => number;

/** The largest error, and where. */
function worst(
  op: string,
  reference: (x: number) => number,
  measure: Measure = error,
): { ulp: number; at: number } {
  const kernel = createMapKernel(memory, nestOf(op, 1));
  const x = new Float32Array(count);
  const bits = new Uint32Array(x.buffer);
  const y = new Float32Array(count);
  let ulp = 0;
  let at = 0;
  // By their bits: all exponents, both signs, subnormal numbers, infinities, NaN.
  for (let start = 0; start < 2 ** 32; start += stride * count) {
    for (let i = 0; i < count; i++) bits[i] = start + stride * i;
    kernel.run(count, y, 0, x, 0, 0, 0, 0, 0, 0, 0);
    for (let i = 0; i < count; i++) {
      const e = measure(y[i]!, reference(x[i]!), x[i]!);
      if (e > ulp) [ulp, at] = [e, x[i]!];
    }
  }
  return { ulp, at };
}

/** Without relaxed SIMD every multiply-add rounds twice. */
const plain = { simd: true, relaxedSimd: false, fusedMadd: false };

describe.each([
  ["of this machine", null],
  ["without relaxed SIMD", plain],
] as const)("whole range of float32, features %s", (_, features) => {
  beforeAll(() => assumeFeatures(features));
  afterAll(() => assumeFeatures(null));
  const functions: readonly (readonly [string, (x: number) => number, number])[] = [
    ["exp", Math.exp, 1],
    ["expm1", Math.expm1, 1.6],
    ["log", Math.log, 0.8],
    ["log1p", Math.log1p, 1.5],
    ["sin", Math.sin, 1.6],
    ["cos", Math.cos, 1.6],
    ["tanh", Math.tanh, 1.6],
    ["atan", Math.atan, 1.5],
    ["erf", erf, 1.1],
  ];
  for (const [op, reference, bound] of functions) {
    test(op, () => {
      const { ulp, at } = worst(op, reference);
      expect(ulp, `${op}: ${ulp} ulp at ${at}`).toBeLessThan(features ? bound + 0.6 : bound);
    });
  }

  test("cdf", () => {
    const absolute: Measure = (got, want) =>
      Number.isNaN(got) !== Number.isNaN(want)
        ? Number.POSITIVE_INFINITY
        : Math.abs(got - want) * 2 ** 24 || 0;
    const { ulp, at } = worst("cdf", cdf, absolute);
    expect(ulp, `${ulp} units of 2^-24 at ${at}`).toBeLessThan(features ? 2 : 1.5);
    for (const [low, high, bound] of [
      [-1, 0, 4.5e-7],
      [-2, -1, 1.7e-6],
      [-3, -2, 6e-6],
      [-4, -3, 5e-5],
      [-5.5, -4, 1.3e-3],
    ] as const) {
      const relative: Measure = (got, want, x) => (x >= low && x < high ? Math.abs(got / want - 1) : 0);
      const { ulp, at } = worst("cdf", cdf, relative);
      expect(ulp, `${ulp} of the value at ${at}`).toBeLessThan(bound);
    }
  });
  test("cdf at its ends", () => {
    const ends = Float32Array.of(0, -0, 1e-45, -8, -3e38, -Infinity, 8, 3e38, Infinity, NaN);
    const y = new Float32Array(ends.length);
    createMapKernel(memory, nestOf("cdf", 1)).run(ends.length, y, 0, ends, 0, 0, 0, 0, 0, 0, 0);
    expect([...y]).toEqual([0.5, 0.5, 0.5, 0, 0, 0, 1, 1, 1, Number.NaN]);
  });
});

describe("lanes that need more than the usual code", () => {
  const run = (op: string, x: Float32Array): Float32Array => {
    const y = new Float32Array(x.length);
    createMapKernel(memory, nestOf(op, 1)).run(x.length, y, 0, x, 0, 0, 0, 0, 0, 0, 0);
    return y;
  };
  const rare = [0, -0, 2 ** -149, 1e-41, -3, 70000, 3e6, 1e30, -95, 88.5, 120, -200];
  rare.push(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN);
  for (const op of ["exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "erf", "cdf"])
    test(`${op}: bits do not depend on the neighbours`, () => {
      const usual = Float32Array.from({ length: 64 }, () => random() * 40 + 0.01);
      const alone = run(op, usual);
      for (const r of rare) {
        const [only] = run(op, Float32Array.of(r));
        for (const at of [0, 3, 6, 63]) {
          const mixed = run(op, usual.with(at, r));
          expect(mixed).toEqual(alone.with(at, only!));
        }
      }
    });

  test("pow: bits do not depend on the neighbours", () => {
    const kernel = createMapKernel(memory, nestOf("pow", 2));
    const powers = (x: Float32Array, y: Float32Array): Float32Array => {
      const out = new Float32Array(x.length);
      kernel.run(x.length, out, 0, x, 0, y, 0, 0, 0, 0, 0);
      return out;
    };
    const x = Float32Array.from({ length: 64 }, () => random() * 40 - 20);
    const y = Float32Array.from({ length: 64 }, () => Math.round(random() * 20));
    const alone = powers(x, y);
    for (const r of rare)
      for (const at of [0, 3, 6, 63]) {
        const base = powers(Float32Array.of(r), y.subarray(at, at + 1));
        expect(powers(x.with(at, r), y)).toEqual(alone.with(at, base[0]!));
        const exponent = powers(x.subarray(at, at + 1), Float32Array.of(r));
        expect(powers(x, y.with(at, r))).toEqual(alone.with(at, exponent[0]!));
      }
  });

  for (const [op, reference] of [
    ["sin", Math.sin],
    ["cos", Math.cos],
  ] as const)
    test(`${op} next to multiples of pi / 2`, () => {
      const x = new Float32Array(50000);
      const bits = new Int32Array(x.buffer);
      for (let i = 0; i < x.length; i++) {
        x[i] = ((i + 1) * Math.PI) / 2;
        bits[i]! += (i % 5) - 2;
      }
      run(op, x).forEach((y, i) => {
        const e = error(y, reference(x[i]!));
        if (!(e < 1.6)) expect.fail(`${op}(${x[i]}) = ${y}: ${e} ulp`);
      });
    });
});

const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;

describe.each([
  ["of this machine", null],
  ["without relaxed SIMD", plain],
] as const)("two arguments, features %s", (_, features) => {
  beforeAll(() => assumeFeatures(features));
  afterAll(() => assumeFeatures(null));

  const functions: readonly (readonly [string, (x: number, y: number) => number, number])[] = [
    ["pow", pow, 0.6],
    ["atan2", Math.atan2, 1.6],
    ["fmod", (x, y) => x % y, 0.001],
  ];
  const ends = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    2,
    -2,
    3,
    -3,
    2.5,
    -2.5,
    1e30,
    -1e30,
    1e-30,
    2 ** -149,
    -(2 ** -149),
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    16777216,
    16777215,
    3.4028234663852886e38,
  ];
  for (const [op, reference, bound] of functions) {
    test(op, () => {
      const kernel = createMapKernel(memory, nestOf(op, 2));
      const x = new Float32Array(count);
      const y = new Float32Array(count);
      const out = new Float32Array(count);
      const fills: readonly (() => [number, number])[] = [
        () => [ends[Math.floor(random() * ends.length)]!, ends[Math.floor(random() * ends.length)]!],
        () => [Math.exp(random() * 176 - 88), Math.exp(random() * 176 - 88)],
        () => [random() * 10, random() * 40 - 20],
        () => [Math.exp(random() * 20 - 10), (random() - 0.5) * 60],
      ];
      for (const fill of fills) {
        for (let i = 0; i < count; i++) [x[i], y[i]] = fill();
        kernel.run(count, out, 0, x, 0, y, 0, 0, 0, 0, 0);
        for (let i = 0; i < count; i++) {
          const e = error(out[i]!, reference(x[i]!, y[i]!));
          if (!(e <= (features ? bound + 0.6 : bound)))
            expect.fail(
              `${op}(${x[i]}, ${y[i]}) = ${out[i]}, expected ${reference(x[i]!, y[i]!)} (${e} ulp)`,
            );
        }
      }
    });
  }
});
