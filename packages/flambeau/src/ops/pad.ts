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
import { op } from "./define.ts";
import type { OpFn } from "./signatures.ts";

/** What fills elements of a dtype: integers are cut off, bools are whether it is not 0. */
const filler = (value: Scalar, dtype: DType): number =>
  (dtype === "int64"
    ? BigInt(typeof value === "bigint" ? value : Math.trunc(Number(value)))
    : dtypes[dtype].kind === "bool"
      ? Number(Number(value) !== 0)
      : Number(value)) as number;

/**
 * The input with a border of `value` (default 0). `padding` lists pairs from the last dimension on: [left, right, top, bottom,
 * ...]; negative numbers cut places off.
 *
 * @throws RuntimeError for an odd number of paddings, more than there are dimensions, or a dimension cut to less than nothing.
 */
export const constantPadNd: OpFn<[padding: readonly number[], value?: Scalar]> = op({
  method: false,
  forward: (x: AnyTensor, padding: readonly number[], value: Scalar = 0) => {
    if (padding.length % 2 !== 0)
      throw new RuntimeError(`Length of pad must be even but instead it equals ${padding.length}`);
    if (padding.length / 2 > x.ndim)
      throw new RuntimeError(
        `Length of pad should be no more than twice the number of dimensions of the input. Pad length is ${padding.length} while the input has ${x.ndim} dimensions.`,
      );
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
    const grows = padding.some((n) => n > 0);
    sides.slice(x.ndim - padding.length / 2).forEach(([left, right], i) => {
      const d = x.ndim - padding.length / 2 + i;
      // What is only cut may be cut to nothing.
      if (grows && shape[d]! <= 0)
        throw new RuntimeError(
          `The input size ${x.shape[d]}, plus negative padding ${left} and ${right}, resulted in a negative output size, which is invalid. Check dimension ${d} of your input of shape ${showShape(x.shape)}.`,
        );
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
    constantPadNd(
      g,
      s.meta(1).map((p: number) => -p),
    ),
});
