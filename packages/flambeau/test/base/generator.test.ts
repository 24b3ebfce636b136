// The generator and the samplers against PyTorch: states, seeds, bits of the samples, errors.
// Floor: test of L0 (base). Numbers recorded from PyTorch 1.13.1; see "origin" in ../fixtures/generator.json.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { RuntimeError } from "../../src/base/errors.ts";
import { defaultGenerator, Generator } from "../../src/base/generator.ts";
import { showDouble } from "../../src/base/random/checks.ts";
import { fma32, fma64 } from "../../src/base/random/fma.ts";
import * as random from "../../src/base/random/index.ts";

interface Call {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: as recorded; each entry of `samplers` below knows its own.
  readonly args: readonly any[];
  readonly dtype: DType;
  readonly n: number;
  readonly hex: string;
  readonly after: string;
}

interface Fixture {
  readonly randn: readonly { n: number; seed: number; mean: number; std: number; hex: string }[];
  readonly seeds: readonly { seed: string; initialSeed: string; hex: string }[];
  readonly state: { seed: number; base64: string; randn: string; rand: string };
  readonly fresh: { seed: string; head: string; tail: string };
  readonly samplers: readonly Call[];
}

const recorded: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/generator.json", import.meta.url), "utf8"),
);

const hexOf = (a: TypedArray): string => Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString("hex");
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const seeded = (seed: number | bigint): Generator => new Generator().manualSeed(seed);

function rand(n: number, generator: Generator): Float32Array {
  const out = new Float32Array(n);
  random.fillRand(out, generator);
  return out;
}

function randn(n: number, generator: Generator, mean = 0, std = 1): Float32Array {
  const out = new Float32Array(n);
  random.fillNormal(out, mean, std, generator);
  return out;
}

function empty(dtype: DType, n: number): TypedArray {
  if (dtype === "float64") return new Float64Array(n);
  if (dtype === "int32") return new Int32Array(n);
  if (dtype === "int64") return new BigInt64Array(n);
  return dtype === "float32" ? new Float32Array(n) : new Uint8Array(n);
}

describe("seeds", () => {
  test.each(recorded.seeds)("rand(3) after manualSeed($seed)", ({ seed, initialSeed, hex }) => {
    const generator = seeded(BigInt(seed));
    expect(String(generator.initialSeed())).toBe(initialSeed);
    expect(hexOf(rand(3, generator))).toBe(hex);
  });

  test("a number and a bigint are the same seed", () => {
    for (const seed of [0, 42, -1, -(2 ** 32) - 7, 2 ** 53]) {
      expect(seeded(seed).getState()).toEqual(seeded(BigInt(seed)).getState());
    }
  });

  test("seeding forgets the cached normal and returns the generator", () => {
    const generator = new Generator();
    randn(1, generator);
    expect(generator.nextDoubleNormal).not.toBeNull();
    expect(generator.manualSeed(5)).toBe(generator);
    expect(generator.getState()).toEqual(seeded(5).getState());
  });

  test("default seed; seed() draws another one", () => {
    expect(new Generator().initialSeed()).toBe(67280421310721);
    expect(defaultGenerator).toBeInstanceOf(Generator);
    const generator = new Generator();
    const seed = generator.seed();
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(generator.initialSeed()).toBe(seed);
    expect(new Generator().seed()).not.toBe(seed);
  });

  test.each([2n ** 64n, -(2n ** 63n) - 1n, 2 ** 64])("%s overflows", (seed) => {
    expect(() => new Generator().manualSeed(seed)).toThrow("Overflow when unpacking long");
  });

  test.each([1.5, Number.NaN, Infinity])("%s is no seed", (seed) => {
    expect(() => new Generator().manualSeed(seed)).toThrow("manual_seed expected a long");
  });
});

describe("draws", () => {
  test("64 bits are two draws, the high half first", () => {
    const a = seeded(1);
    const b = seeded(1);
    for (let i = 0; i < 700; i++) {
      const { hi, lo } = a.random64();
      expect([hi, lo]).toEqual([b.random32(), b.random32()]);
    }
  });

  test("take hands out the same stream in pieces", () => {
    const a = seeded(1);
    const b = seeded(1);
    let got = 0;
    for (let size = 1; got < 2000; size += 97) {
      const words = a.take(size);
      expect(words.length).toBeGreaterThan(0);
      expect(words.length).toBeLessThanOrEqual(size);
      for (const w of words) expect(w >>> 0).toBe(b.random32());
      got += words.length;
    }
  });
});

describe("state", () => {
  test("the bytes are PyTorch's", () => {
    const { seed, base64 } = recorded.state;
    const generator = seeded(seed);
    randn(1, generator);
    rand(700, generator);
    expect(Buffer.from(generator.getState()).toString("base64")).toBe(base64);
  });

  test("a fresh seed, bytes at both ends", () => {
    const hex = hexOf(seeded(BigInt(recorded.fresh.seed)).getState());
    expect(hex).toHaveLength(2 * 5056);
    expect(hex.slice(0, 96)).toBe(recorded.fresh.head);
    expect(hex.slice(-96)).toBe(recorded.fresh.tail);
  });

  test("PyTorch's state continues PyTorch's stream", () => {
    const generator = new Generator().setState(bytesOf(recorded.state.base64));
    expect(generator.initialSeed()).toBe(recorded.state.seed);
    expect(hexOf(randn(3, generator))).toBe(recorded.state.randn);
    expect(hexOf(rand(640, generator).slice(-4))).toBe(recorded.state.rand);
  });

  test("round trip at every place of the block, cached normals included", () => {
    const a = seeded(9);
    for (let draws = 0; draws < 1300; draws += 61) {
      rand(draws, a);
      randn(1, a);
      if (draws % 2) a.nextFloatNormal = 0.5;
      const b = new Generator().setState(a.getState());
      expect(b.getState()).toEqual(a.getState());
      expect(randn(5, b)).toEqual(randn(5, a));
      expect(rand(700, b)).toEqual(rand(700, a));
    }
  });

  test("a view into a larger buffer, and the 5048 bytes of old versions", () => {
    const state = bytesOf(recorded.state.base64);
    const shifted = new Uint8Array(5100);
    shifted.set(state, 13);
    expect(new Generator().setState(shifted.subarray(13, 13 + 5056)).getState()).toEqual(state);
    const view = new DataView(state.buffer);
    view.setFloat64(5016, 0.3, true);
    view.setFloat64(5032, 0.6, true);
    const old = new Generator().setState(state.slice(0, 5048));
    expect(randn(1, old)[0]).toBe(Math.fround(0.5706338882446289));
  });

  test("what is no state is refused and changes nothing", () => {
    const generator = seeded(3);
    const before = generator.getState();
    const bad = (at: number, value: number): Uint8Array => {
      const state = generator.getState();
      new DataView(state.buffer).setInt32(at, value, true);
      return state;
    };
    expect(() => generator.setState(before.slice(1))).toThrow("found the input RNG state size to be 5055");
    expect(() => generator.setState(new Uint8Array(5056))).toThrow("Invalid mt19937 state");
    expect(() => generator.setState(bad(8, 0))).toThrow("Invalid mt19937 state");
    expect(() => generator.setState(bad(8, 625))).toThrow("Invalid mt19937 state");
    expect(() => generator.setState(bad(12, 0))).toThrow("Invalid mt19937 state");
    expect(() => generator.setState(bad(16, 625))).toThrow("Invalid mt19937 state");
    expect(() => generator.setState([] as unknown as Uint8Array)).toThrow("must be a torch.ByteTensor");
    expect(generator.getState()).toEqual(before);
  });
});

describe("normals, bit by bit", () => {
  test.each(recorded.randn)("$n of mean $mean, std $std, seed $seed", ({ n, seed, mean, std, hex }) => {
    expect(hexOf(randn(n, seeded(seed), mean, std))).toBe(hex);
  });

  test("the second sample of a pair waits, also across a rand and a block", () => {
    const pair = randn(2, seeded(4));
    const generator = seeded(4);
    expect(randn(1, generator)[0]).toBe(pair[0]);
    rand(3, generator);
    randn(16, generator);
    expect(randn(1, generator)[0]).toBe(pair[1]);
  });

  test("float64 in blocks: the tail is drawn again", () => {
    const long = new Float64Array(17);
    random.fillNormal(long, 0, 1, seeded(4));
    const generator = seeded(4);
    for (let i = 0; i < 34; i++) generator.random32();
    const tail = new Float64Array(16);
    random.fillNormal(tail, 0, 1, generator);
    expect(long.slice(1)).toEqual(tail);
  });
});

const floats = (data: readonly number[], dtype: DType = "float32"): random.FloatArray =>
  dtype === "float32" ? Float32Array.from(data) : Float64Array.from(data);
const integer = (s: string | null): bigint | null => (s === null ? null : BigInt(s));

const samplers: Record<string, (out: never, a: Call["args"], g: Generator, dtype: DType) => void> = {
  rand: (out, _, g) => random.fillRand(out, g),
  uniform: (out, [from, to], g) => random.fillUniform(out, from, to, g),
  randint: (out, [from, to], g, dtype) => random.fillRandint(out, BigInt(from), integer(to), g, dtype),
  random: (out, _, g, dtype) => random.fillRandom(out, g, dtype),
  randperm: (out, _, g) => random.fillRandperm(out, g),
  bernoulli: (out, [p], g) => random.fillBernoulli(out, p, g),
  bernoulliFrom: (out, [p, dtype], g) => random.fillBernoulliFrom(out, floats(p, dtype), g),
  exponential: (out, [lambda], g) => random.fillExponential(out, lambda, g),
  geometric: (out, [p], g) => random.fillGeometric(out, p, g),
  cauchy: (out, [median, sigma], g) => random.fillCauchy(out, median, sigma, g),
  logNormal: (out, [mean, std], g) => random.fillLogNormal(out, mean, std, g),
  poisson: (out, [rates], g) => random.fillPoisson(out, floats(rates), g),
  multinomial: (out, [w, categories, k, replacement], g) =>
    random.fillMultinomial(out, floats(w), categories, k, replacement, g),
  dropout: (out, [p], g) => random.fillDropout(out, p, g),
  alphaDropout: (out: Float32Array, [p, x], g) => {
    const shift = new Float32Array(out.length);
    random.fillAlphaDropout(out, shift, p, g);
    for (let i = 0; i < out.length; i++)
      out[i] = Math.fround(x[i] * (out[i] as number)) + (shift[i] as number);
  },
  rrelu: (out: Float32Array, [lower, upper, x], g) => {
    random.fillRReluNoise(out, floats(x), lower, upper, g);
    for (let i = 0; i < out.length; i++) out[i] = x[i] * (out[i] as number);
  },
  normalFrom: (out, [mean, std], g) =>
    random.fillNormalFrom(
      out,
      Array.isArray(mean) ? floats(mean) : mean,
      Array.isArray(std) ? floats(std) : std,
      g,
    ),
};

describe("samplers give PyTorch's bits and take PyTorch's draws", () => {
  test.each(recorded.samplers)("$name($args) $dtype", ({ name, args, dtype, n, hex, after }) => {
    const generator = seeded(42);
    const out = empty(dtype, n);
    samplers[name]?.(out as never, args, generator, dtype);
    expect(hexOf(out)).toBe(hex);
    expect(hexOf(rand(1, generator))).toBe(after);
  });

  test("int32 takes the draws of int64 while the range is below 2^32", () => {
    const wide = new BigInt64Array(20);
    const narrow = new Int32Array(20);
    random.fillRandint(wide, -7, 1000, seeded(3));
    random.fillRandint(narrow, -7, 1000, seeded(3));
    expect(Array.from(narrow)).toEqual(Array.from(wide, Number));
    random.fillMultinomial(narrow, floats([1, 2, 3]), 3, 20, true, seeded(3));
    random.fillMultinomial(wide, floats([1, 2, 3]), 3, 20, true, seeded(3));
    expect(Array.from(narrow)).toEqual(Array.from(wide, Number));
  });

  test("nothing is drawn for nothing", () => {
    const generator = seeded(3);
    const none = new Float32Array(0);
    random.fillRand(none, generator);
    random.fillNormal(none, 0, 1, generator);
    random.fillRandperm(new Int32Array(1), generator);
    random.fillMultinomial(new Int32Array(0), none, 3, 1, false, generator);
    expect(generator.getState()).toEqual(seeded(3).getState());
  });
});

describe("fused multiply-add", () => {
  test("single precision decides ties by the exact sum", () => {
    // The exact sums lie 2^-70 beside the middle of two singles; a double rounds them onto it.
    const below = [1 + 2 ** -23, 2 ** -24 * (1 - 2 ** -23), 1 + 2 ** -23] as const;
    const above = [8384513 * 2 ** -23, 8392705 * 2 ** -47, 1] as const;
    expect(Math.fround(below[0] * below[1] + below[2])).toBe(1 + 2 ** -22);
    expect(fma32(...below)).toBe(1 + 2 ** -23);
    expect(Math.fround(above[0] * above[1] + above[2])).toBe(1);
    expect(fma32(...above)).toBe(1 + 2 ** -23);
    expect(fma32(-above[0], above[1], -1)).toBe(-1 - 2 ** -23);
    // An exact tie goes to the even one.
    expect(fma32(1, 1 + 2 ** -23, 2 ** -24)).toBe(1 + 2 ** -22);
  });

  test("double precision keeps the low half of the product", () => {
    const x = 1 + 2 ** -30;
    expect(fma64(x, x, -(x * x))).toBe(2 ** -60);
    expect(fma64(0.1, 10, -1)).toBe(2 ** -54);
    expect(fma64(3, 2, -Infinity)).toBe(-Infinity);
    expect(fma64(1e300, 1e300, 1)).toBe(Infinity);
    expect(fma64(0.1, 10, Number.NaN)).toBeNaN();
  });

  test("double precision, against integer arithmetic", () => {
    // With integer factors the exact result is a bigint, and Number() rounds it once.
    const generator = seeded(8);
    for (let i = 0; i < 20000; i++) {
      const [a, b, c] = [0, 0, 0].map(() => (generator.uniform53() - 0.5) * 2 ** 54) as [
        number,
        number,
        number,
      ];
      const shift = 2 ** (generator.random32() % 100);
      const exact = BigInt(a) * BigInt(b) + BigInt(c * shift);
      expect(fma64(a, b, c * shift)).toBe(Number(exact));
    }
  });
});

describe("errors", () => {
  const f = new Float32Array(3);
  const i = new Int32Array(3);
  const g = new Generator();
  const nan = Number.NaN;
  const wrong = i as unknown as Float32Array;
  const uniformAt = (from: number, to: number) => (): void => random.fillUniform(f, from, to, g);
  const pick =
    (w: number[], k: number, replacement = false) =>
    (): void =>
      random.fillMultinomial(new Int32Array(k), floats(w), w.length, k, replacement, g);

  test.each<[string, () => void]>([
    ["normal expects std >= 0.0, but found std -1", () => random.fillNormal(f, 0, -1, g)],
    ["normal expects std >= 0.0, but found std -1e-07", () => random.fillNormal(f, 0, -1e-7, g)],
    ["normal expects std >= 0.0, but found std nan", () => random.fillNormal(f, 0, nan, g)],
    ["normal expects mean to be a number, but found mean=nan", () => random.fillNormal(f, nan, 1, g)],
    ["normal expects all elements of std >= 0.0", () => random.fillNormalFrom(f, 0, floats([1, -1, 1]), g)],
    ["normal expects all elements of std >= 0.0", () => random.fillNormalFrom(f, 0, floats([1, nan, 1]), g)],
    ["\"normal_kernel_cpu\" not implemented for 'Int'", () => random.fillNormal(wrong, 0, 1, g)],
    ["\"check_uniform_bounds\" not implemented for 'Int'", () => random.fillUniform(wrong, 0, 1, g)],
    ["uniform_ expects to return a [from, to) range, but found from=1 > to=0", uniformAt(1, 0)],
    ["to is out of bounds for float", uniformAt(0, nan)],
    ["from is out of bounds for float", uniformAt(-1e39, 3e38)],
    [
      "but found to=3e+38 and from=-3e+38 which result in to-from to exceed the limit",
      uniformAt(-3e38, 3e38),
    ],
    ["bernoulli_ expects p to be in [0, 1], but got p=1.5", () => random.fillBernoulli(f, 1.5, g)],
    ["bernoulli_ expects p to be in [0, 1], but got p=nan", () => random.fillBernoulli(f, nan, g)],
    ["Expected p_in >= 0 && p_in <= 1 to be true", () => random.fillBernoulliFrom(f, floats([0, nan, 1]), g)],
    ["exponential_ expects lambda >= 0.0, but found lambda=-1", () => random.fillExponential(f, -1, g)],
    ["geometric_ expects p to be in (0, 1), but got p=1", () => random.fillGeometric(f, 1, g)],
    ["log_normal_ expects std > 0.0, but found std=0", () => random.fillLogNormal(f, 0, 0, g)],
    ["cauchy_ expects median to be a number", () => random.fillCauchy(f, nan, 1, g)],
    [
      "invalid Poisson rate, expected rate to be non-negative",
      () => random.fillPoisson(f, floats([1, -1, 1]), g),
    ],
    [
      "invalid Poisson rate, expected rate to be finite",
      () => random.fillPoisson(f, floats([1, Infinity, 1]), g),
    ],
    ["invalid multinomial distribution (sum of probabilities <= 0)", pick([0, 0], 1)],
    ["invalid multinomial distribution (sum of probabilities <= 0)", pick([0, 0], 2, true)],
    ["(encountering probability entry < 0)", pick([0, -1], 5, true)],
    ["(encountering probability entry = infinity or NaN)", pick([0, Infinity], 5, true)],
    ["probability tensor contains either `inf`, `nan` or element < 0", pick([0, nan], 1)],
    ["cannot sample n_sample <= 0 samples", pick([1, 1], 0)],
    ["cannot sample n_sample > prob_dist.size(-1) samples without replacement", pick([1, 1], 3)],
    [
      "random_ expects 'from' to be less than 'to', but got from=5 >= to=3",
      () => random.fillRandint(i, 5, 3, g),
    ],
    ["to - 1 is out of bounds for int", () => random.fillRandint(i, 0, 2 ** 31 + 1, g)],
    ["from is out of bounds for int", () => random.fillRandint(i, -(2 ** 31) - 1, 5, g)],
    ["to - 1 is out of bounds for bool", () => random.fillRandint(new Uint8Array(2), 0, 3, g, "bool")],
    ["argument 'to' must be int, not float (1.5)", () => random.fillRandint(i, 0, 1.5, g)],
    ["from=16777217 > to_inc=16777216", () => random.fillRandint(f, 2 ** 24 + 1, null, g)],
    [
      "value cannot be converted to type uint8_t without overflow",
      () => random.fillRandperm(new Uint8Array(300), g),
    ],
    ["dropout probability has to be between 0 and 1, but got 1.5", () => random.fillDropout(f, 1.5, g)],
    [
      "Lower bound should be less than or equal to the upper bound",
      () => random.fillRReluNoise(f, f, 0.5, 0.2, g),
    ],
  ])("%s", (message, call) => {
    const before = g.getState();
    expect(call).toThrow(message);
    expect(g.getState()).toEqual(before);
  });

  test("they are RuntimeErrors, as in PyTorch", () => {
    expect(() => random.fillNormal(f, 0, -1, g)).toThrow(RuntimeError);
  });

  test("numbers are written as C++ streams write them", () => {
    const shown = [-0.123456789, 1e-7, 3e38, 123456, 1234567, 0.0001, Infinity, nan, -0].map(showDouble);
    expect(shown).toEqual([
      "-0.123457",
      "1e-07",
      "3e+38",
      "123456",
      "1.23457e+06",
      "0.0001",
      "inf",
      "nan",
      "-0",
    ]);
  });
});
