// Padding: constants, mirrored, repeated and wrapped borders.
// Floor L4 (ops). Source: ATen/native/PadNd.cpp, ReflectionPad.cpp, ReplicationPadding.cpp

import type { DType, Scalar } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import {
  ArgumentError,
  DTypeError,
  NotImplementedError,
  RuntimeError,
  showShape,
} from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import { constantPadNd } from "../pad.ts";
import type { PadOp } from "../signatures.ts";
import { along, copies } from "./along.ts";

/** What stands in the border. */
export type PaddingMode = "constant" | "reflect" | "replicate" | "circular";

/**
 * Which place of an extent n each place of the padded extent shows. Negative borders cut places off; what is mirrored or
 * repeated there is the whole extent all the same, and what is wrapped the rest that is left of it.
 */
function places(n: number, left: number, right: number, mode: Exclude<PaddingMode, "constant">): Int32Array {
  const out = new Int32Array(n + left + right);
  const start = mode === "circular" ? Math.max(0, -left) : 0;
  const rest = mode === "circular" ? n - start - Math.max(0, -right) : n;
  for (let i = 0; i < out.length; i++) {
    const at = i - left;
    if (mode === "replicate") out[i] = Math.min(Math.max(at, 0), n - 1);
    else if (mode === "circular") out[i] = start + ((((at - start) % rest) + rest) % rest);
    else out[i] = at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
  }
  return out;
}

function checkBorder(x: AnyTensor, d: number, left: number, right: number, mode: PaddingMode): void {
  const n: number = x.shape[d];
  const size = n + left + right;
  if (size < 0)
    throw new RuntimeError(`${mode} padding: input (${n}) is too small. Calculated output: ${size}`);
  if (mode === "reflect" && (left >= n || right >= n))
    throw new RuntimeError(
      `Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (${left}, ${right}) at dimension ${d} of input ${showShape(x.shape)}`,
    );
  const rest = n + Math.min(left, 0) + Math.min(right, 0);
  if (mode === "circular" && (left > rest || right > rest))
    throw new RuntimeError("Padding value causes wrapping around more than once.");
}

function padBorders(
  x: AnyTensor,
  padding: readonly number[],
  mode: Exclude<PaddingMode, "constant">,
): AnyTensor {
  const n = padding.length / 2;
  if (n < 1 || n > 3 || (x.ndim !== n + 1 && x.ndim !== n + 2))
    throw new NotImplementedError(
      "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now",
    );
  if (mode === "circular") {
    if (x.ndim !== n + 2)
      throw new RuntimeError(`Invalid padding size, expected ${2 * (x.ndim - 2)} but got ${padding.length}`);
  } else {
    if (!isFloat(x.dtype as DType))
      throw new DTypeError("pad", `"${mode} padding" not implemented for '${x.dtype}'`);
    if ((x.shape as Shape).slice(x.ndim === n + 2 ? 1 : 0).some((l) => l === 0))
      throw new RuntimeError(
        `Expected ${n + 1}D or ${n + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${showShape(x.shape)}`,
      );
  }
  const sizes = Array.from(
    { length: n },
    (_, i) => x.shape[x.ndim - 1 - i] + padding[2 * i] + padding[2 * i + 1],
  );
  if (mode !== "circular" && sizes.every((size) => size < 1))
    throw new RuntimeError(
      `${mode} padding: input ${showShape(x.shape)} is too small for padding ${showShape(padding)}`,
    );
  let y = x;
  for (let i = 0; i < n; i++) {
    const d = x.ndim - 1 - i;
    const [left, right] = [padding[2 * i]!, padding[2 * i + 1]!];
    checkBorder(x, d, left, right, mode);
    if (left !== 0 || right !== 0)
      y = along(y, d, copies(x.shape[d], places(x.shape[d], left, right, mode)), false);
  }
  // The result is a new tensor even where there was nothing to do.
  return y === x ? x.clone() : y;
}

/**
 * The input with borders. `padding` lists pairs from the last dimension on: [left, right, top, bottom, ...]; negative
 * numbers cut places off.
 *
 * @param mode "constant" (default), "reflect", "replicate" or "circular"; all but the first for the last 1 to 3 dimensions
 * @param value of a constant border; default 0
 * @throws RuntimeError for an odd number of paddings, too many, or a border that the mode cannot fill.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export const pad: PadOp = composite(
  (x: AnyTensor, padding: readonly number[], mode: PaddingMode = "constant", value: Scalar | null = null) => {
    if (!Array.isArray(padding) || padding.some((p) => !Number.isInteger(p)))
      throw new ArgumentError(
        `pad(): argument 'pad' (position 2) must be a list of integers, not ${padding}`,
      );
    if (padding.length % 2 !== 0) throw new RuntimeError("Padding length must be divisible by 2");
    if (padding.length / 2 > x.ndim)
      throw new RuntimeError(
        `Padding length too large: ${padding.length} numbers for an input of shape ${showShape(x.shape)}`,
      );
    if (mode === "constant") return constantPadNd(x, padding, value ?? 0);
    if (!["reflect", "replicate", "circular"].includes(mode))
      throw new NotImplementedError(`Unrecognised padding mode ${mode}`);
    if (value !== null && Number(value) !== 0)
      throw new RuntimeError(`Padding mode "${mode}" doesn't take in value argument`);
    return padBorders(x, padding, mode);
  },
  { method: false },
);
