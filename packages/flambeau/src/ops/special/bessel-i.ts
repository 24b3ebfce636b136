// The modified Bessel functions I0 and I1 as expressions: their power series near 0, their asymptotic series beyond.
// Floor L4 (ops). Source: https://dlmf.nist.gov/10.25 and https://dlmf.nist.gov/10.40

import type { Expr, ExprBuilder } from "../../ir/scalar.ts";

/** Where the asymptotic series takes over, and how many terms each series has, so that all are exact to the last bits. */
const plan = {
  float32: { border: 9, near: 22, far: 16 },
  float64: { border: 20, near: 52, far: 36 },
};

const planOf = (x: Expr): (typeof plan)["float32"] => plan[x.dtype as keyof typeof plan];

/** The power series in x^2 / 4: I0, or I1 / (x / 2). All terms are positive. */
function near(k: ExprBuilder, order: 0 | 1, x: Expr): Expr {
  const z = k.mul(k.mul(x, x), 0.25);
  let sum = k.const(1, x.dtype);
  for (let n = planOf(x).near; n >= 1; n--)
    sum = k.fma(k.mul(z, 1 / (n * (n + order))), sum, k.const(1, x.dtype));
  return sum;
}

/** e^-x I of an order for large x. */
function far(k: ExprBuilder, order: 0 | 1, x: Expr): Expr {
  const z = k.div(1, x);
  let sum = k.const(1, x.dtype);
  for (let n = planOf(x).far; n >= 1; n--) {
    const factor = ((2 * n - 1) ** 2 - 4 * order) / (8 * n);
    sum = k.fma(k.mul(z, factor), sum, k.const(1, x.dtype));
  }
  return k.div(k.mul(sum, 1 / Math.sqrt(2 * Math.PI)), k.sqrt(x));
}

/** I of order 0 or 1; `scaled`: times e^-|x|. */
export function besselI(k: ExprBuilder, order: 0 | 1, scaled: boolean, x: Expr): Expr {
  const a = k.abs(x);
  const { border } = planOf(x);
  // Beyond the border the power series may overflow, and is not looked at.
  const small = order === 0 ? near(k, 0, a) : k.mul(near(k, 1, a), k.mul(a, 0.5));
  const large = far(k, order, a);
  const size = scaled
    ? k.select(k.le(a, border), k.mul(small, k.exp(k.neg(a))), large)
    : k.select(k.le(a, border), small, k.mul(large, k.exp(a)));
  return order === 1 ? k.select(k.lt(x, 0), k.neg(size), size) : size;
}
