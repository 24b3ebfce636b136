// Norms of vectors: over all elements or along dimensions, of a difference, and as a bound on slices.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.norm.html

import type { DType } from "../base/dtype.ts";
import { checkDType, dtypes, isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError, ValueError } from "../base/errors.ts";
import { normalizeDim, normalizeDims } from "../base/shape.ts";
import type { Dims } from "../tensor/reduction.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { matrixNorm } from "./linalg/norms.ts";
import { vectorNorm } from "./p-norm.ts";
import { where } from "./select.ts";
import type { DistOp, NormOp, OpFn, ReduceOptions } from "./signatures.ts";

const legacyName = (d: DType): string => dtypes[d].scalarName;

/**
 * The p-norm (sum |x|^p)^(1/p) of all elements or along `dim` (a number or a list).
 *
 * @param p default 2, also written "fro"; Infinity and -Infinity give the largest and the smallest |x|, 0 counts nonzero
 * elements; "nuc" is the sum of the singular values of the matrices in two dimensions
 * @param options `keepdim`: default false; `dtype`: to compute in
 * @throws DTypeError for integers, unless `dtype` is a float
 * @see https://pytorch.org/docs/stable/generated/torch.norm.html
 */
export const norm: NormOp<"norm"> = composite(
  (input: AnyTensor, p?: number | string | null, dim?: Dims, options: ReduceOptions = {}) => {
    if (typeof p === "string") return namedNorm(input, p, dim, options);
    if (p !== undefined && p !== null && typeof p !== "number")
      throw new ArgumentError(`norm: p must be a number, "fro" or "nuc", but got ${String(p)}`);
    if (options.dtype && !isFloat(checkDType(options.dtype)))
      throw new DTypeError(
        "norm",
        `norm(): the desired output dtype should be either floating point or complex. Got ${legacyName(options.dtype)} instead.`,
      );
    return vectorNorm(floating(input, options.dtype), p ?? 2, dim, options.keepdim ?? false);
  },
);

function floating(x: AnyTensor, dtype: DType | undefined): AnyTensor {
  if (dtype) return x.to(dtype);
  if (!isFloat(x.dtype))
    throw new DTypeError(
      "norm",
      `norm(): input dtype should be either floating point or complex. Got ${legacyName(x.dtype)} instead.`,
    );
  return x;
}

function namedNorm(x: AnyTensor, p: string, dim: Dims, options: ReduceOptions): AnyTensor {
  if (p !== "fro" && p !== "nuc")
    throw new RuntimeError(`norm: only valid string values are 'fro' and 'nuc', found ${p}`);
  if (options.dtype)
    throw new ValueError(
      `norm: dtype argument is not supported in ${p === "fro" ? "frobenius" : "nuclear"} norm`,
    );
  if (p === "nuc") return nuclear(floating(x, undefined), dim, options.keepdim ?? false);
  if (Array.isArray(dim) && dim.length > 2)
    throw new RuntimeError(`norm: Expected at most 2 dimensions, but got ${dim.length} dimensions instead.`);
  return vectorNorm(floating(x, undefined), 2, dim, options.keepdim ?? false);
}

function nuclear(x: AnyTensor, dim: Dims, keepdim: boolean): AnyTensor {
  const dims = dim === undefined || dim === null ? null : typeof dim === "number" ? [dim] : dim;
  if (!dims && x.ndim !== 2)
    throw new RuntimeError(
      `norm: Expected a tensor with 2 dimensions, but got a tensor with ${x.ndim} dimensions instead.`,
    );
  if (dims && dims.length !== 2)
    throw new RuntimeError(`norm: nuclear norm requires a 'dim' argument of size 2, but got ${dims.length}`);
  return matrixNorm(x, "nuc", dims ?? [0, 1], { keepdim });
}

/** The p-norm of `x - other`, which broadcast; `p` defaults to 2. See {@link norm}. */
export const dist: DistOp<"dist"> = composite((x: AnyTensor, other: AnyTensor, p = 2) =>
  vectorNorm(floating(x.sub(other), undefined), p, null, false),
);

/**
 * Scales every slice `x[..., i, ...]` of dimension `dim` whose p-norm is above `maxnorm` down to it; the other slices
 * stay as they are.
 * @throws RuntimeError unless p > 0, maxnorm >= 0 and x has two dimensions or more
 */
export const renorm: OpFn<[p: number, dim: number, maxnorm: number], "sameInplace"> = composite(
  (x: AnyTensor, p: number, dim: number, maxnorm: number) => {
    if (!(p > 0)) throw new RuntimeError("renorm: non-positive-norm not supported");
    if (!(maxnorm >= 0)) throw new RuntimeError(`renorm: expected maxnorm to be >= 0 but got ${maxnorm}`);
    if (x.ndim < 2)
      throw new RuntimeError(`renorm: input needs at least 2 dimensions, got ${x.ndim} dimensions`);
    const d = normalizeDim(dim, x.ndim, "renorm");
    const others = normalizeDims(null, x.ndim, "renorm").filter((i) => i !== d);
    const size = vectorNorm(floating(x, undefined), p, others, true);
    // The small number keeps a slice from exceeding the bound by rounding; PyTorch's.
    return x.mul(where(size.gt(maxnorm), size.add(1e-7).reciprocal().mul(maxnorm), 1));
  },
  { inplace: true },
);
