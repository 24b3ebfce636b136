// Runs programs on the WebAssembly backend and by the interpreter, and compares every element of every buffer.

import { expect } from "vitest";
import type { Programs, Region } from "../../src/backend/backend.ts";
import type { DType, TypedArray } from "../../src/base/dtype.ts";
import { dtypes, isFloat } from "../../src/base/dtype.ts";
import { interpretProgram } from "../../src/ir/interpret-program.ts";
import type { Buffer, BufferId, Program } from "../../src/ir/program.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";

/** `tolerance` of floats is relative to the larger of 1 and the value. */
function expectEqual(dtype: DType, got: TypedArray, want: TypedArray, tolerance: number, name: string): void {
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i]!, want[i]!];
    if (g === w || (Number.isNaN(Number(g)) && Number.isNaN(Number(w)))) continue;
    const off = Math.abs(Number(g) - Number(w));
    if (isFloat(dtype) && off <= tolerance * Math.max(1, Math.abs(Number(w)))) continue;
    expect.fail(`${name} at ${i} of ${want.length}: got ${g}, wanted ${w}`);
  }
}

export interface Running {
  /** Arrays of the buffers that have one. */
  readonly arrays: ReadonlyMap<BufferId, TypedArray>;
  run(scalars?: readonly number[]): void;
  release(): void;
}

/** Compiles a program over regions of its own, filled by `fill`. */
export function compile(
  programs: Programs,
  program: Program,
  fill: (buffer: Buffer, id: BufferId) => TypedArray,
): Running {
  verifyProgram(program);
  const states = new Map<BufferId, Region>();
  const arrays = new Map<BufferId, TypedArray>();
  program.buffers.forEach(({ dtype, length, kind, name }, id) => {
    if (kind === "state") states.set(id, programs.allocate(dtype, length, name));
  });
  const compiled = programs.compile(program, states);
  program.buffers.forEach((buffer, id) => {
    if (buffer.kind === "temp") return;
    const array = buffer.kind === "state" ? states.get(id)!.array : compiled.view(id);
    if (buffer.kind !== "const") (array as Float32Array).set(fill(buffer, id) as Float32Array);
    arrays.set(id, array);
  });
  return {
    arrays,
    run(scalars = []) {
      compiled.scalars.set(scalars);
      compiled.run();
    },
    release() {
      compiled.release();
      for (const region of states.values()) programs.release(region);
    },
  };
}

/** Runs a program twice, and expects what the interpreter gets. */
export function check(
  programs: Programs,
  program: Program,
  fill: (buffer: Buffer, id: BufferId) => TypedArray,
  scalars: readonly number[],
  name: string,
): void {
  const running = compile(programs, program, fill);
  const memory = new Map<BufferId, TypedArray>();
  // Where anything is computed in float32, results in float64 are no better.
  const tolerance = JSON.stringify(program.steps).includes('"float32"') ? 4e-6 : 1e-13;
  for (const [id, array] of running.arrays) {
    const copy = new dtypes[program.buffers[id]!.dtype].array(array.length);
    (copy as Float32Array).set(array as Float32Array);
    memory.set(id, copy);
  }
  for (let round = 0; round < 2; round++) {
    running.run(scalars);
    interpretProgram(program, memory, scalars);
    for (const [id, got] of running.arrays) {
      const { dtype, name: buffer } = program.buffers[id]!;
      expectEqual(dtype, got, memory.get(id)!, tolerance, `${name}: ${buffer}`);
      // Errors do not add up.
      (memory.get(id) as Float32Array).set(got as Float32Array);
    }
  }
  running.release();
}
