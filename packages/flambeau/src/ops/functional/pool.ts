// Pooling: maxima and means of windows, of one size or as many as asked for.
// Floor L4 (ops). Source: torch/nn/functional.py, ATen/native/DilatedMaxPool2d.cpp, AveragePool2d.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import { allocate, allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { dataOf } from "../elements.ts";
import type {
  AdaptiveAvgPoolOp,
  AdaptiveMaxPoolOp,
  AvgPoolOp,
  MaxPoolOp,
  MaxPoolWithIndicesOp,
} from "../signatures.ts";
import { picked } from "./picked.ts";
import { maxOfWindows, meansOfWindows, spreadOverWindows } from "./pool-kernels.ts";
import { maximaStep, meansBackStep, meansStep } from "./pool-steps.ts";
import type { PoolOptions, Windows } from "./pool-windows.ts";
import { adaptiveWindows, checkPoolFloat, checkPoolInput, planesOf, slidingWindows } from "./pool-windows.ts";
import type { Sizes } from "./sizes.ts";
import { expandSizes, spatialOf } from "./sizes.ts";

export interface MaxPoolOptions extends PoolOptions {
  /** Distance between elements of a window. Default 1. */
  readonly dilation?: Sizes;
  /** Whether the places of the maxima are returned too. Default false. */
  readonly returnIndices?: boolean;
}
export interface AvgPoolOptions extends PoolOptions {
  /** Whether the border counts in means. Default true. */
  readonly countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  readonly divisorOverride?: number | null;
}
/** How many windows there are along each spatial dimension; null for as many as the input has places. */
export type OutputSizes = number | readonly (number | null)[];

// ---- maxima

/** The maxima of windows and their indices in the image. */
const foundMaxima: (x: AnyTensor, windows: Windows) => [values: AnyTensor, indices: AnyTensor] = op({
  name: "maxPool",
  forward: (x: AnyTensor, windows: Windows) => {
    const { lead, planes } = planesOf(x, windows.rank);
    const shape = [...lead, ...windows.sizes];
    const n = numel(shape);
    const values: AnyTensor = fresh(allocateUnset(x.dtype, n), shape, x.dtype);
    const indices: AnyTensor = fresh(allocateUnset("int32", n), shape, "int32");
    const packed = x.contiguous();
    if (maximaStep(packed, windows, values, indices)) return [values, indices];
    maxOfWindows(
      dataOf(packed),
      packed.offset,
      planes,
      windows,
      dataOf(values),
      indices.storage.data as Int32Array,
    );
    return [values, indices];
  },
});

/** The same, differentiable: the indices do not change with small changes of x. */
function maxima(x: AnyTensor, windows: Windows): [values: AnyTensor, indices: AnyTensor] {
  const [values, indices] = foundMaxima(x, windows);
  return [picked(x, indices, windows.rank, { values }), indices];
}

const maxPool = (
  n: 1 | 2 | 3,
  x: AnyTensor,
  kernelSize: Sizes,
  options: MaxPoolOptions,
): [AnyTensor, AnyTensor] => {
  const name = `max_pool${n}d`;
  const windows = slidingWindows(name, x, n, kernelSize, options, false);
  checkPoolInput(name, x, n);
  checkPoolFloat(name, x);
  return maxima(x, windows);
};
const max =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, kernelSize: Sizes, options: MaxPoolOptions = {}) => {
    const both = maxPool(n, x, kernelSize, options);
    return options.returnIndices ? both : both[0];
  };
const maxWithIndices =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, kernelSize: Sizes, options: MaxPoolOptions = {}) =>
    maxPool(n, x, kernelSize, options);

const adaptiveMaxPool = (n: 1 | 2 | 3, x: AnyTensor, outputSize: OutputSizes): [AnyTensor, AnyTensor] => {
  const name = `adaptive_max_pool${n}d`;
  const windows = adaptiveWindows(name, x, n, outputSize);
  checkPoolFloat(name, x);
  return maxima(x, windows);
};
const adaptiveMax =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, outputSize: OutputSizes, options: { readonly returnIndices?: boolean } = {}) => {
    const both = adaptiveMaxPool(n, x, outputSize);
    return options.returnIndices ? both : both[0];
  };

// ---- means

interface MeanWindows {
  readonly windows: Windows;
  /** What sums are divided by; 0 for the windows' counts. */
  readonly divisor: number;
}

const means: (x: AnyTensor, how: MeanWindows) => AnyTensor = op({
  name: "avgPool",
  forward: (x: AnyTensor, { windows, divisor }: MeanWindows) => {
    const { lead, planes } = planesOf(x, windows.rank);
    const shape = [...lead, ...windows.sizes];
    const packed = x.contiguous();
    const done = meansStep(packed, windows, divisor, shape);
    if (done) return done;
    const y: AnyTensor = fresh(allocateUnset(x.dtype, numel(shape)), shape, x.dtype);
    meansOfWindows(dataOf(packed), packed.offset, planes, windows, divisor, dataOf(y));
    return y;
  },
  vjp: (g, s) => meansBack(g, s.meta(1)),
});

const meansBack: (g: AnyTensor, how: MeanWindows) => AnyTensor = op({
  name: "avgPoolBackward",
  forward: (g: AnyTensor, { windows, divisor }: MeanWindows) => {
    const { lead, planes } = planesOf(g, windows.rank);
    const shape = [...lead, ...windows.axes.slice(3 - windows.rank).map((a) => a.length)];
    const packed = g.contiguous();
    const done = meansBackStep(packed, windows, divisor, shape);
    if (done) return done;
    const x: AnyTensor = fresh(allocate(g.dtype, numel(shape)), shape, g.dtype);
    spreadOverWindows(dataOf(packed), packed.offset, planes, windows, divisor, dataOf(x));
    return x;
  },
  vjp: (g, s) => means(g, s.meta(1)),
});

const avg =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, kernelSize: Sizes, options: AvgPoolOptions = {}) =>
    avgPool(n, x, kernelSize, options);

function avgPool(n: 1 | 2 | 3, x: AnyTensor, kernelSize: Sizes, options: AvgPoolOptions): AnyTensor {
  const name = `avg_pool${n}d`;
  const { countIncludePad = true, divisorOverride = null } = options;
  if (divisorOverride === 0) throw new RuntimeError("divisor must be not zero");
  const windows = slidingWindows(name, x, n, kernelSize, options, !countIncludePad);
  checkPoolInput(name, x, n);
  // The border does not count here, in three dimensions only.
  if (n === 3 && spatialOf(x, 3).some((l, i) => l < expandSizes(kernelSize, 3, "kernel_size")[i]!))
    throw new RuntimeError(
      `${name}: input image of ${showShape(x.shape)} smaller than kernel size ${kernelSize}`,
    );
  if (x.dtype === "bool" || x.dtype === "uint8")
    throw new DTypeError(
      name,
      `"${name}" not implemented for '${x.dtype}': convert with .to("float32") first`,
    );
  const how = { windows, divisor: divisorOverride ?? 0 };
  // Integers are divided as such: towards zero.
  return isFloat(x.dtype as DType) ? means(x, how) : means(x.to("float64"), how).to(x.dtype);
}

const adaptiveAvg = (n: 1 | 2 | 3) => (x: AnyTensor, outputSize: OutputSizes) => {
  const name = `adaptive_avg_pool${n}d`;
  const windows = adaptiveWindows(name, x, n, outputSize);
  checkPoolFloat(name, x);
  return means(x, { windows, divisor: 0 });
};

/** Means of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html */
export const avgPool1d: AvgPoolOp<1> = composite(avg(1), { method: false });
/** Means of windows of [N, C, H, W] or [C, H, W]. */
export const avgPool2d: AvgPoolOp<2> = composite(avg(2), { method: false });
/** Means of windows of [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: AvgPoolOp<3> = composite(avg(3), { method: false });
/**
 * Maxima of windows of [N, C, L] or [C, L]; with `returnIndices` [values, indices]. The border counts as -Infinity.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export const maxPool1d: MaxPoolOp<1> = composite(max(1), { method: false });
/** Maxima of windows of [N, C, H, W] or [C, H, W]; indices count row by row in H W. */
export const maxPool2d: MaxPoolOp<2> = composite(max(2), { method: false });
/** Maxima of windows of [N, C, D, H, W] or [C, D, H, W]; indices count row by row in D H W. */
export const maxPool3d: MaxPoolOp<3> = composite(max(3), { method: false });
/** {@link maxPool1d} with the places of the maxima. */
export const maxPool1dWithIndices: MaxPoolWithIndicesOp<1> = composite(maxWithIndices(1), { method: false });
/** {@link maxPool2d} with the places of the maxima, as indices into H W. */
export const maxPool2dWithIndices: MaxPoolWithIndicesOp<2> = composite(maxWithIndices(2), { method: false });
/** {@link maxPool3d} with the places of the maxima, as indices into D H W. */
export const maxPool3dWithIndices: MaxPoolWithIndicesOp<3> = composite(maxWithIndices(3), { method: false });

/** Means of `outputSize` windows that cover [N, C, L] or [C, L]: window i reaches from floor(i L / M) to ceil((i + 1) L / M). */
export const adaptiveAvgPool1d: AdaptiveAvgPoolOp<1> = composite(adaptiveAvg(1), { method: false });
/** {@link adaptiveAvgPool1d} of images. `outputSize` is one number, or [height, width], where null keeps an extent. */
export const adaptiveAvgPool2d: AdaptiveAvgPoolOp<2> = composite(adaptiveAvg(2), { method: false });
/** {@link adaptiveAvgPool1d} of volumes. */
export const adaptiveAvgPool3d: AdaptiveAvgPoolOp<3> = composite(adaptiveAvg(3), { method: false });
/** Maxima of the windows of {@link adaptiveAvgPool1d}; with `returnIndices` [values, indices]. */
export const adaptiveMaxPool1d: AdaptiveMaxPoolOp<1> = composite(adaptiveMax(1), { method: false });
/** Maxima of the windows of {@link adaptiveAvgPool2d}. */
export const adaptiveMaxPool2d: AdaptiveMaxPoolOp<2> = composite(adaptiveMax(2), { method: false });
/** Maxima of the windows of {@link adaptiveAvgPool3d}. */
export const adaptiveMaxPool3d: AdaptiveMaxPoolOp<3> = composite(adaptiveMax(3), { method: false });
