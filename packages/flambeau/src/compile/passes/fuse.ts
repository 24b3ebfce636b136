// Fusion: decides which steps become one. How is said in inline.ts, merge.ts and epilogue.ts.
// Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import type { ConvStep, LoopStep, MatmulStep, Program, Step } from "../../ir/program.ts";
import { costOf } from "./algebra.ts";
import type { BodyStep } from "./body.ts";
import { hasBody, isAccess, isEmpty, isMap, sizesOf } from "./body.ts";
import { withEpilogue } from "./epilogue.ts";
import { mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import { evaluations, inlined } from "./inline.ts";
import { alongRows, objection, wouldSerialize } from "./limits.ts";
import type { Log } from "./log.ts";
import { mayMerge, merged } from "./merge.ts";
import { nested } from "./nested.ts";

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

/** A kind of fusion: what it does with a step, and when it has tried it without success. */
class Kind {
  readonly #visit: (graph: Graph, step: LoopStep) => boolean;
  readonly #tried = new WeakMap<Step, number>();

  constructor(visit: (graph: Graph, step: LoopStep) => boolean) {
    this.#visit = visit;
  }

  /** Tries each loop that is there when its turn comes, unless nothing near it has changed since the last time. */
  run(graph: Graph): boolean {
    let changed = false;
    for (const step of [...graph.steps]) {
      if (!isLoop(step) || !graph.has(step) || graph.changed(step) <= (this.#tried.get(step) ?? -1)) continue;
      if (this.#visit(graph, step)) changed = true;
      else this.#tried.set(step, graph.changes);
    }
    return changed;
  }
}

/** The epilogue of a product or convolution; with `last`, only of a result that nothing else looks at. */
function epilogue(graph: Graph, loop: LoopStep, last: boolean): boolean {
  if (!isMap(loop)) return false;
  const before = producersOf(graph, loop);
  // What the loop overwrites is a map of the last product that looks at it.
  if (!last) before.push(...readersBefore(graph, loop, graph.effects(loop).writes).slice(0, maxSiblings));
  for (const step of before) {
    if (step.kind !== "matmul" && step.kind !== "conv") continue;
    if (last && !isLastReader(graph, step, loop)) continue;
    const made = withEpilogue<MatmulStep | ConvStep>(graph, step, loop);
    if (!made || !alongRows(made) || objection(graph, made) || !graph.between(step, loop)) continue;
    graph.join(step, loop, made);
    return true;
  }
  return false;
}

/** Whether no other step looks at the results that a loop reads of another step. */
function isLastReader(graph: Graph, step: Step, loop: LoopStep): boolean {
  const read = new Set(graph.effects(loop).reads.map(({ buffer }) => buffer));
  return graph
    .effects(step)
    .writes.every(
      ({ buffer }) =>
        !read.has(buffer) || (!graph.isSeen(buffer) && graph.readers(buffer).every((r) => r === loop)),
    );
}

/** Whether inlining a producer into readers does not cost more than storing what it computes. */
function worthwhile(graph: Graph, producer: LoopStep, readers: readonly BodyStep[]): boolean {
  const cost = costOf(producer.maps.map(({ body }) => body));
  if (cost === 0) return true;
  // What stands still along rows costs nothing there.
  const arrays = producer.operands.filter(({ source }) => isAccess(source) && source.strides.at(-1));
  if (cost <= cheap && arrays.length <= 2 && readers.length <= maxCopies) return true;
  const size = numel(sizesOf(producer));
  let count = 0;
  for (const reader of readers) count += evaluations(graph, producer, reader);
  return count <= (cost <= 3 * cheap && readers.length === 1 ? 3 : 1) * size;
}

/** A producer whose readers all compute for themselves what they read; a copy or constant wherever it is possible. */
function inlining(graph: Graph, producer: LoopStep): boolean {
  if (!isMap(producer) || producer.maps.length !== 1) return false;
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
  if (!free && (graph.isSeen(buffer) || !readers.every(hasBody) || !worthwhile(graph, producer, readers)))
    return false;
  const made = new Map<Step, BodyStep>();
  for (const reader of readers) {
    const step = hasBody(reader) && !isEmpty(reader) ? inlined(graph, producer, reader) : null;
    if (step && !objection(graph, step)) made.set(reader, step);
    else if (!free) return false;
  }
  if (made.size === 0) return false;
  for (const [reader, step] of made) graph.replace(reader, step);
  if (made.size === readers.length && !graph.isSeen(buffer)) graph.remove(producer);
  return true;
}

function tryMerge(graph: Graph, a: LoopStep, b: LoopStep): boolean {
  const made = mayMerge(a, b) && graph.between(a, b) && merged(graph, a, b);
  if (!made || objection(graph, made) || wouldSerialize([a, b], made)) return false;
  graph.join(a, b, made);
  return true;
}

/** A reduction that reads nothing of another one but what it reduces further. */
function tryNest(graph: Graph, a: LoopStep, b: LoopStep): boolean {
  const alone = graph.effects(a).writes.every((w) => {
    const readers = graph.readers(w.buffer);
    return !graph.isSeen(w.buffer) && readers.length === 1 && readers[0] === b;
  });
  const made = alone ? nested(graph, a, b) : null;
  if (!made || objection(graph, made) || wouldSerialize([a, b], made) || !graph.between(a, b)) return false;
  graph.join(a, b, made);
  return true;
}

/** A loop with one that computes what it reads. */
const merging = (graph: Graph, loop: LoopStep): boolean =>
  producersOf(graph, loop).some((a) => isLoop(a) && (tryMerge(graph, a, loop) || tryNest(graph, a, loop)));

/** A loop with one that reads the same data over the same indices, or what it overwrites. */
function sibling(graph: Graph, loop: LoopStep): boolean {
  const { reads, writes } = graph.effects(loop);
  const bytes = (list: typeof reads): number => list.reduce((sum, r) => sum + graph.bytes(r), 0);
  const own = [...reads, ...writes.filter((w) => graph.isSeen(w.buffer))];
  const total = bytes(own);
  const candidates = readersBefore(graph, loop, own).filter(isLoop).slice(0, maxSiblings);
  return candidates.some((other) => {
    const shared = own.filter((r) => graph.effects(other).reads.some((o) => mayMeet(o, r)));
    return 3 * bytes(shared) >= total && tryMerge(graph, other, loop);
  });
}

/** The steps before one that read what `accesses` look at, the last ones first. */
function readersBefore(graph: Graph, step: Step, accesses: readonly StepAccess[]): Step[] {
  const end = graph.position(step);
  const near = new Set<Step>();
  for (const { buffer } of accesses)
    for (const other of graph.readers(buffer)) if (graph.position(other) < end) near.add(other);
  return [...near].sort((a, b) => graph.position(b) - graph.position(a));
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
    [e, new Kind((g, loop) => epilogue(g, loop, true))],
    [i, new Kind(inlining)],
    [m, new Kind(merging)],
    [s, new Kind(sibling)],
    [e, new Kind((g, loop) => epilogue(g, loop, false))],
  ] as const;
  // Each kind to its end before the next one. Epilogues that leave nothing else to store come first; those that store the product as
  // well come last: what they would store may have been computed in place by then.
  for (let at = 0; at < kinds.length; ) {
    const [on, kind] = kinds[at]!;
    at = on && kind.run(graph) ? 0 : at + 1;
  }
  log.add("fusion", `${program.steps.length} steps became ${graph.steps.length}`);
  return graph.program();
}
