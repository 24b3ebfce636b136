// Which products have a matrix that a rectifier wrote: their code may leave out what is 0. Floor L4 (compile).

import type { BufferId, Program, Step } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { hasBody } from "./body.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";

/** Marks them, by the last step before them that wrote the matrix. Whether there are zeros enough is seen when the product runs. */
export function markZeros(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const rectified = new Set<BufferId>();
  let count = 0;
  const steps = graph.steps.map((step): Step => {
    let marked = step;
    if (step.kind === "matmul") {
      const zeros = (["a", "b"] as const).filter((x) => rectified.has(step[x].buffer));
      if (zeros.length > 0) {
        marked = { ...step, zeros };
        count++;
      }
    }
    for (const { buffer } of graph.effects(step).writes) rectified.delete(buffer);
    if (hasBody(step)) for (const { to, body } of step.maps) if (mayBeZero(body)) rectified.add(to.buffer);
    return marked;
  });
  if (count > 0) log.add("zeros", `${count} products may leave out what a rectifier made 0`);
  return { ...program, steps };
}

/** Whether an expression is 0 for many of its inputs: max(x, 0), select(x > 0, y, 0), what is made of them. */
function mayBeZero({ op, args }: Expr): boolean {
  switch (op) {
    case "max":
      return args.some(isZero);
    case "select":
      return args.slice(1).some((x) => isZero(x) || mayBeZero(x));
    case "min":
    case "mul":
      return args.some(mayBeZero);
    default:
      return false;
  }
}

const isZero = ({ op, value }: Expr): boolean => op === "const" && value === 0;
