// Largest and smallest elements: of all, along a dimension with where they stand, of two tensors.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.max.html

import type { DType, TypedArray } from "../base/dtype.ts";
import { ArgumentError, IndexError, RuntimeError } from "../base/errors.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import { reducer } from "../tensor/reduction.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import type { Rows } from "./along.ts";
import { checkRow, notFor, reducedShape, rowsAlong, shareEvenly, toPlaces } from "./along.ts";
import { composite, op } from "./define.ts";
import { recordExtrema } from "./extrema-steps.ts";
import { named } from "./named.ts";
import { amax, amin } from "./reduce.ts";
import { maximum, minimum } from "./select.ts";
import type { AminmaxOp, ExtremumOp, KeepdimOption, ReductionIndex } from "./signatures.ts";

/** The extremum of each row and its first position; the first NaN wins over all numbers. */
function findExtrema(
  x: AnyTensor,
  rows: Rows,
  largest: boolean,
): { values: TypedArray; indices: TypedArray } {
  if (recorder !== null) return recordedExtrema(recorder, x, rows, largest);
  const source = x.contiguous();
  const n = rows.outer * rows.inner;
  const values = allocateUnset(x.dtype, n);
  const indices = new Int32Array(n);
  const find = rows.inner === 1 ? ofRows : ofColumns;
  find(source.storage.data as Float32Array, source.offset, rows, largest, values as Float32Array, indices);
  return { values, indices };
}

function recordedExtrema(
  to: Recorder,
  x: AnyTensor,
  { outer, size, inner }: Rows,
  largest: boolean,
): { values: TypedArray; indices: TypedArray } {
  const n = outer * inner;
  const values = allocateUnset(x.dtype, n);
  const indices = allocateUnset("int32", n);
  const list = (data: TypedArray, dtype: DType): AnyTensor => fresh(data, [outer, inner], dtype);
  const rows = x.reshape([outer, size, inner]);
  const name = largest ? "max" : "min";
  if (n > 0)
    recordExtrema(to, name, rows, 1, largest, list(values, x.dtype as DType), list(indices, "int32"));
  return { values, indices };
}

// A value is better unless it is at most as good: so is NaN, and nothing is better than NaN.
function ofRows(
  data: Float32Array,
  offset: number,
  { outer, size }: Rows,
  largest: boolean,
  values: Float32Array,
  indices: Int32Array,
): void {
  for (let o = 0; o < outer; o++) {
    const at = offset + o * size;
    let best = 0;
    let value = data[at]!;
    for (let i = 1; i < size && !Number.isNaN(value); i++) {
      const v = data[at + i]!;
      if (largest ? v <= value : v >= value) continue;
      best = i;
      value = v;
    }
    values[o] = value;
    indices[o] = best;
  }
}

function ofColumns(
  data: Float32Array,
  offset: number,
  { outer, size, inner }: Rows,
  largest: boolean,
  values: Float32Array,
  indices: Int32Array,
): void {
  for (let o = 0; o < outer; o++) {
    const to = o * inner;
    let at = offset + to * size;
    for (let k = 0; k < inner; k++) values[to + k] = data[at + k]!;
    for (let i = 1; i < size; i++) {
      at += inner;
      for (let k = 0; k < inner; k++) {
        const v = data[at + k]!;
        const value = values[to + k]!;
        if ((largest ? v <= value : v >= value) || Number.isNaN(value)) continue;
        values[to + k] = v;
        indices[to + k] = i;
      }
    }
  }
}

type AlongOp = (x: AnyTensor, dim: number, options: KeepdimOption) => [AnyTensor, AnyTensor];

const extremumAlong = (name: string, largest: boolean): AlongOp =>
  op({
    name,
    saves: "output",
    forward: (x: AnyTensor, dim: number, options: KeepdimOption) => {
      const rows = rowsAlong(x.shape, dim, name);
      checkRow(rows, name);
      const { values, indices } = findExtrema(x, rows, largest);
      const shape = reducedShape(x.shape, rows.d, options.keepdim ?? false);
      return [fresh(values, shape, x.dtype), fresh(indices, shape, "int32")];
    },
    multiVjp: ([g], s) => toPlaces(g!, s.result(1), s.meta(0).shape, s.meta(1), s.meta(2).keepdim ?? false),
  });

function extremumOfAll(name: "max" | "min"): (x: AnyTensor) => AnyTensor {
  const reduce = reducer({ combine: name, dtype: (d) => d, needsElements: true });
  return op({
    name,
    saves: "both",
    forward: (x: AnyTensor) => reduce(name, x, undefined),
    vjp: (g, s) => shareEvenly(g, s.x, s.y),
  });
}

function extremumOp<Name extends "max" | "min">(name: Name): ExtremumOp<Name> {
  const all = extremumOfAll(name);
  const along = extremumAlong(name, name === "max");
  const ofTwo = name === "max" ? maximum : minimum;
  return composite((x: AnyTensor, dim?: number | null | AnyTensor, options: KeepdimOption = {}) => {
    if (!isTensor(x)) throw new ArgumentError(`${name}(): argument 'input' must be Tensor, not ${typeof x}`);
    if (isTensor(dim)) return ofTwo(x, dim);
    return dim === undefined || dim === null ? all(x) : named(name, pair, along(x, dim, options));
  });
}
const pair = ["values", "indices"];

/**
 * The largest element: of all (`x.max()`), along a dimension with its first position (`x.max(1)` gives `values` and
 * `indices`), or of two tensors element by element (`x.max(y)`, which is {@link maximum}). NaN is the largest of all.
 * The gradient of the maximum of all is shared evenly among equal elements; along a dimension it goes to the position.
 *
 * @throws RuntimeError if there are no elements, IndexError if a row has none
 */
export const max: ExtremumOp<"max"> = extremumOp("max");

/** The smallest element, in the forms of {@link max}. NaN is the smallest of all. */
export const min: ExtremumOp<"min"> = extremumOp("min");

/**
 * The smallest and the largest element, of all or along `dim`. Ties share the gradient evenly.
 *
 * Differs from PyTorch: there is a gradient.
 */
export const aminmax: AminmaxOp = composite(
  (x: AnyTensor, options: KeepdimOption & { dim?: number | null } = {}) => {
    const { keepdim = false } = options;
    const dim = options.dim ?? undefined;
    if (dim === undefined && x.numel() === 0)
      throw new RuntimeError(
        "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
      );
    if (dim !== undefined) checkRow(rowsAlong(x.shape, dim, "aminmax"), "aminmax");
    // Along a named dimension, a single number is a row of one element.
    const input = x.ndim === 0 && dim !== undefined && keepdim ? x.reshape([1]) : x;
    return named("aminmax", ["min", "max"], [amin(input, dim, { keepdim }), amax(input, dim, { keepdim })]);
  },
);

function extremumIndex(
  x: AnyTensor,
  dim: number | null | undefined,
  options: KeepdimOption,
  name: string,
): AnyTensor {
  const { keepdim = false } = options;
  const d = dim === undefined || dim === null ? null : normalizeDim(dim, x.ndim, name);
  if (d === null && x.numel() === 0)
    throw new IndexError(
      `${name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
    );
  const rows = d === null ? { d: 0, outer: 1, size: numel(x.shape), inner: 1 } : rowsAlong(x.shape, d, name);
  checkRow(rows, name);
  if (x.dtype === "bool" && (d === null || rows.size > 1 || x.ndim === 0))
    throw notFor(`${name}_cpu`, x.dtype as DType);
  const { indices } = findExtrema(x, rows, name === "argmax");
  const shape = d === null ? (keepdim ? x.shape.map(() => 1) : []) : reducedShape(x.shape, d, keepdim);
  return fresh(indices, shape, "int32");
}

/** Index of the largest element, in the flattened tensor or along `dim`; the first of equal ones. */
export const argmax: ReductionIndex<"argmax"> = op({
  forward: (x: AnyTensor, dim?: number | null, options: KeepdimOption = {}) =>
    extremumIndex(x, dim, options, "argmax"),
});

/** Index of the smallest element, in the flattened tensor or along `dim`; the first of equal ones. */
export const argmin: ReductionIndex<"argmin"> = op({
  forward: (x: AnyTensor, dim?: number | null, options: KeepdimOption = {}) =>
    extremumIndex(x, dim, options, "argmin"),
});
