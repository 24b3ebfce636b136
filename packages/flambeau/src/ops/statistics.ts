// Variances, standard deviations, covariances, and sums that pass over NaN.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#reduction-ops

import type { DType } from "../base/dtype.ts";
import { checkDType, dtypes, isFloat, isInteger } from "../base/dtype.ts";
import { DTypeError, RuntimeError } from "../base/errors.ts";
import { normalizeDims, numel } from "../base/shape.ts";
import type { Dims } from "../tensor/reduction.ts";
import { reducer } from "../tensor/reduction.ts";
import { rowRunner } from "../tensor/rows.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { composite, elementwise, op } from "./define.ts";
import { spread, unreduced } from "./reduced.ts";
import type {
  CovarianceOptions,
  OpFn,
  ReduceOptions,
  Reduction,
  Unary,
  VarianceOp,
  VarianceOptions,
} from "./signatures.ts";

const runVariance = rowRunner("var", (nest, dtype) => {
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const count = nest.operand("scalar", dtype);
  const divisor = nest.operand("scalar", dtype);
  const off = k.sub(x, k.div(nest.reduce("sum", x), count));
  nest.value(k.div(nest.reduce("sum", k.mul(off, off)), divisor));
});
const runSumOfSquares = reducer({ combine: "sum", dtype: (d) => d, map: (k, x) => k.mul(x, x) });

const correctionOf = (options: VarianceOptions): number =>
  options.correction ?? (options.unbiased === false ? 0 : 1);

/** How many elements of `x` a reduction over `dims` takes together. */
const countOf = (shape: readonly number[], dims: readonly number[]): number =>
  dims.reduce((n, d) => n * shape[d]!, 1);

/**
 * The variance along `dim` (a number or a list; default all): the sum of (x - mean)^2, divided by the number of elements
 * less `correction` (default 1). NaN where nothing is left to divide by.
 * @throws DTypeError for integers
 */
const variance: VarianceOp<"var"> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim?: Dims, options: VarianceOptions = {}) => {
    if (!isFloat(x.dtype))
      throw new DTypeError(
        "var",
        `std and var only support floating point and complex dtypes, but got ${x.dtype}`,
      );
    const dims = normalizeDims(dim, x.ndim, "var");
    const count = countOf(x.shape, dims);
    const divisor = Math.max(0, count - correctionOf(options));
    // Over the last dimensions, one kernel.
    if (x.packed && dims.length > 0 && dims[0] === x.ndim - dims.length && count > 0) {
      const lead: readonly number[] = x.shape.slice(0, dims[0]);
      const shape = options.keepdim ? [...lead, ...dims.map(() => 1)] : lead;
      return runVariance(x.dtype as DType, numel(lead), count, [x, count, divisor], [shape])[0]!;
    }
    const off = x.sub(x.mean(dims, { keepdim: true }));
    return runSumOfSquares("var", off, dims, options.keepdim).div_(divisor);
  },
  vjp: (g, s) => {
    const { x } = s;
    const options: VarianceOptions = s.meta(2) ?? {};
    const dims = normalizeDims(s.meta(1), x.ndim, "var");
    const freedom = countOf(x.shape, dims) - correctionOf(options);
    const up = unreduced(g, x.shape, dims, options.keepdim, "var");
    const off = x.sub(x.mean(dims, { keepdim: true }));
    return up.mul(off).mul(2 / freedom);
  },
});

// `var` is a word of the language, but may be the name of an export and of a method.
export { variance as var };

/**
 * The standard deviation: the square root of the variance, see {@link variance}. Where it is 0, its gradient is 0.
 * @throws DTypeError for integers
 */
export const std: VarianceOp<"std"> = composite((x: AnyTensor, dim?: Dims, options?: VarianceOptions) =>
  rootOfVariance(variance(x, dim, options)),
);

const rootOfVariance: Unary = elementwise({
  name: "std",
  operands: 1,
  lower: (k, x) => k.sqrt(x!),
  saves: "output",
  vjp: [(g, s) => g.div(s.y.mul(2)).maskedFill(s.y.eq(0), 0)],
});

const runNansum = reducer({
  combine: "sum",
  dtype: (d) => (isFloat(d) || d === "int64" ? d : "int32"),
  map: (k, x) => (isFloat(x.dtype) ? k.select(k.eq(x, x), x, 0) : x),
});

const converted = (x: AnyTensor, options: ReduceOptions): AnyTensor =>
  options.dtype ? x.to(checkDType(options.dtype)) : x;

/** The sum of the elements that are not NaN, of all or along `dim` (a number or a list). */
export const nansum: Reduction<"nansum", "sum"> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) =>
    runNansum("nansum", converted(x, options), dim, options.keepdim),
  vjp: (g, s) => {
    const { x } = s;
    return spread(g, x.shape, s.meta(1), s.meta(2)?.keepdim, "nansum").mul(x.isnan().logicalNot());
  },
});

/** The mean of the elements that are not NaN, of all or along `dim`; NaN where there are none. @throws DTypeError for integers. */
export const nanmean: Reduction<"nanmean"> = composite(
  (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => {
    if (!isFloat(x.dtype))
      throw new DTypeError(
        "nanmean",
        `nanmean(): expected input to have floating point dtype but got ${dtypes[x.dtype as DType].scalarName}`,
      );
    const keepdim = options.keepdim ?? false;
    const count = x.isnan().logicalNot().sum(dim, { keepdim });
    return nansum(x, dim, options).div(count);
  },
);

function checkWeights(w: AnyTensor, name: "fweights" | "aweights", observations: number): void {
  if (w.ndim > 1)
    throw new RuntimeError(
      `cov(): expected ${name} to have one or fewer dimensions but got ${name} with ${w.ndim} dimensions`,
    );
  if (name === "fweights" ? !isInteger(w.dtype) : !isFloat(w.dtype))
    throw new DTypeError(
      "cov",
      `cov(): expected ${name} to have ${name === "fweights" ? "integral" : "floating point"} dtype but got ${name} with ${dtypes[w.dtype as DType].scalarName} dtype`,
    );
  if (w.numel() !== observations)
    throw new RuntimeError(
      `cov(): expected ${name} to have the same numel as there are observations in the input but got ${w.numel()} != ${observations}`,
    );
  if (w.lt(0).any().item()) throw new RuntimeError(`cov(): ${name} cannot be negative`);
}

/**
 * The covariance matrix of variables in rows, observed in columns; of one variable (1-d or one row) its variance, 0-d.
 *
 * @param options `correction`: what is subtracted from the number of observations, default 1; `fweights`: how often each
 * observation counts, integers; `aweights`: how much, floats
 * @throws RuntimeError above 2 dimensions, for bools, and for weights that do not fit, are negative or sum to 0
 * @see https://pytorch.org/docs/stable/generated/torch.cov.html
 */
export const cov: OpFn<[options?: CovarianceOptions]> = composite(
  (x: AnyTensor, { correction = 1, fweights, aweights }: CovarianceOptions = {}) => {
    if (x.ndim > 2)
      throw new RuntimeError(
        `cov(): expected input to have two or fewer dimensions but got an input with ${x.ndim} dimensions`,
      );
    if (x.dtype === "bool") throw new DTypeError("cov", "cov(): bool dtype is not supported for input");
    const rows = x.ndim < 2 ? x.reshape(1, -1) : x;
    const n = rows.shape[1]!;
    if (fweights) checkWeights(fweights, "fweights", n);
    if (aweights) checkWeights(aweights, "aweights", n);
    const w = fweights && aweights ? fweights.mul(aweights) : (fweights ?? aweights ?? null);
    // Weights may require gradients themselves.
    const total = w ? w.sum() : n;
    if (isTensor(total) && Number(total.item()) === 0)
      throw new RuntimeError("cov(): weights sum to zero, can't be normalized");
    const weighted = (y: AnyTensor): AnyTensor => (w ? y.mul(w) : y);
    const off = rows.sub(weighted(rows).sum(1, { keepdim: true }).div(total));
    const lost =
      w && aweights && correction !== 0 ? w.mul(aweights).sum().div(total).mul(correction) : correction;
    const freedom = isTensor(total) ? total.sub(lost) : n - (lost as number);
    const some = Number(isTensor(freedom) ? freedom.item() : freedom) > 0;
    return off
      .matmul(weighted(off).t())
      .div(some ? freedom : 0)
      .squeeze();
  },
);

/**
 * The correlation matrix of variables in rows: their covariances divided by both standard deviations, within -1..1. Of
 * one variable 1, 0-d; NaN for a variable that does not vary.
 * @throws RuntimeError above 2 dimensions
 */
export const corrcoef: OpFn<[]> = composite((x: AnyTensor) => {
  if (x.ndim > 2)
    throw new RuntimeError(
      `corrcoef(): expected input to have two or fewer dimensions but got an input with ${x.ndim} dimensions`,
    );
  const c = cov(x);
  if (c.ndim === 0) return c.div(c);
  const n = c.shape[0]!;
  const deviation = c
    .reshape(-1)
    .sliceDim(0, 0, null, n + 1)
    .sqrt();
  return c.div(deviation.unsqueeze(1)).div(deviation).clamp(-1, 1);
});
