// Maps of what a product or convolution has just computed, in the step itself: bias, activation, an update of the parameter.
// Floor L4 (compile).

import type { StepAccess } from "../../ir/accesses.ts";
import { samePlaces } from "../../ir/accesses.ts";
import type { Access, ConvStep, LoopOperand, LoopResult, LoopStep, MatmulStep } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { Body, finished, isAccess, sizesOf } from "./body.ts";
import type { Cover } from "./geometry.ts";
import { compose, covers, mayMeet } from "./geometry.ts";
import type { Graph } from "./graph.ts";
import { operandReads, splitAs } from "./inline.ts";
import { joinNames } from "./names.ts";

/** Strides over the dimensions of the product; null where the parts of one do not lie in a row. */
function gathered(access: Access, cover: readonly Cover[], sizes: readonly number[]): Access | null {
  const strides: number[] = [];
  for (let k = 0; k < sizes.length; k++) {
    const { parts, sizes: own } = cover[k]!;
    const innermost = parts[parts.length - 1];
    const stride = innermost === undefined ? 0 : access.strides[innermost]!;
    let step = stride;
    for (let i = parts.length - 1; i >= 0; i--) {
      if (access.strides[parts[i]!] !== step) return null;
      step *= own[i]!;
    }
    strides.push(stride);
  }
  return { ...access, strides };
}

/**
 * An access of the step and one of the loop that are at the same place where they run over the same indices: a result that the loop
 * reads, else an operand that it overwrites.
 */
function linkOf(graph: Graph, step: MatmulStep | ConvStep, loop: LoopStep): [StepAccess, StepAccess] | null {
  const after = graph.effects(loop);
  const pairs = (own: readonly StepAccess[], its: readonly StepAccess[]): [StepAccess, StepAccess][] =>
    own.flatMap((x) => its.filter((y) => mayMeet(x, y)).map((y): [StepAccess, StepAccess] => [x, y]));
  const operands = operandReads(graph, step).map(({ read }) => read);
  return pairs(graph.effects(step).writes, after.reads)[0] ?? pairs(operands, after.writes)[0] ?? null;
}

/** `step` with the maps of `loop`, which reads one of its results or overwrites an operand; null where their shapes differ. */
export function withEpilogue<S extends MatmulStep | ConvStep>(
  graph: Graph,
  step: S,
  loop: LoopStep,
): S | null {
  const sizes = sizesOf(step);
  const { writes } = graph.effects(step);
  const link = linkOf(graph, step, loop);
  const composition = link && compose(link[1], link[0]);
  const cover = composition && covers(composition, sizes);
  // Every dimension of the loop is one of the product's.
  if (!cover || composition.parts.flat().some(({ dim, size }) => dim < 0 && size > 1)) return null;
  const split = splitAs(loop, composition.parts);
  const body = new Body();
  const translate = body.import(step);
  let fits = true;
  const place = (operand: LoopOperand): Expr => {
    const { source } = operand;
    if (!isAccess(source)) return body.operand(operand);
    const access = gathered(source, cover, sizes);
    if (!access) {
      fits = false;
      return body.operand(operand);
    }
    const own = { ...access, sizes };
    const met = writes.findIndex((w) => mayMeet(w, own));
    if (met < 0) return body.operand({ ...operand, source: access });
    if (!samePlaces(writes[met]!, own)) fits = false;
    return translate(step.maps[met]!.body);
  };
  const fromLoop = body.import(split, place);
  const added: LoopResult[] = [];
  for (const { to, body: expr } of split.maps) {
    const access = gathered(to, cover, sizes);
    if (!access) return null;
    added.push({ to: access, body: fromLoop(expr) });
  }
  if (!fits) return null;
  // A result that the loop overwrites is not stored.
  for (const r of step.maps) {
    const own = { ...r.to, sizes };
    const over = added.filter(({ to }) => mayMeet({ ...to, sizes }, own));
    if (over.length === 0) body.map({ to: r.to, body: translate(r.body) });
    else if (!over.every(({ to }) => samePlaces({ ...to, sizes }, own))) return null;
  }
  for (const r of added) body.map(r);
  return finished({ ...step, name: joinNames(step.name, loop.name) }, body);
}
