// Integrals of sampled functions by the trapezoidal rule.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.trapezoid.html

import { DTypeError, IndexError, RuntimeError } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { CumulativeTrapezoidOp, TrapezoidOp, TrapezoidOptions } from "./signatures.ts";

/** Where to integrate along. */
function along(y: AnyTensor, dim: number, name: string): number {
  if (y.ndim === 0)
    throw new IndexError(`${name}: Dimension specified as ${dim} but tensor has no dimensions`);
  return normalizeDim(dim, y.ndim, name);
}

const refuseBool = (t: AnyTensor, name: string): void => {
  if (t.dtype === "bool")
    throw new DTypeError(
      name,
      `${name}: received a bool input for \`x\` or \`y\`, but bool is not supported`,
    );
};

/** `y[i] + y[i + 1]`, times the distance of the two samples: twice the area between them. */
function doubled(
  y: AnyTensor,
  x: AnyTensor | null | undefined,
  dx: number,
  d: number,
  name: string,
): AnyTensor {
  refuseBool(y, name);
  const size = Math.max(0, y.shape[d]! - 1);
  const ends = (t: AnyTensor, at: number): [AnyTensor, AnyTensor] => {
    const n = Math.max(0, t.shape[at]! - 1);
    return [t.sliceDim(at, 1), t.narrow(at, 0, n)];
  };
  const [after, before] = ends(y, d);
  const sum = after.add(before);
  if (!x) {
    if (typeof dx !== "number")
      throw new RuntimeError(`${name}: Currently, we only support dx as a real number.`);
    return size === 0 ? sum.mul(1) : sum.mul(dx);
  }
  refuseBool(x, name);
  if (x.ndim === 1 && x.length !== y.shape[d])
    throw new RuntimeError(
      `${name}: There must be one \`x\` value for each sample point, but got ${x.length} for ${y.shape[d]}`,
    );
  const coordinates =
    x.ndim === 1
      ? x.reshape(y.shape.map((_: number, i: number) => (i === d ? -1 : 1)))
      : x.reshape([...new Array(Math.max(0, y.ndim - x.ndim)).fill(1), ...x.shape]);
  const [right, left] = ends(coordinates, d);
  return right.sub(left).mul(sum);
}

/**
 * The integral of samples `y` along a dimension: the sum of (y[i] + y[i + 1]) / 2 times the distance of the samples.
 *
 * @param x coordinates of the samples; 1-d, or of a shape that broadcasts against `y`. Without, they lie `dx` apart
 * @param options `dx`: default 1; `dim`: default -1
 * @see https://pytorch.org/docs/stable/generated/torch.trapezoid.html
 */
export const trapezoid: TrapezoidOp<"trapezoid"> = composite(
  (y: AnyTensor, x?: AnyTensor | null, { dx = 1, dim = -1 }: TrapezoidOptions = {}) => {
    const d = along(y, dim, "trapezoid");
    if (y.shape[d] === 0) return y.sum(d).to(y.dtype);
    return doubled(y, x, dx, d, "trapezoid").sum(d).div(2);
  },
  { method: false },
);

/** The same as {@link trapezoid}. */
export const trapz: TrapezoidOp<"trapz"> = composite(
  (y: AnyTensor, x?: AnyTensor | null, { dx = 1, dim = -1 }: TrapezoidOptions = {}) =>
    trapezoid(y, x, { dx, dim }),
  { method: false },
);

/**
 * The integral of samples `y` from the first up to each further one: one element less along the dimension. Arguments as
 * of {@link trapezoid}.
 * @see https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html
 */
export const cumulativeTrapezoid: CumulativeTrapezoidOp = composite(
  (y: AnyTensor, x?: AnyTensor | null, { dx = 1, dim = -1 }: TrapezoidOptions = {}) => {
    const d = along(y, dim, "cumulative_trapezoid");
    return doubled(y, x, dx, d, "cumulative_trapezoid").cumsum(d).div(2);
  },
  { method: false },
);
