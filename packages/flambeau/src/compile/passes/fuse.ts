// Fusion: decides which steps become one. How is said in inline.ts, merge.ts and epilogue.ts.
// Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { ConvStep, LoopStep, MatmulStep, Program, Step } from "../../ir/program.ts";
import { costOf } from "./algebra.ts";
import type { BodyStep } from "./body.ts";
import { hasBody, isAccess, isEmpty, isMap, sizesOf } from "./body.ts";
import { withEpilogue } from "./epilogue.ts";
import { mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import { evaluations, inlined } from "./inline.ts";
import { objection, wouldSerialize } from "./limits.ts";
import type { Log } from "./log.ts";
import { merged } from "./merge.ts";

/** A value that costs so little is computed again for each of several readers. */
const cheap = 4;
/** So many readers may compute it. */
const maxCopies = 4;
/** How many loops that read the same data are tried for each. */
const maxSiblings = 8;

const isLoop = (step: Step): step is LoopStep => step.kind === "loop" && !isEmpty(step);

/** The steps that wrote what a step reads, the last ones first. */
function producersOf(graph: Graph, step: Step): Step[] {
  const found = new Set<Step>();
  const end = graph.position(step);
  for (const read of graph.effects(step).reads)
    for (const writer of graph.writers(read.buffer))
      if (graph.position(writer) < end && graph.effects(writer).writes.some((w) => mayMeet(w, read)))
        found.add(writer);
  return [...found].sort((a, b) => graph.position(b) - graph.position(a));
}

/** Calls `visit` with each step that is there when its turn comes; steps that are put in later have theirs in the next round. */
function forEachStep(graph: Graph, visit: (step: Step) => boolean): boolean {
  let changed = false;
  for (const step of [...graph.steps]) if (graph.has(step) && visit(step)) changed = true;
  return changed;
}

/** Epilogues of products and convolutions. */
function epilogues(graph: Graph): boolean {
  return forEachStep(graph, (loop) => {
    if (!isLoop(loop) || !isMap(loop)) return false;
    for (const step of producersOf(graph, loop)) {
      if (step.kind !== "matmul" && step.kind !== "conv") continue;
      const made = withEpilogue<MatmulStep | ConvStep>(graph, step, loop);
      if (!made || !alongRows(made) || objection(graph, made) || !graph.between(step, loop)) continue;
      graph.join(step, loop, made);
      return true;
    }
    return false;
  });
}

/** Whether operands and results lie along the rows of the product: others are slow beside it. */
function alongRows(step: MatmulStep | ConvStep): boolean {
  const last = sizesOf(step).length - 1;
  const along = (strides: readonly number[]): boolean =>
    strides[last] === 1 || strides[last] === 0 || sizesOf(step)[last] === 1;
  return (
    step.maps.every(({ to }) => along(to.strides)) &&
    step.operands.every(({ source }) => !isAccess(source) || along(source.strides))
  );
}

/** Whether inlining a producer into readers does not cost more than storing what it computes. */
function worthwhile(graph: Graph, producer: LoopStep, readers: readonly BodyStep[]): boolean {
  const cost = costOf(producer.maps.map(({ body }) => body));
  if (cost === 0) return true;
  const arrays = producer.operands.filter(
    ({ source }) => isAccess(source) && source.strides.some((s) => s > 0),
  );
  if (cost <= cheap && arrays.length <= 2 && readers.length <= maxCopies) return true;
  const size = numel(sizesOf(producer));
  let count = 0;
  for (const reader of readers) count += evaluations(graph, producer, reader);
  return count <= (cost <= 3 * cheap && readers.length === 1 ? 3 : 1) * size;
}

/** Producers whose readers all compute for themselves what they read; copies and constants wherever it is possible. */
function inlining(graph: Graph): boolean {
  return forEachStep(graph, (producer) => {
    if (!isLoop(producer) || !isMap(producer) || producer.maps.length !== 1) return false;
    const [write] = graph.effects(producer).writes;
    const { buffer } = write!;
    const readers = graph
      .readers(buffer)
      .filter(
        (r) =>
          graph.position(r) > graph.position(producer) &&
          graph.effects(r).reads.some((a) => mayMeet(a, write!)),
      );
    const free = costOf([producer.maps[0]!.body]) === 0;
    const made = new Map<BodyStep, BodyStep>();
    for (const reader of readers) {
      const step = hasBody(reader) && !isEmpty(reader) ? inlined(graph, producer, reader) : null;
      if (step && !objection(graph, step)) made.set(reader as BodyStep, step);
    }
    if (made.size === 0) return false;
    if (!free) {
      if (made.size < readers.length || graph.isSeen(buffer)) return false;
      if (!worthwhile(graph, producer, [...made.keys()])) return false;
    }
    for (const [reader, step] of made) graph.replace(reader, step);
    if (made.size === readers.length && !graph.isSeen(buffer)) graph.remove(producer);
    return true;
  });
}

function tryMerge(graph: Graph, a: LoopStep, b: LoopStep): boolean {
  const made = merged(graph, a, b);
  if (!made || objection(graph, made) || wouldSerialize([a, b], made) || !graph.between(a, b)) return false;
  graph.join(a, b, made);
  return true;
}

/** Loops with those that compute what they read. */
function merging(graph: Graph): boolean {
  return forEachStep(graph, (loop) => {
    if (!isLoop(loop)) return false;
    return producersOf(graph, loop).some((a) => isLoop(a) && tryMerge(graph, a, loop));
  });
}

/** Loops that read the same data over the same indices. */
function siblings(graph: Graph): boolean {
  return forEachStep(graph, (loop) => {
    if (!isLoop(loop)) return false;
    const { reads } = graph.effects(loop);
    const bytes = (list: typeof reads): number => list.reduce((sum, r) => sum + graph.bytes(r), 0);
    const total = bytes(reads);
    const end = graph.position(loop);
    const near = new Set<LoopStep>();
    for (const read of reads)
      for (const other of graph.readers(read.buffer))
        if (isLoop(other) && graph.position(other) < end) near.add(other);
    const candidates = [...near].sort((a, b) => graph.position(b) - graph.position(a)).slice(0, maxSiblings);
    return candidates.some((other) => {
      const shared = reads.filter((r) => graph.effects(other).reads.some((o) => mayMeet(o, r)));
      return 3 * bytes(shared) >= total && tryMerge(graph, other, loop);
    });
  });
}

export interface FusionOptions {
  readonly epilogues?: boolean;
  readonly inlining?: boolean;
  readonly merging?: boolean;
  readonly siblings?: boolean;
}

export function fuse(program: Program, log: Log, options: FusionOptions = {}): Program {
  const graph = new Graph(program);
  const { epilogues: e = true, inlining: i = true, merging: m = true, siblings: s = true } = options;
  const kinds = [
    [e, epilogues],
    [i, inlining],
    [m, merging],
    [s, siblings],
  ] as const;
  // Each kind to its end before the next one: epilogues want a product's result before others take it.
  for (let at = 0; at < kinds.length; ) {
    const [on, run] = kinds[at]!;
    at = on && run(graph) ? 0 : at + 1;
  }
  log.add("fusion", `${program.steps.length} steps became ${graph.steps.length}`);
  return graph.program();
}
