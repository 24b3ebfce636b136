// lgamma and digamma of float32 as expressions. In double precision they are functions of JavaScript.
// Floor L4 (ops). Sources: https://dlmf.nist.gov/5 (5.5, 5.11); the polynomials were fitted with mpmath's chebyfit.

import type { Polynomial } from "../../ir/erf.ts";
import type { Expr, ExprBuilder } from "../../ir/scalar.ts";
import { polynomial } from "./erf-expressions.ts";

/** log gamma(2 + t) / (t (1 + t)) in t, -1..1; within 4e-9. */
const nearTwo: Polynomial = [
  1.80915131e-5, -3.858047519e-5, 2.388160727e-5, -5.283973561e-5, 0.0001917396867, -0.000425154131,
  0.0009125944839, -0.002102242432, 0.004998996089, -0.01238494322, 0.03296498784, -0.1003172746,
  0.4227843351,
];
/** digamma(x) / (x - root) in x - 1.5, -0.5..0.5; within 3e-8. */
const nearRoot: Polynomial = [
  -0.01590631756, 0.02390907144, -0.02604888223, 0.03936941934, -0.06200706886, 0.09511622179, -0.1484022375,
  0.240538453, -0.4236274347, 0.9510558962,
];
/** The root of digamma, as a float32 and what is left. */
const root = [1.4616321325302124, 1.24381499389e-8] as const;

/** Where the asymptotic series take over. */
const far = 8;

/** log gamma(x) for x >= 0. */
function positive(k: ExprBuilder, x: Expr): Expr {
  const [tiny, large] = [k.lt(x, 1), k.ge(x, far)];
  // From 3..8 down to 2..3, a step at a time.
  let y = x;
  let product = k.const(1, x.dtype);
  for (let step = 0; step < 5; step++) {
    const high = k.ge(y, 3);
    const down = k.sub(y, 1);
    product = k.select(high, k.mul(product, down), product);
    y = k.select(high, down, y);
  }
  // Below 1, gamma(x) = gamma(x + 1) / x: t is x - 1 then, else y - 2.
  const t = k.select(tiny, k.sub(x, 1), k.sub(y, 2));
  const log = k.log(k.select(k.or(tiny, large), x, product));
  const middle = k.mul(k.mul(t, k.add(t, 1)), polynomial(k, nearTwo, t));
  const near = k.select(tiny, k.sub(middle, log), k.add(middle, log));
  const z = k.div(1, x);
  const rest = k.mul(z, polynomial(k, [1 / 1260, 0, -1 / 360, 0, 1 / 12], z));
  const constant = 0.5 * Math.log(2 * Math.PI) - 0.5;
  const beyond = k.add(k.mul(k.sub(x, 0.5), k.sub(log, 1)), k.add(rest, constant));
  return k.select(large, beyond, near);
}

/** What is left of x beside the nearest integer. */
const fraction = (k: ExprBuilder, x: Expr): Expr => k.sub(x, k.round(x));

/** log |gamma(x)| */
export function lgammaOf(k: ExprBuilder, x: Expr): Expr {
  const below = k.lt(x, 0);
  const size = positive(k, k.select(below, k.sub(1, x), x));
  const sine = k.abs(k.sin(k.mul(fraction(k, x), Math.PI)));
  const reflected = k.sub(k.sub(Math.log(Math.PI), k.log(sine)), size);
  const pole = k.and(below, k.or(k.eq(k.round(x), x), k.eq(x, -Infinity)));
  return k.select(pole, k.const(Infinity, x.dtype), k.select(below, reflected, size));
}

/** digamma(x) for x > 0. */
function positiveDigamma(k: ExprBuilder, x: Expr): Expr {
  const [tiny, large] = [k.lt(x, 1), k.ge(x, far)];
  let y = k.select(tiny, k.add(x, 1), x);
  let sum = k.select(tiny, k.neg(k.div(1, x)), k.const(0, x.dtype));
  for (let step = 0; step < 6; step++) {
    const high = k.gt(y, 2);
    const down = k.sub(y, 1);
    sum = k.select(high, k.add(sum, k.div(1, down)), sum);
    y = k.select(high, down, y);
  }
  const distance = k.sub(k.sub(y, root[0]), root[1]);
  const near = k.fma(distance, polynomial(k, nearRoot, k.sub(y, 1.5)), sum);
  const z = k.div(1, x);
  const rest = k.mul(z, polynomial(k, [-1 / 252, 0, 1 / 120, 0, -1 / 12, -1 / 2], z));
  return k.select(large, k.add(k.log(x), rest), near);
}

/** The derivative of log gamma(x). */
export function digammaOf(k: ExprBuilder, x: Expr): Expr {
  const below = k.lt(x, 0);
  const size = positiveDigamma(k, k.select(below, k.sub(1, x), x));
  const angle = k.mul(fraction(k, x), Math.PI);
  const cotangent = k.div(k.cos(angle), k.sin(angle));
  const reflected = k.sub(size, k.mul(cotangent, Math.PI));
  const pole = k.and(below, k.or(k.eq(k.round(x), x), k.eq(x, -Infinity)));
  const nan = k.const(Number.NaN, x.dtype);
  const result = k.select(pole, nan, k.select(below, reflected, size));
  // At 0 the sign of the infinity is the other one.
  return k.select(k.eq(x, 0), k.div(-1, x), k.select(k.eq(x, Infinity), x, result));
}
