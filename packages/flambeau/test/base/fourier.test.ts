// Fast transforms against the sum that defines them.

import { expect, test } from "vitest";
import { transformLines } from "../../src/base/fourier.ts";

/** Numbers that look random and are always the same. */
function noise(n: number, seed: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

function slow(re: Float64Array, im: Float64Array, sign: number): [number[], number[]] {
  const n = re.length;
  const out: [number[], number[]] = [[], []];
  for (let k = 0; k < n; k++) {
    let [x, y] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n;
      x += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      y += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
    out[0].push(x);
    out[1].push(y);
  }
  return out;
}

// Powers of two and four, mixed factors, primes below and above the largest radix, products of large primes.
const lengths = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 30, 31, 32, 37, 49, 60, 74, 97, 128, 210, 211, 407];

test.each(lengths)("length %i", (n) => {
  for (const inverse of [false, true]) {
    const re = noise(n, 1);
    const im = noise(n, 2);
    const expected = slow(re, im, inverse ? 1 : -1);
    transformLines(re, im, 1, n, 1, inverse);
    for (let k = 0; k < n; k++) {
      expect(Math.abs(re[k]! - expected[0][k]!)).toBeLessThan(1e-11);
      expect(Math.abs(im[k]! - expected[1][k]!)).toBeLessThan(1e-11);
    }
  }
});

test("lines along a middle dimension", () => {
  const [outer, n, inner] = [2, 6, 3];
  const re = noise(outer * n * inner, 3);
  const im = noise(outer * n * inner, 4);
  const before = [re.slice(), im.slice()] as const;
  transformLines(re, im, outer, n, inner, false);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const line = (data: Float64Array): Float64Array =>
        Float64Array.from({ length: n }, (_, j) => data[(o * n + j) * inner + i]!);
      const [x, y] = slow(line(before[0]), line(before[1]), -1);
      line(re).forEach((v, k) => {
        expect(v).toBeCloseTo(x[k]!, 11);
      });
      line(im).forEach((v, k) => {
        expect(v).toBeCloseTo(y[k]!, 11);
      });
    }
});

test("more lengths than plans are kept for", () => {
  for (let n = 2; n < 40; n++) {
    const re = noise(n, 5);
    const im = new Float64Array(n);
    const before = re.slice();
    transformLines(re, im, 1, n, 1, false);
    transformLines(re, im, 1, n, 1, true);
    for (let k = 0; k < n; k++) expect(re[k]! / n).toBeCloseTo(before[k]!, 12);
  }
});
