// Counting: histograms over bins of any number of dimensions, and occurrences of integers.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.histogramdd.html

import type { DType, TypedArray } from "../base/dtype.ts";
import { isFloat, isInteger } from "../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../base/errors.ts";
import { numel, sameShape } from "../base/shape.ts";
import { linspace } from "../tensor/range.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { notFor } from "./along.ts";
import { composite, op } from "./define.ts";
import { named } from "./named.ts";
import type { BincountOp, HistogramddOp, HistogramOp, HistogramOptions, OpFn } from "./signatures.ts";

/** The smallest and the largest coordinate of each dimension of points, `[count, dims]`; 0 and 1 of none. */
function extent(points: AnyTensor): [number, number][] {
  const [count, dims] = points.shape as [number, number];
  if (count === 0) return Array.from({ length: dims }, () => [0, 1]);
  const [low, high] = [points.amin(0).tolist(), points.amax(0).tolist()] as [number[], number[]];
  return low.map((v, i) => [v, high[i]!]);
}

function checkRange([low, high]: readonly [number, number], what: string, name: string): void {
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new RuntimeError(`${name}: ${what}range of [${low}, ${high}] is not finite`);
}

function checkBins(bins: number, dim: number): void {
  if (!Number.isInteger(bins) || bins <= 0)
    throw new RuntimeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension ${dim}`);
}

/** Edges of `bins` equal bins in each dimension. */
function equalBins(
  points: AnyTensor,
  bins: readonly number[],
  range: readonly number[] | null | undefined,
): AnyTensor[] {
  const dims = bins.length;
  bins.forEach(checkBins);
  if (range && range.length !== 2 * dims)
    throw new RuntimeError(
      `torch.histogramdd: for a ${dims}-dimensional histogram range should have ${2 * dims} elements, but got ${range.length}`,
    );
  const bounds = range
    ? bins.map((_, i): [number, number] => [range[2 * i]!, range[2 * i + 1]!])
    : extent(points);
  return bounds.map(([low, high], i) => {
    checkRange([low, high], `dimension ${i}'s `, "torch.histogramdd");
    if (low > high)
      throw new RuntimeError(
        `torch.histogramdd: min should not exceed max, but got min ${low} max ${high} for dimension ${i}`,
      );
    // Bins without width become a range of 1 around the value.
    const half = low === high ? 0.5 : 0;
    return linspace(low - half, high + half, bins[i]! + 1, { dtype: points.dtype });
  });
}

/**
 * Where each coordinate falls: the number of its bin, or -1. Bins between given edges are searched; the place of an
 * equal bin is computed, and, if `near`, corrected where rounding made it differ from what the edges say.
 */
function binsOf(
  points: AnyTensor,
  dim: number,
  edges: AnyTensor,
  how: "searched" | "near" | "computed",
): Int32Array {
  const [count, dims] = points.shape as [number, number];
  const data = points.storage.data as Float32Array;
  const at = edges.toTypedArray() as Float32Array;
  const last = at.length - 1;
  const out = new Int32Array(count);
  const first = points.offset + dim;
  if (how === "searched") searchBins(data, first, dims, at, out);
  else if (points.dtype === "float32") placeInBins32(data, first, dims, at[0]!, at[last]!, last, out);
  else placeInBins64(data, first, dims, at[0]!, at[last]!, last, out);
  if (how !== "near") return out;
  for (let i = 0, p = first; i < count; i++, p += dims) {
    const bin = out[i]!;
    if (bin < 0) continue;
    const v = data[p]!;
    if (bin < last - 1 && at[bin + 1]! <= v) out[i] = bin + 1;
    else if (at[bin]! > v) out[i] = bin - 1;
  }
  return out;
}

// The value of the right edge is in the last bin, NaN in none.
function placeInBins32(
  data: Float32Array,
  first: number,
  step: number,
  low: number,
  high: number,
  bins: number,
  out: Int32Array,
): void {
  const width = Math.fround(high - low);
  for (let i = 0, p = first; i < out.length; i++, p += step) {
    const v = data[p]!;
    const place = Math.fround(Math.fround(Math.fround(v - low) / width) * bins);
    out[i] = v >= low && v <= high ? Math.min(place, bins - 1) : -1;
  }
}

function placeInBins64(
  data: Float32Array,
  first: number,
  step: number,
  low: number,
  high: number,
  bins: number,
  out: Int32Array,
): void {
  const width = high - low;
  for (let i = 0, p = first; i < out.length; i++, p += step) {
    const v = data[p]!;
    out[i] = v >= low && v <= high ? Math.min(((v - low) / width) * bins, bins - 1) : -1;
  }
}

function searchBins(
  data: Float32Array,
  first: number,
  step: number,
  edges: Float32Array,
  out: Int32Array,
): void {
  const last = edges.length - 1;
  for (let i = 0, p = first; i < out.length; i++, p += step) {
    const v = data[p]!;
    if (!(v >= edges[0]! && v <= edges[last]!)) {
      out[i] = -1;
      continue;
    }
    let from = 0;
    let to = last + 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (edges[middle]! > v) to = middle;
      else from = middle + 1;
    }
    out[i] = Math.min(from - 1, last - 1);
  }
}

function checkEdges(edges: AnyTensor, dim: number, points: AnyTensor): AnyTensor {
  if (edges.dtype !== points.dtype)
    throw new DTypeError(
      "histogramdd",
      `torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype ${points.dtype} and bins for dimension ${dim} with dtype ${edges.dtype}`,
    );
  if (edges.ndim !== 1)
    throw new RuntimeError(
      `torch.histogramdd: bins tensor should have one dimension, but got ${edges.ndim} dimensions in the bins tensor for dimension ${dim}`,
    );
  if (edges.length === 0)
    throw new RuntimeError(
      `torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for dimension ${dim}`,
    );
  checkBins(edges.length - 1, dim);
  return edges.detach().contiguous();
}

function checkWeight(weight: AnyTensor, input: AnyTensor): void {
  if (weight.dtype !== input.dtype)
    throw new DTypeError(
      "histogramdd",
      `torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got input(${input.dtype}), and weight(${weight.dtype})`,
    );
  if (!sameShape(weight.shape, input.shape.slice(0, -1)))
    throw new RuntimeError(
      `torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, but got input with shape ${showShape(input.shape)} and weight with shape ${showShape(weight.shape)}`,
    );
}

type Bins = number | readonly number[] | readonly AnyTensor[];

/** The histogram of points, the rows of `[..., dims]`, and the edges of its bins. */
function countPoints(input: AnyTensor, bins: Bins, options: HistogramOptions): [AnyTensor, AnyTensor[]] {
  const { range, weight, density = false } = options;
  if (input.ndim < 2)
    throw new RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions");
  const dims: number = input.shape[input.ndim - 1];
  const list = typeof bins === "number" ? new Array<number>(dims).fill(bins) : bins;
  if (list.length !== dims)
    throw new RuntimeError(
      `torch.histogramdd: expected ${dims} sequences of bin edges or numbers of bins for a ${dims}-dimensional histogram but got ${list.length}`,
    );
  if (weight) checkWeight(weight, input);
  if (!isFloat(input.dtype)) throw notFor("histogramdd", input.dtype);
  const points: AnyTensor = input
    .detach()
    .reshape(numel(input.shape.slice(0, -1)), dims)
    .contiguous();
  const given = list.every(isTensor);
  const edges = given
    ? list.map((t, i) => checkEdges(t, i, points))
    : equalBins(points, list as readonly number[], range);
  const shape = edges.map((e) => e.length - 1);
  // Row-major places of the points' bins; -1 of those outside.
  const places = new Int32Array(dims === 0 ? 0 : points.length);
  edges.forEach((e, d) => {
    const found = binsOf(points, d, e, given ? "searched" : "near");
    for (let i = 0; i < places.length; i++)
      places[i] = places[i]! < 0 || found[i]! < 0 ? -1 : places[i]! * shape[d]! + found[i]!;
  });
  const hist = weighed(
    places,
    numel(shape),
    weight ? weight.detach().reshape(-1).contiguous() : null,
    input.dtype,
  );
  const counts: AnyTensor = fresh(hist, shape, input.dtype);
  return [density ? asDensity(counts, edges) : counts, edges];
}

/** The sum of the weights (1 without them) at each place; places below 0 are passed over. */
function weighed(places: Int32Array, n: number, weight: AnyTensor | null, dtype: DType): TypedArray {
  const out = allocate(dtype, n) as Float32Array;
  if (!weight) countPlaces(places, out);
  else {
    const weights = weight.storage.data as Float32Array;
    for (let i = 0, w = weight.offset; i < places.length; i++, w++)
      if (places[i]! >= 0) out[places[i]!]! += weights[w]!;
  }
  return out;
}

function countPlaces(places: Int32Array, out: Float32Array): void {
  for (let i = 0; i < places.length; i++) if (places[i]! >= 0) out[places[i]!]!++;
}

/** Shares of the total, divided by the sizes of the bins. */
function asDensity(counts: AnyTensor, edges: readonly AnyTensor[]): AnyTensor {
  let y: AnyTensor = counts.div(counts.sum());
  edges.forEach((e, d) => {
    const n = e.length - 1;
    const lengths = e.narrow(0, 1, n).sub(e.narrow(0, 0, n));
    y = y.div(lengths.reshape(edges.map((_, i) => (i === d ? n : 1))));
  });
  return y;
}

/**
 * Counts of elements in bins: `bins` equal ones (default 100) over `range` (by default from the smallest to the largest
 * element), or those between the edges that a tensor lists. `hist` sums `weight` where it is given; `density` makes it
 * integrate to 1. The last bin includes its right edge.
 *
 * Differs from PyTorch 1.13: NaN is in no bin.
 *
 * @throws RuntimeError for integers, bad bins and ranges that are not finite
 */
export const histogram: HistogramOp = op({
  fields: ["hist", "binEdges"],
  forward: (x: AnyTensor, bins: number | AnyTensor = 100, options: HistogramOptions = {}) => {
    const { range, weight, density } = options;
    const flat = weight ? weight.reshape(-1) : weight;
    const [hist, [edges]] = countPoints(x.reshape(-1, 1), isTensor(bins) ? [bins] : [bins], {
      range,
      weight: flat,
      density,
    });
    return [hist, edges!];
  },
});

/**
 * {@link histogram} of points of several dimensions, the rows of `[..., dims]`: `bins` is a number or a list of numbers
 * or of edges for each dimension, `range` a flat list of bounds, `weight` has one element a point.
 */
export const histogramdd: HistogramddOp = composite(
  (x: AnyTensor, bins: Bins, options: HistogramOptions = {}) =>
    named("histogramdd", ["hist", "binEdges"], countPoints(x, bins, options)),
  { method: false },
);

/**
 * Counts of elements in `bins` equal bins (default 100) from `min` to `max`; by default, and where both are equal, from
 * the smallest to the largest element. Elements outside are not counted.
 */
export const histc: OpFn<[bins?: number, min?: number, max?: number]> = op({
  forward: (x: AnyTensor, bins = 100, min = 0, max = 0) => {
    if (!isFloat(x.dtype)) throw notFor("histogram_cpu", x.dtype);
    checkBins(bins, 0);
    const points: AnyTensor = x.reshape(-1, 1).contiguous();
    let [low, high] = min === max && points.length > 0 ? extent(points)[0]! : [min, max];
    if (low === high) [low, high] = [low - 1, high + 1];
    checkRange([low, high], "", "torch.histc");
    if (low > high) throw new RuntimeError("torch.histc: max must be larger than min");
    const edges: AnyTensor = linspace(low, high, bins + 1, { dtype: x.dtype });
    return fresh(weighed(binsOf(points, 0, edges, "computed"), bins, null, x.dtype), [bins], x.dtype);
  },
});

/** How often each number occurs; neighbours are counted apart, so that equal ones need not wait for each other. */
function occurrences(at: Int32Array, n: number): Int32Array {
  const counts = new Int32Array(n);
  const fours = at.length - (at.length % 4);
  let i = 0;
  // Only where the other tables cost less than they save.
  if (16 * n < at.length) {
    const [b, c, d] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
    for (; i < fours; i += 4) {
      counts[at[i]!]!++;
      b[at[i + 1]!]!++;
      c[at[i + 2]!]!++;
      d[at[i + 3]!]!++;
    }
    for (let k = 0; k < n; k++) counts[k]! += b[k]! + c[k]! + d[k]!;
  }
  for (; i < at.length; i++) counts[at[i]!]!++;
  return counts;
}

/**
 * How often each of 0, 1, 2, ... occurs among non-negative integers, or the sums of the `weights` of its occurrences,
 * as a float32 or float64. There are `minlength` counts at least.
 */
export const bincount: BincountOp = op({
  forward: (x: AnyTensor, weights?: AnyTensor | null, minlength = 0) => {
    if (!isInteger(x.dtype)) throw notFor("bincount_cpu", x.dtype);
    if (!(minlength >= 0)) throw new RuntimeError(`minlength should be >= 0, but got ${minlength}`);
    const bad = "bincount only supports 1-d non-negative integral inputs.";
    if (x.ndim !== 1) throw new RuntimeError(bad);
    if (x.length === 0) return fresh(new Int32Array(minlength), [minlength], "int32");
    if (weights && (weights.ndim !== 1 || weights.length !== x.length))
      throw new RuntimeError("weights should be 1-d and have the same length as input");
    const places = x.to("int32").contiguous() as AnyTensor;
    const at = (places.storage.data as Int32Array).subarray(places.offset, places.offset + x.length);
    let signs = 0;
    let most = minlength - 1;
    for (let i = 0; i < at.length; i++) {
      const v = at[i]!;
      signs |= v;
      if (v > most) most = v;
    }
    if (signs < 0) throw new RuntimeError(bad);
    const n = most + 1;
    if (!weights) {
      return fresh(occurrences(at, n), [n], "int32");
    }
    const dtype = weights.dtype === "float32" ? "float32" : "float64";
    const sums = weighed(at, n, weights.detach().to(dtype).contiguous(), dtype);
    return fresh(sums, [n], dtype);
  },
});
