// Determinants.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.det.html

import type { DType } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { mode } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { named } from "../named.ts";
import { where } from "../select.ts";
import type { DetOp, SlogdetOp } from "../signatures.ts";
import { factorLU } from "./kernels/lu.ts";
import { decomposeSVD } from "./kernels/svd.ts";
import { adjoint, checkFloat, checkSquare, elementsOf, leadOf, tensorOf } from "./matrices.ts";
import { solveMatrices } from "./solve.ts";
import { svd } from "./svd.ts";

/** Calls `f` with the sign of the row exchanges of each matrix and the diagonal of its U. */
function eachDiagonal(a: AnyTensor, f: (index: number, sign: number, diagonal: Float64Array) => void): void {
  const n: number = a.shape.at(-1)!;
  const lu = elementsOf(a);
  const pivots = new Int32Array(n);
  const diagonal = new Float64Array(n);
  for (let t = 0; t < numel(leadOf(a)); t++) {
    const at = t * n * n;
    factorLU(lu, at, n, n, pivots);
    let sign = 1;
    for (let i = 0; i < n; i++) {
      if (pivots[i] !== i + 1) sign = -sign;
      diagonal[i] = lu[at + i * n + i]!;
    }
    f(t, sign, diagonal);
  }
}

/** det(U) det(V) times the product of the other singular values: for each matrix, what makes U diag Vh its cofactors. */
const cofactorsBySVD: (a: AnyTensor) => AnyTensor = op({
  name: "linalg.cofactors",
  forward: (a: AnyTensor) => {
    const n: number = a.shape.at(-1)!;
    const data = elementsOf(a);
    const out = new Float64Array(data.length);
    for (let at = 0; at < data.length; at += n * n) {
      const whole = decomposeSVD(data.slice(at, at + n * n), n, n, "full");
      if (!whole?.u || !whole.vh) {
        out.fill(Number.NaN, at, at + n * n);
        continue;
      }
      const sign = determinant(whole.u.slice(), n) * determinant(whole.vh.slice(), n);
      for (let p = 0; p < n; p++) {
        let others = sign;
        for (let q = 0; q < n; q++) if (q !== p) others *= whole.s[q]!;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++)
            out[at + i * n + j]! += others * whole.u[i * n + p]! * whole.vh[p * n + j]!;
      }
    }
    return tensorOf(out, a.shape, a.dtype as DType);
  },
});

function determinant(a: Float64Array, n: number): number {
  const pivots = new Int32Array(n);
  factorLU(a, 0, n, n, pivots);
  let det = 1;
  for (let i = 0; i < n; i++) det *= a[i * n + i]! * (pivots[i] === i + 1 ? 1 : -1);
  return det;
}

/** The same in ops, so that it has a gradient. */
function cofactorsInOps(a: AnyTensor): AnyTensor {
  const n: number = a.shape.at(-1)!;
  const [u, s, vh] = svd(a) as unknown as [AnyTensor, AnyTensor, AnyTensor];
  const sign = determinants(u).mul(determinants(vh)).unsqueeze(-1);
  const parts = s.unsqueeze(-2).expand([...s.shape, n]);
  const others = where(s.onesLike().diagEmbed().to("bool"), 1, parts).prod(-1);
  return u.mul(sign.mul(others).unsqueeze(-2)).matmul(vh);
}

/** The determinants of square matrices that were checked. */
export const determinants: (a: AnyTensor) => AnyTensor = op({
  name: "linalg.det",
  saves: "both",
  forward: (a: AnyTensor) => {
    const out = new Float64Array(numel(leadOf(a)));
    eachDiagonal(a, (t, sign, diagonal) => {
      let det = sign;
      for (const d of diagonal) det *= d;
      out[t] = det;
    });
    return tensorOf(out, leadOf(a), a.dtype as DType);
  },
  vjp: (g, s) => {
    // The gradient is that of cofactors: det(A) A^-T, which for a nearly singular matrix is found by its singular values.
    const a: AnyTensor = s.a;
    const det: AnyTensor = s.y;
    const up = g.unsqueeze(-1).unsqueeze(-1);
    if (numel(a.shape) === 0) return null;
    if (!mode.grad) return cofactorsBySVD(a).mul(up);
    const tiny = 100 * (a.dtype === "float64" ? 2 ** -52 : 2 ** -23);
    if (det.detach().abs().lt(tiny).any().item()) return cofactorsInOps(a).mul(up);
    const n: number = a.shape.at(-1)!;
    const diagonal = g
      .mul(det)
      .unsqueeze(-1)
      .expand([...det.shape, n]);
    return solveMatrices(adjoint(a), diagonal.diagEmbed())[0];
  },
});

/**
 * The determinants of square matrices [..., n, n].
 *
 * Differs from PyTorch: the gradient is that of the cofactors for a singular matrix too, where PyTorch's may be 0.
 */
export const det: DetOp<"linalg.det"> = composite((a: AnyTensor) => {
  checkSquare(a, "linalg.det");
  checkFloat(a, "linalg.det");
  return determinants(a);
});

/** [sign, log |det|] of square matrices that were checked. */
const signAndLog: (a: AnyTensor) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.slogdet",
  saves: "inputs",
  forward: (a: AnyTensor) => {
    const lead = leadOf(a);
    const signs = new Float64Array(numel(lead));
    const logs = new Float64Array(numel(lead));
    eachDiagonal(a, (t, exchanges, diagonal) => {
      let sign = exchanges;
      let log = 0;
      for (const d of diagonal) {
        sign *= Math.sign(d);
        log += Math.log(Math.abs(d));
      }
      signs[t] = sign;
      logs[t] = log;
    });
    return [tensorOf(signs, lead, a.dtype as DType), tensorOf(logs, lead, a.dtype as DType)];
  },
  multiVjp: ([, g], s) => {
    if (!g) return s.a.zerosLike();
    const n: number = s.a.shape.at(-1)!;
    return solveMatrices(
      adjoint(s.a),
      g
        .unsqueeze(-1)
        .expand([...g.shape, n])
        .diagEmbed(),
    )[0];
  },
});

/** The checked sign and logarithm under the name that messages give it. */
export function slogdetChecked(a: AnyTensor, name: string): readonly [AnyTensor, AnyTensor] {
  checkSquare(a, name);
  checkFloat(a, name);
  return signAndLog(a);
}

/** `{ sign, logabsdet }` of the determinants: the sign, 0 for a singular matrix, and the logarithm of the absolute value. */
export const slogdet: SlogdetOp<"linalg.slogdet"> = composite((a: AnyTensor) =>
  named("linalg_slogdet", ["sign", "logabsdet"], slogdetChecked(a, "linalg.slogdet")),
);
