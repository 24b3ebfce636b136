// What is the same in every run, computed now. Floor L4 (compile).

import { dtypes } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { forEachPlace } from "../../ir/accesses.ts";
import { interpretExpr } from "../../ir/interpret.ts";
import type { LoopStep, Program, Step } from "../../ir/program.ts";
import { isAccess, isMap, sizesOf } from "./body.ts";
import { redefines } from "./functionalise.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";

/** Larger results are left to the program. */
const maxElements = 2 ** 14;

/** Maps of constants that alone write a temp become constants themselves. */
export function foldConstants(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const steps: Step[] = [];
  let count = 0;
  for (const step of graph.steps) {
    if (step.kind === "loop" && isConstant(graph, step)) {
      evaluateInto(graph, step);
      count++;
    } else steps.push(step);
  }
  if (count > 0) log.add("constants", `${count} steps computed in advance`);
  return { ...graph.program(), steps };
}

function isConstant(graph: Graph, step: LoopStep): boolean {
  if (!isMap(step) || step.maps.length !== 1 || numel(sizesOf(step)) > maxElements) return false;
  const { buffer } = step.maps[0]!.to;
  return (
    step.operands.every(({ source }) => isAccess(source) && graph.buffers[source.buffer]!.kind === "const") &&
    graph.buffers[buffer]!.kind === "temp" &&
    graph.writers(buffer).length === 1 &&
    redefines(graph, step, buffer)
  );
}

function evaluateInto(graph: Graph, step: LoopStep): void {
  const sizes = sizesOf(step);
  const { to, body } = step.maps[0]!;
  const { dtype, length, name } = graph.buffers[to.buffer]!;
  const data = new dtypes[dtype].array(length);
  const operands = step.operands.map(({ source }) => {
    const places: number[] = [];
    if (!isAccess(source)) return [];
    forEachPlace({ ...source, sizes }, (place) => places.push(place));
    const from = graph.buffers[source.buffer]!.data!;
    return places.map((place) => from[place]!);
  });
  let i = 0;
  forEachPlace({ ...to, sizes }, (place) => {
    data[place] = interpretExpr(
      body,
      operands.map((values) => values[i]!),
    ) as number;
    i++;
  });
  graph.buffers[to.buffer] = { dtype, length, name, kind: "const", data };
}
