// Where the temps of a program lie in the arena: on each other where they are not needed at the same time.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { accessesOf } from "../../../ir/accesses.ts";
import type { Access, BufferId, LoopStep, Program, Step } from "../../../ir/program.ts";
import { placeBytes } from "./resident.ts";

export interface Plan {
  /** Bytes from the start of the arena, by temp. */
  readonly offsets: ReadonlyMap<BufferId, number>;
  readonly bytes: number;
  /** What all temps would take side by side. */
  readonly allBytes: number;
}

/** A place for one or more temps, needed from step `first` to step `last`. */
interface Span {
  readonly buffers: BufferId[];
  readonly bytes: number;
  readonly first: number;
  last: number;
  at: number;
}

const touchedBy = (step: Step, program: Program): Set<BufferId> =>
  new Set(accessesOf(step, program).map(({ buffer }) => buffer));

const sameAccess = (a: Access, b: Access): boolean =>
  a.offset === b.offset &&
  a.strides.length === b.strides.length &&
  a.strides.every((s, d) => s === b.strides[d]);

/** The operand whose buffer a map may write its result over, since nothing else in the step looks at it. */
function replaced(step: LoopStep, to: Access): BufferId[] {
  const sources = step.operands.map(({ source }) => source);
  return sources.flatMap((source) => {
    if (!("buffer" in source) || !sameAccess(source, to)) return [];
    const others = sources.filter((s) => "buffer" in s && s.buffer === source.buffer);
    return others.every((s) => sameAccess(s as Access, to)) ? [source.buffer] : [];
  });
}

/** Spans of all temps, in the order in which they begin. */
function spansOf(program: Program): Span[] {
  const touched = program.steps.map((step) => touchedBy(step, program));
  const lastOf = new Map<BufferId, number>();
  touched.forEach((buffers, i) => {
    for (const b of buffers) lastOf.set(b, i);
  });
  const spanOf = new Map<BufferId, Span>();
  const bytesOf = (id: BufferId): number => {
    const { dtype, length } = program.buffers[id]!;
    return length * dtypes[dtype].bytes;
  };
  const isAlike = (a: BufferId, b: BufferId): boolean =>
    program.buffers[a]!.length === program.buffers[b]!.length && bytesOf(a) === bytesOf(b);
  /** Spans that step i has handed on. */
  let handedOn = new Set<Span>();
  /** A span that ends with step i and that the buffer, which begins there, may take over. */
  const inherited = (id: BufferId, i: number): Span | undefined => {
    const step = program.steps[i]!;
    if (step.kind !== "loop") return undefined;
    const maps = step.maps.filter(({ to }) => to.buffer === id);
    if (maps.length !== 1 || step.values.some(({ to }) => to.buffer === id)) return undefined;
    return replaced(step, maps[0]!.to)
      .filter((from) => isAlike(from, id))
      .map((from) => spanOf.get(from))
      .find((span) => span?.last === i && !handedOn.has(span));
  };
  const spans: Span[] = [];
  touched.forEach((buffers, i) => {
    handedOn = new Set();
    for (const id of buffers) {
      if (program.buffers[id]!.kind !== "temp" || spanOf.has(id)) continue;
      const last = lastOf.get(id)!;
      let span = inherited(id, i);
      if (span) {
        handedOn.add(span);
        span.buffers.push(id);
        span.last = last;
      } else {
        span = { buffers: [id], bytes: placeBytes(bytesOf(id)), first: i, last, at: 0 };
        spans.push(span);
      }
      spanOf.set(id, span);
    }
  });
  return spans;
}

/** A place in the arena for each temp that a step touches: the largest first, each as low as it can lie. */
export function planTemps(program: Program): Plan {
  const spans = spansOf(program);
  const placed: Span[] = [];
  const offsets = new Map<BufferId, number>();
  let bytes = 0;
  let allBytes = 0;
  for (const span of [...spans].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    // `placed` is in the order of addresses: the first gap between spans of the same time that is wide enough.
    for (const other of placed) {
      if (other.last < span.first || span.last < other.first) continue;
      if (other.at >= span.at + span.bytes) break;
      span.at = Math.max(span.at, other.at + other.bytes);
    }
    const next = placed.findIndex(({ at }) => at > span.at);
    placed.splice(next < 0 ? placed.length : next, 0, span);
    for (const id of span.buffers) offsets.set(id, span.at);
    bytes = Math.max(bytes, span.at + span.bytes);
    allBytes += span.bytes * span.buffers.length;
  }
  return { offsets, bytes, allBytes };
}
