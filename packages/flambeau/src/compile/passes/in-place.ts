// Results over operands that nobody needs any more: less memory, and what is written is in the cache. Floor L4 (compile).

import { samePlaces } from "../../ir/accesses.ts";
import type { BufferId, Program } from "../../ir/program.ts";
import { hasBody } from "./body.ts";
import { fillsBuffer, mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";
import { withBuffers } from "./rename.ts";

/** A temp that a map fills takes the memory of an operand of the same size and access, if this is the last step that looks at it. */
export function reuseInPlace(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const renamed = new Map<BufferId, BufferId>();
  let count = 0;
  const now = (b: BufferId): BufferId => {
    let at = b;
    while (renamed.has(at)) at = renamed.get(at)!;
    return at;
  };
  /** The last step that touches each buffer, all names of it taken together. */
  const last = new Map<BufferId, number>();
  graph.steps.forEach((step, i) => {
    const { reads, writes } = graph.effects(step);
    for (const { buffer } of [...reads, ...writes]) last.set(buffer, i);
  });
  const steps = graph.steps.map((step, i) => {
    if (hasBody(step)) {
      const { reads, writes } = graph.effects(step);
      for (const w of writes) {
        const result = graph.buffers[w.buffer]!;
        if (result.kind !== "temp" || w.path.startsWith("values") || graph.writers(w.buffer)[0] !== step)
          continue;
        if (!fillsBuffer(w, result.length)) continue;
        const over = reads.find((r) => {
          const operand = now(r.buffer);
          const { kind, dtype, length } = graph.buffers[operand]!;
          if (kind !== "temp" || dtype !== result.dtype || length !== result.length) return false;
          if (last.get(operand) !== i || !samePlaces({ ...w, buffer: r.buffer }, r)) return false;
          // Whatever else of this step looks at it looks at the same places, and no result has taken it yet.
          return (
            r.path.startsWith("operands") &&
            reads.every((other) => now(other.buffer) !== operand || sameLook(other, r)) &&
            writes.every((other) => now(other.buffer) !== operand)
          );
        });
        if (!over) continue;
        const operand = now(over.buffer);
        renamed.set(w.buffer, operand);
        last.set(operand, last.get(w.buffer)!);
        count++;
      }
    }
    return step;
  });
  if (count > 0) log.add("in place", `${count} results lie over an operand`);
  return { ...program, steps: steps.map((step) => withBuffers(step, now, now)) };
}

const sameLook = (a: Parameters<typeof samePlaces>[0] & { path: string }, b: typeof a): boolean =>
  a.path.startsWith("operands") &&
  samePlaces({ ...a, buffer: b.buffer }, b) &&
  mayMeet({ ...a, buffer: b.buffer }, b);
