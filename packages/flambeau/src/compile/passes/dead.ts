// Steps and results that nobody looks at. Floor L4 (compile).

import type { BufferId, Program, Step } from "../../ir/program.ts";
import { hasBody, rewritten, valuesOf } from "./body.ts";
import { redefines } from "./functionalise.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";

/** What the caller sees is wanted, and what steps of the host do. */
export function removeDead(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const wanted = new Set<BufferId>();
  graph.buffers.forEach((_, buffer) => {
    if (graph.isSeen(buffer)) wanted.add(buffer);
  });
  const steps: Step[] = [];
  const gone: string[] = [];
  for (const step of [...graph.steps].reverse()) {
    const { writes } = graph.effects(step);
    let kept = step;
    if (step.kind !== "host") {
      if (!writes.some(({ buffer }) => wanted.has(buffer))) {
        gone.push(step.name);
        continue;
      }
      if (hasBody(step) && [...step.maps, ...valuesOf(step)].some(({ to }) => !wanted.has(to.buffer)))
        kept = rewritten(step, ({ to }) => wanted.has(to.buffer));
    }
    for (const { buffer } of writes) if (redefines(graph, step, buffer)) wanted.delete(buffer);
    for (const { buffer } of graph.effects(kept).reads) wanted.add(buffer);
    steps.push(kept);
  }
  if (gone.length > 0) log.add("dead code", `${gone.length} steps removed: ${gone.reverse().join(", ")}`);
  return { ...program, steps: steps.reverse() };
}
