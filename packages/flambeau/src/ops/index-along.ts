// Slices of one dimension by their numbers: index_select, index_add, index_copy, index_fill.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

import type { Scalar } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, ShapeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { normalizeDim, numel, sameShape } from "../base/shape.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { mutating, op } from "./define.ts";
import {
  alongRules,
  atRules,
  cellsOf,
  cellsPer,
  checkIndexDType,
  dataOf,
  onPacked,
  putRows,
  readIndices,
  rowsAlong,
  takeRowsInto,
} from "./elements.ts";
import { scalarOf } from "./fill-elements.ts";
import { foldRows } from "./fold-rows.ts";
import { fromStart, recordSlices } from "./index-steps.ts";
import { checkSliceSource, checkSource, checkVector, extentsAround } from "./places.ts";
import type { OpFn } from "./signatures.ts";

/** Refuses indices of a dimension without elements. */
function checkExtent(size: number, index: AnyTensor, op: string): void {
  if (size === 0 && numel(index.shape) > 0)
    throw new RuntimeError(`${op}(): self indexing axis dim should be positive`);
}

/** {@link indexSelect} in a captured function. */
function selected(to: Recorder, x: AnyTensor, d: number, index: AnyTensor): AnyTensor {
  // The one element stays one, however often it is asked for.
  if (x.ndim === 0)
    return numel(index.shape) === 0
      ? x.newZeros([])
      : selected(to, x.view([1]), 0, index.narrow(0, 0, 1)).view([]);
  checkIndexDType(index, "index_select", alongRules);
  const shape = x.shape.slice();
  shape[d] = numel(index.shape);
  const out: AnyTensor = fresh(allocateUnset(x.dtype, numel(shape)), shape, x.dtype);
  recordSlices(to, "indexSelect", "gather", x, d, index.reshape(-1), out);
  return out;
}

/** The slices of dimension `dim` that `index` (1-d) lists. @throws IndexError for an index outside of 0..size-1. */
export const indexSelect: OpFn<[dim: number, index: AnyTensor]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim: number, index: AnyTensor) => {
    const d = normalizeDim(dim, x.ndim, "index_select");
    checkVector(index, "index_select");
    const { outer, size, inner } = extentsAround(x.shape, d);
    if (x.ndim > 1) checkExtent(size, index, "index_select");
    if (recorder !== null && (x.ndim > 0 || index.ndim > 0)) return selected(recorder, x, d, index);
    const at = readIndices(index, size, "index_select", d, alongRules);
    // The one element stays one, however often it is asked for.
    if (x.ndim === 0) return at.length > 0 ? x.clone() : x.newZeros([]);
    const source = x.contiguous();
    const shape = x.shape.slice();
    shape[d] = at.length;
    const out: AnyTensor = fresh(allocateUnset(x.dtype, outer * at.length * inner), shape, x.dtype);
    const width = cellsPer(x.dtype);
    takeRowsInto(
      cellsOf(out.storage.data),
      cellsOf(source.storage.data),
      source.offset * width,
      rowsAlong(outer, size, at),
      inner * width,
      isFloat(x.dtype),
    );
    return out;
  },
  vjp: (g, s) => [g.newZeros(s.meta(0).shape).indexAdd_(s.meta(1), s.at(2), g), null],
});

/** Adds `alpha * source` slice by slice: slice i of `source` to slice `index[i]` of dimension `dim`. */
export const indexAdd: OpFn<
  [dim: number, index: AnyTensor, source: AnyTensor, options?: { readonly alpha?: number }],
  "sameInplace"
> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor, options?: { alpha?: number }) => {
    const alpha = options?.alpha ?? 1;
    if (recorder !== null && self.dtype !== "bool") {
      const { d, expected } = checkSliceSource(self, dim, index, source, "index_add_");
      checkIndexDType(index, "index_add_", alongRules);
      const part = (alpha === 1 ? source : source.mul(alpha)).to(self.dtype).reshape(expected);
      const [whole, slices] = self.ndim === 0 ? [self.view([1]), part.reshape([1])] : [self, part];
      recordSlices(recorder, "indexAdd", "scatterAdd", whole, d, index.reshape(-1), slices);
      return;
    }
    const { rows, inner } = checkSource(self, dim, index, source, "index_add_");
    const from = (alpha === 1 ? source : source.mul(alpha)).to(self.dtype).contiguous();
    onPacked(self, (data, offset) =>
      foldRows("sum", self.dtype, data, offset, rows, dataOf(from), from.offset, inner),
    );
  },
  vjp: (g, s) => {
    const { shape } = s.meta(3);
    const alpha = s.meta(4)?.alpha ?? 1;
    const part = g.indexSelect(s.meta(1), s.at(2)).reshape(shape);
    return [g, null, alpha === 1 ? part : part.mul(alpha)];
  },
});

/** Writes slice i of `source` to slice `index[i]` of dimension `dim`. */
export const indexCopy: OpFn<[dim: number, index: AnyTensor, source: AnyTensor], "sameInplace"> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor) => {
    const op = "index_copy_";
    const d = normalizeDim(dim, self.ndim, op);
    if (index.ndim > 1)
      throw new IndexError(`${op}(): Index should have dimension 1 or 0 (got ${index.ndim})`);
    const count = numel(index.shape);
    if (source.ndim === 0 && count !== 1)
      throw new IndexError(`${op}(): When source is scalar, index should have one element (got ${count})`);
    if (source.ndim !== self.ndim && source.ndim > 0 && self.ndim > 0)
      throw new IndexError(
        `${op}(): When source and destination are not scalars, their dimensionality must match. Source dimensionality (${source.ndim}), destination dimensionality (${self.ndim})`,
      );
    if (source.dtype !== self.dtype)
      throw new DTypeError(
        op,
        `${op}(): self and source expected to have the same dtype, but got (self) ${self.dtype} and (source) ${source.dtype}`,
      );
    const slice = (x: AnyTensor): Shape => x.shape.filter((_: number, i: number) => i !== d);
    if (!sameShape(slice(self), slice(source)))
      throw new ShapeError(
        op,
        [self.shape, source.shape],
        `${op}(): Source/destination tensor must have same slice shapes. Destination slice shape: ${slice(self).join(" ")} at dimension ${d} and source slice shape: ${slice(source).join(" ")} at dimension 0.`,
      );
    if (source.ndim > 0 && source.shape[d] !== count)
      throw new IndexError(
        `${op}(): Number of indices (${count}) should be equal to source.size(dim) (${source.shape[d]})`,
      );
    const { outer, size, inner } = extentsAround(self.shape, d);
    checkExtent(size, index, op);
    if (numel(self.shape) === 0) return;
    if (recorder !== null && self.ndim > 0) {
      checkIndexDType(index, op, alongRules);
      const part = source.ndim > 0 ? source : source.expand(self.shape.with(d, 1));
      recordSlices(recorder, "indexCopy", "scatter", self, d, index.reshape(-1), part);
      return;
    }
    const rows = rowsAlong(outer, size, readIndices(index, size, op, d, alongRules));
    const from = source.contiguous();
    const width = cellsPer(self.dtype);
    onPacked(self, (data, offset) =>
      putRows(
        cellsOf(data),
        offset * width,
        rows,
        cellsOf(from.storage.data),
        from.offset * width,
        inner * width,
      ),
    );
  },
  vjp: (g, s) => [
    g.indexFill(s.meta(1), s.at(2), 0),
    null,
    g.indexSelect(s.meta(1), s.at(2)).reshape(s.meta(3).shape),
  ],
});

/** Sets the slices of dimension `dim` that `index` lists to `value`, a number or a 0-d tensor. */
export const indexFill: OpFn<[dim: number, index: AnyTensor, value: AnyTensor | Scalar], "sameInplace"> =
  mutating({
    saves: "inputs",
    mutate: (self, dim: number, index: AnyTensor, value: AnyTensor | Scalar) => {
      const d = normalizeDim(dim, self.ndim, "index_fill_");
      if (index.dtype !== "int32" && index.dtype !== "int64")
        throw new IndexError(`index_fill_(): Expected dtype int64 for index, but got ${index.dtype}.`);
      if (index.ndim > 1) throw new RuntimeError("Index has to be a vector/scalar");
      if (isTensor(value) && value.ndim > 0)
        throw new RuntimeError(
          `index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
        );
      const { outer, size, inner } = extentsAround(self.shape, d);
      checkExtent(size, index, "index_fill_");
      if (numel(self.shape) === 0) return;
      if (recorder !== null && self.ndim > 0) {
        const one: AnyTensor = isTensor(value) ? value.to(self.dtype) : scalarOf(self, value);
        const shape = self.shape.with(d, numel(index.shape));
        const numbers = fromStart(index.reshape(-1), size);
        recordSlices(recorder, "indexFill", "scatter", self, d, numbers, one.expand(shape));
        return;
      }
      const rows = rowsAlong(outer, size, readIndices(index, size, "index_fill_", d, atRules));
      const v = dataOf(isTensor(value) ? value.to(self.dtype).contiguous() : scalarOf(self, value));
      const at = isTensor(value) && value.dtype === self.dtype ? value.offset : 0;
      onPacked(self, (data, offset) => {
        for (const r of rows) data.fill(v[at]!, offset + r * inner, offset + (r + 1) * inner);
      });
    },
    vjp: (g, s) => [
      g.indexFill(s.meta(1), s.at(2), 0),
      null,
      isTensor(s.meta(3)) ? filledSum(g, s.meta(1), s.at(2)) : null,
    ],
  });

/** Each index once, none negative: a place that is filled twice is one element of the result. */
const distinct = (index: AnyTensor, size: number): AnyTensor => {
  const places = [...new Set(readIndices(index, size, "index_fill_", 0, atRules))];
  return fresh(Int32Array.from(places), [places.length], "int32");
};

/** The gradient of the value that slices were filled with. */
function filledSum(g: AnyTensor, dim: number, index: AnyTensor): AnyTensor {
  if (numel(g.shape) === 0) return g.sum();
  if (recorder !== null) return g.where(g.zerosLike({ dtype: "bool" }).indexFill(dim, index, true), 0).sum();
  const size = g.shape[normalizeDim(dim, g.ndim, "index_fill_")] ?? 1;
  return g.indexSelect(dim, distinct(index, size)).sum();
}
