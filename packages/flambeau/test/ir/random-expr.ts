// Random expressions whose values stay small and whose errors are known: what kernels compute of them can be compared closely.

import type { DType } from "../../src/base/dtype.ts";
import { dtypes, isFloat } from "../../src/base/dtype.ts";
import type { Expr, ExprBuilder } from "../../src/ir/scalar.ts";
import type { Random } from "./random-numbers.ts";

/**
 * What is known of values. With an error of 0 they are the same however they are computed, so that steps may depend on
 * them (comparisons, roundings); others go through smooth operations only.
 */
export interface Known {
  /** No larger than this, in magnitude. */
  readonly bound: number;
  /** How far computed values may be off. */
  readonly error: number;
}

export interface Term extends Known {
  readonly expr: Expr;
}

const largestInteger = { bool: 1, uint8: 255, int32: 2 ** 31, int64: 2 ** 63, float32: 0, float64: 0 };

/** A rounding of results of the dtype, and the error of a function of few ulps. */
export const epsilon = (dtype: DType): number => (dtype === "float64" ? 2 ** -53 : 2 ** -24);

export class RandomExpr {
  readonly #random: Random;
  readonly #inputs: readonly Term[];
  readonly k: ExprBuilder;

  constructor(random: Random, k: ExprBuilder, inputs: readonly Term[]) {
    this.#random = random;
    this.#inputs = inputs;
    this.k = k;
  }

  /** An expression of the dtype, at most `depth` operations deep. */
  make(dtype: DType, depth: number): Term {
    if (depth <= 0 || this.#random.chance(0.1)) return this.#leaf(dtype);
    if (isFloat(dtype)) return this.#float(dtype, depth - 1);
    return dtype === "bool" ? this.#bool(depth - 1) : this.#integer(dtype, depth - 1);
  }

  /** The same values scaled down, if they are not, to a magnitude of at most `bound`. */
  limit(x: Term, bound: number): Term {
    const { k } = this;
    const { dtype } = x.expr;
    if (x.bound <= bound) return x;
    if (isFloat(dtype)) {
      // x / (1 + |x| / bound), whose slope is at most 1.
      const shrink = k.add(k.mul(k.abs(x.expr), Math.fround(1 / bound)), 1);
      return { expr: k.div(x.expr, shrink), bound, error: this.#rounded(dtype, bound, 2 * x.error) };
    }
    if (dtype === "bool") return x;
    return { expr: k.fmod(x.expr, Math.min(bound, 100) + 1), bound, error: 0 };
  }

  /** An operation that is rounded the same everywhere: if what it takes is exact, so is the result. */
  #rounded(dtype: DType, bound: number, error: number): number {
    return error === 0 ? 0 : error + 2 * epsilon(dtype) * bound;
  }

  #constant(dtype: DType): Term {
    const value = isFloat(dtype)
      ? this.#random.pick([0, 1, -1, 0.5, 2, -0.75, 0.37])
      : dtype === "bool"
        ? this.#random.below(2)
        : this.#random.pick(dtype === "uint8" ? [0, 1, 3, 7] : [0, 1, -1, 3, -5]);
    return {
      expr: this.k.const(dtype === "float32" ? Math.fround(value) : value, dtype),
      bound: Math.abs(value),
      error: 0,
    };
  }

  #leaf(dtype: DType): Term {
    const own = this.#inputs.filter((x) => x.expr.dtype === dtype);
    if (own.length > 0 && this.#random.chance(0.9)) return this.#random.pick(own);
    if (this.#inputs.length > 0 && this.#random.chance(0.9)) {
      const cast = this.#cast(this.#random.pick(this.#inputs), dtype);
      if (cast) return cast;
    }
    return this.#constant(dtype);
  }

  #cast(x: Term, dtype: DType): Term | null {
    const from = x.expr.dtype;
    const expr = this.k.cast(x.expr, dtype);
    if (from === dtype) return x;
    if (isFloat(dtype)) {
      const small = this.limit(x, 10);
      return {
        expr: this.k.cast(small.expr, dtype),
        bound: small.bound,
        error: this.#rounded(dtype, small.bound, small.error),
      };
    }
    if (x.error > 0) return null;
    const bound = isFloat(from) ? x.bound : Math.min(x.bound, largestInteger[dtype]);
    return { expr, bound: dtype === "uint8" ? 255 : dtype === "bool" ? 1 : bound, error: 0 };
  }

  #float(dtype: DType, depth: number): Term {
    const { k } = this;
    const a = this.limit(this.make(dtype, depth), 10);
    const eps = 8 * epsilon(dtype);
    const term = (expr: Expr, bound: number, error: number, exact = true): Term => ({
      expr,
      bound,
      error: exact ? this.#rounded(dtype, bound, error) : error + eps * bound,
    });
    const second = (): Term => this.limit(this.make(dtype, depth), 10);
    const apart = (x: Term): Expr => k.add(k.abs(x.expr), 1);
    const choices: (() => Term)[] = [
      () => term(k.neg(a.expr), a.bound, a.error),
      () => term(k.abs(a.expr), a.bound, a.error),
      () => term(k.tanh(a.expr), 1, a.error, false),
      () => term(k.sin(a.expr), 1, a.error, false),
      () => term(k.cos(a.expr), 1, a.error, false),
      () => term(k.erf(a.expr), 1, 1.2 * a.error, false),
      () => term(k.cdf(a.expr), 1, 0.4 * a.error, false),
      () => term(k.atan(a.expr), 1.6, a.error, false),
      () => term(k.sqrt(apart(a)), Math.sqrt(a.bound + 1), a.error / 2),
      () => term(k.log(apart(a)), Math.log(a.bound + 1), a.error, false),
      () => term(k.log1p(k.abs(a.expr)), Math.log(a.bound + 1), a.error, false),
      () => {
        const x = this.limit(a, 3);
        const top = Math.exp(x.bound);
        const op = this.#random.pick(["exp", "expm1"] as const);
        return term(k.unary(op, x.expr), top, top * x.error, false);
      },
      () => {
        const x = this.limit(a, 3);
        const power = this.#random.pick([2, 0.5, -1, 3, 1.5]);
        const slope = Math.abs(power) * Math.max(1, (x.bound + 1) ** (power - 1));
        return term(k.pow(apart(x), power), Math.max(1, (x.bound + 1) ** power), slope * x.error, false);
      },
      () => {
        const b = second();
        const op = this.#random.pick(["add", "sub"] as const);
        return term(k.binary(op, a.expr, b.expr), a.bound + b.bound, a.error + b.error);
      },
      () => {
        const b = second();
        return term(k.mul(a.expr, b.expr), a.bound * b.bound, a.bound * b.error + b.bound * a.error);
      },
      () => {
        const b = second();
        return term(k.div(a.expr, apart(b)), a.bound, a.error + a.bound * b.error);
      },
      () => {
        const b = second();
        const op = this.#random.pick(["max", "min"] as const);
        return term(k.binary(op, a.expr, b.expr), Math.max(a.bound, b.bound), Math.max(a.error, b.error));
      },
      () => {
        const b = second();
        return term(k.atan2(a.expr, apart(b)), 1.6, a.error + b.error, false);
      },
      () => {
        const [b, c] = [second(), second()];
        const bound = a.bound * b.bound + c.bound;
        const error = a.bound * b.error + b.bound * a.error + c.error;
        return term(k.fma(a.expr, b.expr, c.expr), bound, error, false);
      },
      () => {
        const b = second();
        const condition = this.#bool(depth);
        const expr = k.select(condition.expr, a.expr, b.expr);
        return term(expr, Math.max(a.bound, b.bound), Math.max(a.error, b.error));
      },
    ];
    const exact = this.#inputs.filter((x) => x.expr.dtype === dtype && x.error === 0);
    if (exact.length > 0) {
      const x = this.#random.pick(exact);
      const round = this.#random.pick(["floor", "ceil", "trunc", "round"] as const);
      choices.push(() => term(k.unary(round, x.expr), Math.ceil(x.bound), 0));
      choices.push(() => term(k.fmod(x.expr, 0.75), 0.75, 0));
    }
    return this.#random.pick(choices)();
  }

  #integer(dtype: DType, depth: number): Term {
    const { k } = this;
    const [a, b] = [this.make(dtype, depth), this.make(dtype, depth)];
    const term = (expr: Expr, bound: number): Term => ({
      expr,
      bound: bound > largestInteger[dtype] || dtype === "uint8" ? largestInteger[dtype] : bound,
      error: 0,
    });
    const all = largestInteger[dtype];
    const both = Math.max(a.bound, b.bound);
    const amount = this.#random.below(4);
    const choices: (() => Term)[] = [
      () => term(k.neg(a.expr), a.bound),
      () => term(k.abs(a.expr), a.bound),
      () => term(k.not(a.expr), a.bound + 1),
      () => term(k.add(a.expr, b.expr), a.bound + b.bound),
      () => term(k.sub(a.expr, b.expr), a.bound + b.bound),
      () => term(k.mul(a.expr, b.expr), a.bound * b.bound),
      () => term(k.idiv(a.expr, k.or(b.expr, 1)), a.bound),
      () => term(k.fmod(a.expr, k.or(b.expr, 1)), a.bound),
      () => term(k.max(a.expr, b.expr), both),
      () => term(k.min(a.expr, b.expr), both),
      () => term(k.and(a.expr, b.expr), all),
      () => term(k.or(a.expr, b.expr), all),
      () => term(k.xor(a.expr, b.expr), all),
      () => term(k.shl(a.expr, amount), a.bound * 2 ** amount),
      () => term(k.shr(a.expr, amount), a.bound),
      () => term(k.fma(a.expr, b.expr, k.const(3, dtype)), a.bound * b.bound + 3),
      () => term(k.select(this.#bool(depth).expr, a.expr, b.expr), both),
    ];
    return this.#random.pick(choices)();
  }

  #bool(depth: number): Term {
    const { k } = this;
    const exact = this.#inputs.filter((x) => x.error === 0);
    const term = (expr: Expr): Term => ({ expr, bound: 1, error: 0 });
    if (depth > 0 && this.#random.chance(0.3)) {
      const [a, b] = [this.#bool(depth - 1).expr, this.#bool(depth - 1).expr];
      if (this.#random.chance(0.2)) return term(k.not(a));
      return term(k.binary(this.#random.pick(["and", "or", "xor"] as const), a, b));
    }
    if (exact.length === 0) return this.#constant("bool");
    const a = this.#random.pick(exact);
    const op = this.#random.pick(["eq", "ne", "lt", "le", "gt", "ge"] as const);
    const { dtype } = a.expr;
    if (dtypes[dtype].kind !== "bool" && this.#random.chance(0.3)) return term(k.cast(a.expr, "bool"));
    const b = isFloat(dtype) ? this.#pairOf(a, exact) : this.make(dtype, depth - 1);
    return term(k.compare(op, a.expr, b.expr));
  }

  /** Something exact to compare with: comparisons of what is not would depend on roundings. */
  #pairOf(a: Term, exact: readonly Term[]): Term {
    const same = exact.filter((x) => x.expr.dtype === a.expr.dtype);
    return this.#random.chance(0.5) ? this.#constant(a.expr.dtype) : this.#random.pick(same);
  }
}
