// Second names of ops.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html

import { div, mul, sub } from "./arithmetic.ts";
import { ge, gt, le, lt, ne } from "./compare.ts";
import { alias } from "./define.ts";
import { abs, acos, acosh, asin, asinh, atan, atan2, atanh, neg } from "./math.ts";
import type {
  AddLike,
  Binary,
  BinaryFloatTensors,
  Compare,
  Division,
  Unary,
  UnaryFloat,
} from "./signatures.ts";

/** The same as {@link abs}. */
export const absolute: Unary = alias(abs);
/** The same as {@link neg}. */
export const negative: Unary = alias(neg);
/** The same as {@link acos}. */
export const arccos: UnaryFloat = alias(acos);
/** The same as {@link acosh}. */
export const arccosh: UnaryFloat = alias(acosh);
/** The same as {@link asin}. */
export const arcsin: UnaryFloat = alias(asin);
/** The same as {@link asinh}. */
export const arcsinh: UnaryFloat = alias(asinh);
/** The same as {@link atan}. */
export const arctan: UnaryFloat = alias(atan);
/** The same as {@link atanh}. */
export const arctanh: UnaryFloat = alias(atanh);
/** The same as {@link atan2}. */
export const arctan2: BinaryFloatTensors<"arctan2"> = alias(atan2);
/** The same as {@link div}. */
export const divide: Division<"divide"> = alias(div);
/** The same as {@link mul}. */
export const multiply: Binary<"multiply"> = alias(mul);
/** The same as {@link sub}. */
export const subtract: AddLike<"subtract"> = alias(sub);
/** The same as {@link gt}. */
export const greater: Compare<"greater"> = alias(gt);
/** The same as {@link ge}. */
export const greaterEqual: Compare<"greaterEqual"> = alias(ge);
/** The same as {@link lt}. */
export const less: Compare<"less"> = alias(lt);
/** The same as {@link le}. */
export const lessEqual: Compare<"lessEqual"> = alias(le);
/** The same as {@link ne}. */
export const notEqual: Compare<"notEqual"> = alias(ne);
