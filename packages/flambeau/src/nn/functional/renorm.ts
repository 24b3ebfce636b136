// Rows of a table scaled down to a largest norm, in place, where they occur.
// Floor L5 (nn). Source: ATen/native/Embedding.cpp, embedding_renorm_

import { where } from "../../ops/select.ts";
import { recorder } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/**
 * @internal Scales rows whose norm is larger to `maxNorm`, in place: by maxNorm / (norm + 1e-7), computed in float64.
 * @param rows numbers of rows, 1-d, in any order and as often as they occur: equal ones write the same
 */
export function renormRows(weight: AnyTensor, rows: AnyTensor, maxNorm: number, normType: number): void {
  if (rows.numel() === 0) return;
  noGrad(() => {
    const given: AnyTensor = weight.indexSelect(0, rows);
    const norms: AnyTensor = given.norm(normType, 1, { keepdim: true }).to("float64");
    const large: AnyTensor = norms.gt(maxNorm);
    // A captured function does not look; eagerly, a table that stays as it is counts as unchanged.
    if (recorder === null && large.any().item() === false) return;
    const factors: AnyTensor = norms.newFull([1], maxNorm).div(norms.add(1e-7)).to(weight.dtype);
    weight.indexCopy_(0, rows, where(large, given.mul(factors), given) as AnyTensor);
  });
}
