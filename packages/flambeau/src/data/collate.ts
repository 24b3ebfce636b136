// Putting examples together into a batch.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

import type { TypedArray } from "../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../base/errors.ts";
import { stack } from "../ops/index.ts";
import { fromTypedArray, tensor } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { Collated } from "./types.ts";

/**
 * A batch of examples: tensors are stacked along a new first dimension, numbers become a tensor, lists and objects
 * become lists and objects of batches, strings stay a list.
 *
 * Differs from PyTorch: JavaScript does not tell 2.0 from 2, so numbers become int32 if all are whole, else float64.
 * @param examples of one kind
 * @throws RuntimeError for lists of different lengths, ShapeError for tensors of different shapes
 * @throws ArgumentError for values of another kind
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 * @example
 * data.defaultCollate([[1, "a"], [2, "b"]]); // [tensor([1, 2]), ["a", "b"]]
 */
export function defaultCollate<T>(examples: readonly T[]): Collated<T> {
  return collate(examples) as Collated<T>;
}

function collate(batch: readonly unknown[]): unknown {
  if (batch.length === 0) throw new RuntimeError("default_collate: the batch is empty");
  const first = batch[0];
  if (isTensor(first)) return stack(batch as AnyTensor[], 0);
  if (ArrayBuffer.isView(first))
    return stack(
      (batch as TypedArray[]).map((a) => fromTypedArray(a)),
      0,
    );
  if (typeof first === "number") {
    const numbers = batch.map(Number);
    return tensor(numbers, { dtype: numbers.every(isInt32) ? "int32" : "float64" });
  }
  if (typeof first === "boolean") return tensor(batch as boolean[], { dtype: "bool" });
  if (typeof first === "bigint") return tensor(batch as bigint[], { dtype: "int64" });
  if (typeof first === "string") return batch;
  if (Array.isArray(first)) {
    const rows = batch as readonly (readonly unknown[])[];
    if (rows.some((row) => row.length !== first.length))
      throw new RuntimeError("each element in list of batch should be of equal size");
    return first.map((_, k) => collate(rows.map((row) => row[k])));
  }
  if (typeof first === "object" && first !== null)
    return Object.fromEntries(
      Object.keys(first).map((key) => [
        key,
        collate(batch.map((example) => (example as Record<string, unknown>)[key])),
      ]),
    );
  throw new ArgumentError(
    `default_collate: batch must contain tensors, typed arrays, numbers, objects or arrays; found ${first === null ? "null" : typeof first}`,
  );
}

const isInt32 = (x: number): boolean => (x | 0) === x;
