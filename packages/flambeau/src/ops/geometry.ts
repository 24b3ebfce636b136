// Ops that change a tensor's own shape and strides: transpose_, squeeze_ and their like, and resize_.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.resize_.html

import { AutogradError, CompileError, RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { checkShape, contiguousStrides, span } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { listOf } from "./arguments.ts";
import { composite } from "./define.ts";
import { squeeze, t, transpose, unsqueeze } from "./movement.ts";
import type { OpFn } from "./signatures.ts";

/** These ops are the only ones that a tensor's geometry is not fixed for. */
interface Geometry {
  shape: Shape;
  strides: readonly number[];
  offset: number;
  packed: boolean;
}

/** Makes `x` look at its memory as `view` does, and its history that of the view. */
function become(x: AnyTensor, name: string, look: (x: AnyTensor) => AnyTensor): AnyTensor {
  if (mode.grad && x.requiresGrad && x.isLeaf)
    throw new AutogradError(
      `a leaf Variable that requires grad is being used in an in-place operation (${name}).`,
    );
  const view = look(x);
  const node = view.gradFn;
  const { shape, strides, offset, packed } = view;
  Object.assign(x as Geometry, { shape, strides, offset, packed });
  x.storage.version++;
  if (node) x.setHistory(node, 0);
  return x;
}

/** {@link transpose} of the tensor itself: its shape and strides change, no element moves. */
export const transpose_: OpFn<[dim0: number, dim1: number]> = composite(
  (x: AnyTensor, dim0: number, dim1: number) => become(x, "transpose_", (y) => transpose(y, dim0, dim1)),
);
/** {@link transpose_} under NumPy's name. */
export const swapaxes_: OpFn<[axis0: number, axis1: number]> = composite(
  (x: AnyTensor, axis0: number, axis1: number) => become(x, "swapaxes_", (y) => transpose(y, axis0, axis1)),
);
/** {@link transpose_} under another name. */
export const swapdims_: OpFn<[dim0: number, dim1: number]> = composite(
  (x: AnyTensor, dim0: number, dim1: number) => become(x, "swapdims_", (y) => transpose(y, dim0, dim1)),
);
/** {@link t} of the tensor itself. */
export const t_: OpFn<[]> = composite((x: AnyTensor) => become(x, "t_", (y) => t(y)));
/** {@link squeeze} of the tensor itself. */
export const squeeze_: OpFn<[dim?: number | readonly number[]]> = composite(
  (x: AnyTensor, dim?: number | readonly number[]) => become(x, "squeeze_", (y) => squeeze(y, dim as number)),
);
/** {@link unsqueeze} of the tensor itself. */
export const unsqueeze_: OpFn<[dim: number]> = composite((x: AnyTensor, dim: number) =>
  become(x, "unsqueeze_", (y) => unsqueeze(y, dim)),
);

function resized(x: AnyTensor, size: Shape): AnyTensor {
  const shape = [...checkShape(size, "resize_")];
  if (x.requiresGrad) throw new RuntimeError("cannot resize variables that require grad");
  const strides = contiguousStrides(shape);
  const needed = x.offset + span(shape, strides);
  const { data } = x.storage;
  if (needed > data.length) {
    if (recorder !== null)
      throw new CompileError(
        "resize_ cannot be captured: memory that a compiled function works on does not grow; resize the tensor outside of it",
      );
    const larger = allocate(x.dtype, needed);
    (larger as Float32Array).set(data as Float32Array);
    x.storage.move(larger);
  }
  Object.assign(x as Geometry, { shape, strides, offset: x.offset, packed: true });
  return x;
}

/**
 * Gives the tensor another shape, row-major, over its memory, which grows where that is needed: elements that were there
 * stay, new ones are not specified. `x.resize_(2, 3)`, `x.resize_([2, 3])`.
 *
 * Differs from PyTorch: a tensor that shares the memory of a typed array lets go of it when it grows.
 * @throws RuntimeError for a tensor that requires grad.
 */
export const resize_: OpFn<(number | readonly number[])[]> = composite(
  (x: AnyTensor, ...size: (number | readonly number[])[]) => resized(x, listOf(size)),
  { variadic: true },
);
/** {@link resize_} to the shape of another tensor. */
export const resizeAs_: OpFn<[other: AnyTensor]> = composite((x: AnyTensor, other: AnyTensor) =>
  resized(x, other.shape),
);
