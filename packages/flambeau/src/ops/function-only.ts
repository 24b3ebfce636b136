// Element by element, but functions of `torch` only: PyTorch has no methods of these names.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#pointwise-ops

import type { Scalar } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import type { OperandArg } from "../tensor/operands.ts";
import { isBool } from "../tensor/operands.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { sub } from "./arithmetic.ts";
import { requireTensors } from "./checks.ts";
import { composite } from "./define.ts";
import type { AddLike, OpFn } from "./signatures.ts";

/** `other - alpha * input`: {@link sub} with the operands exchanged. */
export const rsub: AddLike<"rsub"> = composite(
  (a: AnyTensor, b: OperandArg, options?: { alpha?: number }) => {
    requireTensors("rsub", [a]);
    if (isBool(a) || isBool(b))
      throw new DTypeError(
        "rsub",
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use logicalNot() instead.",
      );
    return sub(b as AnyTensor, a, options);
  },
  { method: false },
);

/** One value, a number or a 0-d tensor, in the shape and dtype of `input`. */
export const fill: OpFn<[value: AnyTensor | Scalar], "same"> = composite(
  (x: AnyTensor, value: AnyTensor | Scalar) => {
    requireTensors("fill", [x]);
    return x.clone().fill_(value);
  },
  { method: false },
);
