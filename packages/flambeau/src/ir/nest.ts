// Kernel nests: a loop over elements whose body is a scalar expression, optionally reduced. The shapes are
// arguments of the compiled kernel, not part of the nest, so one compiled kernel serves every size.
// Floor L1 (ir).

import type { DType } from "../base/dtype.ts";
import type { Expr } from "./scalar.ts";

/** An operand of a nest: one element per iteration, or one number for the whole loop. */
export interface OperandSpec {
  readonly dtype: DType;
  /** True for a number that is passed at the call (a learning rate, a slope); false for an array. */
  readonly scalar: boolean;
}

/** out[i] = body(operands at i). At most `maxOperands` operands. */
export interface MapNest {
  readonly kind: "map";
  /** For messages and `explain`: the op that the nest came from. */
  readonly name: string;
  readonly operands: readonly OperandSpec[];
  readonly body: Expr;
}

/** How values are combined; the neutral element of each is what an empty reduction gives. */
export const combineOps = ["sum", "prod", "max", "min", "and", "or"] as const;
export type CombineOp = (typeof combineOps)[number];

/**
 * Input [outer, reduced, inner], output [outer, inner]:
 * out[o, i] = post(combine over r of body(input[o, r, i]), reduced).
 * `post` sees the combined value as input 0 and the number of reduced elements as input 1 (of the same dtype).
 * Sums of float32 must keep the error of pairwise summation: never one running float32 for a long row. Rows (inner 1)
 * of fewer than 8 elements are added as (((x0 + x4 + x5 + x6) + x1) + x2) + x3, and up to 512 float32 elements in
 * PyTorch's order (docs/decisions/0002).
 */
export interface ReduceNest {
  readonly kind: "reduce";
  readonly name: string;
  readonly input: DType;
  readonly body: Expr;
  readonly combine: CombineOp;
  readonly post: Expr | null;
}

export type Nest = MapNest | ReduceNest;

export const maxOperands = 4;

/** The dtype that a nest's result has. */
export const resultDType = (nest: Nest): DType =>
  nest.kind === "reduce" && nest.post ? nest.post.dtype : nest.body.dtype;
