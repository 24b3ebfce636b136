// Images of another size: nearest places, straight lines, cubics, means.
// Floor L4 (ops). Source: torch/nn/functional.py (interpolate), ATen/native/UpSample.cpp

import type { DType } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, NotImplementedError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { InterpolateOp } from "../signatures.ts";
import type { Taps } from "./along.ts";
import { along } from "./along.ts";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "./pool.ts";
import type { Resampling } from "./resample-taps.ts";
import { cubicTaps, linearTaps, nearestTaps, smoothTaps } from "./resample-taps.ts";
import type { Sizes } from "./sizes.ts";

export type InterpolateMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "bicubic"
  | "trilinear"
  | "area";

/** Options of {@link interpolate}: one of `size` and `scaleFactor` has to be given. */
export interface InterpolateOptions {
  /** Spatial extents of the result. */
  readonly size?: Sizes | null;
  /** By how much spatial extents grow. */
  readonly scaleFactor?: Sizes | null;
  /** Default "nearest". */
  readonly mode?: InterpolateMode;
  /** Whether the outermost places of input and result lie on each other, rather than their edges. Default false. */
  readonly alignCorners?: boolean | null;
  /** Whether places follow from the rounded extents of the result instead of from `scaleFactor`. Default false. */
  readonly recomputeScaleFactor?: boolean | null;
  /** Whether smaller images are made of means, as other libraries do; "bilinear" and "bicubic" only. Default false. */
  readonly antialias?: boolean;
}

/** Number of spatial dimensions that a mode is for; 0 for any. */
const dimensions: { readonly [M in InterpolateMode]: number } = {
  nearest: 0,
  "nearest-exact": 0,
  area: 0,
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};

/** One number for each of n dimensions. */
function each(v: Sizes, n: number, what: string, x: AnyTensor): Shape {
  if (typeof v === "number") return new Array<number>(n).fill(v);
  if (v.length !== n)
    throw new ValueError(
      `Input and ${what} must have the same number of spatial dimensions, but got input with spatial dimensions of ${showShape((x.shape as Shape).slice(2))} and ${what} of ${showShape(v)}.`,
    );
  return v;
}

function taps(mode: InterpolateMode, antialias: boolean, r: Resampling): Taps {
  if (mode === "nearest" || mode === "nearest-exact") return nearestTaps(r, mode === "nearest-exact");
  if (antialias) return smoothTaps(r, mode === "bicubic" ? "cubic" : "linear");
  return mode === "bicubic" ? cubicTaps(r) : linearTaps(r);
}

function checkMode(x: AnyTensor, mode: InterpolateMode, n: number): void {
  const wanted = dimensions[mode];
  if (n < 1 || n > 3 || wanted === undefined || (mode === "bicubic" && n !== 2))
    throw new NotImplementedError(
      "Input Error: Only 3D, 4D and 5D input Tensors supported" +
        ` (got ${x.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got ${mode})`,
    );
  if (wanted !== 0 && wanted !== n)
    throw new NotImplementedError(`Got ${x.ndim}D input, but ${mode} mode needs ${wanted + 2}D input`);
}

/**
 * [N, C, ...] with other spatial extents: `size`, or the present ones times `scaleFactor`.
 *
 * Modes: "nearest" (default), "nearest-exact", "area" (means) for 1 to 3 spatial dimensions; "linear" for 1, "bilinear" and
 * "bicubic" for 2, "trilinear" for 3.
 *
 * @throws ValueError for options that do not go together, NotImplementedError for a mode that is for other dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
export const interpolate: InterpolateOp = composite(
  (x: AnyTensor, options: InterpolateOptions = {}) => {
    const { size = null, scaleFactor = null, mode = "nearest", antialias = false } = options;
    const { alignCorners = null, recomputeScaleFactor = null } = options;
    const n = x.ndim - 2;
    if (alignCorners !== null && ["nearest", "area", "nearest-exact"].includes(mode))
      throw new ValueError(
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
      );
    if (size !== null && scaleFactor !== null)
      throw new ValueError("only one of size or scale_factor should be defined");
    if (size === null && scaleFactor === null)
      throw new ValueError("either size or scale_factor should be defined");
    if (recomputeScaleFactor && size !== null)
      throw new ValueError("recompute_scale_factor is not meaningful with an explicit size.");
    const scales = scaleFactor === null ? null : each(scaleFactor, Math.max(n, 0), "scale_factor", x);
    const spatial = (x.shape as Shape).slice(2);
    const sizes = scales
      ? spatial.map((l, i) => Math.floor(l * scales[i]!))
      : each(size!, Math.max(n, 0), "output size", x);
    if (antialias && !((mode === "bilinear" || mode === "bicubic") && n === 2))
      throw new ValueError("Anti-alias option is only supported for bilinear and bicubic modes");
    checkMode(x, mode, n);
    if (mode === "area")
      return n === 1
        ? adaptiveAvgPool1d(x, sizes)
        : n === 2
          ? adaptiveAvgPool2d(x, sizes)
          : adaptiveAvgPool3d(x, sizes);
    if ([...spatial, ...sizes].some((l) => !(l > 0) || !Number.isInteger(l)))
      throw new RuntimeError(
        `interpolate: Input and output sizes should be greater than 0, but got input ${showShape(spatial)} output ${showShape(sizes)}`,
      );
    if (x.shape[1] === 0)
      throw new RuntimeError(
        `Non-empty ${x.ndim}D data tensor expected but got a tensor with sizes ${showShape(x.shape)}`,
      );
    if (!isFloat(x.dtype as DType) && !(x.dtype === "uint8" && mode.startsWith("nearest")))
      throw new DTypeError("interpolate", `"upsample_${mode}" not implemented for '${x.dtype}'`);
    const round = x.dtype === "float64" ? (v: number): number => v : Math.fround;
    let y = x;
    // From the last dimension on, so that what is widened first is the least.
    for (let i = n - 1; i >= 0; i--) {
      const scale = scales && !recomputeScaleFactor ? scales[i]! : null;
      const r = { length: spatial[i]!, count: sizes[i]!, scale, alignCorners: alignCorners ?? false, round };
      y = along(y, i + 2, taps(mode, antialias, r), false);
    }
    return y;
  },
  { method: false },
);
