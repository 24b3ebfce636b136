// What is the same in every run, computed now. Floor L4 (compile).

import type { TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { interpretProgram } from "../../ir/interpret-program.ts";
import type { BufferId, LoopStep, Program, Step } from "../../ir/program.ts";
import { isAccess, sizesOf } from "./body.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";
import { withBuffers } from "./rename.ts";

/** Larger loops are left to the program. */
const maxElements = 2 ** 14;

/** Loops over constants that alone write temps; these become constants themselves. */
export function foldConstants(program: Program, log: Log): Program {
  const graph = new Graph(program);
  const steps: Step[] = [];
  let count = 0;
  for (const step of graph.steps) {
    if (step.kind === "loop" && isConstant(graph, step)) {
      evaluate(graph, step);
      count++;
    } else steps.push(step);
  }
  if (count > 0) log.add("constants", `${count} ${count === 1 ? "step" : "steps"} computed in advance`);
  return { ...graph.program(), steps };
}

function isConstant(graph: Graph, step: LoopStep): boolean {
  const { buffers } = graph;
  return (
    numel(sizesOf(step)) <= maxElements &&
    step.operands.every(({ source }) => isAccess(source) && buffers[source.buffer]!.kind === "const") &&
    graph.effects(step).writes.every(({ buffer }) => {
      const { kind, length } = buffers[buffer]!;
      return kind === "temp" && length <= maxElements && graph.writers(buffer).length === 1;
    })
  );
}

/** Runs the step alone, over its own buffers. */
function evaluate(graph: Graph, step: LoopStep): void {
  const { reads, writes } = graph.effects(step);
  const own = [...new Set([...reads, ...writes].map(({ buffer }) => buffer))];
  const number = (b: BufferId): BufferId => own.indexOf(b);
  const memory = new Map<BufferId, TypedArray>();
  const buffers = own.map((b) => graph.buffers[b]!);
  interpretProgram({ buffers, steps: [withBuffers(step, number, number)], scalars: [] }, memory, []);
  for (const { buffer } of writes) {
    const { dtype, length, name } = graph.buffers[buffer]!;
    graph.buffers[buffer] = { dtype, length, name, kind: "const", data: memory.get(number(buffer))! };
  }
}
