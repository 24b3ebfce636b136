// Systems of equations with triangular matrices.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html

import type { DType } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import type { SolveTriangularOp } from "../signatures.ts";
import { solveTriangle } from "./kernels/triangular.ts";
import {
  adjoint,
  batchPlaces,
  checkFloat,
  checkMatrix,
  checkSquare,
  checkSystem,
  commonLead,
  dtypeName,
  elementsOf,
  tensorOf,
} from "./matrices.ts";

export interface TriangularOptions {
  /** Which triangle of A is read. */
  readonly upper: boolean;
  /** Whether A X = B is solved (default), or X A = B. */
  readonly left?: boolean;
  /** Whether the diagonal of A is taken for ones. Default false. */
  readonly unitriangular?: boolean;
}

/**
 * X with A X = B, or X A = B if `left` is false, for triangular A [..., n, n]; batches broadcast. A zero on the diagonal
 * gives infinities and NaN, not an error.
 */
export const solveTriangular: SolveTriangularOp = op({
  saves: "both",
  forward: (a: AnyTensor, b: AnyTensor, options: TriangularOptions) => {
    const { upper, left = true, unitriangular = false } = options;
    checkSquare(a, "linalg.solve_triangular");
    checkMatrix(b, "linalg.solve_triangular", "B");
    checkFloat(a, "linalg.solve_triangular");
    if (a.dtype !== b.dtype)
      throw new DTypeError(
        "linalg.solve_triangular",
        `linalg.solve_triangular: Expected A and B to have the same dtype, but found A of type ${dtypeName(a)} and B of type ${dtypeName(b)} instead`,
      );
    checkSystem(a, b, left, "linalg.solve_triangular");
    const lead = commonLead(a, b, "linalg.solve_triangular");
    // X A = B is A^T X^T = B^T.
    const right: AnyTensor = left ? b : adjoint(b);
    const [n, k] = right.shape.slice(-2) as [number, number];
    const t = elementsOf(a);
    const x = elementsOf(right.expand([...lead, n, k]));
    const places = batchPlaces(a.shape.slice(0, -2), lead);
    for (let i = 0; i < numel(lead); i++)
      solveTriangle(
        { data: t, at: places[i]! * n * n, row: left ? n : 1, column: left ? 1 : n },
        n,
        upper === left,
        unitriangular,
        x,
        i * n * k,
        k,
        k,
      );
    const out = tensorOf(x, [...lead, n, k], a.dtype as DType);
    return left ? out : adjoint(out).contiguous();
  },
  vjp: (g, s) => {
    const a: AnyTensor = s.a;
    const { upper, left = true, unitriangular = false } = s.meta(2) as TriangularOptions;
    const gb = solveTriangular(adjoint(a), g, { upper: !upper, left, unitriangular });
    if (!s.edges[0]) return [null, gb];
    const full = (left ? gb.matmul(adjoint(s.y)) : adjoint(s.y).matmul(gb)).neg();
    const ga = upper ? full.triu(unitriangular ? 1 : 0) : full.tril(unitriangular ? -1 : 0);
    return [ga, gb];
  },
});
