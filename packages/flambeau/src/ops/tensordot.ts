// Contractions that are functions of `torch` only: tensordot, chain_matmul.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.tensordot.html

import { RuntimeError, ShapeError } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { chainProduct } from "./chain-product.ts";
import { composite } from "./define.ts";
import { checkPair } from "./matrices.ts";
import type { TensordotOp } from "./signatures.ts";

type Dims = number | readonly (readonly number[])[] | AnyTensor;

function pairsOf(dims: Dims): readonly (readonly number[])[] {
  const list = isTensor(dims)
    ? dims.ndim === 0
      ? Number(dims.item())
      : (dims.tolist() as number[][])
    : dims;
  if (typeof list !== "number") {
    if (list.length !== 2)
      throw new RuntimeError(
        `tensordot expects dims to be a number or a pair of lists, but got ${list.length} lists`,
      );
    return list.map((d) => (typeof d === "number" ? [d] : d));
  }
  if (list < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${list}`);
  const places = Array.from({ length: list }, (_, i) => i);
  return [places.map((i) => i - list), places];
}

/**
 * The sum of products over pairs of dimensions. `dims` is a number n (the last n dimensions of a against the first n of b;
 * default 2) or a pair of lists. What is left of a, then of b, are the dimensions of the result.
 * @throws RuntimeError if contracted extents differ and none is 1.
 */
export const tensordot: TensordotOp = composite(
  (a: AnyTensor, b: AnyTensor, dims: Dims = 2) => {
    const [first, second] = pairsOf(dims) as [readonly number[], readonly number[]];
    if (first.length !== second.length)
      throw new RuntimeError(
        `tensordot: both dimension lists should have same length, but got ${first.length} and ${second.length}`,
      );
    checkPair(a, b, "tensordot");
    let x = a;
    let y = b;
    const left = first.map((d) => normalizeDim(d, a.ndim, "tensordot"));
    const right = second.map((d) => normalizeDim(d, b.ndim, "tensordot"));
    left.forEach((d, i) => {
      const e = right[i]!;
      const m = a.shape[d]!;
      const n = b.shape[e]!;
      // An extent of 1 stands for as many as the other has.
      if (n === 1) x = x.sum(d, { keepdim: true });
      else if (m === 1) y = y.sum(e, { keepdim: true });
      else if (m !== n)
        throw new ShapeError(
          "tensordot",
          [a.shape, b.shape],
          `tensordot: contracted dimensions need to match, but first has size ${m} in dim ${first[i]} and second has size ${n} in dim ${second[i]}`,
        );
    });
    if (new Set(left).size < left.length || new Set(right).size < right.length)
      throw new RuntimeError("tensordot: a dimension appears multiple times in the lists of dims");
    const rest = (t: AnyTensor, taken: readonly number[]): number[] =>
      t.shape.map((_: number, i: number) => i).filter((i: number) => !taken.includes(i));
    const keepX = rest(x, left);
    const keepY = rest(y, right);
    const extents = (t: AnyTensor, dims: readonly number[]): number[] => dims.map((d) => t.shape[d]!);
    const size = (list: readonly number[]): number => list.reduce((n, m) => n * m, 1);
    const k = size(extents(x, left));
    const rows = x.permute([...keepX, ...left]).reshape(size(extents(x, keepX)), k);
    const columns = y.permute([...right, ...keepY]).reshape(k, size(extents(y, keepY)));
    return rows.matmul(columns).reshape([...extents(x, keepX), ...extents(y, keepY)]);
  },
  { method: false },
);

/** The product of matrices in the order that takes the fewest multiplications; of one matrix, that matrix. */
export const chainMatmul: (...matrices: readonly AnyTensor[]) => AnyTensor = composite(
  (...matrices: readonly AnyTensor[]) => {
    const list = matrices.flat() as AnyTensor[];
    if (list.length === 0) throw new RuntimeError("chain_matmul(): Expected one or more matrices");
    for (const m of list)
      if (m.ndim !== 2)
        throw new RuntimeError(`chain_matmul: Tensor dimension is ${m.ndim}, expected 2 instead.`);
    return chainProduct(list);
  },
  { method: false, variadic: true },
);
