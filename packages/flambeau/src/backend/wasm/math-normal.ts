// cdf on four float32: the standard normal distribution function, without a branch and without e^x.
// Floor L2 (backend/wasm). Coefficients fitted by the exchange algorithm of Remez in double precision.
//
// Largest error against float64 over every 331st float of the whole range: 1.44 units of 2^-24. Relative to the value, which
// gets small for negative x: 1.2e-6 down to -2, 3.5e-6 to -3, 3e-5 to -4, 9e-4 to -5.5. From -8 on the result is 0, for 6e-16.

import type { Code, Local } from "./encoder.ts";
import { f32x4, i32, i32x4, v128 } from "./encoder.ts";
import type { Emitter } from "./lanes.ts";

/**
 * (p(a) - 1) / a, where p(a)^8 = 2 P(Z > a), for a in 0..8. The eighth root is so smooth that a polynomial of degree 8 is enough; this one
 * reaches 0 at 7.9, and is below from there to 8.
 */
const eighthRoot = [
  -0.09973544627428055, -0.034816399216651917, -0.0007346681086346507, 0.0016415732679888606,
  3.7298104871297255e-5, -6.583635695278645e-5, 8.202628123399336e-6, -3.2739004041104636e-7,
];

export function cdf(e: Emitter, x: Local): Code {
  const [one, two] = [e.f32(1), e.f32(2)];
  const a = e.v(f32x4.pmin(v128.andnot(x, e.i32(-0x80000000)), e.f32(8)));
  // p - 1, p^2 - 1 and p^4: powers of 1 + u lose less than those of a rounded p. From u = -1 on y is exactly 0.
  const u = e.v(f32x4.pmax(f32x4.mul(a, e.pairs(a, eighthRoot)), e.f32(-1)));
  const w = e.v(f32x4.mul(u, f32x4.add(u, two)));
  const y = e.v(e.madd(w, f32x4.add(w, two), one));
  // y^2 / 2 where x is negative, else 1 - y^2 / 2.
  const above = e.v(v128.andnot(one, i32x4.shr_s(x, i32.const(31))));
  return e.madd(y, f32x4.mul(y, f32x4.sub(e.f32(0.5), above)), above);
}
