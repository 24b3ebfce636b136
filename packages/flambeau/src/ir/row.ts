// Row nests: several loops over the same row of a matrix in one kernel, such as a softmax or a normalisation. Like the
// nests of nest.ts they know no sizes: one compiled kernel serves all.
// Floor L1 (ir).

import type { DType } from "../base/dtype.ts";
import type { CombineOp } from "./nest.ts";
import type { Expr } from "./scalar.ts";
import { ExprBuilder } from "./scalar.ts";

/** What an operand holds: a value per element [rows, n], per column [n], per row [rows], or one number for all. */
export type RowLayout = "full" | "column" | "row" | "scalar";

export interface RowOperand {
  readonly dtype: DType;
  readonly layout: RowLayout;
}

/** A reduction along the row: combine over j of body at (row, j). */
export interface RowStage {
  readonly combine: CombineOp;
  readonly body: Expr;
  /** Whether the body's values are kept, as a row that later expressions may look at. */
  readonly kept: boolean;
}

/**
 * For each row the stages are computed in order; then the `maps`, each a result [rows, n], the `values`, each a
 * result [rows], and the terms of the `sums` over all rows, each a result [n]. With m operands, input i < m is operand i; input m + 2s is the result of stage s and input m + 2s + 1
 * the values kept of it. Expressions see results of earlier stages only; those in `values` no value per element.
 * Sums of float32 keep the error of pairwise summation, as those of reduce nests do.
 */
export interface RowNest {
  readonly kind: "row";
  readonly name: string;
  readonly operands: readonly RowOperand[];
  readonly stages: readonly RowStage[];
  readonly maps: readonly Expr[];
  readonly values: readonly Expr[];
  readonly sums: readonly Expr[];
}

/** What input `index` of an expression is; null where there is no such input. */
export function rowInput(nest: RowNest, index: number): { dtype: DType; perElement: boolean } | null {
  const { operands, stages } = nest;
  const operand = operands[index];
  if (operand) return { dtype: operand.dtype, perElement: isPerElement(operand.layout) };
  const stage = stages[(index - operands.length) >> 1];
  if (!stage) return null;
  const kept = (index - operands.length) % 2 === 1;
  return kept && !stage.kept ? null : { dtype: stage.body.dtype, perElement: kept };
}

const isPerElement = (layout: RowLayout): boolean => layout === "full" || layout === "column";

/** Writes a row nest: operands first, then stages, then results. */
export class RowBuilder {
  /** Makes the expressions. */
  readonly k: ExprBuilder = new ExprBuilder();
  readonly #name: string;
  readonly #operands: RowOperand[] = [];
  readonly #stages: RowStage[] = [];
  readonly #maps: Expr[] = [];
  readonly #values: Expr[] = [];
  readonly #sums: Expr[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  operand(layout: RowLayout, dtype: DType): Expr {
    return this.k.input(this.#operands.push({ dtype, layout }) - 1, dtype);
  }

  /** The values of `body` combined over the row. */
  reduce(combine: CombineOp, body: Expr): Expr {
    return this.k.input(this.#stage(combine, body, false), body.dtype);
  }

  /** The same, and the values themselves. */
  reduceKept(combine: CombineOp, body: Expr): { total: Expr; kept: Expr } {
    const index = this.#stage(combine, body, true);
    return { total: this.k.input(index, body.dtype), kept: this.k.input(index + 1, body.dtype) };
  }

  #stage(combine: CombineOp, body: Expr, kept: boolean): number {
    return this.#operands.length + 2 * (this.#stages.push({ combine, body, kept }) - 1);
  }

  /** A result with a value per element. */
  map(body: Expr): void {
    this.#maps.push(body);
  }

  /** A result with a value per row. */
  value(body: Expr): void {
    this.#values.push(body);
  }

  /** A result with a value per column: the sum over all rows. */
  sumOverRows(body: Expr): void {
    this.#sums.push(body);
  }

  finish(): RowNest {
    return {
      kind: "row",
      name: this.#name,
      operands: this.#operands,
      stages: this.#stages,
      maps: this.#maps,
      values: this.#values,
      sums: this.#sums,
    };
  }
}
