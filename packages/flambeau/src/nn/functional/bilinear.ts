// The bilinear map.
// Floor L5 (nn). Source: ATen/native/Linear.cpp

import { RuntimeError, showShape } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/**
 * y_k = x1^T W_k x2 + b_k.
 *
 * **Shape** x1 [..., I], x2 [..., J], weight [K, I, J], bias [K]; result [..., K].
 * @throws RuntimeError if the extents do not fit.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 */
export function bilinear(
  x1: AnyTensor,
  x2: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null = null,
): AnyTensor {
  const [k, i, j] = weight.shape as [number, number, number];
  if (x1.shape.at(-1) !== i)
    throw new RuntimeError(
      `bilinear(): input1 size does not match weight size: got ${x1.shape.at(-1)} but expected ${i}`,
    );
  if (x2.shape.at(-1) !== j)
    throw new RuntimeError(
      `bilinear(): input2 size does not match weight size: got ${x2.shape.at(-1)} but expected ${j}`,
    );
  if (x1.shape.slice(0, -1).join() !== x2.shape.slice(0, -1).join())
    throw new RuntimeError(
      `bilinear(): input batch dimensions do not match: got ${showShape(x1.shape)} and ${showShape(x2.shape)}`,
    );
  const rows1 = x1.reshape([-1, 1, i]);
  // [K, I, J] on [N, J, 1] for each example: [N, K, I], then the product with x1.
  const y: AnyTensor = weight
    .unsqueeze(0)
    .matmul(x2.reshape([-1, 1, j, 1]))
    .squeeze(-1)
    .mul(rows1)
    .sum(-1);
  const shaped = y.reshape([...x1.shape.slice(0, -1), k]);
  return bias ? shaped.add(bias) : shaped;
}
