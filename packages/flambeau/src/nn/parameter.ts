// Parameters: the tensors of a module that training changes.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html

import type { DType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { formatParameter } from "../tensor/print.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * A tensor that a module finds among its properties and lists in {@link Module.parameters}. It requires grad unless
 * told otherwise, and shares its memory with the tensor that it is made from.
 *
 * @param data initial values
 * @param requiresGrad default true
 * @throws AutogradError if gradients are asked for and `data` is not of floating-point dtype
 * @see https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 * @example
 * const w = new nn.Parameter(torch.zeros(2, 3));
 */
export class Parameter<out S = Shape, out D extends DType = "float32"> extends Tensor<S, D> {
  constructor(data: Tensor<S, D>, requiresGrad = true) {
    super(data.storage, data.shape, data.dtype, data.strides, data.offset, data.packed, null);
    if (requiresGrad) this.requiresGrad = true;
  }

  override toString(): string {
    return formatParameter(this);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a parameter of any shape and dtype.
export type AnyParameter = Parameter<any, any>;
