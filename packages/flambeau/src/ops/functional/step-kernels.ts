// Steps of programs as kernels of eager ops, where work is large enough to compile one for its sizes.
// Floor L4 (ops).

import type { Buffer, KernelStep } from "../../ir/program.ts";
import type { StepKernel } from "../../tensor/kernels.ts";
import { stepKernel } from "../../tensor/kernels.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/** Kernels by key; the oldest go when there are many, as in a program whose images all have other sizes. */
const kernels = new Map<string, StepKernel | null>();
const mostKernels = 256;

/** What a step looks at: its buffers begin with the first elements of the tensors that are given later. */
export interface StepParts {
  readonly step: KernelStep;
  readonly buffers: readonly Buffer[];
}

/**
 * Runs a step on packed tensors, one for each buffer; `key` stands for the step. Compiling takes some milliseconds.
 * @returns whether it ran: not every backend can
 */
export function runStep(key: string, make: () => StepParts, tensors: readonly AnyTensor[]): boolean {
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    if (kernels.size >= mostKernels) kernels.delete(kernels.keys().next().value!);
    const { step, buffers } = make();
    kernel = stepKernel(step, buffers);
    kernels.set(key, kernel);
  }
  kernel?.run(tensors.map((x) => ({ data: x.storage.data, offset: x.offset })));
  return kernel !== null;
}

/** A buffer of a step that {@link runStep} runs. */
export const buffer = (
  kind: "input" | "output",
  length: number,
  dtype: Buffer["dtype"] = "float32",
): Buffer => ({ dtype, length, kind, name: kind });
