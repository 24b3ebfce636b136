// What steps read and write, and where the temps of a program lie.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import type { BufferId, LoopOperand, LoopResult, Program, Step } from "../../../ir/program.ts";
import { placeBytes } from "./resident.ts";

export interface Effects {
  readonly reads: ReadonlySet<BufferId>;
  readonly writes: ReadonlySet<BufferId>;
}

/** The buffers that a step reads and writes. */
export function effectsOf(step: Step): Effects {
  const reads = new Set<BufferId>();
  const writes = new Set<BufferId>();
  const operands = (list: readonly LoopOperand[]): void => {
    for (const { source } of list) if ("buffer" in source) reads.add(source.buffer);
  };
  const results = (list: readonly LoopResult[]): void => {
    for (const { to } of list) writes.add(to.buffer);
  };
  switch (step.kind) {
    case "loop":
      operands(step.operands);
      results(step.maps);
      results(step.values);
      break;
    case "matmul":
    case "conv":
      reads.add(step.a.buffer).add(step.b.buffer);
      operands(step.operands);
      results(step.maps);
      break;
    case "rows":
    case "elements":
      reads.add(step.index.buffer).add(step.from.buffer);
      if (step.mode === "scatterAdd") reads.add(step.to.buffer);
      writes.add(step.to.buffer);
      break;
    case "pool":
      reads.add(step.from.buffer);
      if (step.index) (step.mode === "max" ? writes : reads).add(step.index.buffer);
      writes.add(step.to.buffer);
      break;
    case "host":
      for (const b of step.reads) reads.add(b);
      for (const b of step.writes) writes.add(b);
  }
  return { reads, writes };
}

export interface Plan {
  /** Bytes from the start of the arena, by temp. */
  readonly offsets: ReadonlyMap<BufferId, number>;
  readonly bytes: number;
  /** What all temps would take side by side. */
  readonly allBytes: number;
}

/** A place in the arena for each temp. */
export function planTemps(program: Program): Plan {
  const offsets = new Map<BufferId, number>();
  let bytes = 0;
  program.buffers.forEach((buffer, id) => {
    if (buffer.kind !== "temp") return;
    offsets.set(id, bytes);
    bytes += placeBytes(buffer.length * dtypes[buffer.dtype].bytes);
  });
  return { offsets, bytes, allBytes: bytes };
}
