// The error function and its inverse in double precision, for drawing from a truncated normal distribution.
// Floor L5 (nn). Source: CPython's Modules/mathmodule.c (series and continued fraction); the inverse as in ATen/native/Math.h

/** 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a < 1.5) {
    // x e^(-x^2) 2/sqrt(pi) (1 + 2x^2/3 (1 + 2x^2/5 (...)))
    let sum = 0;
    for (let i = 25, k = 25.5; i > 0; i--, k--) sum = 2 + (x * x * sum) / k;
    return (sum * x * Math.exp(-x * x)) / Math.sqrt(Math.PI);
  }
  const rest = complement(a);
  return x > 0 ? 1 - rest : rest - 1;
}

/** 1 - erf(x) for x >= 1.5 */
function complement(x: number): number {
  if (x >= 30) return 0;
  const x2 = x * x;
  let a = 0;
  let da = 0.5;
  let p = 1;
  let p1 = 0;
  let q = da + x2;
  let q1 = 1;
  for (let i = 0; i < 50; i++) {
    a += da;
    da += 2;
    const b = da + x2;
    [p, p1] = [b * p - a * p1, p];
    [q, q1] = [b * q - a * q1, q];
  }
  return ((p / q) * x * Math.exp(-x2)) / Math.sqrt(Math.PI);
}

/** The x with erf(x) = y; NaN outside of -1..1. */
export function erfinv(y: number): number {
  const a = Math.abs(y);
  if (!(a <= 1)) return Number.NaN;
  if (a === 1) return y * Number.POSITIVE_INFINITY;
  let x: number;
  if (a <= 0.7) {
    const z = y * y;
    const top = ((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899;
    const bottom = (((0.012229801 * z - 0.329097515) * z + 1.442710462) * z - 2.118377725) * z + 1;
    x = (y * top) / bottom;
  } else {
    const z = Math.sqrt(-Math.log((1 - a) / 2));
    const top = ((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454;
    x = (Math.sign(y) * top) / ((1.6370678 * z + 3.5438892) * z + 1);
  }
  for (let i = 0; i < 2; i++) x -= (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  return x;
}
