// Inverse transforms to real results, of real input: irfft, hfft and their forms in more dimensions.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/fft.html

import { getDefaultDType, isFloat } from "../../base/dtype.ts";
import { RuntimeError, showShape } from "../../base/errors.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { FftnOp, FftOp } from "../signatures.ts";
import { cosineTransform, mirrored, resized } from "./transform.ts";

interface NormOptions {
  readonly norm?: "backward" | "ortho" | "forward" | null;
}

/** The factor of a transform over `count` points; `plain` is the mode that has none. */
function factorOf(norm: string | null | undefined, count: number, plain: "backward" | "forward"): number {
  const mode = norm ?? "backward";
  if (mode === "ortho") return 1 / Math.sqrt(count);
  if (mode !== "backward" && mode !== "forward")
    throw new RuntimeError(
      `fft: Invalid normalization mode: "${mode}", expected "backward", "ortho" or "forward"`,
    );
  return mode === plain ? 1 : 1 / count;
}

/**
 * Dimensions from 0, the last of which is half of the spectrum, and the sizes of the result along them. A size of -1 is
 * the default, unless it is the only one there may be.
 */
function plan(
  x: AnyTensor,
  s: readonly number[] | number | null | undefined,
  dim: readonly number[] | number | null | undefined,
  name: string,
  single: boolean,
): [dims: number[], sizes: number[]] {
  const list = (v: readonly number[] | number | null | undefined): readonly number[] | null =>
    typeof v === "number" ? [v] : (v ?? null);
  const [given, wanted] = [list(dim)?.map((d) => normalizeDim(d, x.ndim, name)) ?? null, list(s)];
  if (given && wanted && given.length !== wanted.length)
    throw new RuntimeError(
      `${name}: When given, dim and shape arguments must have the same length, but got ${showShape(given)} and ${showShape(wanted)}`,
    );
  if (!given && wanted && wanted.length > x.ndim)
    throw new RuntimeError(
      `${name}: Got shape with ${wanted.length} values but input tensor only has ${x.ndim} dimensions.`,
    );
  const count = wanted?.length ?? x.ndim;
  const dims = given ?? Array.from({ length: count }, (_, i) => x.ndim - count + i);
  if (new Set(dims).size !== dims.length) throw new RuntimeError(`${name}: FFT dims must be unique`);
  if (dims.length === 0) throw new RuntimeError(`${name} must transform at least one axis`);
  const sizes = dims.map((d, i) => {
    const size = x.shape[d] ?? 0;
    const asked = wanted?.[i] ?? -1;
    return asked !== -1 || (single && wanted) ? asked : i === dims.length - 1 ? 2 * (size - 1) : size;
  });
  for (const n of sizes)
    if (!(Number.isInteger(n) && n >= 1))
      throw new RuntimeError(`${name}: Invalid number of data points (${n}) specified`);
  return [dims, sizes];
}

/**
 * Real input stands for a spectrum without imaginary part; the half that is given along the last of `dims` stands for
 * its mirror image as well. Such a spectrum has the same real part of its transform in both directions.
 */
function transform(
  input: AnyTensor,
  s: readonly number[] | number | null | undefined,
  dim: readonly number[] | number | null | undefined,
  options: NormOptions,
  plain: "backward" | "forward",
  name: string,
  single = false,
): AnyTensor {
  let x = isFloat(input.dtype) ? input : input.to(getDefaultDType());
  const [dims, sizes] = plan(x, s, dim, name, single);
  const factor = factorOf(
    options.norm,
    sizes.reduce((p, n) => p * n, 1),
    plain,
  );
  const last = dims.length - 1;
  dims.forEach((d, i) => {
    x = resized(x, d, i === last ? Math.floor(sizes[i]! / 2) + 1 : sizes[i]!);
  });
  const [d, n] = [dims[last]!, sizes[last]!];
  const whole = resized(x.mul(mirrored(n, x, x.ndim - 1 - d)), d, n);
  const y = cosineTransform(whole, dims);
  return factor === 1 ? y : y.mul(factor);
}

type Sizes = readonly number[] | null;

/**
 * The inverse of the Fourier transform of a real signal, from the n / 2 + 1 terms of half its spectrum.
 *
 * @param n length of the result, default 2 (size - 1); the input is cut or filled with zeros to fit
 * @param dim default -1
 * @param options `norm`: "backward" (default) divides by n, "ortho" by its root, "forward" does not
 * @throws RuntimeError for n < 1
 *
 * Differs from PyTorch: there are no complex numbers, so that the input is a spectrum without imaginary part.
 * @see https://pytorch.org/docs/stable/generated/torch.fft.irfft.html
 */
export const irfft: FftOp = composite(
  (x: AnyTensor, n?: number | null, dim = -1, options: NormOptions = {}) =>
    transform(x, n, dim, options, "forward", "irfft", true),
);

/** {@link irfft} over two dimensions, by default the last two. */
export const irfft2: FftnOp = composite(
  (x: AnyTensor, s?: Sizes, dim: readonly number[] | number = [-2, -1], options: NormOptions = {}) =>
    transform(x, s, dim, options, "forward", "irfft2"),
);

/**
 * {@link irfft} over several dimensions, the last of which holds half of the spectrum.
 * @param s sizes of the result along `dim`; -1 for the default
 * @param dim default the last `s.length` dimensions, or all
 */
export const irfftn: FftnOp = composite(
  (x: AnyTensor, s?: Sizes, dim?: readonly number[] | number | null, options: NormOptions = {}) =>
    transform(x, s, dim, options, "forward", "irfftn"),
);

/**
 * The Fourier transform of a signal that mirrors itself (x[-k] = conj x[k]), of which n / 2 + 1 terms are given: real.
 * Arguments as of {@link irfft}, but for the factor: "backward" (default) has none, "ortho" divides by the root of n,
 * "forward" by n.
 * @see https://pytorch.org/docs/stable/generated/torch.fft.hfft.html
 */
export const hfft: FftOp = composite((x: AnyTensor, n?: number | null, dim = -1, options: NormOptions = {}) =>
  transform(x, n, dim, options, "backward", "hfft", true),
);

/** {@link hfft} over two dimensions, by default the last two. */
export const hfft2: FftnOp = composite(
  (x: AnyTensor, s?: Sizes, dim: readonly number[] | number = [-2, -1], options: NormOptions = {}) =>
    transform(x, s, dim, options, "backward", "hfft2"),
);

/** {@link hfft} over several dimensions; arguments as of {@link irfftn}. */
export const hfftn: FftnOp = composite(
  (x: AnyTensor, s?: Sizes, dim?: readonly number[] | number | null, options: NormOptions = {}) =>
    transform(x, s, dim, options, "backward", "hfftn"),
);
