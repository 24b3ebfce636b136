// Why a step and one that reads its results are two steps. Floor L4 (compile).

import type { ConvStep, LoopStep, MatmulStep, Program, Step } from "../../ir/program.ts";
import { hasBody, isMap } from "./body.ts";
import { withEpilogue } from "./epilogue.ts";
import { mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import { alongRows, objection, wouldSerialize } from "./limits.ts";
import { merged } from "./merge.ts";

export interface Apart {
  /** Numbers of the steps. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/**
 * For each step that reads a temp, the last step that wrote it, and what keeps them apart; but for factors of products, which are read
 * many times.
 */
export function apart(program: Program): Apart[] {
  const graph = new Graph(program);
  const found: Apart[] = [];
  program.steps.forEach((step, to) => {
    const sources = new Set<number>();
    for (const read of graph.effects(step).reads) {
      if (graph.buffers[read.buffer]!.kind !== "temp") continue;
      for (let from = to - 1; from >= 0; from--) {
        if (!graph.effects(program.steps[from]!).writes.some((w) => mayMeet(w, read))) continue;
        sources.add(from);
        break;
      }
    }
    for (const from of [...sources].sort((a, b) => a - b)) {
      const reason = reasonOf(graph, program.steps[from]!, step);
      if (reason) found.push({ from, to, reason });
    }
  });
  return found;
}

function reasonOf(graph: Graph, a: Step, b: Step): string | null {
  if (a.kind === "host" || b.kind === "host") return "one of them runs in JavaScript";
  if (!hasBody(a)) return `a step of kind ${a.kind} has no expressions`;
  if (!hasBody(b)) return `a step of kind ${b.kind} reads arrays`;
  const { writes } = graph.effects(a);
  const factors = graph.effects(b).reads.filter(({ path }) => path === "a" || path === "b");
  if (factors.some((f) => writes.some((w) => mayMeet(w, f)))) return null;
  if (b.kind !== "loop") return "the product comes later than what it is combined with";
  if (!graph.between(a, b)) return "steps between them need the first and are needed by the second";
  return a.kind === "loop" ? reasonOfLoops(graph, a, b) : reasonOfEpilogue(graph, a, b);
}

function reasonOfLoops(graph: Graph, a: LoopStep, b: LoopStep): string {
  const made = merged(graph, a, b);
  if (!made) return "they run over different indices";
  if (wouldSerialize([a, b], made)) return "together they would leave threads without work";
  return objection(graph, made) ?? "nothing would be gained";
}

function reasonOfEpilogue(graph: Graph, a: MatmulStep | ConvStep, b: LoopStep): string {
  if (!isMap(b)) return "reductions are no part of products";
  const made = withEpilogue(graph, a, b);
  if (!made) return "the loop takes the product's results in another shape";
  if (!alongRows(made)) return "the loop runs across the product's rows";
  return objection(graph, made) ?? "nothing would be gained";
}
