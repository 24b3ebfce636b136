// Masks: places that are nonzero, and elements where a mask is true.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.nonzero.html

import type { DType, Scalar, TypedArray } from "../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel, sameShape } from "../base/shape.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { composite, mutating, op } from "./define.ts";
import { cellsOf, cellsPer, onPacked, putRows, takeRowsInto } from "./elements.ts";
import { scalarOf } from "./fill-elements.ts";
import { cat } from "./join.ts";
import { where } from "./select.ts";
import type { NonzeroOp, OpFn } from "./signatures.ts";

/** Refuses a mask that is not bool (or uint8, its old form) or does not broadcast to `self`. */
function checkMask(self: AnyTensor, mask: AnyTensor, op: string, takesBytes: boolean): void {
  if (mask.dtype !== "bool" && !(takesBytes && mask.dtype === "uint8"))
    throw new DTypeError(op, `${op} only supports boolean masks, but got mask with dtype ${mask.dtype}`);
  if (!sameShape(broadcastShapes(self.shape, mask.shape, op), self.shape))
    throw new ShapeError(
      op,
      [self.shape, mask.shape],
      `${op}: a mask of shape ${showShape(mask.shape)} does not broadcast to ${showShape(self.shape)}`,
    );
}

/** Self and mask broadcast against each other: what the plain forms change a copy of. */
const widened = (x: AnyTensor, mask: AnyTensor): AnyTensor =>
  x.expand(broadcastShapes(x.shape, mask.shape, "a mask"));

/** Sets elements where `mask` (bool, broadcast) is true to `value`, a number or a 0-d tensor. */
export const maskedFill: OpFn<[mask: AnyTensor, value: AnyTensor | Scalar], "inplace"> = mutating({
  saves: "inputs",
  widened,
  mutate: (self, mask: AnyTensor, value: AnyTensor | Scalar) => {
    checkMask(self, mask, "masked_fill_", true);
    if (isTensor(value) && value.ndim > 0)
      throw new RuntimeError(
        `masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
      );
    const v = isTensor(value) ? value.to(self.dtype) : scalarOf(self, value, "masked_fill_");
    self.copy_(where(mask, v, self));
  },
  vjp: (g, s) => [g.maskedFill(s.at(1), 0), null, isTensor(s.meta(2)) ? where(s.at(1), g, 0).sum() : null],
});

/** Places of the elements that are not zero, in row-major order. NaN is not zero. */
function nonzeroPlaces(x: AnyTensor): Int32Array {
  const flat = x.contiguous();
  const n = numel(x.shape);
  const data: TypedArray = flat.storage.data;
  const { offset } = flat;
  // -0 is zero, so bits do not tell; a bigint is compared as it is.
  const zero = (x.dtype === "int64" ? 0n : 0) as number;
  let count = 0;
  for (let i = 0; i < n; i++) if (data[offset + i] !== zero) count++;
  const places = new Int32Array(count);
  for (let i = 0, w = 0; w < count; i++) if (data[offset + i] !== zero) places[w++] = i;
  return places;
}

/** Row r of the result holds the coordinates of place r; places ascend. */
function coordinates(places: Int32Array, shape: Shape): Int32Array {
  const rank = shape.length;
  const out = new Int32Array(places.length * rank);
  if (rank === 0) return out;
  const n = shape[rank - 1]!;
  // Most places lie in the same row of the last dimension as the one before.
  let start = 0;
  const row = new Array<number>(rank - 1).fill(0);
  for (let r = 0, w = 0; r < places.length; r++) {
    const p = places[r]!;
    if (p - start >= n) {
      let rest = Math.floor(p / n);
      start = rest * n;
      for (let d = rank - 2; d >= 0; d--) {
        const next = Math.floor(rest / shape[d]!);
        row[d] = rest - next * shape[d]!;
        rest = next;
      }
    }
    for (let d = 0; d < rank - 1; d++) out[w++] = row[d]!;
    out[w++] = p - start;
  }
  return out;
}

const found: (x: AnyTensor) => AnyTensor = op({
  name: "nonzero",
  forward: (x: AnyTensor) => {
    const places = nonzeroPlaces(x);
    return fresh(coordinates(places, x.shape), [places.length, x.ndim], "int32");
  },
});

/**
 * The places of nonzero elements: one row of coordinates each, in row-major order. With the option `asTuple`, a list of
 * index tensors, one a dimension, as `x.at([...])` takes them.
 */
export const nonzero: NonzeroOp = composite((x: AnyTensor, options?: { asTuple?: boolean }) => {
  if (!options?.asTuple) return found(x);
  const rows = found(x.ndim === 0 ? x.reshape([1]) : x);
  return Array.from({ length: Math.max(x.ndim, 1) }, (_, d) => rows.select(1, d).contiguous());
});

/** {@link nonzero} in NumPy's name: one row of coordinates for each nonzero element. */
export const argwhere: OpFn<[], "index"> = composite((x: AnyTensor) => x.nonzero());

/** The elements where `mask` (bool, broadcast with x) is true, as a 1-d tensor. */
export const maskedSelect: OpFn<[mask: AnyTensor]> = composite((x: AnyTensor, mask: AnyTensor) => {
  if (mask.dtype !== "bool" && mask.dtype !== "uint8")
    throw new DTypeError("maskedSelect", `masked_select: expected BoolTensor for mask, got ${mask.dtype}`);
  return picked(x, mask);
});

const picked: (x: AnyTensor, mask: AnyTensor) => AnyTensor = op({
  name: "maskedSelect",
  saves: "inputs",
  forward: (x: AnyTensor, mask: AnyTensor) => {
    const shape = broadcastShapes(x.shape, mask.shape, "maskedSelect");
    const places = nonzeroPlaces(mask.expand(shape));
    const source = x.expand(shape).contiguous();
    const width = cellsPer(x.dtype);
    const out: AnyTensor = fresh(allocateUnset(x.dtype, places.length), [places.length], x.dtype);
    const from = cellsOf(source.storage.data);
    takeRowsInto(cellsOf(out.storage.data), from, source.offset * width, places, width);
    return out;
  },
  vjp: (g, s) => {
    const mask: AnyTensor = s.at(1);
    const shape = broadcastShapes(s.meta(0).shape, mask.shape, "maskedSelect");
    return [g.newZeros(shape).maskedScatter_(mask, g), null];
  },
});

/**
 * Writes the elements of `source`, in order, to the places where `mask` (bool, broadcast) is true.
 * @throws RuntimeError if the mask has more true elements than the source has elements.
 */
export const maskedScatter: OpFn<[mask: AnyTensor, source: AnyTensor], "inplace"> = mutating({
  saves: "inputs",
  widened,
  mutate: (self, mask: AnyTensor, source: AnyTensor) => {
    checkMask(self, mask, "masked_scatter_", true);
    if (source.dtype !== self.dtype)
      throw new DTypeError(
        "masked_scatter_",
        `masked_scatter: expected self and source to have same dtypes but got ${self.dtype} and ${source.dtype}`,
      );
    const places = nonzeroPlaces(mask.expand(self.shape));
    if (places.length > numel(source.shape))
      throw new RuntimeError(
        `masked_scatter: Number of elements of source < number of ones in mask: ${numel(source.shape)} < ${places.length}`,
      );
    const from = source.contiguous();
    const width = cellsPer(self.dtype as DType);
    onPacked(self, (data, offset) => {
      const cells = cellsOf(from.storage.data);
      putRows(cellsOf(data), offset * width, places, cells, from.offset * width, width);
    });
  },
  vjp: (g, s) => {
    const { shape } = s.meta(2);
    const used: AnyTensor = g.maskedSelect(s.at(1));
    const rest = numel(shape) - numel(used.shape);
    const all = rest > 0 ? cat([used, g.newZeros([rest])]) : used;
    return [g.maskedFill(s.at(1), 0), null, all.reshape(shape)];
  },
});
