// Whether an in-place change would overwrite what it still has to read.
// Floor L3 (tensor). Source: aten/src/ATen/MemoryOverlap.cpp

import { RuntimeError } from "../base/errors.ts";
import { numel, sameShape, span } from "../base/shape.ts";
import { recorder } from "./capturing.ts";
import type { AnyTensor } from "./tensor.ts";

/** The bytes of the buffer, from and up to, that a tensor's elements lie in. */
function byteRange(t: AnyTensor): [start: number, end: number] {
  const { data } = t.storage;
  const size = data.BYTES_PER_ELEMENT;
  const start = data.byteOffset + t.offset * size;
  return [start, start + span(t.shape, t.strides) * size];
}

/** Whether the memory that two tensors lie in has a part in common. */
export function mayOverlap(a: AnyTensor, b: AnyTensor): boolean {
  if (recorder !== null ? a.storage.data !== b.storage.data : a.storage.data.buffer !== b.storage.data.buffer)
    return false;
  if (numel(a.shape) === 0 || numel(b.shape) === 0) return false;
  const [aStart, aEnd] = byteRange(a);
  const [bStart, bEnd] = byteRange(b);
  return aStart < bEnd && bStart < aEnd;
}

/** Whether both are the same elements in the same order. */
const coincide = (a: AnyTensor, b: AnyTensor): boolean =>
  a.storage.data === b.storage.data &&
  a.offset === b.offset &&
  sameShape(a.shape, b.shape) &&
  sameShape(a.strides, b.strides);

/** Whether the elements fill the memory that they lie in. */
const isDense = (t: AnyTensor): boolean => span(t.shape, t.strides) === numel(t.shape);

/**
 * An operand that can be read while `written` is written to: itself, or a copy where it lies between the elements of
 * `written`.
 * @throws RuntimeError where elements are shared for certain, as in `x.add_(x.t())`.
 */
export function readable(operand: AnyTensor, written: AnyTensor, op: string): AnyTensor {
  if (!mayOverlap(operand, written) || coincide(operand, written)) return operand;
  if (isDense(operand) && isDense(written))
    throw new RuntimeError(
      `${op}: unsupported operation: some elements of the input tensor and the written-to tensor refer to a single ` +
        "memory location. Please clone() the tensor before performing the operation.",
    );
  return operand.clone();
}
