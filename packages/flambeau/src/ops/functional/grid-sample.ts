// Images looked up at the places of a grid, and grids of affine maps.
// Floor L4 (ops). Source: ATen/native/GridSampler.cpp, https://arxiv.org/abs/1506.02025

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { stack } from "../join.ts";
import type { GridSampleOp } from "../signatures.ts";
import { sampled } from "./sampled.ts";

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** Default "bilinear" (which is trilinear for volumes); "bicubic" for images only. */
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  /** What lies outside of the image: zeros (default), its border, or its mirror image. */
  readonly paddingMode?: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the centres of the outermost elements, rather than their edges. Default false. */
  readonly alignCorners?: boolean | null;
}
type PaddingMode = NonNullable<GridSampleOptions["paddingMode"]>;

/** Mirrors v at `low` / 2 and `high` / 2 until it lies between; the sign of the slope goes to `slope`. */
function reflect(v: number, low: number, high: number): { at: number; slope: number } {
  if (low === high) return { at: 0, slope: 0 };
  const min = low / 2;
  const span = (high - low) / 2;
  const off = Math.abs(v - min);
  const sign = v < min ? -1 : 1;
  const extra = off % span;
  const turned = Math.floor(off / span) % 2 !== 0;
  return turned ? { at: span - extra + min, slope: -sign } : { at: extra + min, slope: sign };
}

/** Where a coordinate in elements leads, and the slope there. */
function bounded(
  v: number,
  n: number,
  mode: PaddingMode,
  alignCorners: boolean,
): { at: number; slope: number } {
  let [at, slope] = [v, 1];
  if (mode === "zeros") return { at, slope };
  if (mode === "reflection")
    ({ at, slope } = alignCorners ? reflect(v, 0, 2 * (n - 1)) : reflect(v, -1, 2 * n - 1));
  // NaN and what reflection leaves outside go to the border, where the slope is 0.
  if (!(at > 0)) return { at: 0, slope: 0 };
  if (at >= n - 1) return { at: n - 1, slope: 0 };
  return { at, slope };
}

/** One spatial dimension of the grid: coordinates in elements as an affine function of the grid's numbers. */
interface Axis {
  readonly size: number;
  /** Differentiable coordinates, [N, 1, ...], and their values. */
  readonly at: AnyTensor;
  readonly values: Float64Array;
}

const constant = (like: AnyTensor, data: ArrayLike<number>, shape: Shape): AnyTensor => {
  const values = allocate(like.dtype, data.length) as Float64Array;
  values.set(data);
  return fresh(values, shape, like.dtype);
};

interface Coordinates {
  readonly values: AnyTensor;
  readonly slopes: AnyTensor;
}
/** The coordinates of a grid, which have been computed, and have these slopes there. */
const coordinates: (g: AnyTensor, how: Coordinates) => AnyTensor = op({
  name: "gridSampler",
  forward: (_: AnyTensor, how: Coordinates) => how.values,
  vjp: (g, s) => g.mul(s.meta(1).slopes),
});

function axisOf(
  grid: AnyTensor,
  i: number,
  size: number,
  mode: PaddingMode | null,
  alignCorners: boolean,
): Axis {
  const g = grid.select(-1, i).unsqueeze(1);
  const shape = g.shape as Shape;
  const round = grid.dtype === "float32" ? Math.fround : (v: number): number => v;
  const numbers = g.detach().toTypedArray() as Float64Array;
  const n = numbers.length;
  const unit = alignCorners ? (size - 1) / 2 : size / 2;
  const slopes = new Float64Array(n);
  const values = new Float64Array(n);
  for (let q = 0; q < n; q++) {
    const v = alignCorners
      ? round(round(numbers[q]! + 1) * unit)
      : round(round(round(numbers[q]! + 1) * unit) - 0.5);
    const { at, slope } = mode ? bounded(v, size, mode, alignCorners) : { at: v, slope: 1 };
    values[q] = round(at);
    slopes[q] = slope * unit;
  }
  const how = { values: constant(grid, values, shape), slopes: constant(grid, slopes, shape) };
  const at = coordinates(g, how);
  return { size, at, values };
}

const minIndex = -(2 ** 31);
/** An index that is no place in any image. */
const outside = -1;

/** Several times faster than Float64Array.from. */
function mapped(values: Float64Array, f: (v: number) => number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = f(values[i]!);
  return out;
}

interface Tap {
  /** Places along one dimension. */
  readonly index: Float64Array;
  readonly weight: AnyTensor;
}

/** The sum over all taps (one list of taps for each dimension) of elements times the product of weights. */
function weighted(x: AnyTensor, axes: readonly Axis[], lists: readonly (readonly Tap[])[]): AnyTensor {
  const [batch, , ...result] = axes[0]!.at.shape as [number, number, ...number[]];
  const n = batch * numel(result);
  const taps = lists.reduce((count, list) => count * list.length, 1);
  const at = new Int32Array(taps * n);
  const weights: AnyTensor[] = [];
  const visit = (d: number, indices: Float64Array, weight: AnyTensor | null): void => {
    if (d === axes.length) {
      at.set(indices, weights.length * n);
      weights.push(weight!.reshape([batch, -1]));
      return;
    }
    const { size } = axes[d]!;
    for (const tap of lists[d]!) {
      const next = new Float64Array(n);
      for (let q = 0; q < n; q++) {
        const i = tap.index[q]!;
        next[q] = indices[q] === outside || !(i >= 0 && i < size) ? outside : indices[q]! * size + i;
      }
      visit(d + 1, next, weight ? weight.mul(tap.weight) : tap.weight);
    }
  };
  visit(0, new Float64Array(n), null);
  const image = axes.map((axis) => axis.size);
  return sampled(x, stack(weights), { at, taps, image, result });
}

const linearLists = (axis: Axis): Tap[] => {
  const low = mapped(axis.values, Math.floor);
  const part = axis.at.sub(constant(axis.at, low, axis.at.shape));
  return [
    { index: low, weight: part.neg().add(1) },
    { index: mapped(low, (i) => i + 1), weight: part },
  ];
};

/** Ones, whose gradient is 0 rather than missing. */
const steady = (x: AnyTensor): AnyTensor =>
  coordinates(x, { values: x.detach().onesLike(), slopes: x.detach().zerosLike() });

const nearestLists = (axis: Axis, rank: number): Tap[] => [
  {
    index: mapped(axis.values, rank === 2 ? halfToEven : halfAway),
    weight: steady(axis.at),
  },
];

// PyTorch rounds differently in two dimensions and in three.
const halfAway = (v: number): number =>
  Math.abs(v) < 2 ** 31 ? Math.sign(v) * Math.round(Math.abs(v)) : minIndex;

function halfToEven(v: number): number {
  const low = Math.floor(v);
  const part = v - low;
  if (part !== 0.5) return part < 0.5 ? low : part > 0.5 ? low + 1 : minIndex;
  return low % 2 === 0 ? low : low + 1;
}

/** Cubic convolution with slope -0.75: the weights of the four places around a coordinate, each moved into bounds. */
const cubicLists = (axis: Axis, mode: PaddingMode, alignCorners: boolean): Tap[] => {
  const a = -0.75;
  const low = mapped(axis.values, Math.floor);
  const part = axis.at.sub(constant(axis.at, low, axis.at.shape));
  const near = (d: AnyTensor): AnyTensor =>
    d
      .mul(a + 2)
      .sub(a + 3)
      .mul(d)
      .mul(d)
      .add(1);
  const far = (d: AnyTensor): AnyTensor => d.sub(5).mul(d).add(8).mul(d).sub(4).mul(a);
  const rest = part.neg().add(1);
  return [far(part.add(1)), near(part), near(rest), far(rest.add(1))].map((weight, k) => ({
    index: low.map((i) => Math.trunc(bounded(i - 1 + k, axis.size, mode, alignCorners).at)),
    weight,
  }));
};

function checkGrid(x: AnyTensor, grid: AnyTensor): void {
  const [a, b] = [showShape(x.shape), showShape(grid.shape)];
  if (x.dtype !== grid.dtype)
    throw new DTypeError(
      "gridSample",
      `grid_sampler(): expected input and grid to have the same dtype, but input has ${x.dtype} and grid has ${grid.dtype}`,
    );
  if ((x.ndim !== 4 && x.ndim !== 5) || x.ndim !== grid.ndim)
    throw new RuntimeError(
      `grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${a} and grid with sizes ${b}`,
    );
  if (x.shape[0] !== grid.shape[0])
    throw new RuntimeError(
      `grid_sampler(): expected grid and input to have same batch size, but got input with sizes ${a} and grid with sizes ${b}`,
    );
  if (grid.shape[grid.ndim - 1] !== x.ndim - 2)
    throw new RuntimeError(
      `grid_sampler(): expected grid to have size ${x.ndim - 2} in last dimension, but got grid with sizes ${b}`,
    );
  if ((x.shape as Shape).slice(2).some((l) => l === 0))
    throw new RuntimeError(
      `grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ${a}`,
    );
  if (!isFloat(x.dtype as DType))
    throw new DTypeError("gridSample", `grid_sampler_2d_cpu not implemented for ${x.dtype}`);
}

/**
 * Looks images up at places of a grid: numbers from -1 to 1 stand for the way from left to right, and from top to bottom.
 *
 * **Shape** x [N, C, H, W], grid [N, HO, WO, 2] with (x, y) in the last dimension; result [N, C, HO, WO]. Volumes alike, with a
 * grid [N, DO, HO, WO, 3].
 * @throws RuntimeError for shapes that do not go together, ValueError for an unknown mode
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 */
export const gridSample: GridSampleOp = composite(
  (x: AnyTensor, grid: AnyTensor, options: GridSampleOptions = {}) => {
    const { mode = "bilinear", paddingMode = "zeros" } = options;
    const alignCorners = options.alignCorners ?? false;
    if (!["bilinear", "nearest", "bicubic"].includes(mode))
      throw new ValueError(
        `nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`,
      );
    if (!["zeros", "border", "reflection"].includes(paddingMode))
      throw new ValueError(
        `nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${paddingMode}'`,
      );
    checkGrid(x, grid);
    if (mode === "bicubic" && x.ndim !== 4)
      throw new RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input");
    const spatial = (x.shape as Shape).slice(2);
    const rank = spatial.length;
    // The grid names the last dimension first.
    const axes = spatial.map((size, d) =>
      axisOf(grid, rank - 1 - d, size, mode === "bicubic" ? null : paddingMode, alignCorners),
    );
    const lists = axes.map((axis) =>
      mode === "nearest"
        ? nearestLists(axis, rank)
        : mode === "bilinear"
          ? linearLists(axis)
          : cubicLists(axis, paddingMode, alignCorners),
    );
    return weighted(x, axes, lists);
  },
  { method: false },
);
