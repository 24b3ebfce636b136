// Flat elements that were read from data: the dtype that they ask for, and their conversion to any dtype.
// Floor L3 (tensor).

import type { DType, TypedArray } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import { allocate } from "./storage.ts";

/** Elements in row-major order, and what is known of them. */
export interface Parsed {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The elements as numbers; a typed array that was given is here itself. */
  readonly flat: ArrayLike<number> | BigInt64Array;
  /** The elements that are bigints, where a number is not exact; 0 elsewhere. */
  readonly big: BigInt64Array | null;
  /** The first integer that does not fit the inferred dtype int32, or -1. */
  readonly misfit: number;
}

/** ` at [1][0]`: a position, for messages. */
export const where = (path: readonly number[]): string =>
  path.length > 0 ? ` at ${path.map((i) => `[${i}]`).join("")}` : "";

const ranges = { uint8: [0, 255], int32: [-(2 ** 31), 2 ** 31 - 1] } as const;

/** The position of flat element `i`, as indices. */
function positionOf(i: number, shape: Shape): number[] {
  return shape.map((n, dim) => Math.floor(i / numel(shape.slice(dim + 1))) % n);
}

/** One number as an element of an int64 tensor; undefined where it does not fit. */
function toInt64(x: number): bigint | undefined {
  return x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : undefined;
}

/**
 * New memory of `dtype` with the parsed elements. Fractions are cut off towards zero for integers.
 *
 * Differs from PyTorch: -1 does not become 255 as a uint8, it is out of range like 256.
 *
 * @throws RuntimeError for NaN, infinities and numbers out of range where `dtype` is an integer
 */
export function elementsAs(parsed: Parsed, dtype: DType, op: string): TypedArray {
  const { flat, big, shape } = parsed;
  const n = flat.length;
  const out = allocate(dtype, n);
  const overflow = (i: number): RuntimeError =>
    new RuntimeError(
      `${op}: value cannot be converted to type ${dtype} without overflow: ${big?.[i] || flat[i]}${where(positionOf(i, shape))}`,
    );
  if (out instanceof BigInt64Array) {
    if (flat instanceof BigInt64Array) out.set(flat);
    else
      for (let i = 0; i < n; i++) {
        const x = big?.[i] || toInt64(flat[i]!);
        if (x === undefined) throw overflow(i);
        out[i] = x;
      }
  } else if (dtype === "bool") {
    for (let i = 0; i < n; i++) out[i] = Number(flat[i]) !== 0 ? 1 : 0;
  } else if (dtype === "uint8" || dtype === "int32") {
    const [low, high] = ranges[dtype];
    for (let i = 0; i < n; i++) {
      const x = Number(flat[i]);
      if (!(x >= low && x <= high)) throw overflow(i);
      out[i] = x;
    }
  } else if (flat instanceof BigInt64Array) {
    for (let i = 0; i < n; i++) out[i] = Number(flat[i]);
  } else out.set(flat);
  return out;
}

/** The inferred dtype. @throws RuntimeError if an integer does not fit it. */
export function inferredDType(parsed: Parsed, op: string): DType {
  const { misfit, flat, shape } = parsed;
  if (misfit >= 0)
    throw new RuntimeError(
      `${op}: ${flat[misfit]}${where(positionOf(misfit, shape))} does not fit int32, the default dtype of integers: ` +
        'pass { dtype: "int64" }, or { dtype: "float32" } for floating-point numbers',
    );
  return parsed.dtype;
}
