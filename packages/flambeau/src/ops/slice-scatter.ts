// Copies of a tensor with a part replaced (select_scatter and its like) or with a border put around it.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.select_scatter.html

import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { normalizeDim, sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { OpFn } from "./signatures.ts";

/** A copy of `x` whose part, which `look` shows, is `source`. */
function replaced(
  x: AnyTensor,
  source: AnyTensor,
  name: string,
  look: (x: AnyTensor) => AnyTensor,
): AnyTensor {
  const out = x.clone();
  const part = look(out);
  if (!sameShape(part.shape, source.shape))
    throw new ShapeError(
      name,
      [source.shape, part.shape],
      `${name}: expected src to have a size equal to the slice of self. src size = ${showShape(source.shape)}, slice size = ${showShape(part.shape)}`,
    );
  part.copy_(source);
  return out;
}

/** A copy of x with `source` as index `index` of dimension `dim`. */
export const selectScatter: OpFn<[source: AnyTensor, dim: number, index: number], "same"> = composite(
  (x: AnyTensor, source: AnyTensor, dim: number, index: number) =>
    replaced(x, source, "selectScatter", (out) => out.select(dim, index)),
);

/** A copy of x with `source` as `x[start:end:step]` along dimension `dim` (default 0). */
export const sliceScatter: OpFn<
  [source: AnyTensor, dim?: number, start?: number | null, end?: number | null, step?: number],
  "same"
> = composite(
  (x: AnyTensor, source: AnyTensor, dim = 0, start?: number | null, end?: number | null, step = 1) =>
    replaced(x, source, "sliceScatter", (out) => out.sliceDim(dim, start, end, step)),
);

/** A copy of x with `source` as the diagonal that `diagonal(offset, dim1, dim2)` shows. */
export const diagonalScatter: OpFn<
  [source: AnyTensor, offset?: number, dim1?: number, dim2?: number],
  "same"
> = composite((x: AnyTensor, source: AnyTensor, offset = 0, dim1 = 0, dim2 = 1) =>
  replaced(x, source, "diagonalScatter", (out) => out.diagonal(offset, dim1, dim2)),
);

/** {@link narrow} as a copy. @throws RuntimeError for a part that is not there. */
export const narrowCopy: OpFn<[dim: number, start: number, length: number]> = composite(
  (x: AnyTensor, dim: number, start: number, length: number) => {
    if (x.ndim === 0) throw new RuntimeError("narrow() cannot be applied to a 0-dim tensor.");
    if (dim >= x.ndim)
      throw new RuntimeError(`narrowCopy: dimension ${dim} is out of range for ${showShape(x.shape)}`);
    const n = x.shape[normalizeDim(dim, x.ndim, "narrowCopy")]!;
    const from = start < 0 && start !== n ? normalizeDim(start, n, "narrowCopy") : start;
    if (from + length > n && length >= 0)
      throw new RuntimeError(
        `narrowCopy: start (${from}) + length (${length}) exceeds dimension size (${n}).`,
      );
    return x.narrow(dim, from, length).clone();
  },
);
