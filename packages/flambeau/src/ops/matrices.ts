// What products of matrices have in common: their operands in memory, and the checks.
// Floor L4 (ops).

import { DTypeError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { MatrixView } from "../ir/routines.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** A tensor of two or more dimensions as the matrices in its last two. */
export const matrixOf = (x: AnyTensor): MatrixView => ({
  data: x.storage.data,
  offset: x.offset,
  rowStride: x.strides[x.ndim - 2]!,
  colStride: x.strides[x.ndim - 1]!,
});

/** Refuses operands that are no tensors, of different dtypes, or bool. */
export function checkPair(a: AnyTensor, b: AnyTensor, op: string): void {
  if (!isTensor(a) || !isTensor(b)) throw new RuntimeError(`${op}(): both arguments must be Tensors`);
  if (a.dtype !== b.dtype)
    throw new DTypeError(
      op,
      `${op}: expected m1 and m2 to have the same dtype, but got: ${a.dtype} != ${b.dtype}`,
    );
  if (a.dtype === "bool")
    throw new DTypeError(
      op,
      `${op}: "addmm_impl_cpu_" not implemented for 'Bool': convert with .to("float32") first`,
    );
}

/** The error for inner sizes that differ. */
export const mismatch = (a: AnyTensor, b: AnyTensor, op: string): ShapeError =>
  new ShapeError(
    op,
    [a.shape, b.shape],
    `${op}: mat1 and mat2 shapes cannot be multiplied (${a.shape.join("x")} and ${b.shape.join("x")}): inner sizes differ: ${showShape(a.shape)} x ${showShape(b.shape)}`,
  );
