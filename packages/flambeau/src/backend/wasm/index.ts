// The WebAssembly backend: generated SIMD kernels over streamed operands, and hand-written routines.
// Floor L2 (backend/wasm).

import type { Backend } from "../backend.ts";
import { createMapKernel } from "./map.ts";
import { createMatmul } from "./matmul/index.ts";
import { LinearMemory } from "./memory.ts";
import { createNumberedRows } from "./numbered-rows.ts";
import { createPrograms } from "./program/index.ts";
import { createReduceKernel } from "./reduce.ts";
import { ResultPlaces } from "./results.ts";
import { revectorize } from "./revectorize.ts";
import { createRowKernel } from "./row.ts";
import { createShifted } from "./shifted/index.ts";
import { createStepKernel } from "./step.ts";
import { createTranspose } from "./transpose.ts";

/** Multiplications from which a matrix product counts as large. */
const largeProduct = 2 ** 18;

/** Makes a backend with a linear memory of its own. Nothing is compiled or reserved before the first use. */
export function createWasmBackend(): Backend {
  const memory = new LinearMemory();
  const matmul = createMatmul(memory);
  return {
    name: "wasm",
    results: new ResultPlaces(memory),
    map: (nest) => createMapKernel(memory, nest),
    reduce: (nest) => createReduceKernel(memory, nest),
    row: (nest) => createRowKernel(memory, nest),
    step: (step, buffers) => createStepKernel(memory, step, buffers),
    programs: createPrograms(),
    routines: {
      matmul: (batch, m, n, k, a, aStride, b, bStride, out, outOffset, bias) => {
        // Before the routine compiles its kernels for large products and chooses between them by timing.
        if (m * n * k >= largeProduct) revectorize();
        matmul(batch, m, n, k, a, aStride, b, bStride, out, outOffset, bias);
      },
      ...createNumberedRows(memory),
      ...createShifted(memory),
      transpose: createTranspose(memory),
    },
  };
}
