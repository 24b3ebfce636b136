// Broadcasting the result of a reduction against its input, for gradients.
// Floor L4 (ops).

import type { Shape } from "../base/shape.ts";
import { normalizeDims } from "../base/shape.ts";
import type { Dims } from "../tensor/reduction.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** Puts the reduced dimensions back with extent 1, so that a result broadcasts against the input. */
export function unreduced(
  y: AnyTensor,
  shape: Shape,
  dim: Dims,
  keepdim: boolean | undefined,
  name: string,
): AnyTensor {
  if (keepdim) return y;
  const dims = normalizeDims(dim, shape.length, name);
  return y.reshape(shape.map((n, i) => (dims.includes(i) ? 1 : n)));
}

/** The gradient of a sum: every element of a reduced row gets that of the row. */
export const spread = (
  g: AnyTensor,
  shape: Shape,
  dim: Dims,
  keepdim: boolean | undefined,
  name: string,
): AnyTensor => (g.ndim === 0 ? g : unreduced(g, shape, dim, keepdim, name)).expand(shape);
