// Reductions over segments of a dimension.
// Floor L4 (ops). Source: aten/src/ATen/native/SegmentReduce.cpp of PyTorch 1.13.

import type { DType } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../base/errors.ts";
import { normalizeDim, numel } from "../base/shape.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { dataOf } from "./elements.ts";
import { cat } from "./join.ts";
import { where } from "./select.ts";
import type { SegmentOp, SegmentOptions } from "./signatures.ts";

/** Segments of the middle dimension of [outer, size, inner], `count` in each of the outer rows, from start to end. */
interface Segments {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

type Reduce = "sum" | "mean" | "max" | "min" | "prod";
const starting = { sum: 0, mean: 0, prod: 1, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY };

const steps: Readonly<Record<Reduce, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  mean: (a, b) => a + b,
  prod: (a, b) => a * b,
  // NaN wins, whichever side it stands on.
  max: (a, b) => (b > a || Number.isNaN(b) ? b : a),
  min: (a, b) => (b < a || Number.isNaN(b) ? b : a),
};

const reduceSegments: (
  x: AnyTensor,
  segments: Segments,
  reduce: Reduce,
  initial: number | null,
  axis: number,
) => AnyTensor = op({
  name: "segmentReduce",
  saves: "both",
  forward: (x: AnyTensor, segments: Segments, reduce: Reduce, initial: number | null, axis: number) => {
    const { outer, size, inner, count, starts, ends } = segments;
    const source = x.contiguous();
    const from = dataOf(source);
    const shape = [...x.shape];
    shape[axis] = count;
    const out: AnyTensor = fresh(allocateUnset(x.dtype, outer * count * inner), shape, x.dtype as DType);
    const to = dataOf(out);
    const step = steps[reduce];
    for (let s = 0, w = 0; s < outer * count; s++) {
      const base = source.offset + Math.floor(s / count) * size * inner;
      const length = ends[s]! - starts[s]!;
      for (let k = 0; k < inner; k++, w++) {
        let value = initial ?? starting[reduce];
        for (let i = starts[s]!; i < ends[s]!; i++) value = step(value, from[base + i * inner + k]!);
        if (reduce === "mean") value = length > 0 ? value / length : (initial ?? Number.NaN);
        to[w] = value;
      }
    }
    return out;
  },
  vjp: (g, s) => segmentGradient(g, s.x, s.y, s.meta(1), s.meta(2), s.meta(3), s.meta(4)),
});

function segmentGradient(
  g: AnyTensor,
  x: AnyTensor,
  y: AnyTensor,
  segments: Segments,
  reduce: Reduce,
  initial: number | null,
  axis: number,
): AnyTensor {
  const { outer, size, inner, count, starts, ends } = segments;
  // The row of the result that each element went into; one behind the last for those in no segment.
  const none = outer * count;
  const rows = new Int32Array(outer * size).fill(none);
  for (let s = 0; s < none; s++) {
    const base = Math.floor(s / count) * size;
    rows.fill(s, base + starts[s]!, base + ends[s]!);
  }
  const index = fresh(rows, [outer * size], "int32");
  const spread = (t: AnyTensor): AnyTensor =>
    cat([t.reshape(none, inner), t.newZeros([1, inner])])
      .indexSelect(0, index)
      .reshape(x.shape);
  const total = (t: AnyTensor): AnyTensor =>
    g
      .newZeros([none + 1, inner])
      .indexAdd_(0, index, t.to(g.dtype).reshape(outer * size, inner))
      .narrow(0, 0, none)
      .reshape(g.shape);
  if (reduce === "sum") return spread(g);
  if (reduce === "mean") {
    const lengths = Float64Array.from(starts, (start, s) => Math.max(1, ends[s]! - start));
    const shape = [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1).map(() => 1)];
    return spread(g.div(fresh(lengths, shape, "float64").to(g.dtype)));
  }
  if (reduce === "prod") {
    const zero = x.eq(0);
    const quotient = spread(g.mul(y)).div(x);
    if (!zero.any().item()) return quotient;
    // A single zero gets the product of the others.
    const others = reduceSegments(x.maskedFill(zero, 1), segments, "prod", initial, axis);
    const single = spread(g.mul(others).mul(total(zero).eq(1)));
    return where(zero, single, quotient);
  }
  const hits = x.eq(spread(y)).logicalOr(x.isnan());
  const ties = total(hits).clampMin(1);
  // Ties share a positive gradient; a negative one goes to each in full, as in PyTorch.
  return spread(where(g.gt(0), g.div(ties), g)).mul(hits);
}

const reductions: readonly string[] = ["sum", "mean", "max", "min", "prod"];

/** Lengths or offsets as plain numbers. */
function integers(t: AnyTensor, name: string): Int32Array {
  if (t.dtype !== "int32" && t.dtype !== "int64")
    throw new DTypeError(
      "segmentReduce",
      `segmentReduce: not implemented for '${dtypes[t.dtype as DType].scalarName}' ${name}`,
    );
  const packed = t.contiguous();
  const data = packed.storage.data;
  return Int32Array.from({ length: t.numel() }, (_, i) => Number(data[packed.offset + i]));
}

function segmentsOf(
  x: AnyTensor,
  bounds: AnyTensor,
  isLengths: boolean,
  axis: number,
  unsafe: boolean,
): Segments {
  const name = isLengths ? "lengths" : "offsets";
  const rank = bounds.ndim;
  if (rank === 0 || rank > x.ndim)
    throw new RuntimeError(
      `segment_reduce(): Expected data.dim() >= ${name}.dim(), but got ${x.ndim} and ${rank}`,
    );
  if (axis !== rank - 1)
    throw new RuntimeError(
      `segment_reduce(): Expected axis to be the last dimension of ${name} but got ${axis}.`,
    );
  if (bounds.shape.slice(0, -1).some((n: number, i: number) => n !== x.shape[i]))
    throw new RuntimeError(
      `segment_reduce(): ${name} of shape ${showShape(bounds.shape)} do not fit data of shape ${showShape(x.shape)}`,
    );
  const values = integers(bounds, name);
  const outer = numel(x.shape.slice(0, axis));
  const size = x.shape[axis]!;
  const given = bounds.shape[axis]!;
  const count = isLengths ? given : Math.max(0, given - 1);
  const starts = new Int32Array(outer * count);
  const ends = new Int32Array(outer * count);
  for (let o = 0; o < outer; o++) {
    let at = isLengths ? 0 : (values[o * given] ?? 0);
    for (let i = 0; i < count; i++) {
      const end = isLengths ? at + values[o * given + i]! : values[o * given + i + 1]!;
      if (end < at || at < 0) throw new RuntimeError(`segment_reduce(): ${name} contains negative value!`);
      if (end > size && (unsafe || !isLengths))
        throw new RuntimeError(`segment_reduce(): ${name} reach to ${end}, but there are ${size} elements`);
      starts[o * count + i] = at;
      ends[o * count + i] = end;
      at = end;
    }
    if (isLengths && !unsafe && at !== size)
      throw new RuntimeError(
        "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe.",
      );
  }
  return { outer, size, inner: numel(x.shape.slice(axis + 1)), count, starts, ends };
}

/**
 * Reduces consecutive segments of dimension `axis`, each to one element.
 *
 * @param reduce "sum", "mean", "max", "min" or "prod"
 * @param options either `lengths` of the segments or their `offsets` (the start of each, then the end of the last),
 * integers whose last dimension is `axis`; `axis`: default 0; `initial`: what each reduction starts from; `unsafe`: whether
 * lengths may leave elements over
 * @throws RuntimeError for lengths that do not add up to the extent of `axis`, and for empty data
 * @see https://pytorch.org/docs/1.13/generated/torch.segment_reduce.html
 */
export const segmentReduce: SegmentOp = composite(
  (x: AnyTensor, reduce: string, options: SegmentOptions = {}) => {
    const { lengths, offsets, indices, axis = 0, unsafe = false, initial } = options;
    if (!reductions.includes(reduce))
      throw new RuntimeError(`segment_reduce(): unsupported reduction given! ${reduce}`);
    if (indices) throw new RuntimeError("segment_reduce(): indices based reduction is not supported yet.");
    const d = normalizeDim(axis, x.ndim, "segmentReduce");
    const bounds = offsets ?? lengths;
    if (!bounds) throw new RuntimeError("segment_reduce(): Either lengths or offsets must be defined.");
    if (!isFloat(x.dtype))
      throw new DTypeError(
        "segmentReduce",
        `segmentReduce: not implemented for '${dtypes[x.dtype as DType].scalarName}'`,
      );
    if (x.numel() === 0) throw new RuntimeError("segment_reduce(): Expected data.numel() > 0");
    const segments = segmentsOf(x, bounds, !offsets, d, unsafe);
    return reduceSegments(x, segments, reduce as Reduce, initial ?? null, d);
  },
  { method: false },
);
