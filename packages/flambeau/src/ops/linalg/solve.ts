// Systems of linear equations and inverses.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/linalg.html#solvers

import type { DType } from "../../base/dtype.ts";
import { numel, sameShape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { named } from "../named.ts";
import type { InvExOp, InvOp, SolveExOp, SolveOp } from "../signatures.ts";
import { factorLU, solveLU } from "./kernels/lu.ts";
import {
  adjoint,
  batchPlaces,
  checkFloat,
  checkInfo,
  checkSameDType,
  checkSquare,
  checkSystem,
  commonLead,
  elementsOf,
  integersOf,
  leadOf,
  tensorOf,
} from "./matrices.ts";

/** The LU factors of a batch of square matrices, in float64. */
function factors(a: AnyTensor): { lu: Float64Array; pivots: Int32Array; info: Int32Array } {
  const n: number = a.shape.at(-1)!;
  const count = numel(leadOf(a));
  const lu = elementsOf(a);
  const pivots = new Int32Array(count * n);
  const info = new Int32Array(count);
  for (let t = 0; t < count; t++)
    info[t] = factorLU(lu, t * n * n, n, n, pivots.subarray(t * n, (t + 1) * n));
  return { lu, pivots, info };
}

/** [X, info] with A X = B for matrices B; batches broadcast. */
export const solveMatrices: (a: AnyTensor, b: AnyTensor) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.solveEx",
  saves: "both",
  forward: (a: AnyTensor, b: AnyTensor) => {
    const lead = commonLead(a, b, "linalg.solve");
    const [n, k] = b.shape.slice(-2) as [number, number];
    const { lu, pivots, info } = factors(a);
    const right = elementsOf(b);
    const x = new Float64Array(numel(lead) * n * k);
    const fromA = batchPlaces(leadOf(a), lead);
    const fromB = batchPlaces(leadOf(b), lead);
    for (let t = 0; t < fromA.length; t++) {
      const i = fromA[t]!;
      const p = pivots.subarray(i * n, (i + 1) * n);
      solveLU(lu, i * n * n, n, p, right, fromB[t]! * n * k, k, x, t * n * k);
    }
    return [tensorOf(x, [...lead, n, k], a.dtype as DType), integersOf(info, leadOf(a))];
  },
  multiVjp: ([g], s) => {
    if (!g) return [null, null];
    const gb = solveMatrices(adjoint(s.a), g)[0];
    return [s.edges[0] ? gb.matmul(adjoint(s.result(0))).neg() : null, gb];
  },
});

const singular = (): string => "The solver failed because the input matrix is singular.";

/** Whether B stands for vectors: it has one dimension, or the shape of A without the last one. */
const isVectors = (a: AnyTensor, b: AnyTensor): boolean =>
  b.ndim === 1 || (b.ndim === a.ndim - 1 && sameShape(b.shape, a.shape.slice(0, -1)));

function solveBoth(a: AnyTensor, b: AnyTensor, left: boolean): readonly [AnyTensor, AnyTensor] {
  checkSquare(a, "linalg.solve");
  checkFloat(a, "linalg.solve");
  checkSameDType(a, b, "linalg.solve", "A", "B");
  const vectors = isVectors(a, b);
  const matrix = vectors ? b.unsqueeze(-1) : b;
  checkSystem(a, matrix, left, "linalg.solve");
  if (!left) {
    const [x, info] = solveMatrices(adjoint(a), adjoint(matrix));
    return [vectors ? adjoint(x).squeeze(-1) : adjoint(x), info];
  }
  const [x, info] = solveMatrices(a, matrix);
  return [vectors ? x.squeeze(-1) : x, info];
}

export interface SolveOptions {
  /** Whether A X = B is solved (default), or X A = B. */
  readonly left?: boolean;
}

/**
 * X with A X = B for square A [..., n, n]; B is [n], [..., n] with the batch of A, or [..., n, k], whose batch broadcasts.
 * @throws LinAlgError if a matrix is singular; ShapeError if the shapes do not fit
 */
export const solve: SolveOp = composite((a: AnyTensor, b: AnyTensor, options: SolveOptions = {}) => {
  const [x, info] = solveBoth(a, b, options.left ?? true);
  checkInfo(info, "torch.linalg.solve", singular);
  return x;
});

/** {@link solve} that reports failure instead of throwing: `{ result, info }`; info is 0 unless a matrix is singular. */
export const solveEx: SolveExOp = composite(
  (a: AnyTensor, b: AnyTensor, options: SolveOptions & { readonly checkErrors?: boolean } = {}) => {
    const [x, info] = solveBoth(a, b, options.left ?? true);
    if (options.checkErrors) checkInfo(info, "torch.linalg.solve_ex", singular);
    return named("linalg_solve_ex", ["result", "info"], [x, info] as const);
  },
);

/** [inverse, info]; the inverse of a singular matrix is NaN. */
const inverseOf: (a: AnyTensor) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.invEx",
  saves: "output",
  forward: (a: AnyTensor) => {
    const n: number = a.shape.at(-1)!;
    const { lu, pivots, info } = factors(a);
    const unit = new Float64Array(n * n);
    for (let i = 0; i < n; i++) unit[i * n + i] = 1;
    const x = new Float64Array(lu.length);
    for (let t = 0; t < info.length; t++) {
      const at = t * n * n;
      if (info[t]! > 0) x.fill(Number.NaN, at, at + n * n);
      else solveLU(lu, at, n, pivots.subarray(t * n, (t + 1) * n), unit, 0, n, x, at);
    }
    return [tensorOf(x, a.shape, a.dtype as DType), integersOf(info, leadOf(a))];
  },
  multiVjp: ([g], s) => {
    if (!g) return null;
    const y = adjoint(s.result(0));
    return y.matmul(g).matmul(y).neg();
  },
});

/** What is wrong with a matrix that has no inverse. */
export const noInverse = (place: number): string =>
  `The diagonal element ${place} is zero, the inversion could not be completed because the input matrix is singular.`;

/** The checked inverse under the name that messages give it. */
export function inverseChecked(a: AnyTensor, name: string): AnyTensor {
  checkSquare(a, name);
  checkFloat(a, name);
  const [inverse, info] = inverseOf(a);
  checkInfo(info, name, noInverse);
  return inverse;
}

/**
 * The inverses of square matrices [..., n, n]. To multiply by one, `solve` is faster and more accurate.
 * @throws LinAlgError if a matrix is singular
 */
export const inv: InvOp<"linalg.inv"> = composite((a: AnyTensor) => inverseChecked(a, "linalg.inv"));

/** {@link inv} that reports failure instead of throwing: `{ inverse, info }`; info is 0 unless a matrix is singular. */
export const invEx: InvExOp = composite((a: AnyTensor, options: { readonly checkErrors?: boolean } = {}) => {
  checkSquare(a, "linalg.inv");
  checkFloat(a, "linalg.inv");
  const [inverse, info] = inverseOf(a);
  if (options.checkErrors) checkInfo(info, "linalg.inv_ex", noInverse);
  return named("linalg_inv_ex", ["inverse", "info"], [inverse, info] as const);
});
