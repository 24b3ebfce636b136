// Searching in sorted sequences and in sets. Functions only, as in PyTorch.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.searchsorted.html

import type { DType, Scalar, TypedArray } from "../base/dtype.ts";
import { dtypeOfScalar, resultType } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import { full } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import type { BucketizeOp, IsinOp, SearchOp, SearchOptions } from "./signatures.ts";
import { RowSorter } from "./sort-rows.ts";

/** The dtype in which elements of both are compared. */
function commonDType(a: AnyTensor | Scalar, b: AnyTensor | Scalar): DType {
  const seen = [a, b].map((x) =>
    isTensor(x)
      ? { dtype: x.dtype as DType, standing: x.ndim > 0 ? ("dimensioned" as const) : ("zeroDim" as const) }
      : { dtype: dtypeOfScalar(x), standing: "number" as const },
  );
  return resultType(seen);
}

const asDType = (x: AnyTensor | Scalar, dtype: DType): AnyTensor =>
  isTensor(x) ? x.detach().to(dtype).contiguous() : full([], x, { dtype });

/** The first of `n` sorted elements from `at` that is not below `v`, or, with `right`, that is above it; n if none is. */
function bound(data: Float32Array, at: number, n: number, v: number, right: boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const m = data[at + middle]!;
    // Written so that NaN counts as the largest.
    if (right ? !(m > v) : !(m >= v)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkSearch(sequence: AnyTensor, values: AnyTensor, options: SearchOptions): boolean {
  const name = "torch.searchsorted(): ";
  const { right = false, side = null, sorter = null } = options;
  if (side !== null && side !== "left" && side !== "right")
    throw new RuntimeError(`${name}side can only be 'left' or 'right' but got ${side}`);
  if (side === "left" && right)
    throw new RuntimeError(
      `${name}side and right can't be set to opposites, got side of left while right was True`,
    );
  if (values.ndim === 0 && sequence.ndim !== 1)
    throw new RuntimeError(
      `${name}input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(${sequence.ndim}) and input value's dim(${values.ndim}) numel(${values.numel()})`,
    );
  if (sequence.ndim !== 1 && !sameShape(sequence.shape.slice(0, -1), values.shape.slice(0, -1)))
    throw new ShapeError(
      "searchsorted",
      [sequence.shape, values.shape],
      `${name}boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor ${showShape(sequence.shape)} and input value tensor ${showShape(values.shape)}`,
    );
  if (sequence.ndim === 0)
    throw new RuntimeError(`${name}boundaries tensor should have positive dimension, but got 0`);
  if (sorter !== null) {
    if (!sameShape(sorter.shape, sequence.shape))
      throw new RuntimeError(
        `${name}boundary and sorter must have the same size, but got boundary tensor ${showShape(sequence.shape)} and got sorter tensor ${showShape(sorter.shape)}`,
      );
    if (sorter.dtype !== "int32" && sorter.dtype !== "int64")
      throw new RuntimeError(`${name}sorter must be a tensor of integers but got dtype ${sorter.dtype}`);
  }
  if (sequence.dtype === "bool" || values.dtype === "bool")
    throw new DTypeError("searchsorted", `"searchsorted_out_cpu" not implemented for 'Bool'`);
  return right || side === "right";
}

/**
 * Where `values` (a tensor or a number) would be put into sorted sequences: before elements that equal them, or
 * (`right`, or `side: "right"`) after these. The sequences are the rows of the first argument: one for all values, or
 * one for each row of values. `sorter` lists the places of unsorted sequences in order. Positions are int32, with
 * and without `outInt32`.
 *
 * @throws RuntimeError if rows do not go together
 */
export const searchsorted: SearchOp = op({
  method: false,
  forward: (sequence: AnyTensor, input: AnyTensor | Scalar, options: SearchOptions = {}) => {
    const { outInt32: _always, sorter } = options;
    const dtype = commonDType(sequence, input);
    const values = asDType(input, dtype);
    const right = checkSearch(sequence, values, options);
    const ordered = asDType(sorter ? sequence.gather(-1, sorter) : sequence, dtype);
    const n: number = sequence.shape[sequence.ndim - 1];
    const perRow = sequence.ndim === 1 ? values.numel() : (values.shape[values.ndim - 1] ?? 1);
    const out = new Int32Array(values.numel());
    const data = ordered.storage.data as Float32Array;
    const looked = values.storage.data as Float32Array;
    for (let i = 0, at = ordered.offset; i < out.length; at += n)
      for (const end = i + perRow; i < end; i++)
        out[i] = bound(data, at, n, looked[values.offset + i]!, right);
    return fresh(out, values.shape, "int32");
  },
});

/** The number of the bucket between `boundaries` (1-d, ascending) that elements fall into: {@link searchsorted}. */
export const bucketize: BucketizeOp = composite(
  (input: AnyTensor | Scalar, boundaries: AnyTensor, options: SearchOptions = {}) => {
    if (!isTensor(boundaries))
      throw new ArgumentError(
        `bucketize(): argument 'boundaries' (position 2) must be Tensor, not ${typeof boundaries}`,
      );
    if (boundaries.ndim !== 1)
      throw new RuntimeError(`boundaries tensor must be 1 dimension, but got dim(${boundaries.ndim})`);
    const { right = false, outInt32 = false } = options;
    return searchsorted(boundaries, input as AnyTensor, { right, outInt32 });
  },
  { method: false },
);

/** Options of {@link isin}. */
interface IsinOptions {
  /** Promises that neither side holds an element twice; it makes no difference. Default false. */
  readonly assumeUnique?: boolean;
  /** Whether elements are not among the others instead. Default false. */
  readonly invert?: boolean;
}

/** Whether elements are among `testElements`; one of both may be a number. NaN is among none. */
export const isin: IsinOp = op({
  method: false,
  forward: (elements: AnyTensor | Scalar, testElements: AnyTensor | Scalar, options: IsinOptions = {}) => {
    const { assumeUnique: _promise, invert = false } = options;
    if (!isTensor(elements) && !isTensor(testElements))
      throw new ArgumentError(
        "isin(): one of 'elements' and 'test_elements' must be a Tensor, not both numbers",
      );
    const dtype = commonDType(elements, testElements);
    if (dtype === "bool") throw new RuntimeError("Unsupported input type encountered for isin(): Bool");
    const looked = asDType(elements, dtype);
    const set = sortedElements(asDType(testElements, dtype));
    const data = looked.storage.data as Float32Array;
    const out = new Uint8Array(looked.numel());
    const n = set.length;
    for (let i = 0, p = looked.offset; i < out.length; i++, p++) {
      const v = data[p]!;
      const found = set[bound(set, 0, n, v, false)] === v;
      out[i] = found !== invert ? 1 : 0;
    }
    return fresh(out, looked.shape, "bool");
  },
});

function sortedElements(x: AnyTensor): Float32Array {
  const n = x.numel();
  const sorter = new RowSorter(x.dtype, x.storage.data, n);
  sorter.load(x.offset, 1);
  const order = sorter.sort();
  const out = x.storage.data.slice(0, n) as TypedArray;
  for (let i = 0; i < n; i++) out[i] = x.storage.data[x.offset + order[i]!]!;
  return out as Float32Array;
}
