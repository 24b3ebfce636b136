// A program as text: what torch.compile made of a function.
// Floor L4 (compile).

import type { ProgramReport } from "../backend/backend.ts";
import type { Optimised } from "./passes/index.ts";

export function explain({ program, log }: Optimised, report: ProgramReport): string {
  return [
    ...log,
    ...program.steps.map((s, i) => `${i} ${s.kind} ${s.name}`),
    `${report.plannedBytes} bytes`,
    `threads: ${report.threads}${report.threadsNote ? ` (${report.threadsNote})` : ""}`,
  ].join("\n");
}
