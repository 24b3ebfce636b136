// Which code each kind of step gets.
// Floor L2 (backend/wasm/program).

import { RuntimeError } from "../../../base/errors.ts";
import type { Buffer, Step } from "../../../ir/program.ts";
import type { StepCode, StepEmitter } from "./context.ts";
import { rowsCode } from "./gather.ts";
import { elementsCode } from "./gather-elements.ts";
import { loopCode } from "./loop.ts";
import { matmulCode } from "./matmul.ts";

type Kind = Exclude<Step["kind"], "host">;
type Emitters = { readonly [K in Kind]: StepEmitter<Extract<Step, { kind: K }>> };

const missing: StepEmitter<Step> = (step) => {
  throw new RuntimeError(`programs: there is no code for steps of kind ${step.kind} yet (step ${step.name})`);
};

const emitters: Emitters = {
  loop: loopCode,
  matmul: matmulCode,
  conv: missing,
  pool: missing,
  rows: rowsCode,
  elements: elementsCode,
};

/** The code of a step. */
export function codeOf(step: Exclude<Step, { kind: "host" }>, buffers: readonly Buffer[]): StepCode {
  return (emitters[step.kind] as StepEmitter<Step>)(step, buffers);
}
