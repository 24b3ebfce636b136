// Functions of one and two numbers: against PyTorch 1.13 (fixtures/pointwise.json, written by fixtures/pointwise.py) in both
// float types, and what no fixture holds.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Numbers = (number | boolean | string)[];
const fixture = JSON.parse(readFileSync(new URL("./fixtures/pointwise.json", import.meta.url), "utf8")) as {
  x: Record<string, Numbers>;
  unary: Record<string, { on: string; y: Numbers }>;
  pairs: [Numbers, Numbers];
  binary: Record<string, Numbers>;
  degrees: [Numbers, Numbers];
  polynomials: Record<string, Numbers>;
};

const dtypes = ["float32", "float64"] as const;
type Float = (typeof dtypes)[number];
const tensor = (v: Numbers, dtype: Float): torch.AnyTensor => torch.tensor(v.map(Number), { dtype });

/** `special.bessel_j0` → our function. */
function named(name: string): (...args: unknown[]) => torch.AnyTensor {
  const path = name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()).split(".");
  // biome-ignore lint/suspicious/noExplicitAny: looked up by name.
  return path.reduce((space: any, key) => space[key], torch);
}

function compare(y: torch.AnyTensor, expected: Numbers, dtype: Float): void {
  const close =
    dtype === "float32" ? { relative: 3e-6, absolute: 1e-37 } : { relative: 1e-13, absolute: 1e-15 };
  const wrong = [...y.toTypedArray()].flatMap((v, i) => {
    const ours = Number(v);
    // float32 has no larger numbers.
    const theirs = dtype === "float32" ? Math.fround(Number(expected[i])) : Number(expected[i]);
    const same = Object.is(ours, theirs) || ours === theirs;
    const near = Math.abs(ours - theirs) <= close.absolute + close.relative * Math.abs(theirs);
    return same || near ? [] : [`at ${i}: ${ours} instead of ${theirs}`];
  });
  expect(wrong).toEqual([]);
}

describe.each(dtypes)("%s", (dtype) => {
  test.each(Object.entries(fixture.unary))("%s", (name, { on, y }) => {
    const x = tensor(fixture.x[on]!, dtype);
    const [op = "", order] = name.split(" ");
    // An angle of several turns in float32 has lost some digits, in PyTorch as well.
    const loose = dtype === "float32" && /bessel_[jy]|airy|sinc|spherical|digamma/.test(name);
    const result = order === undefined ? named(op)(x) : named(op)(Number(order), x);
    if (!loose) return compare(result, y, dtype);
    const difference = result.sub(tensor(y, dtype)).abs().nanToNum(0, 0, 0);
    expect(difference.max().item()).toBeLessThan(2e-6);
  });

  test.each(Object.entries(fixture.binary))("%s", (name, expected) => {
    if (name === "nextafter" && dtype === "float32") return;
    const [a, b] = fixture.pairs.map((v) => tensor(v, dtype));
    compare(named(name)(a, b), expected, dtype);
  });

  test.each(Object.entries(fixture.polynomials))("%s", (name, expected) => {
    const [x, n] = fixture.degrees.map((v) => tensor(v, dtype));
    const y = named(`special.${name}`)(x, n);
    const difference = y.sub(tensor(expected, dtype)).abs().div(tensor(expected, dtype).abs().add(1));
    expect(difference.max().item()).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-12);
  });
});

test("tails that float64 leaves nothing of when they are 1 less something", () => {
  // Values of mpmath.
  const x = torch.tensor([1e-10, 104, 1e7], { dtype: "float64" });
  const y = torch
    .igammac(x, torch.tensor([1, 88.69999694824219, 1.0001e7], { dtype: "float64" }))
    .tolist() as number[];
  expect(y[0]).toBeCloseTo(2.1938393441796784e-11, 24);
  expect(y[1]).toBeCloseTo(1 - 0.060836609051437965, 14);
  expect(y[2]).toBeCloseTo(0.37587881649444765, 12);
  expect(torch.special.ndtr(torch.tensor([-30], { dtype: "float64" })).item()).toBeCloseTo(
    4.906713927148187e-198,
    208,
  );
  expect(torch.special.ndtri(torch.tensor([1e-300], { dtype: "float64" })).item()).toBeCloseTo(
    -37.04709629936,
    8,
  );
});

test("polynomials of high degree need no loop of that length", () => {
  // Values of PyTorch, by the recurrence.
  const x = torch.tensor([0.3, 0.7, 0.999], { dtype: "float64" });
  const legendre = torch.special.legendrePolynomialP(x.neg(), 1e7 + 1).tolist() as number[];
  const laguerre = torch.special.laguerrePolynomialL(x, 1e7 + 1).tolist() as number[];
  [-1.16123367355e-5, 0.00021710785893, -0.00107089611204].forEach((v, i) =>
    expect(legendre[i]).toBeCloseTo(v, 9),
  );
  [0.00449572885122, 0.0149779659715, 0.0159062494652].forEach((v, i) =>
    expect(laguerre[i]).toBeCloseTo(v, 6),
  );
  expect(torch.special.legendrePolynomialP(x, 1e15).isfinite().all().item()).toBe(true);
});

test("functions of JavaScript see strides, broadcasting, numbers and every dtype as kernels do", () => {
  const x = torch.tensor([
    [12, 18, 7],
    [30, 0, -8],
  ]);
  expect(torch.gcd(x, torch.tensor([8, 12, 14])).tolist()).toEqual([
    [4, 6, 7],
    [2, 12, 2],
  ]);
  expect(torch.gcd(x.t(), torch.tensor([[10, 4]])).tolist()).toEqual([
    [2, 2],
    [2, 4],
    [1, 4],
  ]);
  const big = torch.tensor([2n ** 60n, 3n * 2n ** 40n], { dtype: "int64" });
  expect(torch.gcd(big, torch.tensor([2 ** 30], { dtype: "int32" })).tolist()).toEqual([2 ** 30, 2 ** 30]);
  expect(torch.lcm(torch.tensor([2 ** 30]), torch.tensor([3])).tolist()).toEqual([2 ** 30]);
  const y = torch.ones(3, 4);
  y.t().sliceDim(0, 0, 4, 2).lgamma_();
  expect(y.tolist()).toEqual(Array(3).fill([0, 1, 0, 1]));
  expect(torch.zeros(0, 3).lgamma().shape).toEqual([0, 3]);
  expect(torch.special.zeta(2, torch.tensor(1)).item()).toBeCloseTo(Math.PI ** 2 / 6, 6);
  expect(torch.tensor([true, false]).lgamma().tolist()).toEqual([0, Infinity]);
});

test("numbers are refused where PyTorch takes tensors only", () => {
  const x = torch.tensor([1, 2.5]) as unknown as Record<string, (other: number) => unknown>;
  for (const op of "maximum minimum fmax fmin atan2 hypot logaddexp logicalAnd logicalOr logicalXor igamma nextafter ldexp heaviside gcd".split(
    " ",
  )) {
    expect(() => x[op]!(2.5), op).toThrow(torch.ArgumentError);
    expect(() => x[op]!(2), op).toThrow(torch.ArgumentError);
  }
});

test("forms in place exist where PyTorch has them", () => {
  const x = torch.tensor([1, 2.5]);
  const has =
    "square atan2 logicalAnd round clip copysign digamma erfc erfinv gcd hypot i0 igamma lgamma logit mvlgamma polygamma nanToNum nextafter sgn sinc xlogy fix absolute divide floatPower conjPhysical";
  const has_not =
    "maximum minimum fmax fmin logaddexp logaddexp2 angle signbit isposinf isnan isinf isfinite isreal frexp positive real";
  for (const op of has.split(" ")) expect(`${op}_` in x, op).toBe(true);
  for (const op of has_not.split(" ")) expect(op in x && !(`${op}_` in x), op).toBe(true);
  for (const op of ["rsub", "fill", "erfcx", "ndtr", "besselJ0"]) expect(op in x, op).toBe(false);
});

test("derivatives that PyTorch does not have are an error of the backward pass", () => {
  const x = torch.tensor([1, 2.5], { requiresGrad: true });
  for (const y of [x.heaviside(x), x.nextafter(x), x.igamma(x), torch.special.zeta(x, 2)]) {
    expect(y.requiresGrad).toBe(true);
    expect(() => y.sum().backward()).toThrow(torch.NotImplementedError);
  }
  expect(torch.special.besselJ0(x).requiresGrad).toBe(false);
});

test("floats that no integer holds become the smallest one, as on x86", () => {
  const x = torch.tensor([3e9, -3e9, Number.NaN, Infinity, 1e19, 300.7, -1.5]);
  expect(x.int().tolist()).toEqual([...Array(5).fill(-(2 ** 31)), 300, -1]);
  expect(x.to("uint8").tolist()).toEqual([0, 0, 0, 0, 0, 44, 255]);
  expect(x.long().tolist().slice(2, 5)).toEqual(Array(3).fill(-(2n ** 63n)));
  expect(x.double().long().tolist().slice(0, 2)).toEqual([3e9, -3e9]);
});

test("result types and casts", () => {
  const ints = torch.tensor([1, 2]);
  expect(torch.resultType(ints, 2.5)).toBe("float32");
  expect(torch.resultType(ints, torch.tensor(1, { dtype: "int64" }))).toBe("int32");
  expect(torch.resultType(true, 1)).toBe("int32");
  expect(torch.canCast("float32", "int32")).toBe(false);
  expect(torch.canCast("int32", "uint8")).toBe(true);
  expect(torch.canCast("int32", "bool")).toBe(false);
  expect(() => torch.resultType("a" as never, 1)).toThrow(torch.ArgumentError);
  expect(torch.tensor([true, false]).square().dtype).toBe("int32");
});

test("round with decimals", () => {
  expect(torch.tensor([1.25, 2.55, -1234.5678]).round({ decimals: 1 }).tolist()).toEqual(
    [1.2, 2.6, -1234.6].map(Math.fround),
  );
  expect(torch.tensor([1250, -1749]).float().round({ decimals: -2 }).tolist()).toEqual([1200, -1700]);
  expect(torch.tensor([5, -3]).round().tolist()).toEqual([5, -3]);
  expect(() => torch.tensor([5]).round({ decimals: 1 })).toThrow(torch.DTypeError);
});
