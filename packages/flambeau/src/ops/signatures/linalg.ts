// Signatures: linear algebra. Functions of `torch.linalg` only: none of them is a method.
// Floor L4 (ops), types only.

import type { Shape } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, Tensor } from "../../tensor/tensor.ts";

/** A function without a shape rule that keeps the dtype. */
export type LinalgFn<Args extends readonly unknown[]> = <X extends AnyTensor>(
  x: X,
  ...args: Args
) => Tensor<Shape, DtOf<X>>;
