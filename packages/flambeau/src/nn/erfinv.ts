// The inverse of the error function in double precision, for drawing from a truncated normal distribution.
// Floor L5 (nn). Source: ATen/native/Math.h

import { erf } from "../ir/erf.ts";

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
