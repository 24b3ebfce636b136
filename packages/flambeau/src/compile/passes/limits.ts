// What a fused step may be: the rules of program.ts, and what still runs well. Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import { samePlaces } from "../../ir/accesses.ts";
import type { ConvStep, LoopStep, MatmulStep } from "../../ir/program.ts";
import { costOf } from "./algebra.ts";
import type { BodyStep } from "./body.ts";
import { isAccess, isMap, sizesOf, valuesOf } from "./body.ts";
import { mayMeet } from "./geometry.ts";
import type { Graph } from "./graph.ts";

/** Arrays that a loop walks along at once: V8 has 16 vector registers, and as many for addresses. */
const maxArrays = 12;
/** Loops that compute so much for an element wait for that and not for addresses, and may have more arrays. */
const longCost = 40;
const maxArraysOfLong = 18;
/** Weight of all expressions of a step, as {@link costOf} counts. */
const maxCost = 400;
/** A loop of so many elements is worth several threads. */
const parallelSize = 2 ** 15;
/** So many iterations are enough for them. */
const parallelRows = 16;

/** Why a fused step would break the rules or run badly; null if nothing speaks against it. */
export function objection(graph: Graph, step: BodyStep): string | null {
  const { reads, writes } = graph.effects(step);
  for (const [i, w] of writes.entries()) {
    if (writes.some((v, j) => j > i && mayMeet(v, w))) return "two results meet";
    for (const r of reads)
      if (mayMeet(r, w) && (r.path === "a" || r.path === "b" || !samePlaces(r, w)))
        return "a result would change what is still read";
  }
  const first = step.kind === "loop" ? step.outer.length : 0;
  const arrays = step.operands.filter(
    ({ source }) => isAccess(source) && source.strides.some((s, d) => d >= first && s !== 0),
  );
  const exprs = [...step.maps, ...valuesOf(step), ...(step.kind === "loop" ? step.stages : [])];
  const cost = costOf(exprs.map(({ body }) => body));
  if (cost > maxCost) return "too long an expression";
  const most = cost >= longCost ? maxArraysOfLong : maxArrays;
  return arrays.length + step.maps.length > most ? `more than ${most} arrays` : null;
}

/** Whether joining loops leaves too few iterations that are independent of each other. */
export function wouldSerialize(parts: readonly LoopStep[], joined: LoopStep): boolean {
  if (isMap(joined) || numel(joined.outer) >= parallelRows) return false;
  return parts.some((p) => numel(sizesOf(p)) >= parallelSize && (isMap(p) || numel(p.outer) >= parallelRows));
}

/** Whether operands and results lie along the rows of the product: others are slow beside it. */
export function alongRows(step: MatmulStep | ConvStep): boolean {
  const last = sizesOf(step).length - 1;
  const along = (strides: readonly number[]): boolean =>
    strides[last] === 1 || strides[last] === 0 || sizesOf(step)[last] === 1;
  return (
    step.maps.every(({ to }) => along(to.strides)) &&
    step.operands.every(({ source }) => !isAccess(source) || along(source.strides))
  );
}
