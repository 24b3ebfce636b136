// Copying elements between tensors of any strides and dtypes.
// Floor L3 (tensor).

import type { MapKernel } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypeIds } from "../base/dtype.ts";
import { broadcastStrides, numel, sameShape } from "../base/shape.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import type { AnyTensor } from "./tensor.ts";

const copies = new Map<number, MapKernel>();

/** @internal Copies `from` into the memory of `to` (same shape after broadcasting), converting the dtype. */
export function copyElements(to: AnyTensor, from: AnyTensor): void {
  const n = numel(to.shape);
  if (n === 0) return;
  const target = to.storage.data;
  if (to.packed && from.packed && to.dtype === from.dtype && sameShape(to.shape, from.shape)) {
    copyRange(target, to.offset, from.storage.data, from.offset, n);
    return;
  }
  const key = dtypeIds[to.dtype as DType] * 8 + dtypeIds[from.dtype as DType];
  let kernel = copies.get(key);
  if (!kernel) {
    const k = new ExprBuilder();
    kernel = getBackend().map({
      kind: "map",
      name: "copy",
      operands: [{ dtype: from.dtype, scalar: false }],
      body: k.cast(k.input(0, from.dtype), to.dtype),
    });
    copies.set(key, kernel);
  }
  kernel.runStrided(to.shape, { data: target, offset: to.offset, strides: to.strides }, [
    {
      data: from.storage.data,
      offset: from.offset,
      strides: broadcastStrides(from.shape, from.strides, to.shape),
    },
  ]);
}

function copyRange(to: TypedArray, toOffset: number, from: TypedArray, fromOffset: number, n: number): void {
  if (n <= 32) for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i]!;
  // Same dtype on both sides, so the array types agree.
  else (to as Float32Array).set((from as Float32Array).subarray(fromOffset, fromOffset + n), toOffset);
}
