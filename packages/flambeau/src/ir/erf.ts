// The error function in double precision, which JavaScript's Math lacks; and its rational approximations, for
// expressions and host functions.
// Floor L1 (ir). Source: W. J. Cody, "Rational Chebyshev approximations for the error function" (1969),
// https://doi.org/10.1090/S0025-5718-1969-0247736-4; coefficients of his program CALERF, as doubles.

/** Coefficients from the highest power down. */
export type Polynomial = readonly number[];

export const horner = (p: Polynomial, x: number): number => p.reduce((sum, c) => sum * x + c, 0);

// erf(x) / x in x^2, up to 0.46875
export const nearTop: Polynomial = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
];
export const nearBottom: Polynomial = [
  1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171,
];
// e^(x^2) erfc(x) in x, up to 4
export const middleTop: Polynomial = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
  881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
export const middleBottom: Polynomial = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
// In 1 / x^2 beyond.
export const farTop: Polynomial = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
export const farBottom: Polynomial = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];

/** e^(x^2) erfc(x) for x > 0.46875. */
function scaledErfc(x: number): number {
  if (x <= 4) return horner(middleTop, x) / horner(middleBottom, x);
  const z = 1 / (x * x);
  return (1 / Math.sqrt(Math.PI) - (z * horner(farTop, z)) / horner(farBottom, z)) / x;
}

/** erf(x) = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, within 2 units in the last place. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a <= 0.46875) return (x * horner(nearTop, x * x)) / horner(nearBottom, x * x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  return Math.sign(x) * (1 - gaussian(a) * scaledErfc(a));
}

/** e^(-x^2): the square is split into an exact part and a rest, since its rounding error would be multiplied by x^2. */
function gaussian(x: number): number {
  const high = Math.trunc(x * 16) / 16;
  return Math.exp(-high * high) * Math.exp((high - x) * (high + x));
}

/** 1 - erf(x), exact where that is small. */
export function erfc(x: number): number {
  const a = Math.abs(x);
  if (!(a > 0.46875)) return 1 - erf(x);
  const tail = a < 27 ? gaussian(a) * scaledErfc(a) : 0;
  return x > 0 ? tail : 2 - tail;
}

/** P(Z <= x), Z standard normal, without cancellation where that is small. */
export const cdf = (x: number): number => erfc(-x * Math.SQRT1_2) / 2;
