// Elements by their place in the flattened tensor: take and put.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.take.html

import { DTypeError, IndexError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { HostAccess, recorder } from "../tensor/capturing.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { mutating, op } from "./define.ts";
import {
  cellsOf,
  cellsPer,
  changePacked,
  dataOf,
  onPacked,
  putRows,
  readIndices,
  takeRowsInto,
  takeRules,
} from "./elements.ts";
import { foldRows } from "./fold-rows.ts";
import type { Mode } from "./index-steps.ts";
import { fromStart, recordElements } from "./index-steps.ts";
import type { OpFn } from "./signatures.ts";

/** Reads `part` from the flattened `whole` (packed), or changes that, in a step of the program that is recorded. */
function recordFlat(
  to: Recorder,
  name: string,
  mode: Mode,
  whole: AnyTensor,
  index: AnyTensor,
  part: AnyTensor,
): void {
  const limit = numel(whole.shape);
  const at = fromStart(index, limit);
  const numbers = { tensor: at, strides: at.strides, limit, step: 1 };
  const all = { tensor: whole, strides: at.strides.map(() => 0) };
  recordElements(to, name, mode, index.shape, numbers, all, { tensor: part, strides: part.strides });
}

/** `x[index]` of the flattened tensor, in the shape of `index`. Negative indices count from the end. */
export const take: OpFn<[index: AnyTensor]> = op({
  saves: "inputs",
  forward: (x: AnyTensor, index: AnyTensor) => {
    const n = numel(x.shape);
    checkTakeIndex(index, "take");
    if (n === 0 && numel(index.shape) > 0) throw new IndexError("take(): tried to take from an empty tensor");
    if (recorder !== null) {
      const taken = fresh(allocateUnset(x.dtype, numel(index.shape)), index.shape as Shape, x.dtype);
      recordFlat(recorder, "take", "gather", x.contiguous(), index, taken);
      return taken;
    }
    const at = readIndices(index, n, "take", 0, takeRules);
    const source = x.contiguous();
    const out: AnyTensor = fresh(allocateUnset(x.dtype, at.length), index.shape as Shape, x.dtype);
    const width = cellsPer(x.dtype);
    takeRowsInto(cellsOf(out.storage.data), cellsOf(source.storage.data), source.offset * width, at, width);
    return out;
  },
  vjp: (g, s) => [g.newZeros(s.meta(0).shape).put_(s.at(1), g, true), null],
});

const checkTakeIndex = (index: AnyTensor, op: string): void => {
  if (index.dtype !== "int32" && index.dtype !== "int64")
    throw new DTypeError(op, `${op}(): Expected a long tensor for index, but got ${index.dtype}`);
};

/** Writes `source` to the places `index` of the flattened tensor; with `accumulate`, adds. */
export const put: OpFn<[index: AnyTensor, source: AnyTensor, accumulate?: boolean], "sameInplace"> = mutating(
  {
    saves: "inputs",
    mutate: (self, index: AnyTensor, source: AnyTensor, accumulate = false) => {
      const n = numel(self.shape);
      const count = numel(index.shape);
      checkTakeIndex(index, "put_");
      if (source.dtype !== self.dtype)
        throw new DTypeError(
          "put_",
          `put_(): self and source expected to have the same dtype, but got self.dtype = ${self.dtype} and source.dtype = ${source.dtype}`,
        );
      if (numel(source.shape) !== count)
        throw new IndexError(
          `put_(): Expected source and index to have the same number of elements, but got source.numel() = ${numel(source.shape)}, index.numel() = ${count}`,
        );
      if (n === 0 && count > 0) throw new IndexError("put_(): Tried to put elements into an empty tensor");
      if (recorder !== null) {
        if (accumulate && self.dtype === "bool") throw new HostAccess("bools were added");
        const mode = accumulate ? "scatterAdd" : "scatter";
        const part = source.reshape(index.shape);
        const to = recorder;
        return changePacked(self, (whole) => recordFlat(to, "put_", mode, whole, index, part));
      }
      const at = readIndices(index, n, "put_", 0, takeRules);
      const from = source.contiguous();
      const width = cellsPer(self.dtype);
      onPacked(self, (data, offset) => {
        if (accumulate) foldRows("sum", self.dtype, data, offset, at, dataOf(from), from.offset, 1);
        else
          putRows(cellsOf(data), offset * width, at, cellsOf(from.storage.data), from.offset * width, width);
      });
    },
    vjp: (g, s) => [
      s.meta(3) ? g : g.put(s.at(1), g.newZeros(s.meta(1).shape), false),
      null,
      g.take(s.at(1)).reshape(s.meta(2).shape),
    ],
  },
);
