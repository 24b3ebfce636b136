// Cholesky decomposition and the solvers that go with it, as methods of tensors.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html

import { LinAlgError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { choleskyChecked } from "./linalg/cholesky.ts";
import { adjoint, checkFloat, checkPairOf, checkSquare, lookAt } from "./linalg/matrices.ts";
import { noInverse } from "./linalg/solve.ts";
import { solveTriangular } from "./linalg/triangular.ts";
import type { PlainPairOp, SquareOp } from "./signatures.ts";

interface Upper {
  readonly upper?: boolean;
}

/** The lower triangular L with A = L L^T of symmetric positive-definite matrices; see `linalg.cholesky`. */
export const cholesky: SquareOp<"cholesky", [options?: Upper]> = composite(
  (a: AnyTensor, options: Upper = {}) => choleskyChecked(a, options.upper ?? false, "cholesky"),
);

/** (L L^T)^-1 B by two triangular systems. */
const solveFactor = (b: AnyTensor, l: AnyTensor, upper: boolean): AnyTensor => {
  const lower = upper ? adjoint(l) : l;
  return solveTriangular(adjoint(lower), solveTriangular(lower, b, { upper: false }), { upper: true });
};

/** The gradient of the factor L from that of L L^T, to which the whole of L counts, not one triangle. */
const factorGradient = (g: AnyTensor, l: AnyTensor, upper: boolean): AnyTensor => {
  const both = g.add(adjoint(g));
  return (upper ? l.matmul(both) : both.matmul(l)).neg();
};

const choleskySystems: (b: AnyTensor, l: AnyTensor, upper: boolean) => AnyTensor = op({
  name: "choleskySolve",
  saves: "both",
  forward: solveFactor,
  vjp: (g, s) => {
    const upper: boolean = s.meta(2);
    const gb = choleskySystems(g, s.b, upper);
    return [gb, s.edges[1] ? factorGradient(gb.matmul(adjoint(s.y)), s.b, upper) : null];
  },
});

/** X with A X = b from the factor of A = L L^T that {@link cholesky} gives (A = U^T U with `upper`); batches broadcast. */
export const choleskySolve: PlainPairOp<[options?: Upper]> = composite(
  (b: AnyTensor, l: AnyTensor, options: Upper = {}) => {
    checkPairOf(b, l, "cholesky_solve");
    checkFloat(l, "cholesky_solve");
    return choleskySystems(b, l, options.upper ?? false);
  },
);

const choleskyInverses: (l: AnyTensor, upper: boolean) => AnyTensor = op({
  name: "choleskyInverse",
  saves: "both",
  forward: (l: AnyTensor, upper: boolean) =>
    solveFactor(l.newOnes(l.shape.slice(0, -1)).diagEmbed(), l, upper),
  vjp: (g, s) => factorGradient(s.y.matmul(g).matmul(s.y), s.x, s.meta(1)),
});

/** The inverse of A from its factor L, A = L L^T (A = U^T U with `upper`). @throws LinAlgError for a zero on the diagonal. */
export const choleskyInverse: SquareOp<"choleskyInverse", [options?: Upper]> = composite(
  (l: AnyTensor, options: Upper = {}) => {
    checkSquare(l, "cholesky_inverse");
    checkFloat(l, "cholesky_inverse");
    checkDiagonal(l);
    return choleskyInverses(l, options.upper ?? false);
  },
);

function checkDiagonal(l: AnyTensor): void {
  const n: number = l.shape.at(-1)!;
  lookAt("cholesky_inverse", l, (elements) => {
    elements.forEach((v, i) => {
      const at = i % (n * n);
      if (v !== 0 || at % (n + 1) !== 0) return;
      const which = l.ndim > 2 ? `(Batch element ${Math.floor(i / (n * n))}): ` : "";
      throw new LinAlgError(`cholesky_inverse: ${which}${noInverse(at / (n + 1) + 1)}`);
    });
  });
}
