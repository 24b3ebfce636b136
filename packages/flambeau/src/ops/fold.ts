// Scatter that combines: scatter_reduce, for each element, and index_reduce, slice by slice.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { DTypeError, RuntimeError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import type { Data } from "./elements.ts";
import { dataOf } from "./elements.ts";
import type { Fold } from "./fold-rows.ts";
import { foldRows } from "./fold-rows.ts";
import { checkSource, padTo, scatterPlan } from "./places.ts";
import { where } from "./select.ts";
import type { OpFn } from "./signatures.ts";

/** How elements that meet are combined. */
export type ReduceName = "sum" | "prod" | "mean" | "amax" | "amin";

interface FoldOptions {
  /** Whether the elements that were there take part. Default true. */
  readonly includeSelf?: boolean;
}

/** What changes nothing when something is folded into it. */
function neutral(fold: Fold, dtype: DType): number | bigint {
  if (dtype === "int64") {
    const least = -(2n ** 63n);
    return fold === "sum" ? 0n : fold === "prod" ? 1n : fold === "amax" ? least : -1n - least;
  }
  if (fold === "sum") return 0;
  if (fold === "prod") return 1;
  const { kind } = dtypes[dtype];
  if (kind === "float") return fold === "amax" ? -Infinity : Infinity;
  const [low, high] = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, kind === "bool" ? 1 : 255];
  return fold === "amax" ? low : high;
}

/** `self` with row i of `from` folded into row `rows[i]`. */
function folded(
  self: AnyTensor,
  reduce: ReduceName,
  includeSelf: boolean,
  rows: Int32Array,
  from: AnyTensor,
  inner: number,
  name: string,
): AnyTensor {
  const { dtype } = self;
  if (reduce === "mean" && dtype === "bool")
    throw new DTypeError(name, `"${name}" with mean not implemented for 'Bool'`);
  const fold = reduce === "mean" ? "sum" : reduce;
  const out: AnyTensor = self.clone();
  const data: Data = dataOf(out);
  if (!includeSelf) {
    const start = neutral(fold, dtype) as number;
    for (const r of rows) data.fill(start, r * inner, (r + 1) * inner);
  }
  foldRows(fold, dtype, data, 0, rows, dataOf(from), from.offset, inner);
  if (reduce !== "mean") return out;
  const counts = new Int32Array(inner === 0 ? 0 : data.length / inner);
  if (includeSelf) counts.fill(1);
  for (const r of rows) counts[r]!++;
  divide(data, dtype, counts, inner);
  return out;
}

/** Divides each row by its count; integers are rounded down. */
function divide(data: Data, dtype: DType, counts: Int32Array, inner: number): void {
  const isFloat = dtypes[dtype].kind === "float";
  const big = data as unknown as BigInt64Array;
  for (let r = 0; r < counts.length; r++) {
    const n = counts[r]!;
    if (n <= 1) continue;
    for (let k = r * inner; k < (r + 1) * inner; k++) {
      if (dtype === "int64") {
        const [v, m] = [big[k]!, BigInt(n)];
        big[k] = v / m - (v % m < 0n ? 1n : 0n);
      } else data[k] = isFloat ? data[k]! / n : Math.floor(data[k]! / n);
    }
  }
}

/** The two ops in the words of their common gradient. */
interface Along {
  /** Elements of a tensor like self, at the places that the sources went to. */
  readonly take: (t: AnyTensor) => AnyTensor;
  /** Adds a tensor like the source to one like self. */
  readonly add: (t: AnyTensor, source: AnyTensor) => AnyTensor;
  readonly reduce: (t: AnyTensor, source: AnyTensor) => AnyTensor;
  /** Zeros at the places that the sources went to. */
  readonly clear: (t: AnyTensor) => AnyTensor;
}

/** Gradients of self and of the source (as far as it was used). */
function gradients(
  g: AnyTensor,
  self: AnyTensor,
  source: AnyTensor,
  y: AnyTensor,
  reduce: ReduceName,
  includeSelf: boolean,
  along: Along,
): [AnyTensor, AnyTensor] {
  let own: AnyTensor;
  let other: AnyTensor;
  if (reduce === "sum") [own, other] = [g, along.take(g)];
  else if (reduce === "mean") {
    const counts = along.add(includeSelf ? g.onesLike() : g.zerosLike(), source.onesLike());
    const n = counts.maskedFill(counts.eq(0), 1);
    [own, other] = [g.div(n), along.take(g).div(along.take(n))];
  } else if (reduce === "prod") {
    const known = self.maskedFill(self.eq(0), 1);
    own = g.mul(along.reduce(known, source)).div(known);
    // A single zero among the sources of a place: the product of the others is its derivative.
    const zero = source.eq(0);
    const zeros = along.take(along.add(self.zerosLike(), zero.to(self.dtype)));
    const single = zero.logicalAnd(zeros.eq(1));
    const others = along.reduce(self, source.maskedFill(single, 1));
    other = where(single, along.take(g.mul(others)), along.take(g.mul(y)).div(source.maskedFill(zero, 1)));
  } else {
    // Equal extrema share the gradient.
    const selfIs = self.eq(y).to(self.dtype);
    const sourceIs = source.eq(along.take(y)).to(self.dtype);
    const shared = g.div(along.add(selfIs, sourceIs));
    [own, other] = [selfIs.mul(shared), sourceIs.mul(along.take(shared))];
  }
  return [includeSelf ? own : along.clear(own), other];
}

const scatterNames: readonly string[] = ["sum", "prod", "mean", "amax", "amin"];

/**
 * Combines along `dim`: `x[index[i][j]][j] = reduce(x[index[i][j]][j], source[i][j])` for dim 0, with reduce "sum",
 * "prod", "mean" (integers are rounded down), "amax" or "amin".
 *
 * Option `includeSelf` (default true): whether the elements of x take part.
 * @throws RuntimeError for another reduction, an index out of range, or a source that does not fit.
 */
export const scatterReduce: OpFn<
  [dim: number, index: AnyTensor, source: AnyTensor, reduce: ReduceName, options?: FoldOptions],
  "sameInplace"
> = op({
  inplace: true,
  saves: "both",
  forward: (
    x: AnyTensor,
    dim: number,
    index: AnyTensor,
    source: AnyTensor,
    reduce: ReduceName,
    options?: FoldOptions,
  ) => {
    if (!scatterNames.includes(reduce))
      throw new RuntimeError(
        `reduce argument must be either sum, prod, mean, amax or amin, got ${String(reduce)}`,
      );
    const { places, from } = scatterPlan(x, dim, index, source, "scatter_reduce");
    return folded(x, reduce, options?.includeSelf ?? true, places, from!, 1, "scatter_reduce");
  },
  vjp: (g, s) => {
    const [dim, index, whole, reduce, options] = [s.meta(1), s.at(2), s.at(3), s.meta(4), s.meta(5)];
    // Only the leading part of the source is used.
    let source: AnyTensor = whole;
    if (numel(index.shape) > 0)
      for (let i = 0; i < source.ndim; i++) source = source.narrow(i, 0, index.shape[i] ?? 1);
    else source = source.reshape(-1).narrow(0, 0, 0).reshape(index.shape);
    source = source.reshape(index.shape);
    const [own, other] = gradients(g, s.x, source, s.y, reduce, options?.includeSelf ?? true, {
      take: (t) => t.gather(dim, index),
      add: (t, other) => t.scatterAdd(dim, index, other),
      reduce: (t, other) => t.scatterReduce(dim, index, other, reduce, options),
      clear: (t) => t.scatter(dim, index, 0),
    });
    return [own, null, padTo(other, whole.shape)];
  },
});

/**
 * {@link scatterReduce} slice by slice: slice i of `source` is folded into slice `index[i]` of dimension `dim`, with
 * reduce "prod", "mean", "amax" or "amin".
 */
export const indexReduce: OpFn<
  [
    dim: number,
    index: AnyTensor,
    source: AnyTensor,
    reduce: Exclude<ReduceName, "sum">,
    options?: FoldOptions,
  ],
  "sameInplace"
> = op({
  inplace: true,
  saves: "both",
  forward: (
    x: AnyTensor,
    dim: number,
    index: AnyTensor,
    source: AnyTensor,
    reduce: Exclude<ReduceName, "sum">,
    options?: FoldOptions,
  ) => {
    if (!scatterNames.includes(reduce) || (reduce as string) === "sum")
      throw new RuntimeError(
        `index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ${String(reduce)}.`,
      );
    const includeSelf = options?.includeSelf ?? true;
    if (x.dtype === "bool" && (!includeSelf || x.ndim <= 1))
      throw new DTypeError("index_reduce_", `"index_reduce_" not implemented for 'Bool'`);
    const { rows, inner } = checkSource(x, dim, index, source, "index_reduce_");
    return folded(x, reduce, options?.includeSelf ?? true, rows, source.contiguous(), inner, "index_reduce_");
  },
  vjp: (g, s) => {
    const [dim, index, source, reduce, options] = [s.meta(1), s.at(2), s.at(3), s.meta(4), s.meta(5)];
    const take = (t: AnyTensor): AnyTensor => t.indexSelect(dim, index).reshape(source.shape);
    const [own, other] = gradients(g, s.x, source, s.y, reduce, options?.includeSelf ?? true, {
      take,
      add: (t, other) => t.indexAdd(dim, index, other),
      reduce: (t, other) => t.indexReduce(dim, index, other, reduce, options),
      clear: (t) => t.indexFill(dim, index, 0),
    });
    return [own, null, other];
  },
});
