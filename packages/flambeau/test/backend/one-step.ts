// Runs one step as a compiled program and by the interpreter: a buffer for each array, all of kind state.

import { createPrograms } from "../../src/backend/wasm/program/index.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { interpretProgram } from "../../src/ir/interpret-program.ts";
import type { Buffer, Program, Step } from "../../src/ir/program.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";

const programs = createPrograms();

/** Bytes are taken for truth values. */
const dtypeOf = (a: TypedArray): DType =>
  a instanceof Uint8Array
    ? "bool"
    : (Object.keys(dtypes) as DType[]).find((d) => a instanceof dtypes[d].array)!;

export function programOf(step: Step, arrays: readonly TypedArray[], scalars: number): Program {
  const buffers = arrays.map(
    (a, i): Buffer => ({ dtype: dtypeOf(a), length: a.length, kind: "state", name: `buffer ${i}` }),
  );
  return { buffers, steps: [step], scalars: Array.from({ length: scalars }, (_, i) => `scalar ${i}`) };
}

/** Changes the arrays as the compiled step does. */
export function runCompiled(
  step: Step,
  arrays: readonly TypedArray[],
  scalars: readonly number[] = [],
): void {
  const program = programOf(step, arrays, scalars.length);
  verifyProgram(program);
  const regions = new Map(arrays.map((a, i) => [i, programs.allocate(dtypeOf(a), a.length, "a test")]));
  const compiled = programs.compile(program, regions);
  // Twice: what a run leaves in scratch memory must not matter to the next.
  for (let round = 0; round < 2; round++) {
    regions.forEach(({ array }, i) => array.set(arrays[i] as never));
    compiled.scalars.set(scalars);
    compiled.run();
  }
  regions.forEach((region, i) => {
    arrays[i]!.set(region.array as never);
    programs.release(region);
  });
  compiled.release();
}

/** The arrays after the step, by the interpreter. */
export function interpreted(
  step: Step,
  arrays: readonly TypedArray[],
  scalars: readonly number[] = [],
): TypedArray[] {
  const memory = new Map(arrays.map((a, i) => [i, a.slice() as TypedArray]));
  interpretProgram(programOf(step, arrays, scalars.length), memory, scalars);
  return arrays.map((_, i) => memory.get(i)!);
}
