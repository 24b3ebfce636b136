// Arguments that may be given one by one or as one list.
// Floor L4 (ops).

import { ArgumentError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** `f(2, 3)` and `f([2, 3])` mean the same. */
export const listOf = (args: readonly (number | readonly number[])[]): readonly number[] =>
  args.length === 1 && typeof args[0] !== "number" ? (args[0] ?? []) : (args as readonly number[]);

/** `f(a, b)` and `f([a, b])` mean the same. */
export const tensorsOf = (args: readonly unknown[], name: string): readonly AnyTensor[] => {
  const tensors = args.length === 1 && Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  for (const x of tensors)
    if (!isTensor(x)) throw new ArgumentError(`${name}(): expected Tensors, but got ${typeof x}`);
  return tensors as readonly AnyTensor[];
};
