// Sums of slices: a gradient of several slices is a sum of arrays that are zero outside of one. What is stored into these is stored
// into the sum instead. Floor L4 (compile).

import { isFloat } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import { samePlaces } from "../../ir/accesses.ts";
import type { BufferId, LoopStep, Program, Step } from "../../ir/program.ts";
import { Body, finished, isEmpty, isMap } from "./body.ts";
import { redefines } from "./functionalise.ts";
import { fillsBuffer, mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";

/** What a buffer consists of: zeros, where nothing was stored over them. */
interface Pieces {
  readonly zeros: LoopStep | null;
  readonly parts: readonly LoopStep[];
  readonly places: readonly StepAccess[];
}

const isZeros = (step: Step): step is LoopStep =>
  step.kind === "loop" &&
  isMap(step) &&
  step.maps.every(({ body }) => body.op === "const" && body.value === 0);

/** The pieces of a temp that is wholly written by maps before anyone reads it; null if it is written otherwise. */
function piecesOf(graph: Graph, buffer: BufferId): Pieces | null {
  const { kind, length } = graph.buffers[buffer]!;
  const writers = graph.writers(buffer);
  const [reader] = graph.readers(buffer);
  if (kind !== "temp" || writers.length < 2) return null;
  if (reader && graph.position(reader) < graph.position(writers[writers.length - 1]!)) return null;
  const first = isZeros(writers[0]!) && redefines(graph, writers[0]!, buffer) ? writers[0]! : null;
  const parts: LoopStep[] = [];
  const places: StepAccess[] = [];
  for (const step of first ? writers.slice(1) : writers) {
    if (step.kind !== "loop" || !isMap(step) || isEmpty(step)) return null;
    const own = graph.effects(step).writes.filter((w) => w.buffer === buffer);
    if (own.some((w) => places.some((p) => mayMeet(p, w)))) return null;
    parts.push(step);
    places.push(...own);
  }
  const zeros = first as LoopStep | null;
  return zeros || isWhole(places, length) ? { zeros, parts, places } : null;
}

/** Whether places that do not meet are all of a buffer. */
const isWhole = (places: readonly StepAccess[], length: number): boolean =>
  places.reduce((sum, { sizes }) => sum + numel(sizes), 0) === length;

/** `step` with what it stores into one buffer stored into another, after adding 0: -0 becomes 0, as it would in the sum. */
function redirected(step: LoopStep, from: BufferId, to: BufferId): LoopStep {
  const body = new Body();
  const translate = body.import(step);
  for (const r of step.maps) {
    const value = translate(r.body);
    body.map(
      r.to.buffer === from
        ? { to: { ...r.to, buffer: to }, body: body.k.add(value, 0) }
        : { ...r, body: value },
    );
  }
  return finished(step, body);
}

/** The buffers that a step adds element by element to a third; null if it does anything else. */
function summands(graph: Graph, step: Step): [a: BufferId, b: BufferId, sum: BufferId] | null {
  if (step.kind !== "loop" || !isMap(step) || step.maps.length !== 1) return null;
  const [{ body, to }] = step.maps as [LoopStep["maps"][0]];
  if (body.op !== "add" || !isFloat(body.dtype) || body.args.some(({ op }) => op !== "input")) return null;
  const { reads, writes } = graph.effects(step);
  const [write] = writes as [StepAccess];
  if (!fillsBuffer(write, graph.buffers[to.buffer]!.length) || graph.writers(to.buffer).length !== 1)
    return null;
  if (graph.buffers[to.buffer]!.kind !== "temp" || reads.length !== 2) return null;
  if (!reads.every((r) => samePlaces({ ...r, buffer: to.buffer }, write))) return null;
  const [a, b] = reads.map((r) => r.buffer) as [BufferId, BufferId];
  return a === b ? null : [a, b, to.buffer];
}

export function joinPieces(program: Program, log: Log): Program {
  const graph = new Graph(program);
  let joined = 0;
  for (const step of [...graph.steps]) {
    const found = summands(graph, step);
    if (!found) continue;
    const [a, b, sum] = found;
    if (
      [a, b].some(
        (x) => graph.readers(x).length !== 1 || graph.buffers[x]!.length !== graph.buffers[sum]!.length,
      )
    )
      continue;
    const [pa, pb] = [piecesOf(graph, a), piecesOf(graph, b)];
    if (!pa || !pb || pa.places.some((p) => pb.places.some((q) => mayMeet({ ...q, buffer: p.buffer }, p))))
      continue;
    for (const [pieces, from] of [
      [pa, a],
      [pb, b],
    ] as const)
      for (const part of pieces.parts) graph.replace(part, redirected(part, from, sum));
    // The zeros of the first one are those of the sum.
    if (pa.zeros) graph.replace(pa.zeros, redirected(pa.zeros, a, sum));
    if (pb.zeros) graph.remove(pb.zeros);
    graph.remove(step);
    joined++;
  }
  for (const step of [...graph.steps]) {
    if (!isZeros(step) || step.maps.length !== 1) continue;
    const { buffer } = step.maps[0]!.to;
    const pieces = piecesOf(graph, buffer);
    if (pieces?.zeros === step && isWhole(pieces.places, graph.buffers[buffer]!.length)) graph.remove(step);
  }
  if (joined > 0) log.add("pieces", `${joined} sums of slices are stored where they belong`);
  return graph.program();
}
