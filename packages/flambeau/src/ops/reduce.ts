// Reductions: sums, means, products, extrema, over all elements or along dimensions.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#reduction-ops

import type { DType } from "../base/dtype.ts";
import { checkDType, isFloat } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import { normalizeDims } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import type { Saved } from "../tensor/node.ts";
import type { Dims } from "../tensor/reduction.ts";
import { reducer } from "../tensor/reduction.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { stack } from "./join.ts";
import { spread, unreduced } from "./reduced.ts";
import { where } from "./select.ts";
import type { OpFn, ReduceOptions, Reduction } from "./signatures.ts";

const sumDType = (d: DType): DType => (isFloat(d) || d === "int64" ? d : "int32");
const runSum = reducer({ combine: "sum", dtype: sumDType });
const runMean = reducer({ combine: "sum", dtype: (d) => d, post: (k, total, count) => k.div(total, count) });
const runProd = reducer({ combine: "prod", dtype: sumDType });
const runMax = reducer({ combine: "max", dtype: (d) => d, needsElements: true });
const runMin = reducer({ combine: "min", dtype: (d) => d, needsElements: true });
const runAll = reducer({ combine: "and", dtype: () => "bool" });
const runAny = reducer({ combine: "or", dtype: () => "bool" });

const converted = (x: AnyTensor, options: ReduceOptions): AnyTensor =>
  options.dtype ? x.to(checkDType(options.dtype)) : x;

/** The sum of all elements, or along `dim` (a number or a list). Integers and bools are summed as int32, int64 as int64. */
export const sum: Reduction<"sum", "sum"> = op({
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => {
    const total = runSum("sum", converted(x, options), dim, options.keepdim);
    // A sum of bools is counted as an int32; asked for, it is a bool again.
    return options.dtype === "bool" ? total.to("bool") : total;
  },
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    return spread(g, shape, s.meta(1), s.meta(2)?.keepdim, "sum");
  },
});

/** The arithmetic mean of all elements, or along `dim`. Floats only. @throws DTypeError for integers. */
export const mean: Reduction<"mean"> = op({
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => {
    const input = converted(x, options);
    if (!isFloat(input.dtype))
      throw new DTypeError(
        "mean",
        `mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${input.dtype}`,
      );
    return runMean("mean", input, dim, options.keepdim);
  },
  vjp: (g, s) => {
    const { shape } = s.meta(0);
    const count = normalizeDims(s.meta(1), shape.length, "mean").reduce((n: number, d) => n * shape[d], 1);
    return spread(g.div(count), shape, s.meta(1), s.meta(2)?.keepdim, "mean");
  },
});

/** The product of all elements, or along one dimension. */
export const prod: Reduction<"prod", "sum"> = op({
  saves: "both",
  forward: (x: AnyTensor, dim?: number, options: ReduceOptions = {}) =>
    // A product of bools is counted as an int32; asked for, it is a bool again.
    converted(runProd("prod", converted(x, options), dim, options.keepdim), options),
  vjp: (g, s) => {
    const { x } = s;
    const y = unreduced(s.y, x.shape, s.meta(1), s.meta(2)?.keepdim, "prod");
    const up = unreduced(g, x.shape, s.meta(1), s.meta(2)?.keepdim, "prod");
    if (recorder !== null) return up.mul(recordedOthers(x, y, s.meta(1)));
    if (!x.eq(0).any().item()) return up.mul(y).div(x);
    return up.mul(productOfOthers(x, s.meta(1)));
  },
});

// Where a factor is 0 the quotient y / x is lost: the product of the others is that of those before and those after.
function productOfOthers(x: AnyTensor, dim: number | undefined): AnyTensor {
  if (x.ndim === 0) return x.onesLike();
  const rows: AnyTensor = dim === undefined ? x.reshape(-1) : x.transpose(dim, -1);
  const n: number = rows.shape[rows.ndim - 1] ?? 1;
  const parts = Array.from({ length: n }, (_, i) => {
    const before = rows.narrow(-1, 0, i).prod(-1);
    return before.mul(rows.narrow(-1, i + 1, n - i - 1).prod(-1));
  });
  const others = stack(parts, -1);
  return dim === undefined ? others.reshape(x.shape) : others.transpose(dim, -1);
}

/** {@link productOfOthers} without a look at the values: of several zeros, no product of others is left. */
function recordedOthers(x: AnyTensor, y: AnyTensor, dim: number | undefined): AnyTensor {
  const zero = x.eq(0);
  const unlike = (r: AnyTensor): AnyTensor => unreduced(r, x.shape, dim, false, "prod");
  const rest = unlike(x.maskedFill(zero, 1).prod(dim));
  const single = unlike(zero.sum(dim)).eq(1);
  return where(zero, where(single, rest, 0), y.div(x.maskedFill(zero, 1)));
}

/** Gradient of an extremum: shared evenly among the elements that equal it. */
const extremumVjp = (g: AnyTensor, s: Saved, name: string): AnyTensor => {
  const { x } = s;
  const keepdim = s.meta(2)?.keepdim;
  const hits = x.eq(unreduced(s.y, x.shape, s.meta(1), keepdim, name));
  const ties = hits.to(g.dtype).sum(s.meta(1), { keepdim: true });
  return unreduced(g, x.shape, s.meta(1), keepdim, name)
    .div(ties.ndim === 0 && recorder === null ? ties.item() : ties)
    .mul(hits);
};

/** The largest element, of all or along `dim` (a number or a list); ties share the gradient evenly. */
export const amax: Reduction<"amax"> = op({
  saves: "both",
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => runMax("amax", x, dim, options.keepdim),
  vjp: (g, s) => extremumVjp(g, s, "amax"),
});

/** The smallest element, of all or along `dim` (a number or a list); ties share the gradient evenly. */
export const amin: Reduction<"amin"> = op({
  saves: "both",
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => runMin("amin", x, dim, options.keepdim),
  vjp: (g, s) => extremumVjp(g, s, "amin"),
});

/** Whether all elements are nonzero. */
export const all: Reduction<"all", "bool"> = op({
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => runAll("all", x, dim, options.keepdim),
});

/** Whether any element is nonzero. */
export const any: Reduction<"any", "bool"> = op({
  forward: (x: AnyTensor, dim?: Dims, options: ReduceOptions = {}) => runAny("any", x, dim, options.keepdim),
});

/** Number of nonzero elements. */
export const countNonzero: OpFn<[dim?: Dims], "index"> = composite((x: AnyTensor, dim?: Dims) =>
  x.ne(0).sum(dim),
);
