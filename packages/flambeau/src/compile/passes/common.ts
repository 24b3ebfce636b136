// Steps that compute what another has computed already. Floor L4 (compile).

import type { Access, BufferId, Program, Step } from "../../ir/program.ts";
import { keyOf } from "./algebra.ts";
import { hasBody, valuesOf } from "./body.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";
import { withAccesses, withBuffers } from "./rename.ts";

/**
 * Equal steps on equal versions of their operands become one, where their results are temps that nothing else writes. Steps of the host
 * are never equal.
 */
export function shareCommon(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const renamed = new Map<BufferId, BufferId>();
  const versions = new Map<BufferId, number>();
  const known = new Map<string, readonly BufferId[]>();
  const steps: Step[] = [];
  const gone: string[] = [];
  for (const original of program.steps) {
    const step = withBuffers(
      original,
      (b) => renamed.get(b) ?? b,
      (b) => b,
    );
    const { writes } = graph.effects(original);
    const results = [...new Set(writes.map(({ buffer }) => buffer))];
    const own =
      step.kind !== "host" &&
      step.kind !== "repeat" &&
      results.every((b) => graph.buffers[b]!.kind === "temp" && graph.writers(b).length === 1);
    const key = own ? keyOfStep(step, (b) => versions.get(b) ?? 0, results, graph) : null;
    const earlier = key === null ? undefined : known.get(key);
    if (earlier) {
      results.forEach((b, i) => {
        renamed.set(b, earlier[i]!);
      });
      gone.push(step.name);
      continue;
    }
    if (key !== null) known.set(key, results);
    for (const b of results) versions.set(b, (versions.get(b) ?? 0) + 1);
    steps.push(step);
  }
  if (gone.length > 0)
    log.add("common subexpressions", `${gone.length} steps shared with earlier ones: ${gone.join(", ")}`);
  return { ...program, steps };
}

/** Everything but names: results are numbered in their order, what is read has a version. */
function keyOfStep(
  step: Step,
  version: (buffer: BufferId) => number,
  results: readonly BufferId[],
  graph: Graph,
): string {
  const accesses: string[] = [];
  const write = ({ buffer, offset, strides }: Access): string => {
    const { dtype, length } = graph.buffers[buffer]!;
    return `${results.indexOf(buffer)}:${dtype}${length}@${offset}[${strides.join()}]`;
  };
  withAccesses(step, (access, use) => {
    const { buffer, offset, strides } = access;
    accesses.push(
      use === "read" ? `${buffer}v${version(buffer)}@${offset}[${strides.join()}]` : write(access),
    );
    return access;
  });
  const bodies = hasBody(step)
    ? keyOf([
        ...(step.kind === "loop" ? step.stages : []).map(({ body }) => body),
        ...[...step.maps, ...valuesOf(step)].map(({ body }) => body),
      ])
    : "";
  const { name: _, ...rest } = step;
  const shape = JSON.stringify(rest, (name, value: unknown) =>
    ["operands", "maps", "values", "a", "b", "from", "to", "index", "body"].includes(name)
      ? undefined
      : value,
  );
  const operands = hasBody(step)
    ? step.operands.map(({ dtype, source }) => ("scalar" in source ? `#${source.scalar}${dtype}` : dtype))
    : [];
  return [shape, accesses.join(" "), operands.join(), bodies].join("|");
}
