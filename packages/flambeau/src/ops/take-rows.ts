// Rows of a matrix by their numbers, as embeddings look them up.
// Floor L4 (ops).

import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";

/** Rows of `weight` (the last dimension whole) for each index: `out[..., :] = weight[index[...], :]`. */
export const takeRows: (weight: AnyTensor, index: AnyTensor) => AnyTensor = composite(
  (weight: AnyTensor, index: AnyTensor) =>
    weight.indexSelect(0, index.reshape(-1)).reshape([...index.shape, ...weight.shape.slice(1)]),
  { method: false },
);
