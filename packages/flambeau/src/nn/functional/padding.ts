// Padding: constants, mirrored, repeated and wrapped borders.
// Floor L5 (nn). Source: torch/nn/functional.py (pad), ATen/native/PadNd.cpp

import { NotImplementedError, RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { cat } from "../../ops/join.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";

/** What stands in the border. */
export type PaddingMode = "constant" | "reflect" | "replicate" | "circular";

/** Which element each place of a padded dimension of extent n shows. */
function places(n: number, left: number, right: number, mode: Exclude<PaddingMode, "constant">): Int32Array {
  const out = new Int32Array(n + left + right);
  for (let i = 0; i < out.length; i++) {
    const at = i - left;
    if (mode === "replicate") out[i] = Math.min(Math.max(at, 0), n - 1);
    else if (mode === "circular") out[i] = ((at % n) + n) % n;
    else out[i] = at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
  }
  return out;
}

function checkBorder(x: AnyTensor, d: number, left: number, right: number, mode: PaddingMode): void {
  const n: number = x.shape[d];
  if (mode === "reflect" && (left >= n || right >= n))
    throw new RuntimeError(
      `Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (${left}, ${right}) at dimension ${d} of input ${showShape(x.shape)}`,
    );
  if (mode === "circular" && (left > n || right > n))
    throw new RuntimeError("Padding value causes wrapping around more than once.");
  if (n === 0)
    throw new RuntimeError(
      `pad: a dimension of extent 0 has no border to repeat: input ${showShape(x.shape)}`,
    );
}

/** Adds `left` and `right` places to dimension d; negative numbers cut places off. */
function padDim(
  x: AnyTensor,
  d: number,
  left: number,
  right: number,
  mode: PaddingMode,
  value: number,
): AnyTensor {
  const n: number = x.shape[d];
  if (n + left + right < 0)
    throw new RuntimeError(
      `The input size ${n}, plus negative padding ${left} and ${right}, resulted in a negative output size, which is invalid. Check dimension ${d} of your input.`,
    );
  const cut: AnyTensor = x.narrow(d, Math.max(0, -left), n - Math.max(0, -left) - Math.max(0, -right));
  const [a, b] = [Math.max(0, left), Math.max(0, right)];
  if (a === 0 && b === 0) return cut;
  if (mode === "constant") {
    const block = (size: number): AnyTensor =>
      x.newFull(
        (x.shape as Shape).map((m, i) => (i === d ? size : cut.shape[i]) ?? m),
        value,
      );
    return cat([...(a > 0 ? [block(a)] : []), cut, ...(b > 0 ? [block(b)] : [])], d);
  }
  checkBorder(cut, d, a, b, mode);
  const index = places(cut.shape[d], a, b, mode);
  return cut.indexSelect(d, fresh(index, [index.length], "int32"));
}

/**
 * The input with borders. `padding` lists pairs from the last dimension on: [left, right, top, bottom, ...].
 *
 * @param mode "constant" (default), "reflect", "replicate" or "circular"
 * @param value of a constant border; default 0
 * @throws RuntimeError for an odd number of paddings, too many, or a border that the mode cannot fill.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export function pad(
  x: AnyTensor,
  padding: readonly number[],
  mode: PaddingMode = "constant",
  value: number | null = 0,
): AnyTensor {
  if (padding.length % 2 !== 0) throw new RuntimeError("Padding length must be divisible by 2");
  if (padding.length / 2 > x.ndim)
    throw new RuntimeError(
      `Padding length too large: ${padding.length} numbers for an input of shape ${showShape(x.shape)}`,
    );
  if (!["constant", "reflect", "replicate", "circular"].includes(mode))
    throw new NotImplementedError(`Unrecognised padding mode ${mode}`);
  let y = x;
  for (let i = 0; i < padding.length / 2; i++)
    y = padDim(y, x.ndim - 1 - i, padding[2 * i]!, padding[2 * i + 1]!, mode, value ?? 0);
  return y;
}
