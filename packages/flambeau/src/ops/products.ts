// Products of two tensors beyond matmul: inner, kron, cross, vdot.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

import { ShapeError, showShape } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { cross as crossAlong } from "./linalg/products.ts";
import { dot } from "./matmul.ts";
import { checkPair } from "./matrices.ts";
import type { CrossOp, InnerOp, KronOp, MatMulOp } from "./signatures.ts";

/**
 * The sums of products over the last dimension of both tensors; with a 0-d tensor, the product with that number.
 *
 * **Shape** [...a, k] and [...b, k] give [...a, ...b].
 */
export const inner: InnerOp = composite((a: AnyTensor, b: AnyTensor) => {
  checkPair(a, b, "inner");
  if (a.ndim === 0 || b.ndim === 0) return a.mul(b);
  const k = a.shape.at(-1)!;
  if (k !== b.shape.at(-1))
    throw new ShapeError(
      "inner",
      [a.shape, b.shape],
      `inner() the last dimension must match on both input tensors but got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  const rows = (x: AnyTensor): AnyTensor =>
    x.reshape(
      x.shape.slice(0, -1).reduce((n: number, m: number) => n * m, 1),
      k,
    );
  return rows(a)
    .matmul(rows(b).t())
    .reshape([...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
});

/** The Kronecker product: every element of a times the whole of b, block by block. The one of fewer dimensions gets leading ones. */
export const kron: KronOp = composite((a: AnyTensor, b: AnyTensor) => {
  const rank = Math.max(a.ndim, b.ndim);
  const filled = (x: AnyTensor): number[] => [...new Array<number>(rank - x.ndim).fill(1), ...x.shape];
  const p = filled(a);
  const q = filled(b);
  const x = a.reshape(p.flatMap((n) => [n, 1]));
  return x.mul(b.reshape(q.flatMap((n) => [1, n]))).reshape(p.map((n, i) => n * q[i]!));
});

/**
 * The cross product of vectors of three elements along `dim`: by default the first dimension of extent 3.
 * @throws RuntimeError if there is none; see `linalg.cross` for the rest.
 */
export const cross: CrossOp = composite((a: AnyTensor, b: AnyTensor, dim?: number | null) => {
  if (dim !== undefined && dim !== null) return crossAlong(a, b, { dim });
  if (a.ndim === b.ndim) {
    const first = a.shape.indexOf(3);
    if (first < 0)
      throw new ShapeError(
        "cross",
        [a.shape],
        `cross: no dimension of size 3 in input of shape ${showShape(a.shape)}`,
      );
    return crossAlong(a, b, { dim: first });
  }
  return crossAlong(a, b);
});

/** The inner product of two vectors: {@link dot}, as there are no complex numbers here. */
export const vdot: MatMulOp<"vdot"> = composite(dot);
