// Versions instead of changes: a buffer that is wholly written several times becomes several buffers, so that steps can move and join
// freely. What the caller sees keeps the last version. Floor L4 (compile).

import type { BufferId, Program, Step } from "../../ir/program.ts";
import { fillsBuffer } from "./geometry.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";
import { withBuffers } from "./rename.ts";

/** Whether a step writes all of a buffer, by one result. Steps of the host may leave parts as they were. */
export function redefines(graph: Graph, step: Step, buffer: BufferId): boolean {
  if (step.kind === "host") return false;
  const writes = graph.effects(step).writes.filter((w) => w.buffer === buffer);
  const [write] = writes;
  return writes.length === 1 && write!.write === "all" && fillsBuffer(write!, graph.buffers[buffer]!.length);
}

export function functionalise(program: Program, log: Log): Program {
  const graph = new Graph(program);
  /** The buffer that holds each one's current version. */
  const current = new Map<BufferId, BufferId>();
  /** How many whole writes are still to come. */
  const left = new Map<BufferId, number>();
  for (const step of graph.steps)
    for (const { buffer } of graph.effects(step).writes)
      if (redefines(graph, step, buffer)) left.set(buffer, (left.get(buffer) ?? 0) + 1);
  // The first version of what no caller gave is a version like the others, if it is written in parts.
  const steps: Step[] = [];
  let versions = 0;
  for (const step of graph.steps) {
    const read = (b: BufferId): BufferId => current.get(b) ?? b;
    const before = new Map<BufferId, BufferId>();
    for (const { buffer } of graph.effects(step).writes) {
      if (!left.has(buffer) || before.has(buffer) || !redefines(graph, step, buffer)) continue;
      before.set(buffer, read(buffer));
      const more = left.get(buffer)! - 1;
      left.set(buffer, more);
      if (more === 0) current.set(buffer, buffer);
      else {
        const { dtype, length, name } = graph.buffers[buffer]!;
        current.set(buffer, graph.addBuffer({ dtype, length, kind: "temp", name }));
        versions++;
      }
    }
    steps.push(
      withBuffers(
        step,
        (b) => before.get(b) ?? read(b),
        (b) => read(b),
      ),
    );
  }
  if (versions > 0) log.add("functionalise", `${versions} changes in place became versions of their own`);
  return { ...graph.program(), steps };
}
