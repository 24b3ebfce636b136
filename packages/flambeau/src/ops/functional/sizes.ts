// Sizes of windows: one number for all spatial dimensions or one for each; inputs with and without a batch.
// Floor L4 (ops). Source: ATen/native/ConvUtils.h (expand_param_if_needed), ATen/native/Pool.h

import { RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/** One number for all spatial dimensions, or one for each. */
export type Sizes = number | readonly number[];

/** A size for each of n dimensions. @throws RuntimeError for another number of sizes. */
export function expandSizes(v: Sizes, n: number, name: string, of = "convolution"): readonly number[] {
  if (typeof v === "number") return new Array<number>(n).fill(v);
  if (v.length === 1) return new Array<number>(n).fill(v[0]!);
  if (v.length !== n)
    throw new RuntimeError(
      `expected ${name} to be a single integer value or a list of ${n} values to match the ${of} dimensions, but got ${name}=${showShape(v)}`,
    );
  return v;
}

/** Sizes of n dimensions as those of three: the missing ones stand in front. */
export const inThree = (v: Shape, missing: number): readonly [number, number, number] =>
  v.length === 3
    ? (v as unknown as [number, number, number])
    : v.length === 2
      ? [missing, v[0]!, v[1]!]
      : [missing, missing, v[0]!];

/** The spatial extents: the last n. */
export const spatialOf = (x: AnyTensor, n: number): Shape => (x.shape as Shape).slice(x.ndim - n);
