// Diagonals and triangles of matrices: views, copies, and what is built from them.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.diagonal.html

import { DTypeError, RuntimeError } from "../base/errors.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { arange } from "../tensor/range.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { viewOf } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { dataOf } from "./elements.ts";
import { scalarOf } from "./fill-elements.ts";
import type { DiagEmbedOp, DiagOp, DiagonalOp, OpFn, TraceOp, TriangleOp } from "./signatures.ts";

function twoDims(dim1: number, dim2: number, rank: number, op: string): [number, number] {
  const a = normalizeDim(dim1, rank, op);
  const b = normalizeDim(dim2, rank, op);
  if (a === b) throw new RuntimeError(`${op} dimensions cannot be identical ${dim1}, ${dim2}`);
  return [a, b];
}

/**
 * The diagonals of the matrices that dimensions `dim1` and `dim2` (default 0 and 1) span, in a new last dimension. A
 * view. `offset` (default 0) > 0 lies above the main diagonal, < 0 below.
 */
export const diagonal: DiagonalOp = op({
  forward: (x: AnyTensor, offset = 0, dim1 = 0, dim2 = 1) => {
    const [a, b] = twoDims(dim1, dim2, x.ndim, "diagonal");
    const [m, n] = [x.shape[a]!, x.shape[b]!];
    const length = Math.max(0, offset >= 0 ? Math.min(m, n - offset) : Math.min(m + offset, n));
    const start = length === 0 ? 0 : offset >= 0 ? offset * x.strides[b]! : -offset * x.strides[a]!;
    const rest = (_: number, i: number): boolean => i !== a && i !== b;
    return viewOf(
      x,
      [...x.shape.filter(rest), length],
      [...x.strides.filter(rest), x.strides[a]! + x.strides[b]!],
      x.offset + start,
    );
  },
  vjp: (g, s) => {
    const whole = g.newZeros(s.meta(0).shape);
    whole.diagonal(s.meta(1), s.meta(2), s.meta(3)).copy_(g);
    return whole;
  },
});

/** Matrices with the last dimension of `x` on a diagonal, zeros elsewhere, as dimensions `dim1` and `dim2` of the result. */
export const diagEmbed: DiagEmbedOp = op({
  forward: (x: AnyTensor, offset = 0, dim1 = -2, dim2 = -1) => {
    const [a, b] = twoDims(dim1, dim2, x.ndim + 1, "diag_embed: diagonal");
    if (x.ndim === 0) normalizeDim(-2, 1, "diag_embed");
    const n = x.shape[x.ndim - 1]! + Math.abs(offset);
    const shape = x.shape.slice(0, -1);
    for (const d of [Math.min(a, b), Math.max(a, b)]) shape.splice(d, 0, n);
    const out = x.newZeros(shape);
    out.diagonal(offset, a, b).copy_(x);
    return out;
  },
  vjp: (g, s) => g.diagonal(s.meta(1) ?? 0, s.meta(2) ?? -2, s.meta(3) ?? -1),
});

/** Of a vector, the matrix with it on diagonal `diagonal` (default 0); of a matrix, a copy of that diagonal. */
export const diag: DiagOp = composite((x: AnyTensor, diagonal = 0) => {
  if (x.ndim === 1) return x.diagEmbed(diagonal);
  if (x.ndim !== 2) throw new RuntimeError(`diag: matrix or a vector expected, got ${x.ndim} dimensions`);
  return x.diagonal(diagonal).clone();
});

/** The matrix with all elements of x, in row-major order, on diagonal `offset` (default 0). */
export const diagflat: OpFn<[offset?: number]> = composite((x: AnyTensor, offset = 0) =>
  x.reshape(-1).diagEmbed(offset),
);

/** Sum of the main diagonal of a matrix. */
export const trace: TraceOp = composite((x: AnyTensor) => {
  if (x.ndim !== 2) throw new RuntimeError(`trace: expected a matrix, but got tensor with dim ${x.ndim}`);
  if (x.dtype === "bool") throw new DTypeError("trace", `"trace" not implemented for 'Bool'`);
  return x.diagonal().sum();
});

/** Sets what lies above (or below) diagonal k of each matrix to 0, in a copy. */
function triangle(x: AnyTensor, k: number, lower: boolean): AnyTensor {
  if (recorder !== null && x.ndim > 1) {
    const [rows, columns] = [x.shape[x.ndim - 2]!, x.shape[x.ndim - 1]!];
    const last: AnyTensor = arange(rows).add(k).unsqueeze(1);
    const kept = lower ? arange(columns).le(last) : arange(columns).ge(last);
    return x.where(kept, scalarOf(x, 0));
  }
  const out: AnyTensor = x.clone();
  if (numel(x.shape) === 0) return out;
  normalizeDim(-2, x.ndim, lower ? "tril" : "triu");
  const [m, n] = [x.shape[x.ndim - 2]!, x.shape[x.ndim - 1]!];
  const data = dataOf(out);
  const zero = (x.dtype === "int64" ? 0n : 0) as number;
  const rows = numel(x.shape) / n;
  for (let r = 0; r < rows; r++) {
    const start = r * n;
    const i = r % m;
    if (lower) data.fill(zero, start + Math.min(Math.max(i + k + 1, 0), n), start + n);
    else data.fill(zero, start, start + Math.min(Math.max(i + k, 0), n));
  }
  return out;
}

/** Matrices with zeros above diagonal `diagonal` (default 0, the main one; > 0 lies above it). */
export const tril: TriangleOp = op({
  inplace: true,
  forward: (x: AnyTensor, diagonal = 0) => triangle(x, diagonal, true),
  vjp: (g, s) => g.tril(s.meta(1)),
});

/** Matrices with zeros below diagonal `diagonal` (default 0, the main one; > 0 lies above it). */
export const triu: TriangleOp = op({
  inplace: true,
  forward: (x: AnyTensor, diagonal = 0) => triangle(x, diagonal, false),
  vjp: (g, s) => g.triu(s.meta(1)),
});
