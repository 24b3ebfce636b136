// Softmax and its relatives along a dimension, of the elements that a mask leaves in.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/masked.html

import { dtypes, isFloat } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { MaskedAlong, MaskedNormalize, MaskedOptions, MaskedPair } from "../signatures.ts";
import { logaddexp as plainLogaddexp } from "../two-numbers.ts";
import type { Mask } from "./fill.ts";
import { dtypeOf, extreme, filled } from "./fill.ts";
import { norm } from "./reductions.ts";

type Options = Pick<MaskedOptions, "dtype" | "mask">;

/** The input without what is masked out, for a softmax: that gets no share. */
function prepared(x: AnyTensor, options: Options, side: "lowest" | "highest", name: string): AnyTensor {
  const dtype = dtypeOf(x, options);
  const rest = filled(x, options.mask, options.mask ? extreme(x.dtype, side, name) : 0).to(dtype);
  if (!isFloat(dtype))
    throw new DTypeError(
      `masked.${name}`,
      `masked.${name}: not implemented for '${dtypes[dtype].scalarName}': pass a floating-point dtype`,
    );
  return rest;
}

/** softmax along `dim` of the elements where `mask` is true; the others get 0, and NaN where there are no others. */
export const softmax: MaskedAlong<"masked.softmax"> = composite(
  (x: AnyTensor, dim: number, options: Options = {}) => {
    const d = normalizeDim(dim, x.ndim, "masked.softmax");
    return prepared(x, options, "lowest", "softmax").softmax(d);
  },
);

/** The logarithm of {@link softmax}. */
export const logSoftmax: MaskedAlong<"masked.logSoftmax"> = composite(
  (x: AnyTensor, dim: number, options: Options = {}) => {
    const d = normalizeDim(dim, x.ndim, "masked.logSoftmax");
    return prepared(x, options, "lowest", "log_softmax").logSoftmax(d);
  },
);

/** {@link softmax} of -x. */
export const softmin: MaskedAlong<"masked.softmin"> = composite(
  (x: AnyTensor, dim: number, options: Options = {}) => {
    const d = normalizeDim(dim, x.ndim, "masked.softmin");
    return prepared(x, options, "highest", "softmin").neg().softmax(d);
  },
);

/** x / max(|x|, eps) with the p-norm (`ord`) along `dim` of the elements where `mask` is true; `eps` defaults to 1e-12. */
export const normalize: MaskedNormalize = composite(
  (x: AnyTensor, ord: number, dim: number, options: Options & { readonly eps?: number } = {}) => {
    const { eps = 1e-12, ...rest } = options;
    const size = norm(x, ord, dim, { ...rest, keepdim: true });
    return filled(x, options.mask, 0).div(size.maximum(size.newFull([], eps)));
  },
);

interface PairOptions extends Pick<MaskedOptions, "dtype"> {
  readonly inputMask?: Mask;
  readonly otherMask?: Mask;
}

/** log(e^x + e^other), where what is masked out counts as nothing: -Infinity where both are. */
export const logaddexp: MaskedPair = composite(
  (x: AnyTensor, other: AnyTensor, options: PairOptions = {}) => {
    const side = (t: AnyTensor, mask: Mask): AnyTensor =>
      filled(t, mask, mask ? extreme(t.dtype, "lowest", "logsumexp") : 0);
    return plainLogaddexp(side(x, options.inputMask), side(other, options.otherMask)).to(dtypeOf(x, options));
  },
);

/** y_i = x_1 + ... + x_i along `dim`, where what is masked out counts as 0; in the input's dtype. */
export const cumsum: MaskedAlong<"masked.cumsum", "same"> = composite(
  (x: AnyTensor, dim: number, options: Options = {}) => {
    const d = normalizeDim(dim, x.ndim, "masked.cumsum");
    const dtype = dtypeOf(x, options);
    return filled(x, options.mask, 0).cumsum(d, { dtype }).to(dtype);
  },
);

/** y_i = x_1 x_2 ... x_i along `dim`, where what is masked out counts as 1; in the input's dtype. */
export const cumprod: MaskedAlong<"masked.cumprod", "same"> = composite(
  (x: AnyTensor, dim: number, options: Options = {}) => {
    const d = normalizeDim(dim, x.ndim, "masked.cumprod");
    const dtype = dtypeOf(x, options);
    return filled(x, options.mask, 1).cumprod(d, { dtype }).to(dtype);
  },
);
