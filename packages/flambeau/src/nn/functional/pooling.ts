// Pooling: means and maxima of windows.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Pool.h, AveragePool2d.cpp, DilatedMaxPool2d.cpp

import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { contiguousStrides, numel } from "../../base/shape.ts";
import type { Sizes } from "../../ops/functional/sizes.ts";
import { expandSizes } from "../../ops/functional/sizes.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { pad } from "./padding.ts";

/** Where windows lie along each spatial dimension. */
interface Geometry {
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly padding: Shape;
  readonly dilation: Shape;
  /** Number of windows. */
  readonly sizes: Shape;
  /** Places missing at the far end, where `ceilMode` lets a window reach over it. */
  readonly extra: Shape;
}

function geometry(
  n: number,
  input: Shape,
  kernelSize: Sizes,
  options: PoolOptions & { readonly dilation?: Sizes },
): Geometry {
  const kernel = expandSizes(kernelSize, n, "kernel_size");
  const stride = expandSizes(options.stride ?? kernel, n, "stride");
  const padding = expandSizes(options.padding ?? 0, n, "padding");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation");
  if (stride.some((s) => s <= 0)) throw new RuntimeError("stride should not be zero");
  padding.forEach((p, i) => {
    if (p > kernel[i]! / 2)
      throw new RuntimeError(
        `pad should be at most half of kernel size, but got pad=${p} and kernel_size=${kernel[i]}`,
      );
  });
  const sizes = kernel.map((k, i) => {
    const room = input[i]! + 2 * padding[i]! - dilation[i]! * (k - 1) - 1;
    const count = (options.ceilMode ? Math.ceil(room / stride[i]!) : Math.floor(room / stride[i]!)) + 1;
    // The last window has to start inside of the input or its border on the left.
    return options.ceilMode && (count - 1) * stride[i]! >= input[i]! + padding[i]! ? count - 1 : count;
  });
  if (sizes.some((s) => s < 1))
    throw new RuntimeError(
      `Given input size: (${input.join("x")}). Calculated output size: (${sizes.join("x")}). Output size is too small`,
    );
  const extra = sizes.map((s, i) =>
    Math.max(0, (s - 1) * stride[i]! + dilation[i]! * (kernel[i]! - 1) + 1 - input[i]! - 2 * padding[i]!),
  );
  return { kernel, stride, padding, dilation, sizes, extra };
}

/** All windows, [N, C, kernel..., sizes...], of [N, C, ...] with a border of `value`. */
function windowed(x: AnyTensor, g: Geometry, value: number): AnyTensor {
  const padded = pad(
    x,
    reversedPairs(g.padding.map((p, i): [number, number] => [p, p + g.extra[i]!])),
    "constant",
    value,
  );
  return windows(padded.contiguous(), 1, g.kernel, g.sizes, g.stride, g.dilation).squeeze(1);
}

function batched(n: number, x: AnyTensor, name: string): [AnyTensor, (y: AnyTensor) => AnyTensor] {
  if (x.ndim === n + 2) return [x, (y) => y];
  if (x.ndim !== n + 1)
    throw new RuntimeError(
      `${name}: Expected ${n + 1}D or ${n + 2}D input, but got input of shape ${showShape(x.shape)}`,
    );
  return [x.unsqueeze(0), (y) => y.squeeze(0)];
}

const dims = (from: number, n: number): number[] => Array.from({ length: n }, (_, i) => from + i);

/** Options of all pooling. */
export interface PoolOptions {
  /** Step from window to window; default the kernel's size. */
  readonly stride?: Sizes | null;
  /** Border on both sides. Default 0. */
  readonly padding?: Sizes;
  /** Whether a last window may reach over the end. Default false. */
  readonly ceilMode?: boolean;
}
export interface AvgPoolOptions extends PoolOptions {
  /** Whether the border counts in means. Default true. */
  readonly countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  readonly divisorOverride?: number | null;
}

function avgPool(n: number, input: AnyTensor, kernelSize: Sizes, options: AvgPoolOptions): AnyTensor {
  const [x, unbatched] = batched(n, input, `avg_pool${n}d`);
  const spatial = (x.shape as Shape).slice(2);
  const g = geometry(n, spatial, kernelSize, options);
  const sums: AnyTensor = windowed(x, g, 0).sum(dims(2, n));
  const { countIncludePad = true, divisorOverride = null } = options;
  if (divisorOverride === 0) throw new RuntimeError("divisor must be not zero");
  if (divisorOverride !== null) return unbatched(sums.div(divisorOverride));
  // The number of elements of a window is a product over dimensions.
  let counts: AnyTensor = x.detach().newOnes([1, 1, ...g.sizes]);
  for (let i = 0; i < n; i++) {
    const [size, p, k] = [spatial[i]!, g.padding[i]!, g.kernel[i]!];
    const along = Array.from({ length: g.sizes[i]! }, (_, o) => {
      const start = o * g.stride[i]! - p;
      const end = Math.min(start + k, size + p);
      return countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
    });
    const row: AnyTensor = fresh(Float32Array.from(along), [along.length], "float32");
    counts = counts.mul(row.reshape([-1, ...new Array<number>(n - 1 - i).fill(1)]));
  }
  return unbatched(sums.div(counts));
}

export interface MaxPoolOptions extends PoolOptions {
  /** Distance between elements of a window. Default 1. */
  readonly dilation?: Sizes;
}

/** Maxima, and where in the input's plane they lie. The first of equal ones is taken. */
function maxPool(
  n: number,
  input: AnyTensor,
  kernelSize: Sizes,
  options: MaxPoolOptions,
): { values: AnyTensor; indices: () => AnyTensor } {
  const [x, unbatched] = batched(n, input, `max_pool${n}d`);
  const spatial = (x.shape as Shape).slice(2);
  const g = geometry(n, spatial, kernelSize, options);
  const all = windowed(x, g, Number.NEGATIVE_INFINITY);
  const lead = (x.shape as Shape).slice(0, 2);
  const flat = all.reshape([...lead, numel(g.kernel), numel(g.sizes)]);
  const best: AnyTensor = flat.detach().argmax(2, { keepdim: true });
  const values = flat.gather(2, best).reshape([...lead, ...g.sizes]);
  const indices = (): AnyTensor => {
    const places = Int32Array.from(best.toTypedArray(), Number);
    const windowsPerPlane = numel(g.sizes);
    for (let i = 0; i < places.length; i++)
      places[i] = planeIndex(places[i]!, i % windowsPerPlane, g, spatial);
    return unbatched(fresh(places, [...lead, ...g.sizes], "int32"));
  };
  return { values: unbatched(values), indices };
}

/** Row-major index in the input of element `inWindow` of window number `window`. */
function planeIndex(inWindow: number, window: number, g: Geometry, spatial: Shape): number {
  let index = 0;
  let step = 1;
  let [k, w] = [inWindow, window];
  for (let i = spatial.length - 1; i >= 0; i--) {
    const at = (w % g.sizes[i]!) * g.stride[i]! - g.padding[i]! + (k % g.kernel[i]!) * g.dilation[i]!;
    index += at * step;
    step *= spatial[i]!;
    w = Math.floor(w / g.sizes[i]!);
    k = Math.floor(k / g.kernel[i]!);
  }
  return index;
}

/** A function of one pooling: values, or with `returnIndices` [values, indices]. */
export type MaxPool = (x: AnyTensor, kernelSize: Sizes, options?: MaxPoolOptions) => AnyTensor;
export type MaxPoolWithIndices = (
  x: AnyTensor,
  kernelSize: Sizes,
  options?: MaxPoolOptions,
) => [values: AnyTensor, indices: AnyTensor];
export type AvgPool = (x: AnyTensor, kernelSize: Sizes, options?: AvgPoolOptions) => AnyTensor;

const avg =
  (n: number): AvgPool =>
  (x, kernelSize, options = {}) =>
    avgPool(n, x, kernelSize, options);
const max =
  (n: number): MaxPool =>
  (x, kernelSize, options = {}) =>
    maxPool(n, x, kernelSize, options).values;
const maxWithIndices =
  (n: number): MaxPoolWithIndices =>
  (x, kernelSize, options = {}) => {
    const { values, indices } = maxPool(n, x, kernelSize, options);
    return [values, indices()];
  };

/** Means of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html */
export const avgPool1d: AvgPool = avg(1);
/** Means of windows of [N, C, H, W] or [C, H, W]. */
export const avgPool2d: AvgPool = avg(2);
/** Means of windows of [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: AvgPool = avg(3);
/** Maxima of windows of [N, C, L] or [C, L]. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html */
export const maxPool1d: MaxPool = max(1);
/** Maxima of windows of [N, C, H, W] or [C, H, W]. */
export const maxPool2d: MaxPool = max(2);
/** Maxima of windows of [N, C, D, H, W] or [C, D, H, W]. */
export const maxPool3d: MaxPool = max(3);
/** {@link maxPool1d} with the places of the maxima. */
export const maxPool1dWithIndices: MaxPoolWithIndices = maxWithIndices(1);
/** {@link maxPool2d} with the places of the maxima, as indices into H W. */
export const maxPool2dWithIndices: MaxPoolWithIndices = maxWithIndices(2);
/** {@link maxPool3d} with the places of the maxima, as indices into D H W. */
export const maxPool3dWithIndices: MaxPoolWithIndices = maxWithIndices(3);

/** @internal Windows of a contiguous x: [N, groups, C / groups, kernel..., sizes...], a view. */
function windows(
  x: AnyTensor,
  groups: number,
  kernel: Shape,
  sizes: Shape,
  stride: Shape,
  dilation: Shape,
): AnyTensor {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const steps = contiguousStrides([batch, channels, ...spatial]);
  const inner = steps.slice(2);
  return x.asStrided(
    [batch, groups, channels / groups, ...kernel, ...sizes],
    [
      steps[0]!,
      (channels / groups) * steps[1]!,
      steps[1]!,
      ...inner.map((s, i) => s * dilation[i]!),
      ...inner.map((s, i) => s * stride[i]!),
    ],
  );
}

const reversedPairs = (pairs: readonly (readonly [number, number])[]): number[] => pairs.toReversed().flat();
