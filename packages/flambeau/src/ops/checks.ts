// What ops check of their arguments, and what stands for gradients that PyTorch does not have either.
// Floor L4 (ops).

import { ArgumentError, NotImplementedError, RuntimeError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** @throws ArgumentError unless all arguments are tensors. */
export function requireTensors(op: string, args: readonly unknown[]): void {
  args.forEach((x, i) => {
    if (!isTensor(x)) throw new ArgumentError(`${op}(): argument ${i + 1} must be a Tensor, not ${typeof x}`);
  });
}

/** @throws RuntimeError unless the tensors among the operands have one dtype. */
export function requireSameDType(op: string, operands: readonly unknown[]): void {
  const [first, ...others] = operands.filter(isTensor);
  for (const x of others)
    if (x.dtype !== first!.dtype)
      throw new RuntimeError(
        `${op}: expected all tensors to be of dtype ${first!.dtype}, but got ${x.dtype}`,
      );
}

/** A gradient that throws: results then require grad, and a backward pass through them says so. */
export const noDerivative = (what: string): (() => AnyTensor) => {
  return () => {
    throw new NotImplementedError(`the derivative for '${what}' is not implemented.`);
  };
};
