// Singular value decomposition.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.svd.html

import type { DType } from "../../base/dtype.ts";
import { LinAlgError, RuntimeError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { named } from "../named.ts";
import type { SvdOp, SvdvalsOp } from "../signatures.ts";
import { decomposeSVD } from "./kernels/svd.ts";
import { adjoint, checkFloat, checkMatrix, elementsOf, leadOf, tensorOf } from "./matrices.ts";

/** Calls `f` with the decomposition of each matrix; null for one that holds infinities. @throws LinAlgError for NaN. */
function each(
  a: AnyTensor,
  vectors: "none" | "reduced" | "full",
  f: (t: number, svd: ReturnType<typeof decomposeSVD>) => void,
): void {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const data = elementsOf(a);
  const count = numel(leadOf(a));
  for (let t = 0; t < count; t++) {
    const own = data.slice(t * m * n, (t + 1) * m * n);
    if (own.some(Number.isNaN))
      throw new LinAlgError(
        `linalg.svd: ${a.ndim > 2 ? `(Batch element ${t}): ` : ""}The algorithm failed to converge because the input matrix contained non-finite values.`,
      );
    f(t, decomposeSVD(own, m, n, vectors));
  }
}

/** [U, S, Vh] of matrices that were checked. */
export const svdParts: (a: AnyTensor, full: boolean) => readonly [AnyTensor, AnyTensor, AnyTensor] = op({
  name: "linalg.svd",
  saves: "output",
  forward: (a: AnyTensor, full: boolean) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    const lead = leadOf(a);
    const count = numel(lead);
    const columns = full ? m : k;
    const rows = full ? n : k;
    const u = new Float64Array(count * m * columns).fill(Number.NaN);
    const s = new Float64Array(count * k).fill(Number.NaN);
    const vh = new Float64Array(count * rows * n).fill(Number.NaN);
    each(a, full ? "full" : "reduced", (t, own) => {
      if (!own) return;
      u.set(own.u!, t * m * columns);
      s.set(own.s, t * k);
      vh.set(own.vh!, t * rows * n);
    });
    const dtype = a.dtype as DType;
    return [
      tensorOf(u, [...lead, m, columns], dtype),
      tensorOf(s, [...lead, k], dtype),
      tensorOf(vh, [...lead, rows, n], dtype),
    ];
  },
  multiVjp: ([gu, gs, gvh], state) => {
    const s: AnyTensor = state.result(1);
    const k: number = s.shape.at(-1)!;
    // Vectors beyond min(m, n) are arbitrary: no gradient flows through them.
    const first = (x: AnyTensor | null, dim: number): AnyTensor | null =>
      x && x.shape.at(dim) !== k ? x.narrow(dim, 0, k) : x;
    const u = first(state.result(0), -1)!;
    const vh = first(state.result(2), -2)!;
    return svdGradient(u, s, vh, first(gu ?? null, -1), gs ?? null, first(gvh ?? null, -2));
  },
});

const skew = (x: AnyTensor): AnyTensor => x.sub(adjoint(x));

/**
 * U [(skew(U^T gU) / E) S + S (skew(V^T gV) / E) + gS] V^T, and what gU and gV have outside of the spaces of U and V;
 * E[i, j] = s[j]^2 - s[i]^2, with ones on the diagonal.
 */
function svdGradient(
  u: AnyTensor,
  s: AnyTensor,
  vh: AnyTensor,
  gu: AnyTensor | null,
  gs: AnyTensor | null,
  gvh: AnyTensor | null,
): AnyTensor | null {
  if (!gu && !gs && !gvh) return null;
  if (!gu && !gvh) return u.mul(gs!.unsqueeze(-2)).matmul(vh);
  const [m, k] = u.shape.slice(-2) as [number, number];
  const n: number = vh.shape.at(-1)!;
  const squares = s.square();
  const ones = s.detach().onesLike().diagEmbed();
  const gaps = squares.unsqueeze(-2).sub(squares.unsqueeze(-1)).add(ones);
  const right = s.unsqueeze(-2);
  const left = s.unsqueeze(-1);
  let inner: AnyTensor = (gs ?? s.zerosLike()).diagEmbed();
  if (gu) inner = inner.add(skew(adjoint(u).matmul(gu)).div(gaps).mul(right));
  if (gvh)
    inner = inner.add(
      skew(vh.matmul(adjoint(gvh)))
        .div(gaps)
        .mul(left),
    );
  let ga = u.matmul(inner).matmul(vh);
  if (gu && m > k) {
    const outside = gu.sub(u.matmul(adjoint(u).matmul(gu)));
    ga = ga.add(outside.div(right).matmul(vh));
  }
  if (gvh && n > k) {
    const outside = gvh.sub(gvh.matmul(adjoint(vh)).matmul(vh));
    ga = ga.add(u.matmul(outside.div(left)));
  }
  return ga;
}

function checkArguments(a: AnyTensor, driver: string | null | undefined): void {
  checkMatrix(a, "linalg.svd");
  checkFloat(a, "linalg.svd");
  if (driver)
    throw new RuntimeError(
      "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.",
    );
}

export interface SvdOptions {
  /** Whether U is m x m and Vh n x n (default), or both have min(m, n) columns and rows. */
  readonly fullMatrices?: boolean;
  /** Refused unless null, as PyTorch does on a CPU. */
  readonly driver?: string | null;
}

/**
 * `{ U, S, Vh }` with A = U diag(S) Vh for matrices [..., m, n]: orthonormal columns of U and rows of Vh, and the singular
 * values in descending order. Signs of vectors are not determined; they are those of LAPACK for small matrices.
 * The gradient is stable only where the singular values
 * are distinct, and, unless A is square or only S is used, not 0.
 * @throws LinAlgError if A holds NaN
 */
export const svd: SvdOp = composite((a: AnyTensor, options: SvdOptions = {}) => {
  checkArguments(a, options.driver);
  return named("linalg_svd", ["U", "S", "Vh"], svdParts(a, options.fullMatrices ?? true));
});

const values: (a: AnyTensor) => AnyTensor = op({
  name: "linalg.svdvals",
  saves: "inputs",
  forward: (a: AnyTensor) => {
    const k = Math.min(...(a.shape.slice(-2) as number[]));
    const lead = leadOf(a);
    const s = new Float64Array(numel(lead) * k).fill(Number.NaN);
    each(a, "none", (t, own) => {
      if (own) s.set(own.s, t * k);
    });
    return tensorOf(s, [...lead, k], a.dtype as DType);
  },
  vjp: (g, s) => {
    const [u, , vh] = svdParts(s.a, false);
    return u.mul(g.unsqueeze(-2)).matmul(vh);
  },
});

/** The singular values of matrices [..., m, n] in descending order. @throws LinAlgError for NaN. */
export const svdvals: SvdvalsOp = composite(
  (a: AnyTensor, options: { readonly driver?: string | null } = {}) => {
    checkArguments(a, options.driver);
    return values(a);
  },
);
