// Products: cross, vecdot, multi_dot, vander, matrix powers.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/linalg.html#matrix-products

import { dtypes, isFloat } from "../../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { broadcastShapes, normalizeDim } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { chainProduct } from "../chain-product.ts";
import { composite } from "../define.ts";
import { stack } from "../join.ts";
import type { CrossOp, LinalgFn, LinalgMatMulOp, VecdotOp } from "../signatures.ts";

/**
 * The cross product of vectors of three elements along `dim` (default -1). The other dimensions broadcast.
 * @throws RuntimeError unless both have the same number of dimensions and extent 3 at `dim`.
 */
export const cross: CrossOp<"linalg.cross"> = composite(
  (a: AnyTensor, b: AnyTensor, options: { readonly dim?: number } = {}) => {
    const { dim = -1 } = options;
    if (a.ndim !== b.ndim)
      throw new ShapeError(
        "linalg.cross",
        [a.shape, b.shape],
        `linalg.cross: inputs must have the same number of dimensions, but got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
    if (a.ndim === 0)
      throw new IndexError(`linalg.cross: Dimension specified as ${dim} but tensor has no dimensions`);
    const d = normalizeDim(dim, a.ndim, "linalg.cross");
    if (a.shape[d] !== 3 || b.shape[d] !== 3)
      throw new ShapeError(
        "linalg.cross",
        [a.shape, b.shape],
        `linalg.cross: inputs dimension ${dim} must have length 3. Got ${a.shape[d]} and ${b.shape[d]}`,
      );
    if (a.dtype !== b.dtype)
      throw new DTypeError(
        "linalg.cross",
        `linalg.cross: expected scalar type ${a.dtype} but found ${b.dtype}`,
      );
    const shape = broadcastShapes(a.shape, b.shape, "linalg.cross");
    const [a0, a1, a2] = a.expand(shape).unbind(d) as [AnyTensor, AnyTensor, AnyTensor];
    const [b0, b1, b2] = b.expand(shape).unbind(d) as [AnyTensor, AnyTensor, AnyTensor];
    return stack([a1.mul(b2).sub(a2.mul(b1)), a2.mul(b0).sub(a0.mul(b2)), a0.mul(b1).sub(a1.mul(b0))], d);
  },
);

/** {@link torch.matmul}. */
export const matmul: LinalgMatMulOp = composite((a: AnyTensor, b: AnyTensor) => a.matmul(b));

/** The diagonals of the matrices in two dimensions (default the last two), `offset` places right of the main one. A view. */
export const diagonal: LinalgFn<
  [options?: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number }]
> = composite(
  (
    a: AnyTensor,
    { offset = 0, dim1 = -2, dim2 = -1 }: { offset?: number; dim1?: number; dim2?: number } = {},
  ) => a.diagonal(offset, dim1, dim2),
);

/**
 * The sums of products of two float tensors along `dim` (default -1); the shapes broadcast.
 * @throws DTypeError for integers, and for two dtypes.
 */
export const vecdot: VecdotOp<"linalg.vecdot"> = composite(
  (x: AnyTensor, y: AnyTensor, options: { readonly dim?: number } = {}) => {
    const name = (t: AnyTensor): string => dtypes[t.dtype as "float32"].scalarName;
    if (!isFloat(x.dtype))
      throw new DTypeError(
        "linalg.vecdot",
        `linalg.vecdot: Expected a floating point or complex tensor as input. Got ${name(x)}`,
      );
    if (x.dtype !== y.dtype)
      throw new DTypeError(
        "linalg.vecdot",
        `linalg.vecdot: Expected x and y to have the same dtype, but found x of type ${name(x)} and y of type ${name(y)} instead`,
      );
    return x.mul(y).sum(options.dim ?? -1);
  },
);

/**
 * The product of two or more matrices, in the order that takes the fewest multiplications. The first and the last may be
 * vectors: a row and a column.
 * @throws RuntimeError for fewer than two tensors, other numbers of dimensions, sizes that do not fit, and mixed dtypes.
 */
export const multiDot: (tensors: readonly AnyTensor[]) => AnyTensor = composite(
  (tensors: readonly AnyTensor[]) => {
    const n = tensors.length;
    if (n < 2) throw new RuntimeError(`multi_dot(): expected at least 2 tensors but got ${n}`);
    tensors.forEach((t, i) => {
      const end = i === 0 || i === n - 1;
      if (t.ndim !== 2 && !(end && t.ndim === 1))
        throw new RuntimeError(
          end
            ? `multi_dot(): the ${i === 0 ? "first" : "last"} tensor must be 1D or 2D but got ${t.ndim}D`
            : `multi_dot(): tensor ${i} must be 2D but got ${t.ndim}D`,
        );
      if (t.dtype !== tensors[0]!.dtype)
        throw new DTypeError(
          "linalg.multi_dot",
          `multi_dot(): all tensors must have be the same dtype but tensor 0 is ${tensors[0]!.dtype} and tensor ${i} ${t.dtype}`,
        );
    });
    const matrices = tensors.map((t, i) => (t.ndim === 2 ? t : t.unsqueeze(i === 0 ? 0 : 1)));
    for (let i = 1; i < n; i++)
      if (matrices[i - 1]!.shape[1] !== matrices[i]!.shape[0])
        throw new ShapeError(
          "linalg.multi_dot",
          [tensors[i - 1]!.shape, tensors[i]!.shape],
          `multi_dot(): tensors ${i - 1} and ${i} with shapes ${showShape(tensors[i - 1]!.shape)} and ${showShape(tensors[i]!.shape)} cannot be multiplied`,
        );
    const shape: Shape = [
      ...(tensors[0]!.ndim === 2 ? [matrices[0]!.shape[0]!] : []),
      ...(tensors[n - 1]!.ndim === 2 ? [matrices[n - 1]!.shape[1]!] : []),
    ];
    return chainProduct(matrices).reshape(shape);
  },
);

/** The matrix of powers of each row of x: x^0, x^1, ..., x^(N - 1) in a new last dimension; N defaults to its extent. */
export const vander: LinalgFn<[options?: { readonly N?: number | null }]> = composite(
  (x: AnyTensor, options: { readonly N?: number | null } = {}) => {
    if (x.dtype === "bool")
      throw new DTypeError(
        "linalg.vander",
        "linalg.vander supports floating point, complex, and integer tensors, but got Bool",
      );
    const rows = x.ndim === 0 ? x.reshape([1]) : x;
    const n = options.N ?? (rows.shape.at(-1) as number);
    if (n <= 1) throw new RuntimeError(`linalg.vander: N must be greater than 1, but got ${n}`);
    const powers: AnyTensor[] = [rows.onesLike()];
    for (let i = 1; i < n; i++) powers.push(powers[i - 1]!.mul(rows));
    return stack(powers, -1);
  },
);
