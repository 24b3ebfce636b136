// Where the windows of a pooling lie: along each spatial dimension, where each begins and ends in the input.
// Floor L4 (ops). Source: ATen/native/Pool.h, AdaptiveAveragePooling.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { Sizes } from "./sizes.ts";
import { expandSizes, spatialOf } from "./sizes.ts";

/** The windows along one dimension: window i has the places starts[i], starts[i] + step, ... below ends[i]. */
export interface Axis {
  /** Extent of the input. */
  readonly length: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly step: number;
  /** Number of places that means are divided by. */
  readonly counts: Int32Array;
  /** How the windows slide, where they are of one size and reach no farther than the border; else null. */
  readonly sliding: Sliding | null;
}

/** Windows of one size: the i-th begins at i stride - padding and has `kernel` places, `dilation` apart. */
export interface Sliding {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  /** Whether the border is left out of counts. */
  readonly clipped: boolean;
}

/** The windows of an input's last dimensions. Missing dimensions stand in front with one window of one place. */
export interface Windows {
  readonly axes: readonly [Axis, Axis, Axis];
  /** Number of spatial dimensions, and windows along each of them. */
  readonly rank: number;
  readonly sizes: Shape;
}

const single: Axis = {
  length: 1,
  starts: Int32Array.of(0),
  ends: Int32Array.of(1),
  step: 1,
  counts: Int32Array.of(1),
  sliding: { kernel: 1, stride: 1, padding: 0, dilation: 1, clipped: false },
};

export function windowsOf(axes: readonly Axis[]): Windows {
  const padded = [...Array.from({ length: 3 - axes.length }, () => single), ...axes];
  return {
    axes: padded as unknown as Windows["axes"],
    rank: axes.length,
    sizes: axes.map((a) => a.starts.length),
  };
}

/** Options of all pooling with windows of one size. */
export interface PoolOptions {
  /** Step from window to window; default the kernel's size. */
  readonly stride?: Sizes | null;
  /** Border on both sides. Default 0. */
  readonly padding?: Sizes;
  /** Whether a last window may reach over the end. Default false. */
  readonly ceilMode?: boolean;
}

/** Refuses a number of dimensions or an empty dimension other than the batch; says so in `name`. */
export function checkPoolInput(name: string, x: AnyTensor, n: number): void {
  const batched = x.ndim === n + 2;
  const shape = x.shape as Shape;
  if ((!batched && x.ndim !== n + 1) || shape.slice(batched ? 1 : 0).some((l) => l === 0))
    throw new RuntimeError(
      `${name}: Expected ${n + 1}D or ${n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got:${showShape(shape)}`,
    );
}

/** Refuses dtypes that are not floats. */
export function checkPoolFloat(name: string, x: AnyTensor): void {
  if (!isFloat(x.dtype as DType))
    throw new DTypeError(
      name,
      `"${name}" not implemented for '${x.dtype}': convert with .to("float32") first`,
    );
}

/** Windows of one size. `clipped` leaves the border out of counts. */
export function slidingWindows(
  name: string,
  x: AnyTensor,
  n: number,
  kernelSize: Sizes,
  options: PoolOptions & { readonly dilation?: Sizes },
  clipped: boolean,
): Windows {
  const kernel = expandSizes(kernelSize, n, "kernel_size", "pooling");
  const given = options.stride;
  const whole = given === undefined || given === null || (typeof given === "object" && given.length === 0);
  const stride = whole ? kernel : expandSizes(given, n, "stride", "pooling");
  const padding = expandSizes(options.padding ?? 0, n, "padding", "pooling");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation", "pooling");
  const ceilMode = options.ceilMode ?? false;
  for (const v of [...kernel, ...stride, ...padding, ...dilation])
    if (!Number.isInteger(v)) throw new RuntimeError(`${name}: expected integers, but got ${v}`);
  if (kernel.some((k) => k <= 0))
    throw new RuntimeError(`${name}() kernel_size must be greater than zero, but got ${showShape(kernel)}`);
  if (stride.some((s) => s <= 0))
    throw new RuntimeError(`${name}() stride must be greater than zero, but got ${showShape(stride)}`);
  if (dilation.some((d) => d <= 0))
    throw new RuntimeError(`${name}() dilation must be greater than zero, but got ${showShape(dilation)}`);
  padding.forEach((p, i) => {
    if (p < 0) throw new RuntimeError(`pad must be non-negative, but got pad: ${p}`);
    if (p > kernel[i]! / 2)
      throw new RuntimeError(
        `pad should be at most half of kernel size, but got pad=${p} and kernel_size=${kernel[i]}`,
      );
  });
  const spatial = spatialOf(x, n);
  const counts = spatial.map((l, i) => {
    const room = l + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1;
    const count = Math.floor((room + (ceilMode ? stride[i]! - 1 : 0)) / stride[i]!) + 1;
    // The last window has to start inside of the input or its border in front.
    return ceilMode && (count - 1) * stride[i]! >= l + padding[i]! ? count - 1 : count;
  });
  if (counts.some((c) => c < 1)) {
    const planes = x.shape[x.ndim - n - 1];
    throw new RuntimeError(
      `Given input size: (${[planes, ...spatial].join("x")}). Calculated output size: (${[planes, ...counts.map((c) => Math.max(c, 0))].join("x")}). Output size is too small`,
    );
  }
  return windowsOf(
    spatial.map((l, i): Axis => {
      const [k, s, p, step, m] = [kernel[i]!, stride[i]!, padding[i]!, dilation[i]!, counts[i]!];
      const axis = {
        length: l,
        starts: new Int32Array(m),
        ends: new Int32Array(m),
        step,
        counts: new Int32Array(m),
        sliding:
          (m - 1) * s + (k - 1) * step + 1 <= l + 2 * p
            ? { kernel: k, stride: s, padding: p, dilation: step, clipped }
            : null,
      };
      for (let o = 0; o < m; o++) {
        const start = o * s - p;
        const end = Math.min(start + (k - 1) * step + 1, l + p);
        axis.starts[o] = start >= 0 ? start : start + Math.ceil(-start / step) * step;
        axis.ends[o] = Math.min(end, l);
        axis.counts[o] = clipped ? Math.max(0, axis.ends[o]! - axis.starts[o]!) : end - start;
      }
      return axis;
    }),
  );
}

/** Windows that cover an extent evenly, as many as asked for: they may overlap by one place. */
export function adaptiveWindows(
  name: string,
  x: AnyTensor,
  n: number,
  outputSize: number | readonly (number | null)[],
): Windows {
  if (x.ndim !== n + 1 && x.ndim !== n + 2)
    throw new RuntimeError(
      `${name}(): Expected ${n + 1}D or ${n + 2}D tensor, but got ${showShape(x.shape)}`,
    );
  const spatial = spatialOf(x, n);
  if ((x.shape as Shape).slice(1).some((l) => l === 0))
    throw new RuntimeError(
      `${name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${showShape(x.shape)}`,
    );
  const given = typeof outputSize === "number" || outputSize === null ? [outputSize] : outputSize;
  if (given.length !== 1 && given.length !== n)
    throw new RuntimeError(`${name}: output_size must be ${n}, but got ${given.length} numbers`);
  return windowsOf(
    spatial.map((l, i): Axis => {
      const m = given[given.length === 1 ? 0 : i] ?? l;
      if (!Number.isInteger(m) || m < 0)
        throw new RuntimeError(
          `${name}: elements of output_size must be greater than or equal to 0, but received {${given.join(", ")}}`,
        );
      const axis = {
        length: l,
        starts: new Int32Array(m),
        ends: new Int32Array(m),
        step: 1,
        counts: new Int32Array(m),
        sliding:
          m > 0 && l % m === 0
            ? { kernel: l / m, stride: l / m, padding: 0, dilation: 1, clipped: false }
            : null,
      };
      for (let o = 0; o < m; o++) {
        axis.starts[o] = Math.floor((o * l) / m);
        axis.ends[o] = Math.ceil(((o + 1) * l) / m);
        axis.counts[o] = axis.ends[o]! - axis.starts[o]!;
      }
      return axis;
    }),
  );
}

/** The dimensions in front of the spatial ones, and how many images they hold. */
export function planesOf(x: AnyTensor, rank: number): { lead: Shape; planes: number } {
  const lead = (x.shape as Shape).slice(0, x.ndim - rank);
  return { lead, planes: numel(lead) };
}
