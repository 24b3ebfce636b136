// Grids of affine maps, resizing under old names, and pooling by p-norms: composites of other functions.
// Floor L5 (nn). Source: torch/nn/functional.py, torch/nn/_reduction.py, ATen/native/AffineGridGenerator.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { NotImplementedError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { Sizes } from "../../ops/functional/index.ts";
import { avgPool1d, avgPool2d, interpolate } from "../../ops/functional/index.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";

/** Options of {@link lpPool1d} and {@link lpPool2d}. */
export interface LpPoolOptions {
  /** Step from window to window; default the kernel's size. */
  readonly stride?: Sizes | null;
  /** Whether a last window may reach over the end. Default false. */
  readonly ceilMode?: boolean;
}

/** The p-norm of windows, from their means of p-th powers. */
const fromMeans = (means: AnyTensor, count: number, p: number): AnyTensor =>
  means
    .sign()
    .mul(means.abs().relu())
    .mul(count)
    .pow(1 / p);

/**
 * p-norms of windows of [N, C, L] or [C, L]: (sum x^p)^(1/p). Where the sum is negative, the sign goes into the root.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
 */
export function lpPool1d(
  x: AnyTensor,
  normType: number,
  kernelSize: Sizes,
  options: LpPoolOptions = {},
): AnyTensor {
  const { stride = null, ceilMode = false } = options;
  const count = typeof kernelSize === "number" ? kernelSize : numel(kernelSize);
  return fromMeans(avgPool1d(x.pow(normType), kernelSize, { stride, ceilMode }), count, normType);
}

/** {@link lpPool1d} of images. */
export function lpPool2d(
  x: AnyTensor,
  normType: number,
  kernelSize: Sizes,
  options: LpPoolOptions = {},
): AnyTensor {
  const { stride = null, ceilMode = false } = options;
  const [height, width] =
    typeof kernelSize === "number" ? [kernelSize, kernelSize] : [kernelSize[0]!, kernelSize.at(-1)!];
  const means = avgPool2d(x.pow(normType), kernelSize, { stride, ceilMode });
  return fromMeans(means, height * width, normType);
}

/** Options of {@link upsampleNearest} and {@link upsampleBilinear}: one of both. */
export interface UpsampleOptions {
  readonly size?: Sizes | null;
  readonly scaleFactor?: Sizes | null;
}

/** `interpolate(x, { mode: "nearest" })`. */
export function upsampleNearest(x: AnyTensor, options: UpsampleOptions = {}): AnyTensor {
  const { size = null, scaleFactor = null } = options;
  return interpolate(x, { size, scaleFactor });
}

/** `interpolate(x, { mode: "bilinear", alignCorners: true })`. */
export function upsampleBilinear(x: AnyTensor, options: UpsampleOptions = {}): AnyTensor {
  const { size = null, scaleFactor = null } = options;
  return interpolate(x, { size, scaleFactor, mode: "bilinear", alignCorners: true });
}

/** n numbers from -1 to 1: of the edges of an image, or of the centres of its outermost elements. */
function ramp(n: number, alignCorners: boolean): number[] {
  if (n === 1) return [0];
  const shrink = alignCorners ? 1 : (n - 1) / n;
  return Array.from({ length: n }, (_, i) => ((2 * i) / (n - 1) - 1) * shrink);
}

/**
 * A grid for {@link gridSample}: the places from -1 to 1 of an image of `size`, under affine maps.
 *
 * **Shape** theta [N, 2, 3] with size [N, C, H, W] gives [N, H, W, 2]; theta [N, 3, 4] with size [N, C, D, H, W] gives
 * [N, D, H, W, 3].
 * @throws ValueError for a theta that does not fit the size, NotImplementedError for other numbers of dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
 */
export function affineGrid(
  theta: AnyTensor,
  size: Shape,
  options: { readonly alignCorners?: boolean | null } = {},
): AnyTensor {
  if (!isFloat(theta.dtype as DType))
    throw new ValueError(`Expected theta to have floating point type, but got ${theta.dtype}`);
  const rank = size.length - 2;
  if (rank !== 2 && rank !== 3)
    throw new NotImplementedError(
      `affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size (${size.join(", ")}).`,
    );
  if (theta.ndim !== 3 || theta.shape[1] !== rank || theta.shape[2] !== rank + 1)
    throw new ValueError(
      `Expected a batch of ${rank}D affine matrices of shape Nx${rank}x${rank + 1} for size (${size.join(", ")}). Got ${showShape(theta.shape)}.`,
    );
  if (size.some((n) => n <= 0))
    throw new ValueError(`Expected non-zero, positive output size. Got (${size.join(", ")})`);
  if (theta.shape[0] !== size[0])
    throw new RuntimeError(
      `affine_grid: expected a batch of ${size[0]} matrices for size (${size.join(", ")}), but got ${showShape(theta.shape)}`,
    );
  const spatial = size.slice(2);
  const ramps = spatial.map((n) => ramp(n, options.alignCorners ?? false));
  const count = numel(spatial);
  // Rows (x, y, 1) or (x, y, z, 1): the last dimension comes first.
  const data = allocate(theta.dtype as DType, count * (rank + 1)) as Float64Array;
  for (let q = 0; q < count; q++) {
    let rest = q;
    for (let d = rank - 1; d >= 0; d--) {
      data[q * (rank + 1) + rank - 1 - d] = ramps[d]![rest % spatial[d]!]!;
      rest = Math.floor(rest / spatial[d]!);
    }
    data[q * (rank + 1) + rank] = 1;
  }
  const base: AnyTensor = fresh(data, [1, count, rank + 1], theta.dtype as DType);
  return base
    .expand([size[0]!, count, rank + 1])
    .matmul(theta.transpose(1, 2))
    .reshape([size[0]!, ...spatial, rank]);
}
