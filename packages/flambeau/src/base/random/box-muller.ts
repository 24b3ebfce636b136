// Sixteen normals from sixteen uniforms in single precision, with the rounding of PyTorch's AVX2 kernel.
// Floor L0 (base). Approximations of log, sin and cos: S. L. Moshier, Cephes (logf, sinf, cosf),
// https://netlib.org/cephes/; the order of operations is the one of PyTorch 1.13's normal_ as built by GCC.

import { fma32 } from "./fma.ts";

const fround = Math.fround;
const word = new Int32Array(1);
const single = new Float32Array(word.buffer);

const TWO_PI = fround(2 * Math.PI);
const FOUR_OVER_PI = fround(1.27323954473516);
const SQRT_HALF = fround(Math.SQRT1_2);

// log(1 + x) = x - x^2 / 2 + x^3 (P8 + x (P7 + ...)), and log 2 in two parts.
const P0 = fround(7.0376836292e-2);
const P1 = fround(-1.151461031e-1);
const P2 = fround(1.167699874e-1);
const P3 = fround(-1.2420140846e-1);
const P4 = fround(1.4249322787e-1);
const P5 = fround(-1.6668057665e-1);
const P6 = fround(2.0000714765e-1);
const P7 = fround(-2.4999993993e-1);
const P8 = fround(3.3333331174e-1);
const LN2_LO = fround(-2.1219444e-4);
const LN2_HI = 0.693359375;

// pi / 4 in three parts, negated: the first two are short enough for exact products.
const PI4_1 = -0.78515625;
const PI4_2 = fround(-2.4187564849853516e-4);
const PI4_3 = fround(-3.774894977445941e-8);

// sin x = x + x^3 (S2 + z (S1 + z S0)) and cos x = 1 - z / 2 + z^2 (C2 + z (C1 + z C0)), z = x^2.
const S0 = fround(-1.9515295891e-4);
const S1 = fround(8.3321608736e-3);
const S2 = fround(-1.6666654611e-1);
const C0 = fround(2.443315711809948e-5);
const C1 = fround(-1.388731625493765e-3);
const C2 = fround(4.166664568298827e-2);

// A fused multiply-add is written fround(a * b + c) below: the product is exact in double, and although the
// sum is rounded twice, every one of the 2^24 possible uniforms was tried and gives the bits of a true FMA.

/** sqrt(-2 log u) for u in (0, 1]. */
function radius(u: number): number {
  single[0] = u;
  const b = word[0] as number;
  // u = 2^e m with m in [sqrt(1/2), sqrt(2)); the polynomial is in x = m - 1.
  word[0] = (b & 0x007fffff) | 0x3f000000;
  const m = single[0] as number;
  let e = (b >> 23) - 126;
  let x = m - 1;
  if (m < SQRT_HALF) {
    e -= 1;
    x = fround(x + m);
  }
  const z = fround(x * x);
  let y = fround(P0 * x + P1);
  y = fround(y * x + P2);
  y = fround(y * x + P3);
  y = fround(y * x + P4);
  y = fround(y * x + P5);
  y = fround(y * x + P6);
  y = fround(y * x + P7);
  y = fround(y * x + P8);
  y = fround(fround(y * x) * z + fround(e * LN2_LO));
  y = fround(y - z * 0.5);
  const log = fround(e * LN2_HI + fround(x + y));
  return fround(Math.sqrt(-2 * log));
}

/**
 * Box-Muller in place on data[at, at + 16): the first eight are u1, the last eight u2, and
 *
 *   sqrt(-2 log(1 - u1)) cos(2 pi u2) std + mean  replaces u1,  with sin it replaces u2.
 *
 * @param mean, std float32 values.
 */
export function boxMuller16(data: Float32Array, at: number, mean: number, std: number): void {
  for (let i = at; i < at + 8; i++) {
    const r = radius(1 - (data[i] as number));
    const theta = fround(TWO_PI * (data[i + 8] as number));
    // j is the even multiple of pi / 4 nearest to theta.
    const j = ((fround(theta * FOUR_OVER_PI) + 1) | 0) & ~1;
    let x = fround(j * PI4_1 + theta);
    x = fround(j * PI4_2 + x);
    x = fround(j * PI4_3 + x);
    const z = fround(x * x);
    let c = fround(C0 * z + C1);
    c = fround(c * z + C2);
    c = fround(fround(c * z) * z - fround(z * 0.5));
    c = fround(c + 1);
    let s = fround(S0 * z + S1);
    s = fround(s * z + S2);
    s = fround(fround(s * z) * x + x);
    const swap = (j & 2) !== 0;
    const sin = (j & 4) === 0 ? (swap ? c : s) : swap ? -c : -s;
    const cos = (~(j - 2) & 4) === 0 ? (swap ? s : c) : swap ? -s : -c;
    const n1 = fround(r * cos);
    const n2 = fround(r * sin);
    if (mean === 0) {
      data[i] = n1 * std + mean;
      data[i + 8] = n2 * std + mean;
    } else {
      data[i] = fma32(n1, std, mean);
      data[i + 8] = fma32(n2, std, mean);
    }
  }
}
