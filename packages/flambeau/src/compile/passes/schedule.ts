// The order of steps: what frees memory comes early, what takes some comes late. Floor L4 (compile).

import { dtypes } from "../../base/dtype.ts";
import type { BufferId, Program, Step } from "../../ir/program.ts";
import { Graph } from "./graph.ts";

/** Steps of the host that read nothing, or only look, first; then, of the steps that could be next, the one that leaves least memory in use, else the first. */
export function schedule(program: Program): Program {
  const graph = new Graph(program);
  const { steps } = graph;
  const waitsFor = new Map<Step, number>();
  const releases = new Map<Step, Step[]>();
  /** Earlier steps by what they touch; steps of the host under -1, too. */
  const earlier = new Map<BufferId, Step[]>();
  for (const step of steps) {
    const { reads, writes } = graph.effects(step);
    const places = new Set([...reads, ...writes].map(({ buffer }) => buffer));
    if (step.kind === "host") places.add(-1);
    const before = new Set<Step>();
    for (const b of places) for (const s of earlier.get(b) ?? []) if (graph.conflict(s, step)) before.add(s);
    for (const s of before) {
      const list = releases.get(s);
      if (list) list.push(step);
      else releases.set(s, [step]);
    }
    waitsFor.set(step, before.size);
    for (const b of places) {
      const list = earlier.get(b);
      if (list) list.push(step);
      else earlier.set(b, [step]);
    }
  }
  const temps = (list: readonly { readonly buffer: BufferId }[]): Set<BufferId> =>
    new Set(list.map(({ buffer }) => buffer).filter((b) => graph.buffers[b]!.kind === "temp"));
  /** Steps that touch each temp and are still to come. */
  const users = new Map<BufferId, number>();
  const touched = new Map<Step, Set<BufferId>>();
  for (const step of steps) {
    const { reads, writes } = graph.effects(step);
    const own = temps([...reads, ...writes]);
    touched.set(step, own);
    for (const b of own) users.set(b, (users.get(b) ?? 0) + 1);
  }
  const live = new Set<BufferId>();
  const growth = (step: Step): number => {
    // What refuses values does so before anything is done with them.
    if (step.kind === "host" && (step.reads.length === 0 || step.writes.length === 0))
      return Number.NEGATIVE_INFINITY;
    let bytes = 0;
    for (const b of touched.get(step)!) {
      const { dtype, length } = graph.buffers[b]!;
      const size = length * dtypes[dtype].bytes;
      if (!live.has(b)) bytes += size;
      if (users.get(b) === 1) bytes -= size;
    }
    return bytes;
  };
  const ready = steps.filter((step) => waitsFor.get(step) === 0);
  const order: Step[] = [];
  while (ready.length > 0) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [i, step] of ready.entries()) {
      const bytes = Math.min(growth(step), 0);
      const first = bytes === least && graph.position(step) < graph.position(ready[best]!);
      if (bytes < least || first) [best, least] = [i, bytes];
    }
    const [step] = ready.splice(best, 1) as [Step];
    order.push(step);
    for (const b of touched.get(step)!) {
      live.add(b);
      users.set(b, users.get(b)! - 1);
    }
    for (const next of releases.get(step) ?? []) {
      waitsFor.set(next, waitsFor.get(next)! - 1);
      if (waitsFor.get(next) === 0) ready.push(next);
    }
  }
  return { ...program, steps: order };
}
