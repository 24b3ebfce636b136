// Arithmetic of two operands, tensors or numbers, with broadcasting and type promotion.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import { isFloat } from "../base/dtype.ts";
import { ValueError } from "../base/errors.ts";
import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { ElementwiseDef } from "../tensor/elementwise-def.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { noDerivative } from "./checks.ts";
import { alias, elementwise } from "./define.ts";
import type { AddLike, Binary, Division } from "./signatures.ts";

/** `a + alpha * b`; `alpha` defaults to 1. With alpha the sum is rounded once, as PyTorch's vector code does. */
export const add: AddLike<"add"> = elementwise({
  operands: 2,
  saves: "shapes",
  numberFirst: "always",
  options: ["alpha"],
  lower: (k, a, b, alpha) => (alpha ? k.fma(b!, alpha, a!) : k.add(a!, b!)),
  vjp: [(g) => g, (g, s) => scaled(g, s.at(2))],
});

/** `a - alpha * b`; `alpha` defaults to 1. */
export const sub: AddLike<"sub"> = elementwise({
  operands: 2,
  saves: "shapes",
  numberFirst: "always",
  options: ["alpha"],
  refusesAnyBool: true,
  lower: (k, a, b, alpha) => (alpha ? k.fma(k.neg(b!), alpha, a!) : k.sub(a!, b!)),
  vjp: [(g) => g, (g, s) => scaled(g.neg(), s.at(2))],
});

const scaled = (g: AnyTensor, options: { readonly alpha?: number } | undefined): AnyTensor =>
  options?.alpha === undefined ? g : g.mul(options.alpha);

/** `a * b` */
export const mul: Binary<"mul"> = elementwise({
  operands: 2,
  numberFirst: "always",
  lower: (k, a, b) => k.mul(a!, b!),
  vjp: [(g, s) => g.mul(s.b), (g, s) => g.mul(s.a)],
});

/** Integer quotient rounded down: the truncated one, less 1 where a remainder has the other sign. */
const floorQuotient = (k: ExprBuilder, a: Expr, b: Expr): Expr => {
  const q = k.idiv(a, b);
  const exact = k.eq(k.mul(q, b), a);
  const sameSign = k.ge(k.xor(a, b), 0);
  return k.select(k.or(exact, sameSign), q, k.sub(q, 1));
};

const floorDivision: ElementwiseDef = {
  operands: 2,
  numberFirst: "always",
  refuses: ["bool"],
  integerDivisor: true,
  lower: (k, a, b) => {
    if (!isFloat(a!.dtype)) return floorQuotient(k, a!, b!);
    // (a - fmod(a, b)) / b is exact where a / b would round up to the next integer; PyTorch computes the same.
    const rest = k.fmod(a!, b!);
    const otherSign = k.and(k.ne(rest, 0), k.ne(k.lt(rest, 0), k.lt(b!, 0)));
    const q = k.div(k.sub(a!, rest), b!);
    const down = k.select(otherSign, k.sub(q, 1), q);
    const near = k.floor(down);
    const rounded = k.select(k.gt(k.sub(down, near), 0.5), k.add(near, 1), near);
    return k.select(k.eq(b!, 0), k.div(a!, b!), k.select(k.eq(down, 0), k.mul(k.div(a!, b!), 0), rounded));
  },
};

/** Division rounded down, the dtype kept; `a.div(b, { roundingMode: "floor" })`. @throws on integer division by zero. */
export const floorDivide: Binary<"floorDivide"> = elementwise({
  ...floorDivision,
  vjp: [noDerivative("floorDivide"), noDerivative("floorDivide")],
});

// Rounded quotients are flat: div with a rounding mode has gradients of 0. PyTorch has not said so of floorDivide.
const flat = (g: AnyTensor): AnyTensor => g.zerosLike();
const floorRounded = elementwise<Binary>({ ...floorDivision, name: "div", vjp: [flat, flat] });
const truncDivide = elementwise<Binary>({
  name: "div",
  operands: 2,
  numberFirst: "always",
  refuses: ["bool"],
  integerDivisor: true,
  lower: (k, a, b) => (isFloat(a!.dtype) ? k.trunc(k.div(a!, b!)) : k.idiv(a!, b!)),
  vjp: [flat, flat],
});

/**
 * `a / b`, a float even for integers. `roundingMode`: "trunc" rounds the quotient towards zero, "floor" down; both keep
 * integers integers.
 * @throws ValueError for another rounding mode; RuntimeError for an integer division by zero (ZeroDivisionError).
 */
export const div: Division = elementwise({
  operands: 2,
  numberFirst: "always",
  result: "float",
  lower: (k, a, b) => k.div(a!, b!),
  vjp: [(g, s) => g.div(s.b), (g, s) => g.neg().mul(s.a).div(s.b).div(s.b)],
  variant: ({ roundingMode }: { roundingMode?: string | null }) => {
    if (roundingMode === undefined || roundingMode === null) return null;
    if (roundingMode === "floor") return floorRounded;
    if (roundingMode === "trunc") return truncDivide;
    throw new ValueError(
      `div expected roundingMode to be one of null, 'trunc', or 'floor' but found '${roundingMode}'`,
    );
  },
});

/** The same as {@link div}. */
export const trueDivide: Division<"trueDivide"> = alias(div);

/** Remainder with the sign of the dividend, as C's fmod. */
export const fmod: Binary<"fmod"> = elementwise({
  operands: 2,
  refuses: ["bool"],
  integerDivisor: true,
  lower: (k, a, b) => k.fmod(a!, b!),
  vjp: [(g) => g, (g, s) => g.neg().mul(truncDivide(s.a, s.b))],
});

/** Remainder with the sign of the divisor, as Python's `%`: `a - b * floor(a / b)`. */
export const remainder: Binary<"remainder"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  refuses: ["bool"],
  integerDivisor: true,
  lower: (k, a, b) => {
    const rest = k.fmod(a!, b!);
    const otherSign = k.and(k.ne(rest, 0), k.ne(k.lt(rest, 0), k.lt(b!, 0)));
    return k.select(otherSign, k.add(rest, b!), rest);
  },
  vjp: [(g) => g, (g, s) => g.neg().mul(floorRounded(s.a, s.b))],
});
