// The exponential of a matrix by scaling, a rational approximation, and squaring.
// Floor L4 (ops). Source: N. J. Higham, The scaling and squaring method for the matrix exponential revisited

import { identity, product } from "./blocks.ts";
import { factorLU, solveLU } from "./lu.ts";

/** Coefficients of the numerator of degree 13. */
const coefficients = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
/** The 1-norm up to which the approximation is exact in double precision. */
const limit = 5.371920351148152;

/** exp(A) of a row-major n x n matrix. */
export function exponential(a: Float64Array, n: number): Float64Array {
  if (n === 0) return a;
  let norm = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]!);
    if (!(sum <= norm)) norm = sum;
  }
  if (!Number.isFinite(norm)) return a.fill(Number.NaN);
  const squarings = Math.max(0, Math.ceil(Math.log2(norm / limit)));
  const scale = 2 ** -squarings;
  const x = a.map((v) => v * scale);
  const times = (p: Float64Array, q: Float64Array): Float64Array =>
    product(n, n, n, { data: p, at: 0, row: n, column: 1 }, { data: q, at: 0, row: n, column: 1 });
  const x2 = times(x, x);
  const x4 = times(x2, x2);
  const x6 = times(x4, x2);
  // Even and odd powers from `from`: x6 times three of them, or the four lowest.
  const sum = (c0: number, c2: number, c4: number, c6: number): Float64Array => {
    const out = x6.map((v, i) => c6 * v + c4 * x4[i]! + c2 * x2[i]!);
    for (let i = 0; i < n; i++) out[i * n + i]! += c0;
    return out;
  };
  const c = coefficients;
  const half = (odd: 0 | 1): Float64Array => {
    const high = times(x6, sum(0, c[8 + odd]!, c[10 + odd]!, c[12 + odd]!));
    const low = sum(c[odd]!, c[2 + odd]!, c[4 + odd]!, c[6 + odd]!);
    return low.map((v, i) => v + high[i]!);
  };
  const u = times(x, half(1));
  const v = half(0);
  const denominator = v.map((e, i) => e - u[i]!);
  const numerator = v.map((e, i) => e + u[i]!);
  const pivots = new Int32Array(n);
  factorLU(denominator, 0, n, n, pivots);
  let result = identity(n);
  solveLU(denominator, 0, n, pivots, numerator, 0, n, result, 0);
  for (let s = 0; s < squarings; s++) result = times(result, result);
  return result;
}
