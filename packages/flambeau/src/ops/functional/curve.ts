// How an activation is defined: its value, and its derivative times the upstream gradient, as one kernel each.
// Floor L4 (ops).

import type { Expr, ExprBuilder } from "../../ir/scalar.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { elementwise, entryOf } from "../define.ts";

export interface Curve {
  readonly name: string;
  /** Names of the numbers beside x, two at most. */
  readonly options?: readonly string[];
  /** Dtypes that it does not take; default all but floats. */
  readonly refuses?: readonly ("bool" | "int" | "float")[];
  /** The value at x. */
  readonly value: (k: ExprBuilder, x: Expr, ...options: Expr[]) => Expr;
  /** The derivative at x, times g. */
  readonly slope: (k: ExprBuilder, g: Expr, x: Expr, ...options: Expr[]) => Expr;
  /** The second derivative, over ops; without it, 0. */
  // biome-ignore lint/suspicious/noExplicitAny: each curve knows its options.
  readonly bend?: (x: AnyTensor, options: any) => AnyTensor;
}

/** An activation as {@link apply} takes it. */
export type CurveOp = (x: AnyTensor, options?: object) => AnyTensor;

/** The op of an activation. */
export function curve(c: Curve): CurveOp {
  const { name, options = [], refuses = ["bool", "int"], value, slope, bend } = c;
  const back: (g: AnyTensor, x: AnyTensor, options?: object) => AnyTensor = elementwise({
    name: `${name}Backward`,
    operands: 2,
    options,
    lower: (k, g, x, ...rest) => slope(k, g!, x!, ...rest),
    vjp: [
      (g, s) => back(g, s.b, s.at(2)),
      bend ? (g, s) => g.mul(s.a).mul(bend(s.b, s.at(2))) : (g) => g.zerosLike(),
    ],
  });
  return elementwise<CurveOp>({
    name,
    operands: 1,
    options,
    refuses,
    lower: (k, x, ...rest) => value(k, x!, ...rest),
    vjp: [(g, s) => back(g, s.x, s.at(1))],
  });
}

/** The values, in new memory or in that of x. */
export const apply = (op: CurveOp, x: AnyTensor, options?: object, inplace = false): AnyTensor =>
  inplace ? (entryOf(op)!.inplace!(x, options) as AnyTensor) : op(x, options);
