// The gradient that xlogy and xlog1py have in common.
// Floor L4 (ops). Source: https://github.com/pytorch/pytorch/blob/v1.13.1/tools/autograd/derivatives.yaml

import type { OperandArg } from "../tensor/operands.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { eq, le, logicalAnd } from "./compare.ts";

/** Gradient of a in `a * log`: g * log, but 0 where a is 0 and b is not above `pole`, the end of the logarithm. */
export function logFactor(
  g: AnyTensor,
  a: AnyTensor,
  b: OperandArg,
  log: AnyTensor | number,
  pole: number,
): AnyTensor {
  const grad = g.mul(log);
  if (isTensor(b)) return grad.maskedFill(logicalAnd(eq(a, 0), le(b, pole)), 0);
  return Number(b) <= pole ? grad.maskedFill(eq(a, 0), 0) : grad;
}
