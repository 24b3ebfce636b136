// All parameters as one vector, and back.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html

import { ArgumentError, showShape, ValueError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import { cat } from "../../ops/join.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";

/** The elements of all parameters in their order, as one vector. Gradients flow. */
export const parametersToVector = (parameters: Iterable<AnyTensor>): AnyTensor =>
  cat([...parameters].map((p): AnyTensor => p.reshape(numel(p.shape))));

/**
 * Copies the elements of a vector into the parameters, in their order.
 *
 * Differs from PyTorch: the parameters keep their own memory, and the vector must have exactly as many elements.
 * @throws ValueError for a vector of another length; nothing has changed then
 */
export function vectorToParameters(vector: AnyTensor, parameters: Iterable<AnyTensor>): void {
  if (!isTensor(vector)) throw new ArgumentError(`expected torch.Tensor, but got: ${typeof vector}`);
  const list = [...parameters];
  const sizes = list.map((p) => numel(p.shape));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (vector.ndim !== 1 || vector.length !== total)
    throw new ValueError(
      `vectorToParameters: the parameters have ${total} elements, but the vector is of shape ${showShape(vector.shape)}`,
    );
  noGrad(() => {
    let at = 0;
    list.forEach((p, i) => {
      p.copy_(vector.narrow(0, at, sizes[i]!).reshape(p.shape));
      at += sizes[i]!;
    });
  });
}
