// Elements and indices as plain arrays, for ops that go to computed places.
// Floor L4 (ops).

import type { RuntimeError } from "../base/errors.ts";
import { IndexError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

// Element types differ at run time only; int64 elements are moved, and added, as bigints.
export type Data = Float64Array;
export const dataOf = (x: AnyTensor): Data => x.storage.data as Data;

/** The indices as numbers in 0..size-1. @throws IndexError for one out of range. */
export function readIndices(
  index: AnyTensor,
  size: number,
  op: string,
  dim: number,
  Bad: typeof IndexError | typeof RuntimeError = IndexError,
): Int32Array {
  if (index.dtype !== "int32" && index.dtype !== "int64" && index.dtype !== "uint8")
    throw new Bad(`${op}(): Expected dtype int32 or int64 for index, but got ${index.dtype}`);
  const flat = index.contiguous();
  const n = numel(index.shape);
  const data = flat.storage.data;
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const v = Number(data[flat.offset + i]);
    if (v < -size || v >= size)
      throw new Bad(`${op}: index ${v} is out of bounds for dimension ${dim} with size ${size}`);
    out[i] = v < 0 ? v + size : v;
  }
  return out;
}

/** Runs `change` on the elements of `self` in row-major order, whatever its strides. */
export function onPacked(self: AnyTensor, change: (data: Data, offset: number) => void): void {
  if (self.packed) {
    change(dataOf(self), self.offset);
    return;
  }
  const copy = self.contiguous();
  change(dataOf(copy), 0);
  self.copy_(copy);
}
