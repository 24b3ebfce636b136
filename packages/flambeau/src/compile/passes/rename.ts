// Steps with other accesses in the place of theirs. Floor L4 (compile).

import type { Access, BufferId, LoopOperand, LoopResult, Step } from "../../ir/program.ts";

/** How a step uses an access: it may read and write the same one. */
export type Use = "read" | "write" | "update";

/** The step with each of its accesses replaced. */
export function withAccesses(step: Step, replace: (access: Access, use: Use) => Access): Step {
  const operand = (o: LoopOperand): LoopOperand =>
    "buffer" in o.source ? { ...o, source: replace(o.source, "read") } : o;
  const result = (r: LoopResult): LoopResult => ({ ...r, to: replace(r.to, "write") });
  switch (step.kind) {
    case "loop":
      return {
        ...step,
        operands: step.operands.map(operand),
        maps: step.maps.map(result),
        values: step.values.map(result),
      };
    case "matmul":
    case "conv":
      return {
        ...step,
        a: replace(step.a, "read"),
        b: replace(step.b, "read"),
        operands: step.operands.map(operand),
        maps: step.maps.map(result),
      };
    case "rows":
    case "elements":
      return {
        ...step,
        index: replace(step.index, "read"),
        from: replace(step.from, "read"),
        to: replace(step.to, step.mode === "gather" ? "write" : "update"),
      };
    case "pool": {
      const backward = step.mode === "maxBackward" || step.mode === "averageBackward";
      return {
        ...step,
        from: replace(step.from, "read"),
        index: step.index && replace(step.index, backward ? "read" : "write"),
        to: replace(step.to, "write"),
      };
    }
    case "repeat":
      return {
        ...step,
        bindings: step.bindings.map((b) => {
          const { kind } = step.body.buffers[b.inner]!;
          const use = kind === "output" ? "write" : kind === "state" ? "update" : "read";
          return { ...b, access: replace(b.access, use) };
        }),
      };
    case "host": {
      const whole = (use: Use) => (buffer: BufferId) =>
        replace({ buffer, offset: 0, strides: [1] }, use).buffer;
      return { ...step, reads: step.reads.map(whole("read")), writes: step.writes.map(whole("write")) };
    }
  }
}

/** The step with other buffers in the place of those that it reads and of those that it writes. */
export const withBuffers = (
  step: Step,
  read: (buffer: BufferId) => BufferId,
  write: (buffer: BufferId) => BufferId,
): Step =>
  withAccesses(step, (access, use) => ({
    ...access,
    buffer: use === "read" ? read(access.buffer) : write(access.buffer),
  }));
