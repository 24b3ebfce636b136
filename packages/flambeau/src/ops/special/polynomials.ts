// Orthogonal polynomials: Chebyshev's of four kinds, those shifted to 0..1, Hermite's two, Laguerre's, Legendre's.
// Floor L4 (ops). Source: https://dlmf.nist.gov/18 (18.5, 18.9)

import { elementwise } from "../define.ts";
import type { FloatOfTwo } from "../signatures.ts";
import { besselJ0 } from "./bessel-functions.ts";

type Next = (q: number, p: number, k: number) => number;
/** p(n) from p(0) = 1, p(1) and a recurrence that gives p(k + 1) from p(k) and p(k - 1). */
type Recur = (first: number, n: number, next: Next) => number;

/** Beyond `largest`, the dtype's largest number, values are infinite; from NaN nothing leads back. */
const recurrence =
  (largest: number): Recur =>
  (first, n, next) => {
    let p = 1;
    let q = first;
    for (let k = 1; k < n && !Number.isNaN(q); k++) {
      const r = next(q, p, k);
      p = q;
      q = Math.abs(r) > largest ? Math.sign(r) * Infinity : r;
    }
    return q;
  };

/** A polynomial of degree n: 0 of negative degrees, 1 of degree 0; degrees are cut to integers. */
const family = <Name extends string>(f: (recur: Recur, x: number, n: number) => number): FloatOfTwo<Name> =>
  elementwise({
    operands: 2,
    numberFirst: "beside",
    result: "float",
    host: (dtype) => {
      const recur = recurrence(dtype === "float32" ? 3.4028235677973366e38 : Number.MAX_VALUE);
      return (x: number, degree: number) => {
        const n = Math.trunc(degree);
        // What no int64 holds was converted to the smallest one.
        if (!(n >= 0) || n >= 2 ** 63) return 0;
        return n === 0 ? 1 : f(recur, x, n);
      };
    },
  });

type Kind = "t" | "u" | "v" | "w";

/** The four kinds differ in the polynomial of degree 1; as functions of the angle they are quotients of sines and cosines. */
function chebyshev(kind: Kind, recur: Recur, x: number, n: number): number {
  if (n > 1000 && Math.abs(x) < 1) {
    const angle = Math.acos(x);
    if (kind === "t") return Math.cos(n * angle);
    if (kind === "u") return Math.sin((n + 1) * angle) / Math.sin(angle);
    if (kind === "v") return Math.cos((n + 0.5) * angle) / Math.cos(angle / 2);
    return Math.sin((n + 0.5) * angle) / Math.sin(angle / 2);
  }
  if (Math.abs(x) === 1) {
    const sign = x > 0 || n % 2 === 0 ? 1 : -1;
    if (kind === "t") return sign;
    if (kind === "u") return sign * (n + 1);
    return sign * ((kind === "w") === x > 0 ? 2 * n + 1 : 1);
  }
  const first = kind === "t" ? x : kind === "u" ? 2 * x : kind === "v" ? 2 * x - 1 : 2 * x + 1;
  return recur(first, n, (q, p) => 2 * x * q - p);
}

const plain = <Name extends string>(kind: Kind): FloatOfTwo<Name> =>
  family((recur, x, n) => chebyshev(kind, recur, x, n));
const shifted = <Name extends string>(kind: Kind): FloatOfTwo<Name> =>
  family((recur, x, n) => chebyshev(kind, recur, 2 * x - 1, n));

/** Chebyshev's polynomial of the first kind, cos(n acos x) within -1..1. */
export const chebyshevPolynomialT: FloatOfTwo<"chebyshevPolynomialT"> = plain("t");
/** Chebyshev's polynomial of the second kind, sin((n + 1) a) / sin(a) with a = acos x. */
export const chebyshevPolynomialU: FloatOfTwo<"chebyshevPolynomialU"> = plain("u");
/** Chebyshev's polynomial of the third kind, cos((n + 1/2) a) / cos(a / 2) with a = acos x. */
export const chebyshevPolynomialV: FloatOfTwo<"chebyshevPolynomialV"> = plain("v");
/** Chebyshev's polynomial of the fourth kind, sin((n + 1/2) a) / sin(a / 2) with a = acos x. */
export const chebyshevPolynomialW: FloatOfTwo<"chebyshevPolynomialW"> = plain("w");
/** {@link chebyshevPolynomialT} of 2 x - 1. */
export const shiftedChebyshevPolynomialT: FloatOfTwo<"shiftedChebyshevPolynomialT"> = shifted("t");
/** {@link chebyshevPolynomialU} of 2 x - 1. */
export const shiftedChebyshevPolynomialU: FloatOfTwo<"shiftedChebyshevPolynomialU"> = shifted("u");
/** {@link chebyshevPolynomialV} of 2 x - 1. */
export const shiftedChebyshevPolynomialV: FloatOfTwo<"shiftedChebyshevPolynomialV"> = shifted("v");
/** {@link chebyshevPolynomialW} of 2 x - 1. */
export const shiftedChebyshevPolynomialW: FloatOfTwo<"shiftedChebyshevPolynomialW"> = shifted("w");

/** The physicists' Hermite polynomial: H(n + 1) = 2 x H(n) - 2 n H(n - 1). */
export const hermitePolynomialH: FloatOfTwo<"hermitePolynomialH"> = family((recur, x, n) =>
  recur(2 * x, n, (q, p, k) => 2 * x * q - 2 * k * p),
);
/** The probabilists' Hermite polynomial: He(n + 1) = x He(n) - n He(n - 1). */
export const hermitePolynomialHe: FloatOfTwo<"hermitePolynomialHe"> = family((recur, x, n) =>
  recur(x, n, (q, p, k) => x * q - k * p),
);
/** From here on Hilb's formulas take over, which are exact to n^-3/4 or better: the recurrence would take too long. */
const endless = 1e7;
const j0 = besselJ0("float64");

function laguerre(recur: Recur, x: number, n: number): number {
  if (x === 0) return 1;
  if (n > endless && x > 0 && x < n) return Math.exp(x / 2) * j0(Math.sqrt((4 * n + 2) * x));
  return recur(1 - x, n, (q, p, k) => ((2 * k + 1 - x) * q - k * p) / (k + 1));
}

function legendre(recur: Recur, x: number, n: number): number {
  if (x < 0) return (n % 2 === 0 ? 1 : -1) * legendre(recur, -x, n);
  if (x === 1) return 1;
  if (n > endless && x < 1) {
    const angle = Math.acos(x);
    return Math.sqrt(angle / Math.sin(angle)) * j0((n + 0.5) * angle);
  }
  return recur(x, n, (q, p, k) => ((2 * k + 1) * x * q - k * p) / (k + 1));
}

/** Laguerre's polynomial: (n + 1) L(n + 1) = (2 n + 1 - x) L(n) - n L(n - 1). */
export const laguerrePolynomialL: FloatOfTwo<"laguerrePolynomialL"> = family(laguerre);
/** Legendre's polynomial: (n + 1) P(n + 1) = (2 n + 1) x P(n) - n P(n - 1). */
export const legendrePolynomialP: FloatOfTwo<"legendrePolynomialP"> = family(legendre);
