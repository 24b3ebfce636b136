// One number as an element of any dtype, and memory filled with it.
// Floor L4 (ops).

import type { DType, Scalar } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { recorder } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { mapKernel } from "../tensor/kernels.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";

/** A number as an element of `dtype`: cut towards zero for integers, as PyTorch does. @throws RuntimeError for what does not fit. */
function elementOf(dtype: DType, value: Scalar, name: string): number | bigint {
  if (dtypes[dtype].kind === "bool") return value ? 1 : 0;
  if (dtypes[dtype].kind === "float") return Number(value);
  const n = typeof value === "bigint" ? value : Math.trunc(Number(value));
  const bits = dtype === "int64" ? 63 : dtype === "int32" ? 31 : 8;
  if (!(n >= -(2 ** bits) && n < 2 ** bits))
    throw new RuntimeError(`${name}: value cannot be converted to type ${dtype} without overflow: ${value}`);
  return dtype === "int64" ? BigInt(n) : Number(n);
}

/** @internal A 0-d tensor in the dtype of `x`. */
export function scalarOf(x: AnyTensor, value: Scalar, name = "fill_"): AnyTensor {
  const one = fresh(allocate(x.dtype, 1), [], x.dtype);
  one.storage.data[0] = elementOf(x.dtype, value, name) as number;
  return one;
}

const fills = new Map<DType, ReturnType<typeof mapKernel>>();

/** The same as a step of the program that is recorded. */
function recordFill(self: AnyTensor, value: number | bigint): void {
  const dtype = self.dtype as DType;
  if (!Number.isSafeInteger(Number(value)) && typeof value === "bigint") {
    copyElements(self, scalarOf(self, value));
    return;
  }
  let kernel = fills.get(dtype);
  if (!kernel) {
    const body = new ExprBuilder().input(0, dtype);
    kernel = mapKernel({ kind: "map", name: "fill", operands: [{ dtype, scalar: true }], body });
    fills.set(dtype, kernel);
  }
  const to = { data: self.storage.data, offset: self.offset, strides: self.strides };
  kernel.runStrided(self.shape, to, [{ data: Number(value), offset: 0, strides: self.shape.map(() => 0) }]);
}

/** @internal Sets every element to one number. */
export function fillElements(self: AnyTensor, value: Scalar): void {
  if (recorder !== null) {
    recordFill(self, elementOf(self.dtype, value, "fill_"));
    return;
  }
  const { data } = self.storage;
  if (self.packed)
    (data as Float32Array).fill(
      elementOf(self.dtype, value, "fill_") as number,
      self.offset,
      self.offset + numel(self.shape),
    );
  else copyElements(self, scalarOf(self, value));
}
