// Pseudo-inverses and ranks, by singular values.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html

import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { where } from "../select.ts";
import type { PinvOp } from "../signatures.ts";
import { eigenvalues, eighParts } from "./eigh.ts";
import { adjoint, checkFloat, checkSquare, dtypeName } from "./matrices.ts";
import { svdParts, svdvals } from "./svd.ts";

export interface RankOptions {
  /** Values up to this count as 0. Default 0. */
  readonly atol?: number | AnyTensor | null;
  /** The same, relative to the largest value. Default max(m, n) times the dtype's epsilon; 0 if `atol` is given. */
  readonly rtol?: number | AnyTensor | null;
  /** Whether A is symmetric, of which the lower triangle is read. Default false. */
  readonly hermitian?: boolean;
}

/** What counts as 0 beside values of [..., k] sorted or not: [..., 1], or a number. */
function tolerance(a: AnyTensor, values: AnyTensor, { atol, rtol }: RankOptions): AnyTensor {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const largest: AnyTensor = values.amax(-1);
  const epsilon = a.dtype === "float64" ? 2 ** -52 : 2 ** -23;
  const usual = epsilon * Math.max(m, n);
  let relative: number | AnyTensor;
  if (rtol !== undefined && rtol !== null) relative = rtol;
  else if (isTensor(atol)) relative = where(atol.gt(0), 0, usual) as AnyTensor;
  else relative = atol !== undefined && atol !== null && atol > 0 ? 0 : usual;
  const scaled = largest.mul(relative as number);
  const absolute = atol ?? 0;
  return (
    isTensor(absolute) ? scaled.maximum(absolute.to(scaled.dtype)) : scaled.clampMin(absolute)
  ).unsqueeze(-1);
}

const pseudoInverse: (a: AnyTensor, options: RankOptions) => AnyTensor = op({
  name: "linalg.pinv",
  saves: "both",
  forward: (a: AnyTensor, options: RankOptions) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    if (numel(a.shape) === 0) return a.newZeros([...a.shape.slice(0, -2), n, m]);
    const inverted = (values: AnyTensor): AnyTensor => {
      const size = values.abs();
      return where(size.gt(tolerance(a, size, options)), values.reciprocal(), 0).unsqueeze(-2);
    };
    if (options.hermitian) {
      const [l, v] = eighParts(a, false);
      return v.mul(inverted(l)).matmul(adjoint(v));
    }
    const [u, s, vh] = svdParts(a, false);
    return adjoint(vh).mul(inverted(s)).matmul(adjoint(u));
  },
  vjp: (g, s) => pinvGradient(g, s.a, s.y),
});

/** The gradient of the pseudo-inverse P of A: -P^T g P^T + (I - A P) g^T P P^T + P^T P g^T (I - P A). */
export function pinvGradient(g: AnyTensor, a: AnyTensor, p: AnyTensor): AnyTensor {
  const pt = adjoint(p);
  const gt = adjoint(g);
  const right = gt.matmul(p).matmul(pt);
  const left = pt.matmul(p).matmul(gt);
  return right
    .sub(a.matmul(p.matmul(right)))
    .add(left.sub(left.matmul(p).matmul(a)))
    .sub(pt.matmul(g).matmul(pt));
}

/** The checked pseudo-inverse. */
export function pinvChecked(a: AnyTensor, options: RankOptions): AnyTensor {
  if (a.ndim < 2 || !isFloat(a.dtype))
    throw new RuntimeError(
      `linalg.pinv(${dtypeName(a)}{${showShape(a.shape)}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types`,
    );
  if (options.hermitian) checkSquare(a, "linalg.eigh");
  return pseudoInverse(a, options);
}

/**
 * The pseudo-inverses of matrices [..., m, n]: [..., n, m], where singular values up to max(atol, rtol * the largest) count
 * as 0. `rcond` is an older name of `rtol`. The gradient is that of matrices of the same rank.
 */
export const pinv: PinvOp<"linalg.pinv", [rcond?: number | AnyTensor | null, options?: RankOptions]> =
  composite((a: AnyTensor, rcond?: number | AnyTensor | null, options: RankOptions = {}) => {
    const { atol = null, rtol = null, hermitian = false } = options;
    return pinvChecked(
      a,
      rcond === undefined || rcond === null ? { atol, rtol, hermitian } : { atol: 0, rtol: rcond, hermitian },
    );
  });

/**
 * The number of singular values of matrices [..., m, n] above max(atol, rtol * the largest). `tol` is an older name of
 * `atol`, with an `rtol` of 0.
 */
export const matrixRank: <X extends AnyTensor>(
  a: X,
  tol?: number | AnyTensor | null,
  options?: RankOptions,
) => AnyTensor = composite((a: AnyTensor, tol?: number | AnyTensor | null, options: RankOptions = {}) => {
  const { atol = null, rtol = null, hermitian = false } = options;
  if (a.ndim < 2)
    throw new RuntimeError(
      "torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.",
    );
  checkFloat(a, "torch.linalg.matrix_rank");
  for (const t of [tol, atol, rtol])
    if (isTensor(t) && t.dtype === "bool")
      throw new DTypeError("linalg.matrix_rank", "torch.linalg.matrix_rank: tolerances must not be bool");
  if (hermitian) checkSquare(a, "linalg.eigh");
  const x = a.detach() as AnyTensor;
  const values: AnyTensor = hermitian ? eigenvalues(x, false).abs() : svdvals(x);
  if (values.shape.at(-1) === 0) return values.ne(0).sum(-1);
  const limit = tolerance(
    x,
    values,
    tol === undefined || tol === null ? { atol, rtol } : { atol: tol, rtol: 0 },
  );
  return values.gt(limit).sum(-1);
});
