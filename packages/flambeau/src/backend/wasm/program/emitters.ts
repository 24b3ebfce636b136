// Which code each kind of step gets.
// Floor L2 (backend/wasm/program).

import type { Buffer, KernelStep } from "../../../ir/program.ts";
import type { StepCode, StepEmitter } from "./context.ts";
import { convCode } from "./conv.ts";
import { rowsCode } from "./gather.ts";
import { elementsCode } from "./gather-elements.ts";
import { loopCode } from "./loop.ts";
import { matmulCode } from "./matmul.ts";
import { poolCode } from "./pool.ts";
import { repeatCode } from "./rounds.ts";

type Emitters = { readonly [K in KernelStep["kind"]]: StepEmitter<Extract<KernelStep, { kind: K }>> };

const emitters: Emitters = {
  loop: loopCode,
  matmul: matmulCode,
  conv: convCode,
  pool: poolCode,
  rows: rowsCode,
  elements: elementsCode,
  repeat: (step) => repeatCode(step, codeOf),
};

/** The code of a step. */
export function codeOf(step: KernelStep, buffers: readonly Buffer[]): StepCode {
  return (emitters[step.kind] as StepEmitter<KernelStep>)(step, buffers);
}
