// Rounding to integers, and to decimal places.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.round.html

import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError } from "../base/errors.ts";
import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { ElementwiseDef } from "../tensor/elementwise-def.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { alias, composite, elementwise } from "./define.ts";
import type { Unary, UnaryWith } from "./signatures.ts";

const flat = {
  operands: 1,
  saves: "shapes",
  vjp: [(g: AnyTensor) => g.zerosLike()],
} satisfies Partial<ElementwiseDef>;

/** Integers stay as they are. */
const rounding = (f: (k: ExprBuilder, x: Expr) => Expr): Unary =>
  elementwise({
    ...flat,
    refuses: ["bool"],
    lower: (k, x) => (isFloat(x!.dtype) ? f(k, x!) : x!),
  });

/** The largest integer that is not above x. */
export const floor: Unary = rounding((k, x) => k.floor(x));
/** The smallest integer that is not below x. */
export const ceil: Unary = rounding((k, x) => k.ceil(x));
/** x without its fraction. */
export const trunc: Unary = rounding((k, x) => k.trunc(x));
/** The same as {@link trunc}. */
export const fix: Unary = alias(trunc);

/** x - trunc(x) */
export const frac: Unary = elementwise({
  operands: 1,
  saves: "shapes",
  refuses: ["bool", "int"],
  lower: (k, x) => k.sub(x!, k.trunc(x!)),
  vjp: [(g) => g],
});

/** Option of {@link round}. */
interface RoundOptions {
  /** How many decimal places stay; negative: how many digits before the point become 0. Default 0. */
  readonly decimals?: number;
}

const roundDecimals: UnaryWith<RoundOptions> = composite(
  (x: AnyTensor, { decimals = 0 }: RoundOptions) => {
    if (!Number.isInteger(decimals))
      throw new ArgumentError(`round(): argument 'decimals' must be an integer, not ${decimals}`);
    if (!isFloat(x.dtype))
      throw new DTypeError("round", `"round" not implemented for '${x.dtype}': it takes floats only`);
    const unit = 10 ** Math.abs(decimals);
    return decimals < 0 ? x.div(unit).round().mul(unit) : x.mul(unit).round().div(unit);
  },
  { inplace: true },
);

/**
 * The nearest integer; ties go to the even one. With `decimals`, `round(x * 10^decimals) / 10^decimals`, of floats only.
 */
export const round: UnaryWith<RoundOptions> = elementwise({
  ...flat,
  refuses: ["bool"],
  lower: (k, x) => (isFloat(x!.dtype) ? k.round(x!) : x!),
  variant: ({ decimals }: RoundOptions) => (decimals === undefined ? null : roundDecimals),
});
