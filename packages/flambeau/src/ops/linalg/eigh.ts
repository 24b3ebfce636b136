// Eigenvalues and eigenvectors of symmetric matrices.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html

import type { DType } from "../../base/dtype.ts";
import { RuntimeError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { named } from "../named.ts";
import type { EighOp, EigvalshOp } from "../signatures.ts";
import { eigenSymmetric } from "./kernels/symmetric.ts";
import { adjoint, checkFloat, checkSquare, elementsOf, leadOf, tensorOf } from "./matrices.ts";

/** [values, vectors] of the symmetric matrices of which one triangle is given; without `vectors`, only the values. */
function decompose(a: AnyTensor, upper: boolean, vectors: boolean): AnyTensor[] {
  const n: number = a.shape.at(-1)!;
  const lead = leadOf(a);
  const data = elementsOf(upper ? adjoint(a) : a);
  const values = new Float64Array(numel(lead) * n);
  for (let t = 0; t < numel(lead); t++) {
    const own = data.subarray(t * n * n, (t + 1) * n * n);
    const found = eigenSymmetric(own, n, vectors);
    if (found) values.set(found, t * n);
    else {
      own.fill(Number.NaN);
      values.fill(Number.NaN, t * n, (t + 1) * n);
    }
  }
  const dtype = a.dtype as DType;
  const first = tensorOf(values, [...lead, n], dtype);
  return vectors ? [first, tensorOf(data, a.shape, dtype)] : [first];
}

/** [values, vectors] of matrices that were checked. */
export const eighParts: (a: AnyTensor, upper: boolean) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.eigh",
  saves: "output",
  forward: (a: AnyTensor, upper: boolean) => decompose(a, upper, true),
  multiVjp: ([gl, gv], s) => {
    if (!gl && !gv) return null;
    const l: AnyTensor = s.result(0);
    const v: AnyTensor = s.result(1);
    if (!gv) return v.mul(gl!.unsqueeze(-2)).matmul(adjoint(v));
    // V (gL + skew(V^T gV) / 2 / E) V^T with E[i, j] = l[j] - l[i]; the diagonal of the skew part is 0.
    const p = adjoint(v).matmul(gv);
    const gaps = l.unsqueeze(-2).sub(l.unsqueeze(-1)).add(l.detach().onesLike().diagEmbed());
    const inner = p.sub(adjoint(p)).mul(0.5).div(gaps);
    return v.matmul(gl ? inner.add(gl.diagEmbed()) : inner).matmul(adjoint(v));
  },
});

/** The eigenvalues alone, whose gradient needs the vectors. */
export const eigenvalues: (a: AnyTensor, upper: boolean) => AnyTensor = op({
  name: "linalg.eigvalsh",
  saves: "inputs",
  forward: (a: AnyTensor, upper: boolean) => decompose(a, upper, false)[0]!,
  vjp: (g, s) => {
    const [, v] = eighParts(s.a, s.meta(1));
    return v.mul(g.unsqueeze(-2)).matmul(adjoint(v));
  },
});

/** Whether the upper triangle is meant. @throws RuntimeError unless it is "L" or "U". */
export function readsUpper(UPLO: string): boolean {
  const which = String(UPLO).toUpperCase();
  if (which !== "L" && which !== "U")
    throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${UPLO}`);
  return which === "U";
}

function check(a: AnyTensor, UPLO: string): boolean {
  checkSquare(a, "linalg.eigh");
  checkFloat(a, "linalg.eigh");
  return readsUpper(UPLO);
}

/**
 * `{ eigenvalues, eigenvectors }` of symmetric matrices [..., n, n]: A = V diag(L) V^T, values in ascending order, vectors in
 * columns. Only one triangle of A is read: the lower one, or the upper one for UPLO "U". Signs of vectors are not determined;
 * they are those of LAPACK for small matrices.
 * The gradient of the vectors needs distinct eigenvalues. NaN and infinities give NaN.
 */
export const eigh: EighOp = composite((a: AnyTensor, UPLO = "L") =>
  named("linalg_eigh", ["eigenvalues", "eigenvectors"], eighParts(a, check(a, UPLO))),
);

/** The eigenvalues of symmetric matrices in ascending order; see {@link eigh}. */
export const eigvalsh: EigvalshOp = composite((a: AnyTensor, UPLO = "L") => eigenvalues(a, check(a, UPLO)));
