// A reduction of reductions as one: sums over pixels, and of those over images, are sums over both.
// Floor L4 (compile).

import type { LoopOperand, LoopStep } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { substitute } from "./algebra.ts";
import { Body, finished, isAccess, squeezed } from "./body.ts";
import type { Composition } from "./geometry.ts";
import { carry, compose, mayMeet } from "./geometry.ts";
import type { Graph } from "./graph.ts";
import { operandReads, splitAs } from "./inline.ts";
import { joinNames } from "./names.ts";

const sameParts = (a: Composition, b: Composition): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * `outer` with the reductions of `inner` in the place of the results that it reduces in the same way. Null where one of its stages does
 * anything else, or where the other loop's stages look at each other.
 */
export function nested(graph: Graph, inner: LoopStep, outer: LoopStep): LoopStep | null {
  if (inner.maps.length > 0 || outer.maps.length > 0 || outer.stages.length === 0) return null;
  const { writes } = graph.effects(inner);
  let composition: Composition | null = null;
  /** The stage of the inner loop that each operand of the outer one is the result of. */
  const stageOf = new Map<number, number>();
  for (const { read, index } of operandReads(graph, outer)) {
    const value = writes.findIndex((w) => mayMeet(w, read));
    if (value < 0) continue;
    const found = compose(read, writes[value]!);
    const stage = stageNumber(inner, inner.values[value]!.body);
    if (!found || stage === null || (composition && !sameParts(composition, found))) return null;
    composition = found;
    stageOf.set(index, stage);
  }
  if (!composition) return null;
  for (const { combine, body } of outer.stages) {
    const stage = body.op === "input" ? stageOf.get(body.value) : undefined;
    if (stage === undefined || inner.stages[stage]!.combine !== combine) return null;
  }
  const split = splitAs(outer, composition.parts);
  const body = new Body();
  const extended = (operand: LoopOperand): LoopOperand => {
    const { source } = operand;
    if (!isAccess(source)) return operand;
    return { ...operand, source: { ...source, strides: [...source.strides, ...inner.inner.map(() => 0)] } };
  };
  const carried = (operand: LoopOperand): Expr => {
    const { source } = operand;
    if (!isAccess(source)) return body.operand(operand);
    const { offset, strides } = carry(
      source.strides.slice(0, inner.outer.length),
      source.offset,
      composition,
    );
    const rest = source.strides.slice(inner.outer.length);
    return body.operand({
      ...operand,
      source: { buffer: source.buffer, offset, strides: [...strides, ...rest] },
    });
  };
  const operands = inner.operands.map(carried);
  const known = new Map<Expr, Expr>();
  const totals = outer.stages.map(({ combine, body: { value } }) => {
    const stage = inner.stages[stageOf.get(value)!]!;
    return body.stage(
      combine,
      substitute(body.k, stage.body, (index) => operands[index]!, known),
    );
  });
  const own = split.operands.map((operand, i) => (stageOf.has(i) ? null : body.operand(extended(operand))));
  const inputs = [...own, ...totals];
  const after = new Map<Expr, Expr>();
  for (const { to, body: value } of split.values) {
    const result = substitute(body.k, value, (index) => inputs[index]!, after);
    body.value({ to, body: result });
  }
  const name = joinNames(inner.name, outer.name);
  return squeezed(finished({ ...split, name, inner: [...split.inner, ...inner.inner] }, body));
}

/** The stage of which an expression is the bare result, if that looks at operands alone. */
function stageNumber(loop: LoopStep, body: Expr): number | null {
  const stage = body.value - loop.operands.length;
  const found = body.op === "input" ? loop.stages[stage] : undefined;
  if (!found) return null;
  const nodes: Expr[] = [found.body];
  for (const node of nodes) {
    if (node.op === "input" && node.value >= loop.operands.length) return null;
    nodes.push(...node.args);
  }
  return stage;
}
