// Questions about the dtype that an operation would have.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

import type { DType } from "../base/dtype.ts";
import { checkDType, dtypeOfScalar, dtypes, resultType as promoted } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import type { OperandArg } from "./operands.ts";
import { isNumber, standingOf } from "./operands.ts";
import { isTensor } from "./tensor.ts";

/**
 * The dtype of an arithmetic operation on two operands, tensors or numbers: `torch.resultType(intTensor, 2.5)` is float32.
 * @throws ArgumentError for anything else.
 */
export function resultType(a: OperandArg, b: OperandArg): DType {
  return promoted(
    [a, b].map((x, i) => {
      if (!isTensor(x) && !isNumber(x))
        throw new ArgumentError(
          `resultType(): argument ${i + 1} must be a Tensor or a number, not ${typeof x}`,
        );
      return { dtype: isTensor(x) ? x.dtype : dtypeOfScalar(x), standing: standingOf(x) };
    }),
  );
}

const order = { bool: 0, int: 1, float: 2 } as const;

/** Whether results of dtype `from` may be written to a tensor of dtype `to`: unless floats became integers, or numbers bools. */
export const canCast = (from: DType, to: DType): boolean =>
  order[dtypes[checkDType(from)].kind] <= order[dtypes[checkDType(to)].kind];
