// Expressions and loops in their simplest form. Floor L4 (compile).

import type { LoopResult, Program, Step } from "../../ir/program.ts";
import type { BodyStep } from "./body.ts";
import { hasBody, isAccess, isEmpty, rewritten, sameAccess, squeezed, valuesOf } from "./body.ts";
import { withoutFactors } from "./factors.ts";

/** Whether a map stores an element where it was loaded from. */
function storesItself(step: BodyStep, { body, to }: LoopResult): boolean {
  if (body.op !== "input" || step.kind !== "loop") return false;
  const source = step.operands[body.value]?.source;
  return source !== undefined && isAccess(source) && sameAccess(source, to);
}

function simplified(step: Step): Step[] {
  if (!hasBody(step)) return [step];
  if (isEmpty(step) && valuesOf(step).length === 0) return [];
  const made = rewritten(step);
  // Equal operands show when dimensions of one element are gone.
  const small = made.kind === "loop" ? rewritten(withoutFactors(squeezed(made))) : made;
  const left = rewritten(small, (result) => !storesItself(small, result));
  return left.maps.length + valuesOf(left).length > 0 ? [left] : [];
}

/** Constants folded, equal operands joined, dimensions merged; loops over nothing, and copies of things to themselves, are gone. */
export function simplify(program: Program): Program {
  return { ...program, steps: program.steps.flatMap(simplified) };
}
