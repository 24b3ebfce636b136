// Bessel's functions and Airy's in double precision, one number at a time.
// Floor L4 (ops). Sources: NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov/10 (10.8, 10.17, 10.23,
// 10.31, 10.32, 10.74) and https://dlmf.nist.gov/9 (9.4, 9.6, 9.7); for Airy's function below -2.09 the rational
// approximations of S. L. Moshier's Cephes, https://www.netlib.org/cephes/.

import type { DType } from "../../base/dtype.ts";
import type { Polynomial } from "../../ir/erf.ts";
import { horner } from "../../ir/erf.ts";

/** A function for elements of a dtype. */
type Hosted = (dtype: DType) => (x: number) => number;
type Rounding = (x: number) => number;
const roundingOf = (dtype: DType): Rounding => (dtype === "float32" ? Math.fround : (x) => x);

const euler = 0.5772156649015329;

/**
 * The power series at x in z = x^2 / 4 (for I and K) or -x^2 / 4 (for J and Y): the functions of orders 0 and 1, and the
 * sums that appear beside the logarithm in those of the second kind.
 */
function series(x: number, sign: 1 | -1): { f0: number; f1: number; h0: number; h1: number } {
  const z = (sign * x * x) / 4;
  let [f0, f1, h0, h1] = [0, 0, 0, 0];
  let term = 1;
  let harmonic = 0;
  for (let k = 0; k < 30; k++) {
    f0 += term;
    h0 += term * harmonic;
    f1 += term / (k + 1);
    h1 += (term / (k + 1)) * (2 * harmonic + 1 / (k + 1) - 2 * euler);
    harmonic += 1 / (k + 1);
    term *= z / ((k + 1) * (k + 1));
  }
  return { f0, f1: (f1 * x) / 2, h0, h1: (h1 * x) / 4 };
}

// ---- J and Y ---------------------------------------------------------------------------------------------------

interface BesselJY {
  j0: number;
  j1: number;
  y0: number;
  y1: number;
}

/** J and Y of orders 0 and 1 for x > 0. */
function besselJY(x: number, round: Rounding): BesselJY {
  if (x <= 3) {
    const { f0, f1, h0, h1 } = series(x, -1);
    const log = Math.log(x / 2);
    return {
      j0: f0,
      j1: f1,
      y0: (2 / Math.PI) * ((log + euler) * f0 - h0),
      y1: (2 / Math.PI) * (-1 / x + log * f1 - h1),
    };
  }
  return x < 25 ? recurred(x) : asymptotic(x, round);
}

/** Miller's algorithm: the recurrence from a high order down, scaled by 1 = J0 + 2 J2 + 2 J4 + … */
function recurred(x: number): BesselJY {
  let above = 0;
  let at = 1e-100;
  let norm = 0;
  // Sums of Neumann's series for Y0, and of its derivative for Y1.
  let even = 0;
  let odd = 0;
  for (let n = 60; n >= 1; n--) {
    const below = ((2 * n) / x) * at - above;
    if (n % 2 === 0) {
      const sign = (n / 2) % 2 === 0 ? 1 : -1;
      norm += 2 * at;
      even += (sign * at) / (n / 2);
      odd += (sign * (below - above)) / (n / 2);
    }
    above = at;
    at = below;
  }
  norm += at;
  const [j0, j1] = [at / norm, above / norm];
  const log = Math.log(x / 2) + euler;
  return {
    j0,
    j1,
    y0: (2 / Math.PI) * (log * j0 - (2 * even) / norm),
    y1: (2 / Math.PI) * (-j0 / x + log * j1 + odd / norm),
  };
}

/** Hankel's sums P and Q of an order. */
function hankel(order: 0 | 1, x: number): [number, number] {
  const sums: [number, number] = [0, 0];
  let term = 1;
  for (let k = 0; k < 50; k++) {
    sums[k % 2]! += k % 4 < 2 ? term : -term;
    term *= (4 * order * order - (2 * k + 1) ** 2) / (8 * (k + 1) * x);
    if (Math.abs(term) < 1e-17) break;
  }
  return sums;
}

/** Hankel's expansion. The angles are rounded as in PyTorch, which is what large arguments leave of them. */
function asymptotic(x: number, round: Rounding): BesselJY {
  const size = Math.sqrt(2 / (Math.PI * x));
  const [a, b] = [round(x - round(Math.PI / 4)), round(x - round((3 * Math.PI) / 4))];
  const [p, q] = hankel(0, x);
  const [r, s] = hankel(1, x);
  return {
    j0: size * (Math.cos(a) * p - Math.sin(a) * q),
    y0: size * (Math.sin(a) * p + Math.cos(a) * q),
    j1: size * (Math.cos(b) * r - Math.sin(b) * s),
    y1: size * (Math.sin(b) * r + Math.cos(b) * s),
  };
}

export const besselJ0: Hosted = (dtype) => {
  const round = roundingOf(dtype);
  return (x) => besselJY(Math.abs(x), round).j0;
};
export const besselJ1: Hosted = (dtype) => {
  const round = roundingOf(dtype);
  return (x) => (x < 0 ? -besselJY(-x, round).j1 : besselJY(x, round).j1);
};
/** Those of the second kind are -inf at 0, NaN below. */
const secondKind =
  (which: "y0" | "y1"): Hosted =>
  (dtype) => {
    const round = roundingOf(dtype);
    return (x) => (x > 0 ? besselJY(x, round)[which] : x === 0 ? -Infinity : Number.NaN);
  };
export const besselY0: Hosted = secondKind("y0");
export const besselY1: Hosted = secondKind("y1");

// ---- K ---------------------------------------------------------------------------------------------------------

/**
 * e^x K of an order, for x >= 1: the integral of e^(-x (cosh t - 1)) cosh(order t) over t > 0 by the trapezoidal rule, whose
 * error falls exponentially with the step.
 */
function integralK(order: number, x: number): number {
  const step = Math.min(0.2, 0.6 / Math.sqrt(x));
  let sum = 0.5;
  for (let i = 1; ; i++) {
    const t = i * step;
    // cosh t - 1, exact for small t.
    const rise = 2 * Math.sinh(t / 2) ** 2;
    if (!(x * rise < 45)) return sum * step;
    sum += Math.exp(-x * rise) * Math.cosh(order * t);
  }
}

/** e^x K of order 0 or 1 for x > 0. */
function scaledK(order: 0 | 1, x: number): number {
  if (x === Infinity) return 0;
  if (x > 1) return integralK(order, x);
  const { f0, f1, h0, h1 } = series(x, 1);
  const log = Math.log(x / 2);
  return Math.exp(x) * (order === 0 ? h0 - (log + euler) * f0 : 1 / x + log * f1 - h1);
}

const ofK =
  (order: 0 | 1, scaled: boolean): Hosted =>
  () =>
  (x) =>
    x > 0 ? (scaled ? 1 : Math.exp(-x)) * scaledK(order, x) : x === 0 ? Infinity : Number.NaN;
export const modifiedBesselK0: Hosted = ofK(0, false);
export const modifiedBesselK1: Hosted = ofK(1, false);
export const scaledModifiedBesselK0: Hosted = ofK(0, true);
export const scaledModifiedBesselK1: Hosted = ofK(1, true);

// ---- Airy's function --------------------------------------------------------------------------------------------

// In 1 / zeta^2, zeta = 2/3 |x|^(3/2), below -2.09: factors of the sine and the cosine.
const sineTop: Polynomial = [
  -0.1316963234183318, -0.6264565444319123, -0.6931580360369335, -0.2797799815451191, -0.04919001326095003,
  -0.004062659235948854, -0.0001592764962392621, -2.776491081552329e-6, -1.6778769848911465e-8,
];
const sineBottom: Polynomial = [
  1, 13.356042070655324, 32.682503279522464, 26.736704094149957, 9.187074029072596, 1.4752914677166642,
  0.11568717379518804, 0.004402916416152112, 7.547203482874142e-5, 4.5185009297058035e-7,
];
const cosineTop: Polynomial = [
  0.01973399320916857, 0.39110302961568827, 1.0657989759959559, 0.9391692298166502, 0.35146565610554764,
  0.06338889196289255, 0.005858041130483885, 0.000282851600836737, 6.98793669997261e-6, 8.117892395543892e-8,
  3.415517847659236e-10,
];
const cosineBottom: Polynomial = [
  1, 9.30892908077442, 19.835292871831214, 15.564662893286462, 5.476860694229755, 0.9542936116189619,
  0.08645808263523921, 0.004126565238242226, 0.00010125908511650914, 1.1716673321441352e-6,
  4.9183457006293e-9,
];

/** Ai(x): decays above 0, oscillates below, where the angle is rounded as in PyTorch. */
export const airyAi: Hosted = (dtype) => {
  const round = roundingOf(dtype);
  return (x) => airy(x, round);
};

function airy(x: number, round: Rounding): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const root = round(Math.sqrt(Math.abs(x)));
  const zeta = round(round(round(2 * Math.abs(x)) * root) / 3);
  if (x < -2.09) {
    const z = 1 / (zeta * zeta);
    const p = 1 + (z * horner(sineTop, z)) / horner(sineBottom, z);
    const q = horner(cosineTop, z) / horner(cosineBottom, z) / zeta;
    const angle = round(zeta + round(Math.PI / 4));
    return (Math.sin(angle) * p - Math.cos(angle) * q) / Math.sqrt(Math.PI * root);
  }
  if (x > 2.09) return ((root / Math.sqrt(3)) * Math.exp(-zeta) * integralK(1 / 3, zeta)) / Math.PI;
  // Maclaurin's series of the two solutions that are 1 and x near 0.
  let [f, g] = [0, 0];
  let [a, b] = [1, x];
  for (let k = 1; k < 60; k += 3) {
    f += a;
    g += b;
    a *= x ** 3 / ((k + 1) * (k + 2));
    b *= x ** 3 / ((k + 2) * (k + 3));
  }
  return 0.3550280538878172 * f - 0.2588194037928068 * g;
}
