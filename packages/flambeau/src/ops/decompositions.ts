// Decompositions and solvers that are methods of tensors; most have a newer form in `torch.linalg`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

import type { DType } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { det as linalgDet, slogdetChecked } from "./linalg/det.ts";
import { eigenvalues, eighParts } from "./linalg/eigh.ts";
import { matrixExp as linalgMatrixExp, matrixPower as linalgMatrixPower } from "./linalg/functions.ts";
import { transpose } from "./linalg/kernels/blocks.ts";
import { multiplyQ } from "./linalg/kernels/householder.ts";
import { checkLU, checkPivoting, luSolve as linalgLuSolve, luParts } from "./linalg/lu.ts";
import {
  adjoint,
  checkFloat,
  checkMatrix,
  checkPairOf,
  checkSquare,
  commonLead,
  dtypeName,
  elementsOf,
  leadOf,
  tensorOf,
} from "./linalg/matrices.ts";
import { pinvChecked } from "./linalg/pinv.ts";
import { checkReflections, householderProduct, qrChecked, reflections } from "./linalg/qr.ts";
import { inverseChecked } from "./linalg/solve.ts";
import { svdParts } from "./linalg/svd.ts";
import { solveTriangular } from "./linalg/triangular.ts";
import { named } from "./named.ts";
import { where } from "./select.ts";
import type {
  DetMethod,
  GeqrfOp,
  LuMethod,
  PinverseOp,
  PlainPairOp,
  QrMethod,
  SlogdetMethod,
  SquareOp,
  SvdMethod,
  SymeigOp,
  TriangularSolveOp,
} from "./signatures.ts";

/** The determinants of square matrices [..., n, n]. */
export const det: DetMethod<"det"> = composite((a: AnyTensor) => linalgDet(a));

/** The logarithms of determinants: NaN for a negative one, -Infinity for 0. */
export const logdet: DetMethod<"logdet"> = composite((a: AnyTensor) => {
  const [sign, log] = slogdetChecked(a, "logdet");
  return where(sign.detach().lt(0), Number.NaN, log);
});

/** `{ sign, logabsdet }` of the determinants: the sign, 0 for a singular matrix, and the logarithm of the absolute value. */
export const slogdet: SlogdetMethod = composite((a: AnyTensor) =>
  named("slogdet", ["sign", "logabsdet"], slogdetChecked(a, "linalg.slogdet")),
);

/** The inverses of square matrices. @throws LinAlgError if one is singular. */
export const inverse: SquareOp<"inverse", []> = composite((a: AnyTensor) => inverseChecked(a, "linalg.inv"));

/** The pseudo-inverses of matrices; singular values up to `rcond` (default 1e-15) times the largest count as 0. */
export const pinverse: PinverseOp = composite((a: AnyTensor, rcond = 1e-15) =>
  pinvChecked(a, { atol: 0, rtol: rcond }),
);

/** Square matrices to an integer power; 0 gives the identity, a negative power that of the inverse. */
export const matrixPower: SquareOp<"matrixPower", [n: number]> = composite((a: AnyTensor, n: number) =>
  linalgMatrixPower(a, n),
);

/** The exponentials of square matrices: the sum of A^k / k!. */
export const matrixExp: SquareOp<"matrixExp", []> = composite((a: AnyTensor) => linalgMatrixExp(a));

/** The product of reflections: Q from what {@link geqrf} gives. See `linalg.householderProduct`. */
export const orgqr: PlainPairOp<[]> = composite((a: AnyTensor, tau: AnyTensor) => householderProduct(a, tau));

/**
 * `{ a, tau }`: the QR decomposition of matrices [..., m, n] as reflections. R stands in the upper triangle, below it the
 * vectors, each without its leading 1; I - tau[i] v[i] v[i]^T in order make Q. Not differentiable.
 */
export const geqrf: GeqrfOp = op({
  fields: ["a", "tau"],
  forward: (a: AnyTensor) => {
    if (a.ndim < 2)
      throw new RuntimeError(
        `torch.geqrf: input must have at least 2 dimensions, but its shape is ${showShape(a.shape)}.`,
      );
    checkFloat(a, "geqrf");
    const { data, tau } = reflections(a);
    const k = Math.min(...(a.shape.slice(-2) as number[]));
    const dtype = a.dtype as DType;
    return [tensorOf(data, a.shape, dtype), tensorOf(tau, [...leadOf(a), k], dtype)];
  },
});

interface OrmqrOptions {
  /** Whether Q stands left of `other` (default) or right of it. */
  readonly left?: boolean;
  /** Whether the transpose of Q is meant. Default false. */
  readonly transpose?: boolean;
}

/** Q `other`, or `other` Q, for the m x m matrix Q of reflections as {@link geqrf} gives them. Not differentiable. */
export const ormqr: PlainPairOp<[other: AnyTensor, options?: OrmqrOptions]> = op({
  forward: (a: AnyTensor, tau: AnyTensor, other: AnyTensor, options: OrmqrOptions = {}) => {
    const op = "torch.ormqr";
    const { left = true, transpose: transposed = false } = options;
    if (a.ndim < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
    if (other.ndim < 2) throw new RuntimeError(`${op}: other must have at least 2 dimensions.`);
    const m: number = a.shape.at(-2)!;
    const side = left ? -2 : -1;
    const fail = (why: string): ShapeError =>
      new ShapeError(op, [a.shape, tau.shape, other.shape], `${op}: ${why}`);
    if (tau.ndim > 0 && tau.shape.at(-1)! > a.shape.at(-1)!)
      throw fail("tau.shape[-1] must be less than or equal to input.shape[-1]");
    if (other.shape.at(side) !== m) throw fail(`other.shape[${side}] must be equal to input.shape[-2]`);
    if (tau.ndim > 0 && tau.shape.at(-1)! > m)
      throw fail(`other.shape[${side}] must be greater than or equal to tau.shape[-1]`);
    if (other.ndim !== a.ndim)
      throw fail(
        `Expected other to have the same number of dimensions as input, but got other.ndim equal to ${other.ndim} and input.ndim is equal to ${a.ndim}`,
      );
    checkReflections(a, tau, op);
    if (leadOf(other).join() !== leadOf(a).join())
      throw fail(
        `Expected batch dimensions of other to be equal to input.shape[:-2], but got ${showShape(leadOf(other))}`,
      );
    checkFloat(a, op);
    if (other.dtype !== a.dtype)
      throw new RuntimeError(
        `${op}: Expected input and other to have the same dtype, but input has dtype ${dtypeName(a)} and other has dtype ${dtypeName(other)}`,
      );
    const n: number = a.shape.at(-1)!;
    const k: number = tau.shape.at(-1)!;
    const vectors = elementsOf(a);
    const factors = elementsOf(tau);
    // C Q is (Q^T C^T)^T.
    const turned: AnyTensor = left ? other : adjoint(other);
    const c = elementsOf(turned);
    const columns: number = turned.shape.at(-1)!;
    for (let t = 0; t < numel(leadOf(a)); t++)
      multiplyQ(
        vectors,
        t * m * n,
        n,
        factors,
        t * k,
        k,
        m,
        c,
        t * m * columns,
        columns,
        columns,
        transposed === left,
      );
    if (!left)
      for (let t = 0; t < numel(leadOf(a)); t++) {
        const at = t * m * columns;
        c.set(transpose(c.subarray(at, at + m * columns), m, columns), at);
      }
    return tensorOf(c, other.shape, a.dtype as DType);
  },
});

/**
 * [LU, pivots] of A = P L U, and with `getInfos` a third part: 0, or the place of the first zero on U's diagonal. See
 * `linalg.luFactorEx`. A singular A is no error. `pivot` must be true (default).
 */
export const lu: LuMethod = composite((a: AnyTensor, pivot = true, getInfos = false) => {
  checkLU(a, "torch.lu");
  checkPivoting(pivot, a);
  const [factors, pivots, info] = luParts(a);
  return getInfos ? [factors, pivots, info] : [factors, pivots];
});

/** X with A X = B for b [..., n, k], from the factors of A that {@link lu} gives. */
export const luSolve: PlainPairOp<[pivots: AnyTensor]> = composite(
  (b: AnyTensor, factors: AnyTensor, pivots: AnyTensor) => linalgLuSolve(factors, pivots, b),
);

/**
 * `{ Q, R }` with A = Q R; with `some` (default) Q has min(m, n) columns, else m. See `linalg.qr`.
 */
export const qr: QrMethod = composite((a: AnyTensor, options: { readonly some?: boolean } = {}) =>
  named("qr", ["Q", "R"], qrChecked(a, (options.some ?? true) ? "reduced" : "complete")),
);

interface SvdMethodOptions {
  /** Whether U and V have min(m, n) columns (default), or are square. */
  readonly some?: boolean;
  /** Whether U and V are computed (default), or are zeros of m x m and n x n. */
  readonly computeUv?: boolean;
}

/** `{ U, S, V }` with A = U diag(S) V^T. See `linalg.svd`, which gives V^T. */
export const svd: SvdMethod = composite((a: AnyTensor, options: SvdMethodOptions = {}) => {
  checkMatrix(a, "linalg.svd");
  checkFloat(a, "linalg.svd");
  const { some = true, computeUv = true } = options;
  const [u, s, vh] = svdParts(a, computeUv && !some);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const lead = leadOf(a);
  return named(
    "svd",
    ["U", "S", "V"],
    computeUv ? [u, s, adjoint(vh)] : [a.newZeros([...lead, m, m]), s, a.newZeros([...lead, n, n])],
  );
});

interface SymeigOptions {
  /** Whether eigenvectors are computed; else there are none. Default false. */
  readonly eigenvectors?: boolean;
  /** Whether the upper triangle is read (default) or the lower one. */
  readonly upper?: boolean;
}

/** `{ eigenvalues, eigenvectors }` of symmetric matrices, ascending. See `linalg.eigh`. */
export const symeig: SymeigOp = composite((a: AnyTensor, options: SymeigOptions = {}) => {
  const { eigenvectors = false, upper = true } = options;
  checkSquare(a, "linalg.eigh");
  checkFloat(a, "linalg.eigh");
  return named(
    "symeig",
    ["eigenvalues", "eigenvectors"],
    eigenvectors ? eighParts(a, upper) : [eigenvalues(a, upper), a.newZeros([0])],
  );
});

interface TriangularSolveOptions {
  /** Which triangle of A is read. Default true. */
  readonly upper?: boolean;
  /** Whether the transpose of A is meant. Default false. */
  readonly transpose?: boolean;
  /** Whether the diagonal of A is taken for ones. Default false. */
  readonly unitriangular?: boolean;
}

/** `{ solution, clonedCoefficient }` of A X = b for triangular A; see `linalg.solveTriangular`. */
export const triangularSolve: TriangularSolveOp = composite(
  (b: AnyTensor, a: AnyTensor, options: TriangularSolveOptions = {}) => {
    const { upper = true, transpose: transposed = false, unitriangular = false } = options;
    const op = "torch.triangular_solve";
    checkPairOf(b, a, op);
    const x = solveTriangular(transposed ? adjoint(a) : a, b, { upper: upper !== transposed, unitriangular });
    const [n] = a.shape.slice(-1) as [number];
    const copy = a.expand([...commonLead(a, b, op), n, n]).clone();
    return named("triangular_solve", ["solution", "clonedCoefficient"], [x, copy]);
  },
);
