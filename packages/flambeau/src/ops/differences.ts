// Differences of neighbouring elements.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.diff.html

import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { cat } from "./join.ts";
import type { OpFn } from "./signatures.ts";

function checkEnd(x: AnyTensor, end: AnyTensor, dim: number): void {
  if (end.ndim !== x.ndim)
    throw new ShapeError(
      "diff",
      [x.shape, end.shape],
      `diff expects prepend or append to be the same dimension as input, but got ${showShape(end.shape)} and ${showShape(x.shape)}`,
    );
  for (let i = 0; i < x.ndim; i++)
    if (i !== dim && end.shape[i] !== x.shape[i])
      throw new ShapeError(
        "diff",
        [x.shape, end.shape],
        "diff expects the shape of tensor to prepend or append to match that of input except along the differencing " +
          `dimension; input.size(${i}) = ${x.shape[i]}, but got tensor.size(${i}) = ${end.shape[i]}`,
      );
}

/**
 * `x[i + 1] - x[i]` along `dim`, `n` times over: n elements less. Of bools, whether neighbours differ.
 *
 * @param n default 1; 0 gives a copy
 * @param dim default -1
 * @param prepend put in front of `x` along `dim` first
 * @param append put behind it
 * @throws ShapeError unless what is put on agrees with `x` in all other dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.diff.html
 */
export const diff: OpFn<[n?: number, dim?: number, prepend?: AnyTensor | null, append?: AnyTensor | null]> =
  composite((x: AnyTensor, n = 1, dim = -1, prepend?: AnyTensor | null, append?: AnyTensor | null) => {
    if (x.ndim === 0) throw new RuntimeError("diff expects input to be at least one-dimensional");
    const d = normalizeDim(dim, x.ndim, "diff");
    for (const end of [prepend, append]) if (end) checkEnd(x, end, d);
    if (n === 0) return x.clone();
    let y: AnyTensor = prepend || append ? cat([prepend, x, append].filter(Boolean) as AnyTensor[], d) : x;
    for (let left = Math.min(n, y.shape[d]!); left > 0; left--) {
      const size = y.shape[d]! - 1;
      const [after, before] = [y.narrow(d, 1, size), y.narrow(d, 0, size)];
      y = y.dtype === "bool" ? after.ne(before) : after.sub(before);
    }
    return y;
  });
