// Running a row nest over the last dimension of tensors, or a suffix of their dimensions.
// Floor L3 (tensor).

import type { Operand, RowKernel } from "../backend/backend.ts";
import type { DType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import { RowBuilder } from "../ir/row.ts";
import { rowKernel } from "./kernels.ts";
import { allocateUnset } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";
import { fresh } from "./tensor.ts";

/** Runs a nest on `rows` rows of `n` elements. Tensors are made packed; results have the shapes asked for. */
export type RunRows = (
  dtype: DType,
  rows: number,
  n: number,
  operands: readonly (AnyTensor | number)[],
  shapes: readonly Shape[],
) => AnyTensor[];

/** Makes the function that runs the nest that `build` writes; kernels are kept by dtype. */
export function rowRunner(name: string, build: (nest: RowBuilder, dtype: DType) => void): RunRows {
  const kernels = new Map<DType, { readonly kernel: RowKernel; readonly results: readonly DType[] }>();
  const kernelFor = (dtype: DType): { readonly kernel: RowKernel; readonly results: readonly DType[] } => {
    let known = kernels.get(dtype);
    if (!known) {
      const builder = new RowBuilder(name);
      build(builder, dtype);
      const nest = builder.finish();
      const results = [...nest.maps, ...nest.values, ...nest.sums].map((body) => body.dtype);
      known = { kernel: rowKernel(nest), results };
      kernels.set(dtype, known);
    }
    return known;
  };
  return (dtype, rows, n, operands, shapes) => {
    const { kernel, results } = kernelFor(dtype);
    const data: Operand[] = [];
    const offsets: number[] = [];
    for (const x of operands) {
      if (typeof x === "number") {
        data.push(x);
        offsets.push(0);
      } else {
        const packed: AnyTensor = x.contiguous();
        data.push(packed.storage.data);
        offsets.push(packed.offset);
      }
    }
    const outputs = results.map((d, i) => allocateUnset(d, numel(shapes[i]!)));
    kernel.run(rows, n, data, offsets, outputs);
    return outputs.map((out, i) => fresh(out, shapes[i]!, results[i]!));
  };
}
