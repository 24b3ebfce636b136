// Classes as vectors of zeros with a single one.
// Floor L5 (nn). Source: ATen/native/Onehot.cpp

import type { TypedArray } from "../../base/dtype.ts";
import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { known, recorder, tracer } from "../../tensor/capturing.ts";
import { arange } from "../../tensor/range.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { typed } from "./typed.ts";

type OneHot<S, N> = S extends readonly unknown[] ? [...S, N extends -1 ? number : N] : Shape;

/**
 * out[..., c] = 1 where x[...] is c, else 0; in the dtype of `x`.
 * @param numClasses default -1: the largest class + 1
 * @throws RuntimeError for a dtype other than int32 and int64, a class below 0 or beyond `numClasses`, and for an empty
 * tensor without `numClasses`; CompileError without it in a compiled function.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export const oneHot: <X extends AnyTensor, const N extends number = -1>(
  x: X,
  numClasses?: N,
) => Tensor<OneHot<ShapeOf<X>, N>, DtOf<X>> = typed((x: AnyTensor, numClasses = -1): AnyTensor => {
  if (x.dtype !== "int32" && x.dtype !== "int64")
    throw new RuntimeError(`one_hot is only applicable to index tensor, got ${x.dtype}.`);
  const shape = x.shape as Shape;
  if (x.numel() === 0) {
    if (numClasses <= 0)
      throw new RuntimeError(
        `one_hot: Can not infer total number of classes from empty tensor of shape ${showShape(shape)}.`,
      );
    return x.newZeros([...shape, numClasses]);
  }
  if ((recorder !== null || tracer !== null) && numClasses > 0) {
    recorder?.check("oneHot", x, (elements) => largestClass(elements, numClasses));
    return x.unsqueeze(-1).eq(arange(numClasses)).to(x.dtype);
  }
  const elements = known(
    () => x.toTypedArray(),
    "oneHot cannot be captured without the number of classes, which follows from the largest one then: call oneHot(x, numClasses)",
  );
  const largest = largestClass(elements, numClasses);
  const classes = numClasses === -1 ? largest + 1 : numClasses;
  return x.newZeros([...shape, classes]).scatter_(-1, x.unsqueeze(-1), 1);
});

/** @throws RuntimeError for a class below 0, and for one beyond `numClasses` unless that is -1. */
function largestClass(elements: TypedArray, numClasses: number): number {
  let largest = -1;
  for (const v of elements) {
    const y = Number(v);
    if (y < 0) throw new RuntimeError(`one_hot: Class values must be non-negative, got ${y}.`);
    if (y > largest) largest = y;
  }
  if (numClasses !== -1 && largest >= numClasses)
    throw new RuntimeError(
      `one_hot: Class values must be smaller than num_classes, got ${largest} and num_classes=${numClasses}.`,
    );
  return largest;
}
