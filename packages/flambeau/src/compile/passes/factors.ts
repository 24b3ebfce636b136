// What does not change along the reduced dimensions is taken out of sums: sum(w x) = w sum(x), so that sums of one thing times different
// factors are one. Results differ by roundings. Floor L4 (compile).

import { isFloat } from "../../base/dtype.ts";
import type { LoopStep } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import { inputsOf, substitute } from "./algebra.ts";
import { isAccess } from "./body.ts";

/** A product as what changes along the reduced dimensions, and what does not. */
interface Split {
  readonly moving: Expr | null;
  readonly still: Expr | null;
}

/** The loop with factors of its sums taken out. */
export function withoutFactors(step: LoopStep): LoopStep {
  const { operands, stages, outer, inner } = step;
  if (!stages.some(({ combine, body }) => combine === "sum" && isFloat(body.dtype))) return step;
  const k = new ExprBuilder();
  const moves = new Set<number>();
  operands.forEach(({ source }, i) => {
    if (isAccess(source) && inner.some((size, d) => size > 1 && source.strides[outer.length + d] !== 0))
      moves.add(i);
  });
  const isStill = (x: Expr): boolean => {
    for (const i of inputsOf([x])) if (moves.has(i)) return false;
    return true;
  };
  const times = (a: Expr | null, b: Expr | null): Expr | null => (a && b ? k.mul(a, b) : (a ?? b));
  const split = (x: Expr): Split => {
    if (isStill(x)) return { moving: null, still: x };
    if (x.op === "mul") {
      const [a, b] = x.args.map(split) as [Split, Split];
      return { moving: times(a.moving, b.moving), still: times(a.still, b.still) };
    }
    if (x.op === "neg") {
      const { moving, still } = split(x.args[0]!);
      return { moving, still: still ? k.neg(still) : k.const(-1, x.dtype) };
    }
    if (x.op === "div" && isStill(x.args[1]!)) {
      const { moving, still } = split(x.args[0]!);
      return { moving, still: k.div(still ?? k.const(1, x.dtype), x.args[1]!) };
    }
    return { moving: x, still: null };
  };
  /** What the results of the stages are now. */
  const results: Expr[] = [];
  const known = new Map<Expr, Expr>();
  const renewed = (x: Expr): Expr =>
    substitute(k, x, (i, dtype) => results[i - operands.length] ?? k.input(i, dtype), known);
  const changed = stages.map(({ combine, body }, s) => {
    const now = renewed(body);
    const result = k.input(operands.length + s, body.dtype);
    const { moving, still } =
      combine === "sum" && isFloat(body.dtype) ? split(now) : { moving: now, still: null };
    if (!moving || !still) {
      results.push(result);
      return { combine, body: now };
    }
    results.push(k.mul(result, still));
    return { combine, body: moving };
  });
  return {
    ...step,
    stages: changed,
    maps: step.maps.map((r) => ({ ...r, body: renewed(r.body) })),
    values: step.values.map((r) => ({ ...r, body: renewed(r.body) })),
  };
}
