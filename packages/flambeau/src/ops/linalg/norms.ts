// Norms of vectors and matrices, and condition numbers.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.norm.html

import type { DType } from "../../base/dtype.ts";
import { dtypeIds, dtypes, isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import { normalizeDim, normalizeDims, numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import { vectorNorm as normAlong } from "../p-norm.ts";
import { where } from "../select.ts";
import type { LinalgFn, VectorNormOp } from "../signatures.ts";
import { checkFloat, checkMatrix, checkSquare, dtypeName } from "./matrices.ts";
import { invEx } from "./solve.ts";
import { svdvals } from "./svd.ts";

export interface NormOptions {
  /** Whether reduced dimensions stay, with extent 1. Default false. */
  readonly keepdim?: boolean;
  /** The dtype to compute in; not a smaller one than that of the input. */
  readonly dtype?: DType | null;
}
type Order = number | string;

/** The input in the dtype to compute in. */
function converted(x: AnyTensor, dtype: DType | null | undefined, op: string): AnyTensor {
  checkFloat(x, op);
  if (!dtype) return x;
  if (!isFloat(dtype))
    throw new DTypeError(
      op,
      `${op}: dtype should be floating point or complex, but got ${dtypes[dtype].scalarName}`,
    );
  if (dtypeIds[dtype] < dtypeIds[x.dtype as DType])
    throw new DTypeError(
      op,
      `${op}: the dtype of the input (${dtypeName(x)}) should be convertible without narrowing to the specified dtype (${dtypes[dtype].scalarName})`,
    );
  return x.to(dtype);
}

/**
 * (sum |x|^ord)^(1 / ord) over `dim` (a number, a list, or all): `ord` defaults to 2; infinities give the largest and the
 * smallest |x|, 0 the number of elements that are not 0. Where the norm is 0 its gradient is 0.
 * @throws RuntimeError for an infinite or negative `ord` of no elements; DTypeError for integers
 */
export const vectorNorm: VectorNormOp = composite(
  (x: AnyTensor, ord = 2, dim?: number | readonly number[] | null, options: NormOptions = {}) => {
    if (typeof ord !== "number")
      throw new ArgumentError(`linalg.vector_norm(): argument 'ord' must be Number, not ${typeof ord}`);
    const input = converted(x, options.dtype, "linalg.vector_norm");
    const dims = normalizeDims(dim, x.ndim, "linalg.vector_norm");
    if (ord < 0 || ord === Number.POSITIVE_INFINITY) {
      const show = ord === Number.POSITIVE_INFINITY ? "inf" : ord === Number.NEGATIVE_INFINITY ? "-inf" : ord;
      const all = dim === undefined || dim === null || (typeof dim !== "number" && dim.length === 0);
      const empty = dims.find((d) => x.shape[d] === 0);
      if (empty !== undefined)
        throw new RuntimeError(
          `linalg.vector_norm cannot compute the ${show} norm on ${
            all ? "an empty tensor because" : `the dimension ${empty} because this dimension is empty and`
          } the operation does not have an identity`,
        );
    }
    return normAlong(input, ord, dims, options.keepdim ?? false);
  },
);

/**
 * The norm of the matrices in the two dimensions `dim` (default the last two): "fro" (default), "nuc" (the sum of the
 * singular values), 2 and -2 (the largest and the smallest of them), 1 and -1 (the largest and the smallest column sum of
 * |x|), Infinity and -Infinity (the same of rows).
 */
export const matrixNorm: LinalgFn<[ord?: Order, dim?: readonly number[], options?: NormOptions]> = composite(
  (x: AnyTensor, ord: Order = "fro", dim: readonly number[] = [-2, -1], options: NormOptions = {}) => {
    const op = "linalg.matrix_norm";
    const supported =
      typeof ord === "number"
        ? [1, 2, Number.POSITIVE_INFINITY].includes(Math.abs(ord))
        : ord === "fro" || ord === "nuc";
    checkMatrix(x, op);
    checkFloat(x, op);
    if (typeof dim === "number" || dim.length !== 2)
      throw new RuntimeError(`${op}: dim must be a 2-tuple. Got ${String(dim)}`);
    if (!supported) throw new RuntimeError(`${op}: Order ${ord} not supported.`);
    const rows = normalizeDim(dim[0]!, x.ndim, op);
    const columns = normalizeDim(dim[1]!, x.ndim, op);
    if (rows === columns) throw new RuntimeError(`${op}: dims must be different. Got (${rows}, ${columns})`);
    const { keepdim = false } = options;
    if (ord === "fro") return vectorNorm(x, 2, [rows, columns], options);
    const input = converted(x, options.dtype, op);
    if (ord === "nuc" || Math.abs(ord as number) === 2) {
      const stay = x.shape
        .map((_: number, i: number) => i)
        .filter((i: number) => i !== rows && i !== columns);
      const values: AnyTensor = svdvals(input.permute([...stay, rows, columns]) as AnyTensor);
      const norm = ord === "nuc" ? values.sum(-1) : extremum(values, -1, ord === 2);
      return keepdim
        ? norm.reshape(x.shape.map((n: number, i: number) => (i === rows || i === columns ? 1 : n)))
        : norm;
    }
    const byRows = Math.abs(ord as number) === Number.POSITIVE_INFINITY;
    const [along, over] = byRows ? [columns, rows] : [rows, columns];
    const sums = normAlong(input, 1, [along], true);
    const norm = extremum(sums, over, (ord as number) > 0);
    return keepdim ? norm.unsqueeze(over) : norm.squeeze(along > over ? along - 1 : along);
  },
);

const extremum = (x: AnyTensor, dim: number, largest: boolean): AnyTensor =>
  largest ? x.amax(dim) : x.amin(dim);

/**
 * {@link vectorNorm} of one dimension, {@link matrixNorm} of two: without `dim`, a vector or a matrix is taken as such.
 * Without `ord`, the 2-norm of the elements of `dim`, or of all.
 */
export const norm: LinalgFn<
  [ord?: Order | null, dim?: number | readonly number[] | null, options?: NormOptions]
> = composite(
  (x: AnyTensor, ord?: Order | null, dim?: number | readonly number[] | null, options: NormOptions = {}) => {
    const dims = dim === undefined || dim === null ? null : typeof dim === "number" ? [dim] : dim;
    if (dims && dims.length !== 1 && dims.length !== 2)
      throw new RuntimeError(
        `linalg.norm: If dim is specified, it must be of length 1 or 2. Got ${showShape(dims)}`,
      );
    if (ord === undefined || ord === null) return vectorNorm(x, 2, dims, options);
    if (!dims && x.ndim !== 1 && x.ndim !== 2)
      throw new ShapeError(
        "linalg.norm",
        [x.shape],
        `linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${x.ndim}D.`,
      );
    if (typeof ord === "string") {
      const both = dims ?? [0, 1];
      if (both.length !== 2)
        throw new RuntimeError(`linalg.matrix_norm: dim must be a 2-tuple. Got ${both.join(", ")}`);
      return matrixNorm(x, ord, both, options);
    }
    const places = dims ?? (x.ndim === 1 ? [0] : [0, 1]);
    return places.length === 1 ? vectorNorm(x, ord, places, options) : matrixNorm(x, ord, places, options);
  },
);

/**
 * The condition numbers of matrices: the ratio of the largest singular value to the smallest (p 2 or none; -2 the inverse),
 * else the norm of A times that of its inverse, for the other orders of {@link matrixNorm}. A singular matrix gives Infinity.
 */
export const cond: LinalgFn<[p?: Order | null]> = composite((a: AnyTensor, p?: Order | null) => {
  if (a.ndim < 2) throw new RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.");
  const plain = p === undefined || p === null;
  if (plain || p === 2 || p === -2) {
    if (numel(a.shape.slice(-2)) === 0) return a.newZeros(a.shape.slice(0, -2));
    const s: AnyTensor = svdvals(a);
    const first = s.select(-1, 0);
    const last = s.select(-1, -1);
    return p === -2 ? last.div(first) : first.div(last);
  }
  const known =
    typeof p === "number" ? [1, Number.POSITIVE_INFINITY].includes(Math.abs(p)) : p === "fro" || p === "nuc";
  if (!known) throw new RuntimeError(`linalg.cond got an invalid norm type: ${p}`);
  checkSquare(a, `linalg.cond(ord=${p})`);
  if (a.shape.at(-1) === 0) return a.newZeros(a.shape.slice(0, -2));
  const { inverse, info } = invEx(a) as unknown as { inverse: AnyTensor; info: AnyTensor };
  const bad = info.gt(0);
  if (p === "nuc")
    return where(
      bad,
      Number.NaN,
      svdvals(a)
        .sum(-1)
        .mul(svdvals(where(bad.unsqueeze(-1).unsqueeze(-1), 0, inverse)).sum(-1)),
    );
  return where(bad, Number.POSITIVE_INFINITY, matrixNorm(a, p).mul(matrixNorm(inverse as AnyTensor, p)));
});
