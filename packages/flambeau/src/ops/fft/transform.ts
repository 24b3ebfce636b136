// Fourier transforms as ops, without factors: real parts of real input, and complex numbers as pairs.
// Floor L4 (ops).

import { transformLines } from "../../base/fourier.ts";
import { numel } from "../../base/shape.ts";
import { allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { cat } from "../join.ts";

/** The elements of a packed tensor, every `step`-th from `first`, as doubles. */
function doubles(x: AnyTensor, first = 0, step = 1): Float64Array {
  const packed = x.contiguous();
  const data = packed.storage.data as Float64Array;
  const out = new Float64Array(numel(x.shape) / step);
  for (let i = 0, at = packed.offset + first; i < out.length; i++, at += step) out[i] = data[at]!;
  return out;
}

/**
 * The sum of x[k] cos(2 pi (j1 k1 / n1 + j2 k2 / n2 + ...)) over the dimensions `dims`: the real part of the Fourier
 * transform of real input. It is its own adjoint.
 */
export const cosineTransform: (x: AnyTensor, dims: readonly number[]) => AnyTensor = op({
  name: "fft.cosineTransform",
  forward: (x: AnyTensor, dims: readonly number[]) => {
    const re = doubles(x);
    const im = new Float64Array(re.length);
    for (const d of dims)
      transformLines(re, im, numel(x.shape.slice(0, d)), x.shape[d]!, numel(x.shape.slice(d + 1)), false);
    const out = fresh(allocateUnset(x.dtype, re.length), x.shape, x.dtype);
    (out.storage.data as Float64Array).set(re);
    return out;
  },
  vjp: (g, s) => cosineTransform(g, s.meta(1)),
});

/**
 * The sum of x[k] e^(-+2 pi i j k / n) along dimension `d` (from 0) of complex numbers, which are pairs in the last
 * dimension. The adjoint has the other sign.
 */
export const pairTransform: (x: AnyTensor, d: number, inverse: boolean) => AnyTensor = op({
  name: "fft.pairTransform",
  forward: (x: AnyTensor, d: number, inverse: boolean) => {
    const [re, im] = [doubles(x, 0, 2), doubles(x, 1, 2)];
    transformLines(re, im, numel(x.shape.slice(0, d)), x.shape[d]!, numel(x.shape.slice(d + 1, -1)), inverse);
    const out = fresh(allocateUnset(x.dtype, 2 * re.length), x.shape, x.dtype);
    const data = out.storage.data as Float64Array;
    for (let i = 0; i < re.length; i++) {
      data[2 * i] = re[i]!;
      data[2 * i + 1] = im[i]!;
    }
    return out;
  },
  vjp: (g, s) => pairTransform(g, s.meta(1), !s.meta(2)),
});

/** The first `size` elements of dimension `d`, zeros put behind where there are fewer. */
export const resized = (x: AnyTensor, d: number, size: number): AnyTensor => {
  const missing = size - x.shape[d]!;
  if (missing <= 0) return missing === 0 ? x : x.narrow(d, 0, size);
  const shape = [...x.shape];
  shape[d] = missing;
  return cat([x, x.newZeros(shape)], d);
};

/**
 * How often each of the first n / 2 + 1 terms stands in a transform of length n whose second half mirrors the first:
 * 1, 2, ..., 2, and 1 for the one in the middle of an even n.
 */
export function mirrored(n: number, like: AnyTensor, trailing: number): AnyTensor {
  const half = Math.floor(n / 2) + 1;
  const weights = allocateUnset(like.dtype, half) as Float64Array;
  for (let k = 0; k < half; k++) weights[k] = k === 0 || 2 * k === n ? 1 : 2;
  return fresh(weights, [half, ...new Array<number>(trailing).fill(1)], like.dtype);
}
