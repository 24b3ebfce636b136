// Sums, products, extrema, means and norms of the elements that a mask leaves in.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/masked.html#reductions

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, ValueError } from "../../base/errors.ts";
import { normalizeDims } from "../../base/shape.ts";
import type { Dims } from "../../tensor/reduction.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import { argmax as plainArgmax, argmin as plainArgmin } from "../extrema.ts";
import type {
  MaskedArgReduction,
  MaskedNorm,
  MaskedOptions,
  MaskedReduction,
  MaskedVariance,
  MaskedVarianceOptions,
} from "../signatures.ts";
import { dtypeOf, extreme, filled, maskLike } from "./fill.ts";

const keeps = (options: MaskedOptions): { keepdim: boolean } => ({ keepdim: options.keepdim ?? false });

/** The dtype of a sum or a product: small integers are added up in the default integer type. */
const sumDType = (x: AnyTensor, options: MaskedOptions): DType => {
  const dtype = dtypeOf(x, options);
  return options.dtype || isFloat(dtype) || dtype === "int64" ? dtype : "int32";
};

/** The sum of the elements where `mask` is true, of all or along `dim` (a number or a list); 0 where there are none. */
export const sum: MaskedReduction<"masked.sum", "sum"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) =>
    filled(x, options.mask, 0).sum(dim, { ...keeps(options), dtype: sumDType(x, options) }),
);

/** The product of the elements where `mask` is true; 1 where there are none. */
export const prod: MaskedReduction<"masked.prod", "sum"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) => {
    const keep = keeps(options);
    const factors = filled(x, options.mask, 1).to(sumDType(x, options));
    return normalizeDims(dim, x.ndim, "masked.prod").reduceRight(
      (y: AnyTensor, d) => y.prod(d, keep),
      factors,
    );
  },
);

/** The largest element where `mask` is true; where there are none, the lowest value of the dtype. */
export const amax: MaskedReduction<"masked.amax", "same"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) =>
    filled(x, options.mask, options.mask ? extreme(x.dtype, "lowest", "amax") : 0)
      .amax(dim, keeps(options))
      .to(dtypeOf(x, options)),
);

/** The smallest element where `mask` is true; where there are none, the highest value of the dtype. */
export const amin: MaskedReduction<"masked.amin", "same"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) =>
    filled(x, options.mask, options.mask ? extreme(x.dtype, "highest", "amin") : 0)
      .amin(dim, keeps(options))
      .to(dtypeOf(x, options)),
);

/** Where the largest element with a true `mask` stands, in the input's dtype, as PyTorch has it. */
export const argmax: MaskedArgReduction<"masked.argmax"> = composite(
  (x: AnyTensor, dim?: number | null, options: MaskedOptions = {}) =>
    plainArgmax(
      filled(x, options.mask, options.mask ? extreme(x.dtype, "lowest", "argmax") : 0),
      dim,
      keeps(options),
    ).to(dtypeOf(x, options)),
);

/** Where the smallest element with a true `mask` stands, in the input's dtype, as PyTorch has it. */
export const argmin: MaskedArgReduction<"masked.argmin"> = composite(
  (x: AnyTensor, dim?: number | null, options: MaskedOptions = {}) =>
    plainArgmin(
      filled(x, options.mask, options.mask ? extreme(x.dtype, "highest", "argmin") : 0),
      dim,
      keeps(options),
    ).to(dtypeOf(x, options)),
);

/** How many elements the mask leaves in. */
const count = (x: AnyTensor, dim: Dims, { mask }: MaskedOptions, keepdim: boolean): AnyTensor =>
  (mask ? maskLike(x, mask) : x.detach().onesLike({ dtype: "bool" })).sum(dim, { keepdim });

/** The mean of the elements where `mask` is true; NaN where there are none. */
export const mean: MaskedReduction<"masked.mean", "float"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) =>
    sum(x, dim, { ...options, dtype: dtypeOf(x, options) }).div(
      count(x, dim, options, options.keepdim ?? false),
    ),
);

/** log(sum e^x) over the elements where `mask` is true; -Infinity where there are none. */
export const logsumexp: MaskedReduction<"masked.logsumexp", "same"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedOptions = {}) => {
    const dims = normalizeDims(dim, x.ndim, "masked.logsumexp");
    return filled(x, options.mask, options.mask ? extreme(x.dtype, "lowest", "logsumexp") : 0)
      .logsumexp(dims, keeps(options))
      .to(dtypeOf(x, options));
  },
);

/** The p-norm (`ord`, default 2) of the elements where `mask` is true; 0 where there are none, for -Infinity Infinity. */
export const norm: MaskedNorm = composite(
  (x: AnyTensor, ord = 2, dim?: Dims, options: MaskedOptions = {}) => {
    if (!isFloat(x.dtype))
      throw new DTypeError(
        "masked.norm",
        `masked.norm: Expected a floating point tensor as input. Got ${x.dtype}`,
      );
    const least = ord === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0;
    const dtype = options.dtype ? { dtype: options.dtype } : {};
    return filled(x, options.mask, least).norm(ord, dim, { ...keeps(options), ...dtype });
  },
);

/**
 * The median of the elements along `dim` (default -1) where `mask` is true, the lower one of two; NaN where there are
 * none.
 * @throws ValueError where there are none and the dtype has no NaN
 */
export const median: MaskedArgReduction<"masked.median"> = composite(
  (x: AnyTensor, dim: number | null = -1, options: MaskedOptions = {}) => {
    const dtype = dtypeOf(x, options);
    const floats = isFloat(x.dtype) ? x : x.to("float32");
    const middle = filled(floats, options.mask, Number.NaN).nanmedian(dim ?? -1, keeps(options)).values;
    if (isFloat(x.dtype)) return middle;
    if (middle.isnan().any().item())
      throw new ValueError("masked median expects no fully masked out rows if dtype is not floating point");
    return middle.to(dtype);
  },
);

function spread(x: AnyTensor, dim: Dims, options: MaskedVarianceOptions): AnyTensor {
  const asked = dtypeOf(x, options);
  const dtype = options.dtype || isFloat(asked) ? asked : "float32";
  const n = count(x, dim, options, true);
  const middle = sum(x, dim, { ...options, keepdim: true, dtype }).div(n);
  const off = x.sub(middle);
  const total = sum(off.mul(off), dim, { ...options, dtype: isFloat(dtype) ? dtype : "float32" });
  const counted = options.keepdim ? n : n.reshape(total.shape);
  return total.div(options.unbiased ? counted.sub(1).clampMin(0) : counted).to(dtype);
}

/** The variance of the elements where `mask` is true, divided by their number, or by one less if `unbiased` (default false). */
const variance: MaskedVariance<"masked.var"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedVarianceOptions = {}) => spread(x, dim, options),
);

export { variance as var };

/** The standard deviation of the elements where `mask` is true. Arguments as of {@link variance}. */
export const std: MaskedVariance<"masked.std"> = composite(
  (x: AnyTensor, dim?: Dims, options: MaskedVarianceOptions = {}) => spread(x, dim, options).sqrt(),
);
