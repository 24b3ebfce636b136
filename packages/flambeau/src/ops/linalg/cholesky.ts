// Cholesky decomposition.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html

import type { DType } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { named } from "../named.ts";
import type { CholeskyExOp, CholeskyOp } from "../signatures.ts";
import { transpose } from "./kernels/blocks.ts";
import { factorCholesky } from "./kernels/cholesky.ts";
import {
  adjoint,
  checkFloat,
  checkInfo,
  checkSquare,
  elementsOf,
  integersOf,
  leadOf,
  tensorOf,
} from "./matrices.ts";
import { solveTriangular } from "./triangular.ts";

export interface CholeskyOptions {
  /** Whether the result is the upper factor, and the upper triangle of the input is read. Default false. */
  readonly upper?: boolean;
}

/** [factor, info] of the lower triangle, or of the upper one. */
export const choleskyFactor: (a: AnyTensor, upper: boolean) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.choleskyEx",
  saves: "output",
  forward: (a: AnyTensor, upper: boolean) => {
    const n: number = a.shape.at(-1)!;
    const lead = leadOf(a);
    const count = numel(lead);
    const data = elementsOf(upper ? adjoint(a) : a);
    const info = new Int32Array(count);
    for (let t = 0; t < count; t++) {
      const at = t * n * n;
      info[t] = factorCholesky(data, at, n);
      for (let i = 0; i < n; i++) data.fill(0, at + i * n + i + 1, at + (i + 1) * n);
      if (upper) data.set(transpose(data.subarray(at, at + n * n), n, n), at);
    }
    return [tensorOf(data, a.shape, a.dtype as DType), integersOf(info, lead)];
  },
  multiVjp: ([g], s) => {
    if (!g) return null;
    const upper: boolean = s.meta(1);
    const l: AnyTensor = upper ? adjoint(s.result(0)) : s.result(0);
    // With P = tril(L^T gL): L^-T (P + P^T without its diagonal) / 2 L^-1, which is symmetric.
    const p = adjoint(l)
      .matmul(upper ? adjoint(g) : g)
      .tril();
    const phi = p.add(adjoint(p.tril(-1))).mul(0.5);
    const half = solveTriangular(adjoint(l), phi, { upper: true });
    return solveTriangular(l, half, { upper: false, left: false });
  },
});

/** What is wrong with a matrix whose leading minor of that order is not positive. */
export const notPositive = (order: number): string =>
  `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${order} is not positive-definite).`;

/** The checked decomposition under the name that messages give it. */
export function choleskyChecked(a: AnyTensor, upper: boolean, name: string): AnyTensor {
  checkSquare(a, name);
  checkFloat(a, name);
  const [factor, info] = choleskyFactor(a, upper);
  checkInfo(info, name, notPositive);
  return factor;
}

/**
 * The lower triangular L with A = L L^T of symmetric positive-definite matrices [..., n, n]; with `upper`, L^T. Only that
 * triangle of A is read; the gradient is symmetric.
 * @throws LinAlgError if a matrix is not positive-definite
 */
export const cholesky: CholeskyOp = composite((a: AnyTensor, options: CholeskyOptions = {}) =>
  choleskyChecked(a, options.upper ?? false, "linalg.cholesky"),
);

/**
 * {@link cholesky} that reports failure instead of throwing: `{ L, info }`, where info is 0, or the order of the first
 * leading minor that is not positive. With `checkErrors` it throws.
 */
export const choleskyEx: CholeskyExOp = composite(
  (a: AnyTensor, options: CholeskyOptions & { readonly checkErrors?: boolean } = {}) => {
    checkSquare(a, "linalg.cholesky_ex");
    checkFloat(a, "linalg.cholesky_ex");
    const [factor, info] = choleskyFactor(a, options.upper ?? false);
    if (options.checkErrors) checkInfo(info, "linalg.cholesky_ex", notPositive);
    return named("linalg_cholesky_ex", ["L", "info"], [factor, info] as const);
  },
);
