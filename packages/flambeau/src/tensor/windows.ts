// Windows of signal processing: weights that fall off towards both ends.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/generated/torch.hann_window.html

import type { DType } from "../base/dtype.ts";
import { checkDType, dtypes, getDefaultDType, isFloat } from "../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../base/errors.ts";
import type { CreateOptions } from "./create.ts";
import { finish } from "./create.ts";
import { allocate } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

type Length<N> = N extends number ? [N] : [number];

/** Fills a window of `size` weights from `weight`, a function of the place in 0..1. */
function build<N extends number, D extends DType>(
  name: string,
  size: N,
  periodic: boolean,
  options: CreateOptions<D>,
  weight: (t: number) => number,
): Tensor<Length<N>, D> {
  if (!Number.isInteger(size))
    throw new ArgumentError(`${name}: windowLength must be an integer, got ${size}`);
  if (size < 0)
    throw new RuntimeError(`${name} requires non-negative window_length, got window_length=${size}`);
  const dtype = checkDType(options.dtype ?? getDefaultDType());
  if (!isFloat(dtype))
    throw new RuntimeError(`${name} expects floating point dtypes, got: ${dtypes[dtype].scalarName}`);
  const out = allocate(dtype, size) as Float64Array;
  // A periodic window is one that is longer by one, without its last weight.
  const last = periodic ? size : size - 1;
  if (size === 1) out[0] = 1;
  else for (let i = 0; i < size; i++) out[i] = weight(i / last);
  return finish(out, [size], dtype, options);
}

const cosine = (t: number): number => Math.cos(2 * Math.PI * t);

/**
 * A triangle, 0 at its ends and 1 in the middle.
 *
 * @param periodic whether the window is to be repeated, so that the last weight is left out. Default true
 * @throws RuntimeError for a negative length, and for integer dtypes
 * @see https://pytorch.org/docs/stable/generated/torch.bartlett_window.html
 */
export function bartlettWindow<const N extends number, D extends DType = "float32">(
  windowLength: N,
  periodic = true,
  options: CreateOptions<D> = {},
): Tensor<Length<N>, D> {
  return build("bartlett_window", windowLength, periodic, options, (t) => 1 - Math.abs(2 * t - 1));
}

/** `0.5 - 0.5 cos(2 pi t)`. Arguments as of {@link bartlettWindow}. */
export function hannWindow<const N extends number, D extends DType = "float32">(
  windowLength: N,
  periodic = true,
  options: CreateOptions<D> = {},
): Tensor<Length<N>, D> {
  return build("hann_window", windowLength, periodic, options, (t) => 0.5 - 0.5 * cosine(t));
}

/** `alpha - beta cos(2 pi t)`. Arguments as of {@link bartlettWindow}; options: `alpha`, default 0.54, `beta`, default 0.46. */
export function hammingWindow<const N extends number, D extends DType = "float32">(
  windowLength: N,
  periodic = true,
  options: CreateOptions<D> & { readonly alpha?: number; readonly beta?: number } = {},
): Tensor<Length<N>, D> {
  const { alpha = 0.54, beta = 0.46 } = options;
  return build("hamming_window", windowLength, periodic, options, (t) => alpha - beta * cosine(t));
}

/** `0.42 - 0.5 cos(2 pi t) + 0.08 cos(4 pi t)`. Arguments as of {@link bartlettWindow}. */
export function blackmanWindow<const N extends number, D extends DType = "float32">(
  windowLength: N,
  periodic = true,
  options: CreateOptions<D> = {},
): Tensor<Length<N>, D> {
  return build(
    "blackman_window",
    windowLength,
    periodic,
    options,
    (t) => 0.42 - 0.5 * cosine(t) + 0.08 * cosine(2 * t),
  );
}

/** The modified Bessel function of the first kind and order 0, by its power series: all terms are positive. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** `I0(beta sqrt(1 - (2 t - 1)^2)) / I0(beta)`. Arguments as of {@link bartlettWindow}; options: `beta`, default 12. */
export function kaiserWindow<const N extends number, D extends DType = "float32">(
  windowLength: N,
  periodic = true,
  options: CreateOptions<D> & { readonly beta?: number } = {},
): Tensor<Length<N>, D> {
  const { beta = 12 } = options;
  const whole = besselI0(beta);
  return build(
    "kaiser_window",
    windowLength,
    periodic,
    options,
    (t) => besselI0(beta * Math.sqrt(Math.max(0, 1 - (2 * t - 1) ** 2))) / whole,
  );
}
