// Spread and mean together.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.var_mean.html

import { isFloat } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import { normalizeDims } from "../base/shape.ts";
import type { Dims } from "../tensor/reduction.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { VarianceMeanOp, VarianceOptions } from "./signatures.ts";
import { std, var as variance } from "./statistics.ts";

function meanOf(x: AnyTensor, dim: Dims, options: VarianceOptions | undefined, name: string): AnyTensor {
  if (!isFloat(x.dtype))
    throw new DTypeError(name, `${name} only support floating point and complex dtypes, but got ${x.dtype}`);
  return x.mean(normalizeDims(dim, x.ndim, name), { keepdim: options?.keepdim ?? false });
}

/** The variance and the mean along `dim`, as a pair: `const [v, m] = torch.varMean(x, 1)`. Arguments as of `var`. */
export const varMean: VarianceMeanOp<"varMean"> = composite(
  (x: AnyTensor, dim?: Dims, options?: VarianceOptions) => {
    const mean = meanOf(x, dim, options, "varMean");
    return [variance(x, dim, options), mean];
  },
  { method: false },
);

/** The standard deviation and the mean along `dim`, as a pair. Arguments as of `std`. */
export const stdMean: VarianceMeanOp<"stdMean"> = composite(
  (x: AnyTensor, dim?: Dims, options?: VarianceOptions) => {
    const mean = meanOf(x, dim, options, "stdMean");
    return [std(x, dim, options), mean];
  },
  { method: false },
);
