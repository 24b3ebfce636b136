// LU decomposition with partial pivoting.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.lu.html

import type { DType } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import { numel, sameShape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { cat } from "../join.ts";
import { named } from "../named.ts";
import type { LuFactorExOp, LuFactorOp, LuOp, LuSolveOp } from "../signatures.ts";
import { factorLU, rowOrder } from "./kernels/lu.ts";
import {
  adjoint,
  checkFloat,
  checkInfo,
  checkMatrix,
  checkSameDType,
  checkSquare,
  checkSystem,
  commonLead,
  elementsOf,
  integersOf,
  leadOf,
  tensorOf,
  unitLike,
} from "./matrices.ts";
import { solveTriangular } from "./triangular.ts";

/** [LU, pivots, info] of matrices that were checked. */
export const luParts: (a: AnyTensor) => readonly [AnyTensor, AnyTensor, AnyTensor] = op({
  name: "linalg.luFactorEx",
  saves: "output",
  forward: (a: AnyTensor) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    const lead = leadOf(a);
    const count = numel(lead);
    const data = elementsOf(a);
    const pivots = new Int32Array(count * k);
    const info = new Int32Array(count);
    for (let t = 0; t < count; t++)
      info[t] = factorLU(data, t * m * n, m, n, pivots.subarray(t * k, (t + 1) * k));
    return [
      tensorOf(data, a.shape, a.dtype as DType),
      integersOf(pivots, [...lead, k]),
      integersOf(info, lead),
    ];
  },
  multiVjp: ([g], s) => (g ? luGradient(g, s.result(0), s.result(1)) : null),
});

/**
 * With A = P L U: P L^-T [tril(L^T gL, -1) + triu(gU U^T)] U^-T for square matrices. A wide one has more columns
 * P L U2, a tall one more rows L2 U, whose gradients enter the brackets.
 */
function luGradient(g: AnyTensor, lu: AnyTensor, pivots: AnyTensor): AnyTensor {
  const [m, n] = lu.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const corner = (x: AnyTensor): AnyTensor => x.narrow(-2, 0, k).narrow(-1, 0, k);
  const square = corner(lu);
  const gl = corner(g).tril(-1);
  const gu = corner(g).triu();
  let left = unitLower(square, k);
  left = adjoint(left).matmul(gl);
  let right = gu.matmul(adjoint(square.triu()));
  const solveLeft = (x: AnyTensor): AnyTensor =>
    solveTriangular(adjoint(square), x, { upper: true, unitriangular: true });
  const solveRight = (x: AnyTensor): AnyTensor =>
    solveTriangular(adjoint(square), x, { upper: false, left: false });
  if (n > k) {
    const more = g.narrow(-1, k, n - k);
    left = left.sub(more.matmul(adjoint(lu.narrow(-1, k, n - k))));
    const inner = left.tril(-1).add(right.triu());
    return permuteRows(cat([solveRight(solveLeft(inner)), solveLeft(more)], -1), pivots, true);
  }
  if (m > k) {
    const more = g.narrow(-2, k, m - k);
    right = right.sub(adjoint(lu.narrow(-2, k, m - k)).matmul(more));
    const inner = left.tril(-1).add(right.triu());
    return permuteRows(cat([solveRight(solveLeft(inner)), solveRight(more)], -2), pivots, true);
  }
  return permuteRows(solveRight(solveLeft(left.tril(-1).add(right.triu()))), pivots, true);
}

/** The lower triangle with ones on the diagonal, in k columns. */
function unitLower(lu: AnyTensor, k: number): AnyTensor {
  const columns = lu.shape.at(-1) === k ? lu : lu.narrow(-1, 0, k);
  return columns.tril(-1).add(unitLike(columns, columns.shape));
}

/** Rows of x in the order that the pivots say (P^T x), or put back from there (P x). Batches broadcast. */
export function permuteRows(x: AnyTensor, pivots: AnyTensor, back: boolean): AnyTensor {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const index = rowNumbers(pivots, m, back);
  const whole = commonLead(x, index, "linalg.lu_solve");
  return x.expand([...whole, m, n]).gather(-2, index.expand([...whole, m, n]));
}

/** Which of m rows stands where, [..., m, 1]. */
const rowNumbers: (pivots: AnyTensor, m: number, back: boolean) => AnyTensor = op({
  name: "linalg.pivots",
  forward: (pivots: AnyTensor, m: number, back: boolean) => {
    const lead = pivots.shape.slice(0, -1);
    const k: number = pivots.shape.at(-1)!;
    const list = Int32Array.from(elementsOf(pivots));
    const count = numel(lead);
    const rows = new Int32Array(count * m);
    for (let t = 0; t < count; t++) {
      const order = rowOrder(list, t * k, k, m);
      for (let i = 0; i < m; i++) {
        if (back) rows[t * m + order[i]!] = i;
        else rows[t * m + i] = order[i]!;
      }
    }
    return integersOf(rows, [...lead, m, 1]);
  },
});

/** Whether pivots are as they must be. @throws RuntimeError for "no". */
export function checkPivoting(pivot: boolean | undefined, a: AnyTensor): void {
  if (pivot === false && numel(a.shape) > 0)
    throw new RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU");
}

export function checkLU(a: AnyTensor, op: string): void {
  if (a.ndim < 2)
    throw new RuntimeError(
      `${op}: Expected tensor with 2 or more dimensions. Got size: ${showShape(a.shape)} instead`,
    );
  checkFloat(a, op);
}

/** What is wrong with a U that has a zero at that place of its diagonal. */
const zeroInU = (i: number): string =>
  `U[${i},${i}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)`;

export interface PivotOptions {
  /** Must be true (default). */
  readonly pivot?: boolean;
}

/**
 * `{ LU, pivots }`: the factors of A = P L U in one matrix, L below the diagonal (which is ones), and the exchanges of rows:
 * row i with row pivots[i] - 1.
 * @throws RuntimeError if U has a zero on its diagonal
 */
export const luFactor: LuFactorOp = composite((a: AnyTensor, options: PivotOptions = {}) => {
  checkLU(a, "torch.linalg.lu_factor");
  checkPivoting(options.pivot, a);
  const [lu, pivots, info] = luParts(a);
  checkInfo(info, "torch.linalg.lu_factor", zeroInU, RuntimeError);
  return named("linalg_lu_factor", ["LU", "pivots"], [lu, pivots] as const);
});

/** {@link luFactor} that reports failure: `{ LU, pivots, info }`; info is 0, or the place of the first zero on U's diagonal. */
export const luFactorEx: LuFactorExOp = composite(
  (a: AnyTensor, options: PivotOptions & { readonly checkErrors?: boolean } = {}) => {
    checkLU(a, "torch.linalg.lu_factor_ex");
    checkPivoting(options.pivot, a);
    const [lu, pivots, info] = luParts(a);
    if (options.checkErrors) checkInfo(info, "torch.linalg.lu_factor_ex", zeroInU, RuntimeError);
    return named("linalg_lu_factor_ex", ["LU", "pivots", "info"], [lu, pivots, info] as const);
  },
);

/** P of [..., m, m] with A = P L U, in the dtype of LU. @throws RuntimeError for pivots out of range. */
export function permutationOf(lu: AnyTensor, pivots: AnyTensor): AnyTensor {
  const m: number = lu.shape.at(-2)!;
  return permuteRows(unitLike(lu, [...leadOf(lu), m, m]), pivots, true);
}

/** L of [..., m, k] and U of [..., k, n]. */
export function trianglesOf(lu: AnyTensor): readonly [AnyTensor, AnyTensor] {
  const [m, n] = lu.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  return [unitLower(lu, k), (m === k ? lu : lu.narrow(-2, 0, k)).triu()];
}

/** `{ P, L, U }` with A = P L U for matrices [..., m, n]: a permutation, a lower triangle with ones on its diagonal, an upper triangle. */
export const lu: LuOp = composite((a: AnyTensor, options: PivotOptions = {}) => {
  checkLU(a, "linalg.lu");
  checkPivoting(options.pivot, a);
  const [factors, pivots] = luParts(a);
  const [l, u] = trianglesOf(factors);
  return named("linalg_lu", ["P", "L", "U"], [permutationOf(factors, pivots), l, u] as const);
});

export interface LuSolveOptions {
  /** Whether A X = B is solved (default), or X A = B. */
  readonly left?: boolean;
  /** Whether the transpose of A is meant. Default false. */
  readonly adjoint?: boolean;
}

/** X with A X = B from the factors of A that {@link luFactor} gives; batches broadcast. A singular A gives infinities and NaN. */
export const luSolve: LuSolveOp = composite(
  (LU: AnyTensor, pivots: AnyTensor, b: AnyTensor, options: LuSolveOptions = {}) => {
    const { left = true, adjoint: transposed = false } = options;
    checkSquare(LU, "torch.linalg.lu_solve");
    checkFloat(LU, "linalg.lu_solve");
    checkMatrix(b, "linalg.lu_solve", "B");
    checkSameDType(LU, b, "linalg.lu_solve", "LU", "B");
    if (pivots.dtype !== "int32")
      throw new DTypeError(
        "linalg.lu_solve",
        `linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32, but got ${pivots.dtype}`,
      );
    checkSystem(LU, b, left, "linalg.lu_solve");
    if (pivots.ndim === 0 || pivots.shape.at(-1) !== LU.shape.at(-1))
      throw new ShapeError(
        "linalg.lu_solve",
        [LU.shape, pivots.shape],
        "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix",
      );
    if (!sameShape(pivots.shape, LU.shape.slice(0, -1)))
      throw new ShapeError(
        "linalg.lu_solve",
        [LU.shape, pivots.shape],
        `linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape ${showShape(pivots.shape)} instead`,
      );
    // X A = B is A^T X^T = B^T.
    return left
      ? fromFactors(LU, pivots, b, transposed)
      : adjoint(fromFactors(LU, pivots, adjoint(b), !transposed));
  },
);

function fromFactors(lu: AnyTensor, pivots: AnyTensor, b: AnyTensor, transposed: boolean): AnyTensor {
  if (!transposed) {
    const y = solveTriangular(lu, permuteRows(b, pivots, false), { upper: false, unitriangular: true });
    return solveTriangular(lu, y, { upper: true });
  }
  const y = solveTriangular(adjoint(lu), b, { upper: false });
  return permuteRows(solveTriangular(adjoint(lu), y, { upper: true, unitriangular: true }), pivots, true);
}
