// Where threads must wait for each other between the steps of a program: before a step that touches what another thread may
// still be writing, or writes what another may still be reading.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { accessesOf, placeRange } from "../../../ir/accesses.ts";
import type { BufferId, Program, Step } from "../../../ir/program.ts";

/** Bytes from `from` up to, not including, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a step does to memory, and whether all threads run it or the first alone. */
export interface Touch {
  readonly parallel: boolean;
  readonly reads: readonly Span[];
  readonly writes: readonly Span[];
}

/** The spans of a step's reads and writes, where each buffer starts at `place(buffer)`: temps may lie on each other. */
export function spansOf(
  step: Step,
  { buffers }: Pick<Program, "buffers">,
  place: (buffer: BufferId) => number,
): { reads: Span[]; writes: Span[] } {
  const reads: Span[] = [];
  const writes: Span[] = [];
  for (const access of accessesOf(step, { buffers })) {
    const range = placeRange(access);
    if (!range) continue;
    const { bytes } = dtypes[buffers[access.buffer]!.dtype];
    const start = place(access.buffer);
    const span: Span = { from: start + range[0] * bytes, to: start + (range[1] + 1) * bytes };
    if (access.read) reads.push(span);
    if (access.write !== "none") writes.push(span);
  }
  return { reads, writes };
}

const meet = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.some((x) => b.some((y) => x.from < y.to && y.from < x.to));

const conflict = (a: Touch, b: Touch): boolean =>
  meet(a.writes, b.reads) || meet(a.writes, b.writes) || meet(a.reads, b.writes);

/**
 * Whether a barrier must stand before each step. As few as there can be: each stands as late as it can. Steps of one thread need
 * none between them; after the last step everybody waits anyway.
 */
export function barriersBefore(steps: readonly Touch[]): boolean[] {
  let since: Touch[] = [];
  return steps.map((step) => {
    const wait = since.some((s) => (s.parallel || step.parallel) && conflict(s, step));
    if (wait) since = [];
    since.push(step);
    return wait;
  });
}
