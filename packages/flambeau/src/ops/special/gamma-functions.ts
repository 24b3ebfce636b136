// The gamma function's kin in double precision, one number at a time.
// Floor L4 (ops). Sources: NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov/5 (5.5, 5.11),
// https://dlmf.nist.gov/8 (8.7, 8.9, 8.12), https://dlmf.nist.gov/25.11; PyTorch's aten/src/ATen/native/Math.h for edges.

import type { DType } from "../../base/dtype.ts";
import { erfc } from "../../ir/erf.ts";

/** B2, B4, … B24: the coefficients of all asymptotic series below. */
const bernoulli: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
];

/** From here on the asymptotic series are exact to the last bits. */
const far = 10;

/** What Stirling's formula lacks: log gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), for x >= 10. */
function stirlingRest(x: number): number {
  const z = 1 / (x * x);
  let sum = 0;
  for (let k = 7; k >= 1; k--) sum = sum * z + bernoulli[k - 1]! / (2 * k * (2 * k - 1));
  return sum / x;
}

/** sin(pi x) without the error of a large pi x. */
const sinPi = (x: number): number => {
  const r = x - 2 * Math.round(x / 2);
  return Math.sin(Math.PI * r);
};

/** log |gamma(x)|; infinite at 0, -1, -2, … and at both ends. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
  if (x === 1 || x === 2) return 0;
  let y = x;
  let product = 1;
  for (; y < far; y++) product *= y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + stirlingRest(y) - Math.log(product);
}

/** The derivative of log gamma(x); NaN at -1, -2, …, infinite at 0 with the opposite sign. */
export function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (x === Infinity) return x;
  if (x < 0) {
    if (Number.isInteger(x) || x === -Infinity) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let y = x;
  let sum = 0;
  for (; y < far; y++) sum -= 1 / y;
  const z = 1 / (y * y);
  let rest = 0;
  for (let k = 7; k >= 1; k--) rest = (rest + bernoulli[k - 1]! / (2 * k)) * z;
  return sum + Math.log(y) - 0.5 / y - rest;
}

/** Hurwitz' zeta function, the sum of 1 / (k + q)^s over k = 0, 1, …; NaN for s < 1, infinite at q = 0, -1, … */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (s < 1) return Number.NaN;
  if (q <= 0) {
    if (Number.isInteger(q) || q === -Infinity) return Infinity;
    // Negative numbers have no powers but whole ones.
    if (s === Infinity) return s;
    if (!Number.isInteger(s)) return Number.NaN;
    // The terms from -inf to inf depend on the fraction of q only; those before q are those of 1 - q.
    const r = q - Math.floor(q);
    const sign = s % 2 === 0 ? 1 : -1;
    return zeta(s, r) + sign * zeta(s, 1 - r) - sign * zeta(s, 1 - q);
  }
  if (Number.isNaN(s) || Number.isNaN(q) || q === Infinity) return Number.NaN;
  if (s === Infinity) return q === 1 ? 1 : q < 1 ? Infinity : Number.NaN;
  // x^-2 is what trigamma needs, and much dearer as a power.
  const inverse = s === 2 ? (x: number): number => 1 / (x * x) : (x: number): number => x ** -s;
  // Euler and Maclaurin: some terms, an integral in place of the others, and its corrections.
  let sum = 0;
  let y = q;
  for (let i = 0; i < far; i++, y++) {
    const term = inverse(y);
    sum += term;
    if (term < 1e-17 * sum || sum === Infinity) return sum;
  }
  const last = inverse(y);
  sum += (last * y) / (s - 1) + 0.5 * last;
  let factor = s;
  let power = last / y;
  let factorial = 2;
  for (let k = 1; k <= bernoulli.length; k++) {
    const term = (bernoulli[k - 1]! / factorial) * factor * power;
    sum += term;
    if (Math.abs(term) < 1e-17 * sum) break;
    factor *= (s + 2 * k - 1) * (s + 2 * k);
    power /= y * y;
    factorial *= (2 * k + 1) * (2 * k + 2);
  }
  return sum;
}

/** Derivative n + 1 of log gamma(x), for elements of a dtype. */
export const polygammaOf =
  (dtype: DType) =>
  (x: number, n: number): number => {
    if (n === 0) return digamma(x);
    if (n === 1 && Math.abs(x) === Infinity) return x > 0 ? 0 : Number.NaN;
    if (n === 1 && x < 0 && Number.isInteger(x)) {
      // A pole, where PyTorch gives the large number pi^2 / sin(pi x)^2, pi being that of the dtype.
      const round = dtype === "float32" ? Math.fround : Number;
      return (Math.PI / round(Math.sin(round(round(Math.PI) * x)))) ** 2;
    }
    return (n % 2 === 0 ? -1 : 1) * Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
  };

// ---- incomplete gamma functions ---------------------------------------------------------------------------------

/** log(1 + d) - d, without cancellation near 0. */
function logRest(d: number): number {
  if (Math.abs(d) > 0.1) return Math.log1p(d) - d;
  let sum = 0;
  for (let k = 18; k >= 2; k--) sum = sum * -d + 1 / k;
  return -d * d * sum;
}

/** x^a e^-x / gamma(a) */
function density(a: number, x: number): number {
  if (a < far) return Math.exp(a * Math.log(x) - x - lgamma(a));
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(a * logRest((x - a) / a) - stirlingRest(a));
}

/** The regularised lower function by its power series, for x up to about a. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 1e6 && term > 1e-17 * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * density(a, x);
}

/** The regularised upper function by its continued fraction, for x above about a (Lentz' method). */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1e6; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = b + an / c;
    if (Math.abs(c) < tiny) c = tiny;
    const change = d * c;
    h *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return h * density(a, x);
}

/** log gamma(1 + a), exact for small a too. */
const lgamma1p = (a: number): number =>
  a < 1e-5 ? a * (-0.5772156649015329 + (a * Math.PI ** 2) / 12) : lgamma(1 + a);

/** The regularised upper function for small x, where 1 less the lower one may leave nothing. */
function upperSeries(a: number, x: number): number {
  const power = a * Math.log(x);
  let sum = 0;
  let term = 1;
  for (let n = 1; n < 40; n++) {
    term *= -x / n;
    sum += term / (a + n);
  }
  return -Math.expm1(power - lgamma1p(a)) - Math.exp(power - lgamma1p(a)) * a * sum;
}

/** Both functions for an a so large that the first term of the uniform expansion says all. */
function uniform(a: number, x: number, upper: boolean): number {
  const mu = (x - a) / a;
  const eta = Math.sign(mu) * Math.sqrt(-2 * logRest(mu));
  const rest = Math.abs(eta) < 1e-4 ? -1 / 3 + eta / 12 : 1 / mu - 1 / eta;
  const correction = (rest * Math.exp(-0.5 * a * eta * eta)) / Math.sqrt(2 * Math.PI * a);
  const z = eta * Math.sqrt(a / 2);
  return upper ? 0.5 * erfc(z) + correction : 0.5 * erfc(-z) - correction;
}

function incomplete(a: number, x: number, upper: boolean): number {
  const [none, all] = upper ? [1, 0] : [0, 1];
  if (x < 0 || a < 0) return Number.NaN;
  if (a === 0) return x > 0 ? all : Number.NaN;
  if (x === 0) return none;
  if (a === Infinity) return x === Infinity ? Number.NaN : none;
  if (x === Infinity) return all;
  if (Number.isNaN(a) || Number.isNaN(x)) return Number.NaN;
  if (a > 1e8) return uniform(a, x, upper);
  if (upper && x <= 1.1 && a <= (x <= 0.5 ? -0.4 / Math.log(x) : x * 1.1)) return upperSeries(a, x);
  if (x < a + 1) {
    const lower = lowerSeries(a, x);
    return upper ? 1 - lower : lower;
  }
  const rest = upperFraction(a, x);
  return upper ? rest : 1 - rest;
}

/** The integral of t^(a - 1) e^-t from 0 to x, over gamma(a). */
export const igamma = (a: number, x: number): number => incomplete(a, x, false);
/** 1 - igamma(a, x) */
export const igammac = (a: number, x: number): number => incomplete(a, x, true);
