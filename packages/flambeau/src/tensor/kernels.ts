// Compiled nests of the backend in use, which tell the recorder instead of running while a function is captured.
// Floor L3 (tensor).

import type {
  MapKernel,
  Operand,
  ReduceKernel,
  RowKernel,
  StepKernel,
  StridedOperand,
} from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { TypedArray } from "../base/dtype.ts";
import type { MapNest, ReduceNest } from "../ir/nest.ts";
import type { Buffer, KernelStep } from "../ir/program.ts";
import type { RowNest } from "../ir/row.ts";
import { recorder } from "./capturing.ts";

class RecordableMap implements MapKernel {
  readonly #nest: MapNest;
  readonly #kernel: MapKernel;

  constructor(nest: MapNest) {
    this.#nest = nest;
    this.#kernel = getBackend().map(nest);
  }

  run(
    n: number,
    out: TypedArray,
    outOffset: number,
    a: Operand,
    aOffset: number,
    b: Operand,
    bOffset: number,
    c: Operand,
    cOffset: number,
    d: Operand,
    dOffset: number,
  ): void {
    if (recorder === null)
      this.#kernel.run(n, out, outOffset, a, aOffset, b, bOffset, c, cOffset, d, dOffset);
    else recorder.map(this.#nest, n, out, outOffset, [a, b, c, d], [aOffset, bOffset, cOffset, dOffset]);
  }

  runStrided(shape: readonly number[], out: StridedOperand, operands: readonly StridedOperand[]): void {
    if (recorder === null) this.#kernel.runStrided(shape, out, operands);
    else recorder.mapStrided(this.#nest, shape, out, operands);
  }
}

/** Compiles a map nest. */
export const mapKernel = (nest: MapNest): MapKernel => new RecordableMap(nest);

/** Compiles a reduction. */
export function reduceKernel(nest: ReduceNest): ReduceKernel {
  const kernel = getBackend().reduce(nest);
  return {
    run(outer, reduced, inner, out, outOffset, input, inputOffset, count = reduced) {
      if (recorder === null) kernel.run(outer, reduced, inner, out, outOffset, input, inputOffset, count);
      else recorder.reduce(nest, outer, reduced, inner, out, outOffset, input, inputOffset, count);
    },
  };
}

/** Compiles a row nest. */
export function rowKernel(nest: RowNest): RowKernel {
  const kernel = getBackend().row(nest);
  return {
    run(rows, n, operands, offsets, outputs) {
      if (recorder === null) kernel.run(rows, n, operands, offsets, outputs);
      else recorder.row(nest, rows, n, operands, offsets, outputs);
    },
  };
}

export type { StepKernel };

/** Compiles a step by itself; null where the backend has no such thing. */
export const stepKernel = (step: KernelStep, buffers: readonly Buffer[]): StepKernel | null =>
  getBackend().step?.(step, buffers) ?? null;
