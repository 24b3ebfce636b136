// Reading and writing along a dimension at a place of its own for each element: gather, scatter, take_along_dim.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html

import type { Scalar } from "../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, normalizeDim, numel, sameShape } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import {
  cellsOf,
  cellsPer,
  checkRange,
  dataOf,
  gatherRules,
  indexError,
  onPacked,
  putRows,
  rawIndices,
  takeRowsInto,
} from "./elements.ts";
import { scalarOf } from "./fill-elements.ts";
import type { Fold } from "./fold-rows.ts";
import { foldRows } from "./fold-rows.ts";
import type { Blocks } from "./gather-blocks.ts";
import { addBlocks, blocksOf, gatherCells, putCells } from "./gather-blocks.ts";
import { recordGather, recordScatter } from "./index-steps.ts";
import { checkIndex, checkScatter, padTo, placesAlong, scatterPlan } from "./places.ts";
import type { OpFn } from "./signatures.ts";

/** Picks along `dim`: `out[i][j] = x[index[i][j]][j]` for dim 0. **Shape** of the result: that of `index`. */
export const gather: OpFn<[dim: number, index: AnyTensor]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, dim: number, index: AnyTensor) => {
    const d = checkIndex(x, dim, index, "gather");
    if (recorder !== null) {
      const picks: AnyTensor = fresh(
        allocateUnset(x.dtype, numel(index.shape)),
        index.shape as Shape,
        x.dtype,
      );
      recordGather(recorder, x, d, index, picks);
      return picks;
    }
    const source = x.contiguous();
    const width = cellsPer(x.dtype);
    const from = cellsOf(source.storage.data);
    const blocks = width === 1 ? blocksOf(x.shape, d, index.shape) : null;
    const n = numel(index.shape);
    const out: AnyTensor = fresh(allocateUnset(x.dtype, n), index.shape as Shape, x.dtype);
    if (n === 0) return out;
    if (blocks) {
      const outOfRange = indexError(gatherRules, "gather", d, blocks.size);
      const raw = rawIndices(index, "gather", gatherRules, outOfRange);
      const to = cellsOf(out.storage.data);
      if (gatherCells(to, from, source.offset, raw.data, raw.offset, blocks) < 0)
        checkRange(raw.data, raw.offset, n, blocks.size, outOfRange);
      return out;
    }
    const places = placesAlong(x.shape, d, index, "gather");
    takeRowsInto(cellsOf(out.storage.data), from, source.offset * width, places, width);
    return out;
  },
  vjp: (g, s) => [g.newZeros(s.meta(0).shape).scatterAdd_(s.meta(1), s.at(2), g), null],
});

interface ScatterOptions {
  /** "add" or "multiply" instead of writing. Without a gradient, as in PyTorch: use scatterAdd or scatterReduce. */
  readonly reduce?: "add" | "multiply";
}

function foldOf(options: ScatterOptions | undefined): Fold | null {
  const reduce = options?.reduce;
  if (reduce === undefined) return null;
  if (reduce !== "add" && reduce !== "multiply")
    throw new RuntimeError(`reduce argument must be either add or multiply, but got ${String(reduce)}`);
  return reduce === "add" ? "sum" : "prod";
}

/** What a scatter needs that leaves nothing of its source out; null for others. */
function blockPlan(
  self: AnyTensor,
  dim: number,
  index: AnyTensor,
  source: AnyTensor,
  op: string,
): { blocks: Blocks; at: Int32Array; start: number; values: AnyTensor } | null {
  if (!sameShape(index.shape, source.shape) || source.dtype !== self.dtype || numel(index.shape) === 0)
    return null;
  const d = checkIndex(self, dim, index, op, source);
  const blocks = blocksOf(self.shape, d, index.shape);
  if (!blocks) return null;
  const outOfRange = indexError(gatherRules, op, d, blocks.size);
  const { data, offset } = rawIndices(index, op, gatherRules, outOfRange);
  checkRange(data, offset, numel(index.shape), blocks.size, outOfRange);
  return { blocks, at: data, start: offset, values: source.contiguous() };
}

/**
 * Writes along `dim`: `x[index[i][j]][j] = source[i][j]` for dim 0. `source` may be a number.
 * @throws RuntimeError for an index out of range, a source smaller than the index, or of another dtype.
 */
export const scatter: OpFn<
  [dim: number, index: AnyTensor, source: AnyTensor | Scalar, options?: ScatterOptions],
  "sameInplace"
> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor | Scalar, options?: ScatterOptions) => {
    const fold = foldOf(options);
    if (recorder !== null && fold !== "prod" && !(fold && self.dtype === "bool")) {
      const d = checkScatter(self, dim, index, isTensor(source) ? source : null, "scatter");
      const values = isTensor(source) ? source : scalarOf(self, source);
      recordScatter(recorder, "scatter", fold ? "scatterAdd" : "scatter", self, d, index, values);
      return;
    }
    const simple = !fold && isTensor(source) && cellsPer(self.dtype) === 1;
    const plan = simple ? blockPlan(self, dim, index, source, "scatter") : null;
    if (plan) {
      const cells = cellsOf(plan.values.storage.data);
      onPacked(self, (data, offset) =>
        putCells(cellsOf(data), offset, plan.at, plan.start, cells, plan.values.offset, plan.blocks),
      );
      return;
    }
    const { places, from } = scatterPlan(self, dim, index, isTensor(source) ? source : null, "scatter");
    const values =
      from ??
      scalarOf(self, source as Scalar)
        .expand(places.length)
        .contiguous();
    const width = cellsPer(self.dtype);
    onPacked(self, (data, offset) => {
      if (fold) foldRows(fold, self.dtype, data, offset, places, dataOf(values), values.offset, 1);
      else {
        const cells = cellsOf(values.storage.data);
        putRows(cellsOf(data), offset * width, places, cells, values.offset * width, width);
      }
    });
  },
  vjp: (g, s) => {
    if (s.meta(4)?.reduce)
      throw new RuntimeError("derivative for scatter with reduce is not implemented: use scatterReduce");
    const source = s.meta(3);
    return [
      g.scatter(s.meta(1), s.at(2), 0),
      null,
      isTensor(source) ? padTo(g.gather(s.meta(1), s.at(2)), source.shape) : null,
    ];
  },
});

/** Adds along `dim`: `x[index[i][j]][j] += source[i][j]` for dim 0. */
export const scatterAdd: OpFn<[dim: number, index: AnyTensor, source: AnyTensor], "sameInplace"> = mutating({
  saves: "inputs",
  mutate: (self, dim: number, index: AnyTensor, source: AnyTensor) => {
    if (recorder !== null && self.dtype !== "bool") {
      const d = checkScatter(self, dim, index, source, "scatter_add");
      recordScatter(recorder, "scatterAdd", "scatterAdd", self, d, index, source);
      return;
    }
    const plan = self.dtype === "bool" ? null : blockPlan(self, dim, index, source, "scatter_add");
    if (plan) {
      const { values, at, start, blocks } = plan;
      onPacked(self, (data, offset) =>
        addBlocks(self.dtype)(data, offset, at, start, dataOf(values), values.offset, blocks),
      );
      return;
    }
    const { places, from } = scatterPlan(self, dim, index, source, "scatter_add");
    onPacked(self, (data, offset) =>
      foldRows("sum", self.dtype, data, offset, places, dataOf(from!), from!.offset, 1),
    );
  },
  vjp: (g, s) => [g, null, padTo(g.gather(s.meta(1), s.at(2)), s.meta(3).shape)],
});

/**
 * {@link gather} with x and indices broadcast against each other apart from `dim`; without `dim`, of the flattened
 * tensors. Takes what argsort and argmax give.
 */
export const takeAlongDim: OpFn<[indices: AnyTensor, dim?: number]> = composite(
  (x: AnyTensor, indices: AnyTensor, dim?: number) => {
    if (dim === undefined || dim === null) return x.reshape(-1).gather(0, indices.reshape(-1));
    if (indices.dtype !== "int32" && indices.dtype !== "int64")
      throw new DTypeError(
        "takeAlongDim",
        `torch.take_along_dim(): dtype of indices should be Long but got ${indices.dtype}`,
      );
    if (x.ndim !== indices.ndim)
      throw new RuntimeError(
        `torch.take_along_dim(): input and indices should have the same number of dimensions, but got ${x.ndim} dimensions for input, and ${indices.ndim} dimensions for indices`,
      );
    if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
    const d = normalizeDim(dim, x.ndim, "take_along_dim");
    const but = (shape: Shape, n: number): Shape => shape.map((m, i) => (i === d ? n : m));
    const shape = broadcastShapes(but(x.shape, 1), but(indices.shape, 1), "take_along_dim");
    return x.expand(but(shape, x.shape[d]!)).gather(d, indices.expand(but(shape, indices.shape[d]!)));
  },
);
