// Copying elements between tensors of any strides and dtypes.
// Floor L3 (tensor).

import type { MapKernel } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypeIds } from "../base/dtype.ts";
import { broadcastStrides, numel, sameShape } from "../base/shape.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { recorder } from "./capturing.ts";
import { mapKernel } from "./kernels.ts";
import type { AnyTensor } from "./tensor.ts";

const copies = new Map<number, MapKernel>();

/** @internal Copies `from` into the memory of `to` (same shape after broadcasting), converting the dtype. */
export function copyElements(to: AnyTensor, from: AnyTensor): void {
  const n = numel(to.shape);
  if (n === 0) return;
  const target = to.storage.data;
  if (recorder !== null && to.dtype === from.dtype) {
    recorder.copy(
      to.dtype,
      to.shape,
      { data: target, offset: to.offset, strides: to.strides },
      {
        data: from.storage.data,
        offset: from.offset,
        strides: broadcastStrides(from.shape, from.strides, to.shape),
      },
    );
    return;
  }
  if (to.packed && from.packed && to.dtype === from.dtype && sameShape(to.shape, from.shape)) {
    copyRange(target, to.offset, from.storage.data, from.offset, n);
    return;
  }
  if (n >= smallCopy && to.dtype === from.dtype && to.packed && sameShape(to.shape, from.shape)) {
    const stacked = asTransposed(from);
    if (stacked) {
      copyTransposed(target, to.offset, from.storage.data, from.offset, ...stacked);
      return;
    }
  }
  const key = dtypeIds[to.dtype as DType] * 8 + dtypeIds[from.dtype as DType];
  let kernel = copies.get(key);
  if (!kernel) {
    const k = new ExprBuilder();
    kernel = mapKernel({
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

/** @internal Copies elements that lie side by side between arrays of one dtype. */
export function copyRange(
  to: TypedArray,
  toOffset: number,
  from: TypedArray,
  fromOffset: number,
  n: number,
): void {
  if (n <= 32) {
    for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i]!;
    return;
  }
  // A view of a part costs as much as copying hundreds of elements.
  const part = n === from.length ? from : from.subarray(fromOffset, fromOffset + n);
  // Same dtype on both sides, so the array types agree.
  (to as Float32Array).set(part as Float32Array, toOffset);
}

/** From here on a copy of a transposed matrix is worth a kernel of its own. */
const smallCopy = 1024;
/** Matrices with a side below this are copied element by element. */
const smallSide = 12;

/** [planes, rows, cols] of row-major matrices of which `x` is a stack of transposes; null if it is none. */
function asTransposed(x: AnyTensor): [number, number, number] | null {
  const shape: readonly number[] = x.shape;
  const strides: readonly number[] = x.strides;
  // From the last dimension on: those of the matrices' rows, those of their columns, those of the stack.
  let d = shape.length - 1;
  const run = (start: number): number => {
    let size = 1;
    for (; d >= 0 && (shape[d] === 1 || strides[d] === start * size); d--) size *= shape[d]!;
    return size;
  };
  while (d >= 0 && shape[d] === 1) d--;
  if (d < 1) return null;
  const cols = strides[d]!;
  if (cols < 2) return null;
  const rows = run(cols);
  const found = run(1);
  if (found !== cols || rows < smallSide || cols < smallSide) return null;
  const planes = run(rows * cols);
  return d < 0 ? [planes, rows, cols] : null;
}

function copyTransposed(
  to: TypedArray,
  toOffset: number,
  from: TypedArray,
  fromOffset: number,
  planes: number,
  rows: number,
  cols: number,
): void {
  const words = to instanceof Float32Array || to instanceof Int32Array;
  for (let p = 0; p < planes; p++) {
    const t = toOffset + p * rows * cols;
    const f = fromOffset + p * rows * cols;
    if (words) getBackend().routines.transpose(rows, cols, from, f, to, t);
    else if (to instanceof BigInt64Array) transpose64(to, t, from as BigInt64Array, f, rows, cols);
    else transposeOther(to as Float64Array, t, from as Float64Array, f, rows, cols);
  }
}

/** Side of a block in elements: its lines of memory, read and written, stay in the first-level cache. */
const blockSide = 32;

function transposeOther(
  to: Float64Array,
  t: number,
  from: Float64Array,
  f: number,
  rows: number,
  cols: number,
): void {
  for (let r = 0; r < rows; r += blockSide)
    for (let c = 0; c < cols; c += blockSide) {
      const rowEnd = Math.min(rows, r + blockSide);
      const colEnd = Math.min(cols, c + blockSide);
      for (let j = c; j < colEnd; j++)
        for (let i = r; i < rowEnd; i++) to[t + j * rows + i] = from[f + i * cols + j]!;
    }
}

/** Apart, since an array type of its own would slow down the others. */
function transpose64(
  to: BigInt64Array,
  t: number,
  from: BigInt64Array,
  f: number,
  rows: number,
  cols: number,
): void {
  for (let j = 0; j < cols; j++)
    for (let i = 0; i < rows; i++) to[t + j * rows + i] = from[f + i * cols + j]!;
}
