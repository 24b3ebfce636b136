// Borders of one number around a tensor of any rank.
// Floor L4 (ops). Source: ATen/native/PadNd.cpp

import type { DType, Scalar } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { IndexError, RuntimeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { contiguousStrides, numel } from "../base/shape.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, viewOf } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import type { OpFn } from "./signatures.ts";

/** What fills elements of a dtype: integers are cut off, bools are whether it is not 0. */
const filler = (value: Scalar, dtype: DType): number =>
  (dtype === "int64"
    ? BigInt(typeof value === "bigint" ? value : Math.trunc(Number(value)))
    : dtypes[dtype].kind === "bool"
      ? Number(Number(value) !== 0)
      : Number(value)) as number;

/** {@link constantPadNd} without a lower limit to what is left. */
const padded: (x: AnyTensor, padding: readonly number[], value?: Scalar) => AnyTensor = op({
  name: "constantPadNd",
  forward: (x: AnyTensor, padding: readonly number[], value: Scalar = 0) => {
    const shape = (x.shape as Shape).slice() as number[];
    const part = shape.slice();
    let [from, to] = [x.offset, 0];
    const sides = shape.map((_, d): readonly [number, number] => {
      const i = 2 * (x.ndim - 1 - d);
      return [padding[i] ?? 0, padding[i + 1] ?? 0];
    });
    sides.forEach(([left, right], d) => {
      const n = shape[d]!;
      if (left < -n)
        throw new IndexError(
          `narrow: start (${-left}) out of range: expected to be in range of [${-n}, ${n}] for dimension ${d} of ${showShape(x.shape)}`,
        );
      part[d] = n + Math.min(left, 0) + Math.min(right, 0);
      if (part[d]! < 0)
        throw new RuntimeError(
          `constantPadNd: length must be non-negative: paddings ${left} and ${right} cut more off dimension ${d} of ${showShape(x.shape)} than there is`,
        );
      shape[d] = n + left + right;
    });
    const strides = contiguousStrides(shape);
    sides.forEach(([left], d) => {
      from += Math.max(-left, 0) * x.strides[d]!;
      to += Math.max(left, 0) * strides[d]!;
    });
    const y: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
    const fill = filler(value, x.dtype);
    if (Number(fill) !== 0 && numel(part) < numel(shape)) (y.storage.data as Float32Array).fill(fill);
    if (numel(part) > 0) copyElements(viewOf(y, part, strides, to), viewOf(x, part, x.strides, from));
    return y;
  },
  vjp: (g, s) =>
    padded(
      g,
      s.meta(1).map((p: number) => -p),
    ),
});

/**
 * The input with a border of `value` (default 0). `padding` lists pairs from the last dimension on: [left, right, top, bottom,
 * ...]; negative numbers cut places off.
 *
 * @throws RuntimeError for an odd number of paddings, more than there are dimensions, or a dimension cut to nothing while
 * another one grows.
 */
export const constantPadNd: OpFn<[padding: readonly number[], value?: Scalar]> = composite(
  (x: AnyTensor, padding: readonly number[], value: Scalar = 0) => {
    if (padding.length % 2 !== 0)
      throw new RuntimeError(`Length of pad must be even but instead it equals ${padding.length}`);
    if (padding.length / 2 > x.ndim)
      throw new RuntimeError(
        `Length of pad should be no more than twice the number of dimensions of the input. Pad length is ${padding.length} while the input has ${x.ndim} dimensions.`,
      );
    const y = padded(x, padding, value);
    const first = x.ndim - padding.length / 2;
    if (numel(y.shape) === 0 && padding.some((n) => n > 0))
      for (let d = first; d < x.ndim; d++)
        if (y.shape[d] === 0)
          throw new RuntimeError(
            `The input size ${x.shape[d]}, plus paddings, resulted in a negative output size, which is invalid. Check dimension ${d} of your input of shape ${showShape(x.shape)}.`,
          );
    return y;
  },
  { method: false },
);
