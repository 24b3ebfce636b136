// Linear maps between tensors: inverses and systems in which several dimensions stand for one.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html

import { RuntimeError, ShapeError } from "../../base/errors.ts";
import { normalizeDim, numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { LinalgFn, LinalgPairFn } from "../signatures.ts";
import { inverseChecked, solve } from "./solve.ts";

/**
 * The tensor B with tensordot(B, tensordot(A, X, ind'), ind) = X: the inverse of A as a matrix from its last to its first
 * `ind` dimensions (default 2).
 * @throws RuntimeError unless both halves have equally many elements; LinAlgError if there is no inverse
 */
export const tensorinv: LinalgFn<[ind?: number]> = composite((a: AnyTensor, ind = 2) => {
  if (!Number.isInteger(ind) || ind <= 0)
    throw new RuntimeError(
      `linalg.tensorinv: Expected a strictly positive integer for 'ind', but got ${ind}`,
    );
  const first = a.shape.slice(0, ind);
  const last = a.shape.slice(ind);
  if (numel(first) !== numel(last))
    throw new ShapeError(
      "linalg.tensorinv",
      [a.shape],
      `linalg.tensorinv: Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${numel(last)} != ${numel(first)}`,
    );
  return inverseChecked(a.reshape(numel(first), numel(last)), "linalg.tensorinv").reshape([
    ...last,
    ...first,
  ]);
});

/**
 * X with tensordot(A, X, X.ndim) = B. The dimensions `dims` of A are moved to its end before.
 * @throws RuntimeError unless A is square as a matrix; LinAlgError if it is singular
 */
export const tensorsolve: LinalgPairFn<[dims?: readonly number[] | null]> = composite(
  (a: AnyTensor, b: AnyTensor, dims?: readonly number[] | null) => {
    let x = a;
    if (dims) {
      const moved = dims.map((d) => normalizeDim(d, a.ndim, "linalg.tensorsolve"));
      if (new Set(moved).size < moved.length)
        throw new RuntimeError("linalg.tensorsolve: a dimension appears multiple times in dims");
      const stay = a.shape.map((_: number, i: number) => i).filter((i: number) => !moved.includes(i));
      x = a.permute([...stay, ...moved]);
    }
    const rows = x.shape.slice(0, b.ndim);
    const columns = x.shape.slice(b.ndim);
    if (numel(rows) !== numel(columns))
      throw new ShapeError(
        "linalg.tensorsolve",
        [a.shape, b.shape],
        `linalg.tensorsolve: Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${numel(columns)} != ${numel(rows)}`,
      );
    const n = numel(columns);
    return solve(x.reshape(numel(rows), n), b.reshape(-1) as AnyTensor).reshape(columns);
  },
);
