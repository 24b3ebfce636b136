// A backend's programs by the reference interpreter: what compiled programs are compared with, and what capture is tested on.

import type { CompiledProgram, Programs, Region } from "../../src/backend/backend.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import { dtypes } from "../../src/base/dtype.ts";
import { interpretProgram } from "../../src/ir/interpret-program.ts";
import type { BufferId, Program } from "../../src/ir/program.ts";
import { verifyProgram } from "../../src/ir/verify-program.ts";

export class ReferencePrograms implements Programs {
  readonly threads = 1;
  readonly results = { give: () => undefined, spoils: false };
  setThreads(): void {
    // There is one.
  }
  allocate(dtype: keyof typeof dtypes, length: number): Region {
    return { address: 0, array: new dtypes[dtype].array(length) };
  }
  release(): void {
    // The collector does it.
  }
  compile(program: Program, states: ReadonlyMap<BufferId, Region>): CompiledProgram {
    verifyProgram(program);
    const memory = new Map<BufferId, TypedArray>();
    program.buffers.forEach(({ dtype, length, kind, data }, id) => {
      const array = kind === "state" ? states.get(id)!.array : new dtypes[dtype].array(length);
      if (data) (array as Float32Array).set(data as Float32Array);
      memory.set(id, array);
    });
    const scalars = new Float64Array(program.scalars.length);
    return {
      view: (buffer) => memory.get(buffer)!,
      lend: () => null,
      scalars,
      run: () => interpretProgram(program, memory, [...scalars]),
      release: () => memory.clear(),
      report: {
        kernels: [],
        plannedBytes: 0,
        allBytes: 0,
        workBytes: 0,
        threadBytes: 0,
        moduleBytes: 0,
        threads: 1,
      },
    };
  }
}
