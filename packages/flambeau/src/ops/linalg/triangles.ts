// Triangles and diagonals of the matrices in the last two dimensions, for the gradients of decompositions.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.tril.html

import type { DType } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, viewOf } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { dataOf } from "../elements.ts";

/** Keeps the elements of each matrix with `column - row <= k` (`lower`), or `>= k`. */
function triangle(x: AnyTensor, k: number, lower: boolean): AnyTensor {
  const flat = x.contiguous();
  const from = dataOf(flat);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const out = allocate(x.dtype, numel(x.shape));
  const to = out as Float64Array;
  const lines = numel(x.shape.slice(0, -2)) * rows;
  for (let line = 0; line < lines; line++) {
    const diagonal = (line % rows) + k;
    const start = line * columns;
    const a = lower ? 0 : Math.max(diagonal, 0);
    const b = lower ? Math.min(diagonal + 1, columns) : columns;
    for (let j = a; j < b; j++) to[start + j] = from[flat.offset + start + j]!;
  }
  return fresh(out, x.shape as Shape, x.dtype as DType);
}

/** The lower triangles up to the diagonal k (default 0, the main one); the rest is 0. */
export const lowerOf: (x: AnyTensor, k?: number) => AnyTensor = op({
  name: "tril",
  forward: (x: AnyTensor, k = 0) => triangle(x, k, true),
  vjp: (g, s) => lowerOf(g, s.meta(1) ?? 0),
});

/** The upper triangles from the diagonal k (default 0, the main one); the rest is 0. */
export const upperOf: (x: AnyTensor, k?: number) => AnyTensor = op({
  name: "triu",
  forward: (x: AnyTensor, k = 0) => triangle(x, k, false),
  vjp: (g, s) => upperOf(g, s.meta(1) ?? 0),
});

/** The diagonal over two dimensions (default the last two), as a new last dimension. A view. */
export const diagonalOf: (x: AnyTensor, dim1?: number, dim2?: number) => AnyTensor = op({
  name: "diagonal",
  forward: (x: AnyTensor, dim1 = x.ndim - 2, dim2 = x.ndim - 1) => {
    const keep = x.shape.map((_: number, i: number) => i).filter((i: number) => i !== dim1 && i !== dim2);
    return viewOf(
      x,
      [...keep.map((i: number) => x.shape[i]!), Math.min(x.shape[dim1]!, x.shape[dim2]!)],
      [...keep.map((i: number) => x.strides[i]!), x.strides[dim1]! + x.strides[dim2]!],
      x.offset,
    );
  },
  vjp: (g, s) => intoDiagonal(g, s.meta(0).shape, s.meta(1), s.meta(2)),
});

/** Zeros of `shape` with x on the diagonal over two dimensions (default the last two). */
export const intoDiagonal: (x: AnyTensor, shape: Shape, dim1?: number, dim2?: number) => AnyTensor = op({
  name: "diagonal_backward",
  forward: (x: AnyTensor, shape: Shape, dim1?: number, dim2?: number) => {
    const whole = x.newZeros(shape);
    diagonalOf(whole, dim1, dim2).copy_(x);
    return whole;
  },
  vjp: (g, s) => diagonalOf(g, s.meta(2), s.meta(3)),
});

/** Square matrices with x on the diagonal. */
export const diagonalMatrix = (x: AnyTensor): AnyTensor => {
  const n: number = x.shape.at(-1)!;
  return intoDiagonal(x, [...x.shape, n]);
};
