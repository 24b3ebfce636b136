// Expressions and loops in their simplest form. Floor L4 (compile).

import type { Buffer, BufferId, LoopOperand, LoopResult, Program, Step } from "../../ir/program.ts";
import type { BodyStep } from "./body.ts";
import { hasBody, isAccess, isEmpty, rewritten, sameAccess, squeezed, valuesOf } from "./body.ts";
import { withoutFactors } from "./factors.ts";

/** Whether a map stores an element where it was loaded from. */
function storesItself(step: BodyStep, { body, to }: LoopResult): boolean {
  if (body.op !== "input" || step.kind !== "loop") return false;
  const source = step.operands[body.value]?.source;
  return source !== undefined && isAccess(source) && sameAccess(source, to);
}

/** What is the one number of constants whose elements are all the same. */
class Uniform {
  readonly #buffers: readonly Buffer[];
  readonly #known = new Map<BufferId, number | null>();

  constructor(buffers: readonly Buffer[]) {
    this.#buffers = buffers;
  }

  numberOf = ({ source }: LoopOperand): number | null => {
    if (!isAccess(source)) return null;
    const { data } = this.#buffers[source.buffer]!;
    if (!data) return null;
    if (source.strides.every((s) => s === 0)) return toNumber(data[source.offset]);
    let known = this.#known.get(source.buffer);
    if (known === undefined) {
      const [first] = data;
      known =
        data.length <= mostCompared && data.every((x: unknown) => Object.is(x, first))
          ? toNumber(first)
          : null;
      this.#known.set(source.buffer, known);
    }
    return known;
  };
}

/** Larger constants are not looked through. */
const mostCompared = 2 ** 14;

/** An element as a number; null for an integer that is none. */
function toNumber(x: number | bigint | undefined): number | null {
  return x === undefined || (typeof x === "bigint" && !Number.isSafeInteger(Number(x))) ? null : Number(x);
}

function simplified(step: Step, uniform: Uniform): Step[] {
  if (!hasBody(step)) return [step];
  if (isEmpty(step) && valuesOf(step).length === 0) return [];
  const made = rewritten(step, undefined, uniform.numberOf);
  // Equal operands show when dimensions of one element are gone.
  const small = made.kind === "loop" ? rewritten(withoutFactors(squeezed(made))) : made;
  const itself = (result: LoopResult): boolean => storesItself(small, result);
  if (!small.maps.some(itself)) return [small];
  const left = rewritten(small, (result) => !itself(result));
  return left.maps.length + valuesOf(left).length > 0 ? [left] : [];
}

/** Constants folded, equal operands joined, dimensions merged; loops over nothing, and copies of things to themselves, are gone. */
export function simplify(program: Program): Program {
  const uniform = new Uniform(program.buffers);
  return { ...program, steps: program.steps.flatMap((step) => simplified(step, uniform)) };
}
