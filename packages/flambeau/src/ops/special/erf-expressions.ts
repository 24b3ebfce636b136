// The error functions as expressions: vector code for either float type, from Cody's rational approximations.
// Floor L4 (ops). Source: W. J. Cody, "Rational Chebyshev approximations for the error function" (1969).

import type { Polynomial } from "../../ir/erf.ts";
import { farBottom, farTop, middleBottom, middleTop, nearBottom, nearTop } from "../../ir/erf.ts";
import type { Expr, ExprBuilder } from "../../ir/scalar.ts";

/** A polynomial, coefficients from the highest power down. */
export const polynomial = (k: ExprBuilder, p: Polynomial, x: Expr): Expr =>
  p.reduce<Expr | null>(
    (sum, c) => (sum === null ? k.const(c, x.dtype) : k.fma(sum, x, k.const(c, x.dtype))),
    null,
  )!;
export const ratio = (k: ExprBuilder, top: Polynomial, bottom: Polynomial, x: Expr): Expr =>
  k.div(polynomial(k, top, x), polynomial(k, bottom, x));

/** Up to here erf is a polynomial, beyond it comes from erfcx. */
const border = 0.46875;

const erfNear = (k: ExprBuilder, x: Expr): Expr => k.mul(x, ratio(k, nearTop, nearBottom, k.mul(x, x)));

/** e^(x^2) erfc(x) for x > 0.46875. */
function scaled(k: ExprBuilder, x: Expr): Expr {
  const z = k.div(1, k.mul(x, x));
  const tail = k.mul(z, ratio(k, farTop, farBottom, z));
  const far = k.div(k.sub(1 / Math.sqrt(Math.PI), tail), x);
  return k.select(k.le(x, 4), ratio(k, middleTop, middleBottom, x), far);
}

/** e^(sign x^2): the rounding error of the square is put right, since it would be multiplied by x^2. */
export function expOfSquare(k: ExprBuilder, x: Expr, sign: 1 | -1): Expr {
  const square = k.mul(x, x);
  const lost = k.fma(x, x, k.neg(square));
  const e = k.exp(sign < 0 ? k.neg(square) : square);
  // Where the square is infinite there is nothing to correct.
  return k.select(k.lt(square, 1e30), k.mul(e, k.add(sign < 0 ? k.neg(lost) : lost, 1)), e);
}

/** 1 - erf(x) */
export function erfcOf(k: ExprBuilder, x: Expr): Expr {
  const a = k.abs(x);
  const tail = k.mul(expOfSquare(k, a, -1), scaled(k, a));
  const far = k.select(k.lt(x, 0), k.sub(2, tail), k.select(k.eq(a, Infinity), k.const(0, x.dtype), tail));
  return k.select(k.le(a, border), k.sub(1, erfNear(k, x)), far);
}

/** e^(x^2) erfc(x) */
export function erfcxOf(k: ExprBuilder, x: Expr): Expr {
  const a = k.abs(x);
  const positive = scaled(k, a);
  const e = expOfSquare(k, a, 1);
  const far = k.select(k.lt(x, 0), k.sub(k.mul(e, 2), positive), positive);
  return k.select(k.le(a, border), k.mul(e, k.sub(1, erfNear(k, x))), far);
}

// First guesses of the x with erf(x) = y. In y^2, to be multiplied by y, up to 0.7; in sqrt(-log(q / 2)) beyond, where
// q = erfc(x). Coefficients of PyTorch's calc_erfinv.
const innerTop: Polynomial = [-0.140543331, 0.914624893, -1.645349621, 0.886226899];
const innerBottom: Polynomial = [0.012229801, -0.329097515, 1.442710462, -2.118377725, 1];
const outerTop: Polynomial = [1.641345311, 3.429567803, -1.624906493, -1.970840454];
const outerBottom: Polynomial = [1.6370678, 3.5438892, 1];

/**
 * The x >= 0 with erf(x) = a and erfc(x) = q = 1 - a, both of them given since either may be tiny. In double precision:
 * two steps of Newton's method, in the tail for the logarithm, which is nearly a parabola.
 */
function inverse(k: ExprBuilder, a: Expr, q: Expr): Expr {
  const z = k.sqrt(k.neg(k.log(k.mul(q, 0.5))));
  const inner = k.mul(a, ratio(k, innerTop, innerBottom, k.mul(a, a)));
  let x = k.select(k.le(a, 0.7), inner, ratio(k, outerTop, outerBottom, z));
  for (let step = 0; step < 2; step++) {
    const e = expOfSquare(k, x, -1);
    const tail = scaled(k, x);
    const near = k.div(k.sub(erfNear(k, x), a), e);
    const far = k.neg(k.mul(tail, k.log(k.div(k.mul(e, tail), q))));
    x = k.sub(x, k.mul(k.select(k.le(x, border), near, far), Math.sqrt(Math.PI) / 2));
  }
  return k.select(k.eq(q, 0), k.const(Infinity, x.dtype), x);
}

/** The x with erf(x) = y. */
export function erfinvOf(k: ExprBuilder, y: Expr): Expr {
  const a = k.cast(k.abs(y), "float64");
  const x = k.cast(inverse(k, a, k.sub(1, a)), y.dtype);
  return k.select(k.eq(y, 0), y, k.select(k.lt(y, 0), k.neg(x), x));
}

/** The x below which a fraction p of the normal distribution lies. */
export function ndtriOf(k: ExprBuilder, p: Expr): Expr {
  const wide = k.cast(p, "float64");
  const q = k.mul(k.min(wide, k.sub(1, wide)), 2);
  const x = k.cast(k.mul(inverse(k, k.sub(1, q), q), Math.SQRT2), p.dtype);
  return k.select(k.lt(p, 0.5), k.neg(x), x);
}
