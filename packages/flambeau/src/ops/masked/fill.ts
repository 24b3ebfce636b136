// Masks as PyTorch reads them, and input with its masked-out elements replaced.
// Floor L4 (ops). Source: torch/masked/_ops.py of PyTorch 1.13.

import type { DType, Scalar } from "../../base/dtype.ts";
import { checkDType, isFloat } from "../../base/dtype.ts";
import { IndexError, NotImplementedError, showShape } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { where } from "../select.ts";

export type Mask = AnyTensor | null | undefined;

/** The mask as bools in the shape of the input, which it broadcasts to. */
export function maskLike(x: AnyTensor, mask: AnyTensor): AnyTensor {
  if (mask.ndim > x.ndim)
    throw new IndexError(
      `masked: expected a broadcastable mask, but its shape ${showShape(mask.shape)} has more dimensions than the input's, ${showShape(x.shape)}`,
    );
  return mask.to("bool").expand(x.shape);
}

/** The input with `value` where the mask is false. A tensor holds it: a kernel takes numbers as doubles, int64 is wider. */
export const filled = (x: AnyTensor, mask: Mask, value: Scalar): AnyTensor =>
  mask ? where(maskLike(x, mask), x, x.detach().newFull([], value)) : x;

const integers = {
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** What loses against every other element of a dtype: the largest of no elements, or the smallest. */
export function extreme(dtype: DType, side: "lowest" | "highest", name: string): Scalar {
  if (isFloat(dtype)) return side === "lowest" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (dtype === "bool") throw new NotImplementedError(`identity of ${name} on bool input`);
  return integers[dtype as keyof typeof integers][side === "lowest" ? 0 : 1];
}

/** The dtype to compute in: the one asked for, else the input's. */
export const dtypeOf = (x: AnyTensor, options: { readonly dtype?: DType }): DType =>
  options.dtype ? checkDType(options.dtype) : x.dtype;
