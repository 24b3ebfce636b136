// QR decomposition, and Q from its reflections.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.qr.html

import type { DType } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import { numel, sameShape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { needsGrad } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { cat } from "../join.ts";
import { named } from "../named.ts";
import type { LinalgPairFn, QrOp } from "../signatures.ts";
import { factorQR, multiplyQ } from "./kernels/householder.ts";
import {
  adjoint,
  checkFloat,
  checkMatrix,
  dtypeName,
  elementsOf,
  leadOf,
  tensorOf,
  unitLike,
} from "./matrices.ts";
import { solveTriangular } from "./triangular.ts";

export type QrMode = "reduced" | "complete" | "r";

/** The reflections of A as LAPACK's geqrf leaves them, and their factors. */
export function reflections(a: AnyTensor): { data: Float64Array; tau: Float64Array } {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const data = elementsOf(a);
  const tau = new Float64Array(numel(leadOf(a)) * k);
  for (let t = 0; t < numel(leadOf(a)); t++) factorQR(data, t * m * n, m, n, tau, t * k);
  return { data, tau };
}

/** The first `columns` columns of the product of k reflections each, in matrices of n columns. */
function productOf(
  data: Float64Array,
  tau: Float64Array,
  count: number,
  m: number,
  n: number,
  k: number,
  columns: number,
): Float64Array {
  const q = new Float64Array(count * m * columns);
  for (let t = 0; t < count; t++) {
    const at = t * m * columns;
    for (let i = 0; i < Math.min(m, columns); i++) q[at + i * columns + i] = 1;
    multiplyQ(data, t * m * n, n, tau, t * k, k, m, q, at, columns, columns, false);
  }
  return q;
}

const parts: (a: AnyTensor, mode: QrMode) => readonly [AnyTensor, AnyTensor] = op({
  name: "linalg.qr",
  saves: "output",
  forward: (a: AnyTensor, mode: QrMode) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    const lead = leadOf(a);
    const count = numel(lead);
    const k = Math.min(m, n);
    const { data, tau } = reflections(a);
    const columns = mode === "complete" ? m : k;
    const q = mode === "r" ? new Float64Array(0) : productOf(data, tau, count, m, n, k, columns);
    const r = new Float64Array(count * columns * n);
    for (let t = 0; t < count; t++)
      for (let i = 0; i < k; i++) {
        const from = t * m * n + i * n;
        r.set(data.subarray(from + i, from + n), t * columns * n + i * n + i);
      }
    const dtype = a.dtype as DType;
    return [
      tensorOf(q, mode === "r" ? [0] : [...lead, m, columns], dtype),
      tensorOf(r, [...lead, columns, n], dtype),
    ];
  },
  multiVjp: ([gq, gr], s) => {
    if (!gq && !gr) return null;
    const mode: QrMode = s.meta(1);
    const [m, n] = s.meta(0).shape.slice(-2);
    if (mode === "r")
      throw new RuntimeError(
        "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, 'reduced') if you are going to require its gradients.",
      );
    if (mode === "complete" && m > n)
      throw new RuntimeError(
        "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.",
      );
    const q: AnyTensor = s.result(0);
    const r: AnyTensor = s.result(1);
    if (m >= n) return squareGradient(q, r, gq ?? null, gr ?? null);
    // A wide A is [Q R1, Q R2]: what R2 asks of Q goes through the square part.
    const r1 = r.narrow(-1, 0, m);
    const r2 = r.narrow(-1, m, n - m);
    if (!gr) {
      const first = squareGradient(q, r1, gq!, null);
      return intoColumns(first, first.newZeros([...r2.shape]));
    }
    const gr2 = gr.narrow(-1, m, n - m);
    const more = q.matmul(r2).matmul(adjoint(gr2));
    const first = squareGradient(q, r1, gq ? gq.add(more) : more, gr.narrow(-1, 0, m));
    return intoColumns(first, q.matmul(gr2));
  },
});

const intoColumns = (a: AnyTensor, b: AnyTensor): AnyTensor => cat([a, b], -1);

/** (gQ + Q sym(triu(gR R^T - Q^T gQ))) R^-T for square R, where sym mirrors the part above the diagonal. */
function squareGradient(q: AnyTensor, r: AnyTensor, gq: AnyTensor | null, gr: AnyTensor | null): AnyTensor {
  const first = gr?.matmul(adjoint(r));
  const second = gq ? adjoint(q).matmul(gq).neg() : null;
  const inner: AnyTensor = first && second ? first.add(second) : (first ?? second)!;
  const mirrored = inner.triu().add(adjoint(inner.triu(1)));
  const whole = q.matmul(mirrored);
  return solveTriangular(adjoint(r), gq ? gq.add(whole) : whole, { upper: false, left: false });
}

/** The checked decomposition, without names. */
export function qrChecked(a: AnyTensor, mode: string): readonly [AnyTensor, AnyTensor] {
  checkMatrix(a, "linalg.qr");
  checkFloat(a, "linalg.qr");
  if (mode !== "reduced" && mode !== "complete" && mode !== "r")
    throw new RuntimeError(
      `qr received unrecognized mode '${mode}' but expected one of 'reduced' (default), 'r', or 'complete'`,
    );
  return parts(a, mode);
}

/**
 * `{ Q, R }` with A = Q R for matrices [..., m, n]: orthonormal columns and an upper triangle, with LAPACK's signs (the
 * diagonal of R may be negative). "reduced" (default) gives min(m, n) columns of Q, "complete" all m, "r" an empty Q.
 * The gradient needs the first min(m, n) columns of A to be independent; "complete" has none if m > n, "r" none at all.
 */
export const qr: QrOp = composite((a: AnyTensor, mode = "reduced") =>
  named("linalg_qr", ["Q", "R"], qrChecked(a, mode)),
);

/** What householder_product and ormqr ask of the reflections and their factors. */
export function checkReflections(a: AnyTensor, tau: AnyTensor, op: string): void {
  if (a.ndim < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
  if (tau.ndim !== a.ndim - 1)
    throw new ShapeError(
      op,
      [a.shape, tau.shape],
      `${op}: Expected tau to have one dimension less than input, but got tau.ndim equal to ${tau.ndim} and input.ndim is equal to ${a.ndim}`,
    );
  if (!sameShape(tau.shape.slice(0, -1), leadOf(a)))
    throw new ShapeError(
      op,
      [a.shape, tau.shape],
      `${op}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got ${showShape(tau.shape.slice(0, -1))}`,
    );
  if (tau.dtype !== a.dtype)
    throw new DTypeError(op, `${op}: tau dtype ${dtypeName(tau)} does not match input dtype ${dtypeName(a)}`);
}

const productKernel: (a: AnyTensor, tau: AnyTensor) => AnyTensor = op({
  name: "linalg.householder_product",
  forward: (a: AnyTensor, tau: AnyTensor) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    const k: number = tau.shape.at(-1)!;
    const q = productOf(elementsOf(a), elementsOf(tau), numel(leadOf(a)), m, n, k, n);
    return tensorOf(q, a.shape, a.dtype as DType);
  },
});

/** The same, one reflection after the other, in ops: so that it has a gradient. */
function productInOps(a: AnyTensor, tau: AnyTensor): AnyTensor {
  const unit = unitLike(a, a.shape);
  const vectors = a.tril(-1).add(unit);
  let q = unit;
  for (let i = tau.shape.at(-1)! - 1; i >= 0; i--) {
    const v = vectors.narrow(-1, i, 1);
    const factor = tau.narrow(-1, i, 1).unsqueeze(-1);
    q = q.sub(v.mul(factor).matmul(adjoint(v).matmul(q)));
  }
  return q;
}

/**
 * The first n columns of the product of reflections I - tau[i] v[i] v[i]^T, where v[i] is column i of A [..., m, n] below
 * the diagonal, with a one on it: Q from what `geqrf` gives.
 * @throws RuntimeError unless m >= n >= the number of factors
 */
export const householderProduct: LinalgPairFn<[]> = composite((a: AnyTensor, tau: AnyTensor) => {
  const op = "torch.linalg.householder_product";
  checkTall(a, tau, op);
  checkFloat(a, op);
  return needsGrad([a, tau]) ? productInOps(a, tau) : productKernel(a, tau);
});

function checkTall(a: AnyTensor, tau: AnyTensor, op: string): void {
  if (a.ndim < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (m < n)
    throw new ShapeError(
      op,
      [a.shape],
      `${op}: input.shape[-2] must be greater than or equal to input.shape[-1], but the shape is ${showShape(a.shape)}`,
    );
  if (tau.ndim > 0 && n < tau.shape.at(-1)!)
    throw new ShapeError(
      op,
      [a.shape, tau.shape],
      `${op}: input.shape[-1] must be greater than or equal to tau.shape[-1], but got ${n} and ${tau.shape.at(-1)}`,
    );
  checkReflections(a, tau, op);
}
