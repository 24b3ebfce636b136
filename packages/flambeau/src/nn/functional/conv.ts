// Convolutions of 1 to 3 spatial dimensions and their adjoints, as products with the input's windows.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Convolution.cpp

import { RuntimeError, ShapeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { contiguousStrides, numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { pad } from "./padding.ts";

/** One number for all spatial dimensions, or one for each. */
export type Sizes = number | readonly number[];

export interface ConvOptions {
  /** Steps of the kernel. Default 1. */
  readonly stride?: Sizes;
  /** Zeros added to both sides; "same" keeps the size, "valid" adds none. Default 0. */
  readonly padding?: Sizes | "same" | "valid";
  /** Distance between elements of the kernel. Default 1. */
  readonly dilation?: Sizes;
  /** Into how many groups channels are split. Default 1. */
  readonly groups?: number;
}
export interface ConvTransposeOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  /** Added to the size of the output, on one side. Default 0. */
  readonly outputPadding?: Sizes;
  readonly groups?: number;
  readonly dilation?: Sizes;
}

/** A size for each of n dimensions. @throws RuntimeError for another number of sizes. */
export function expandSizes(v: Sizes, n: number, name: string): readonly number[] {
  if (typeof v === "number") return new Array<number>(n).fill(v);
  if (v.length === 1) return new Array<number>(n).fill(v[0]!);
  if (v.length !== n)
    throw new RuntimeError(
      `expected ${name} to be a single integer value or a list of ${n} values to match the convolution dimensions, but got ${name}=${showShape(v)}`,
    );
  return v;
}

/** The input as a batch, and how to take the batch dimension off the result again. */
function batched(x: AnyTensor, n: number, name: string): [AnyTensor, (y: AnyTensor) => AnyTensor] {
  if (x.ndim === n + 2) return [x, (y) => y];
  if (x.ndim !== n + 1)
    throw new RuntimeError(
      `Expected ${n + 1}D (unbatched) or ${n + 2}D (batched) input to ${name}, but got input of size: ${showShape(x.shape)}`,
    );
  return [x.unsqueeze(0), (y) => y.squeeze(0)];
}

const addBias = (y: AnyTensor, bias: AnyTensor | null | undefined, n: number): AnyTensor =>
  bias ? y.add(bias.reshape([-1, ...new Array<number>(n).fill(1)])) : y;

/** Pairs of paddings per dimension, first to last. */
function paddingPairs(
  padding: Sizes | "same" | "valid",
  kernel: Shape,
  stride: Shape,
  dilation: Shape,
): [number, number][] {
  if (padding === "same") {
    if (stride.some((s) => s !== 1))
      throw new RuntimeError("padding='same' is not supported for strided convolutions");
    return kernel.map((k, i) => {
      const total = dilation[i]! * (k - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  if (padding === "valid") return kernel.map(() => [0, 0]);
  if (typeof padding === "string")
    throw new ValueError(`Invalid padding string '${String(padding)}', should be one of {'same', 'valid'}`);
  return expandSizes(padding, kernel.length, "padding").map((p) => [p, p]);
}
/** The same as the list that {@link pad} takes. */
export const reversedPairs = (pairs: readonly (readonly [number, number])[]): number[] =>
  pairs.toReversed().flat();

function convolution(
  n: number,
  input: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null | undefined,
  options: ConvOptions,
): AnyTensor {
  const name = `conv${n}d`;
  const { groups = 1 } = options;
  const stride = expandSizes(options.stride ?? 1, n, "stride");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation");
  const [x, unbatched] = batched(input, n, name);
  const [out, perGroup, ...kernel] = weight.shape as [number, number, ...number[]];
  if (kernel.length !== n)
    throw new RuntimeError(
      `${name}: expected a weight of ${n + 2} dimensions, but got ${showShape(weight.shape)}`,
    );
  if (x.shape[1] !== perGroup * groups)
    throw new ShapeError(
      name,
      [input.shape, weight.shape],
      `Given groups=${groups}, weight of size ${showShape(weight.shape)}, expected input${showShape(input.shape)} to have ` +
        `${perGroup * groups} channels, but got ${x.shape[1]} channels instead`,
    );
  if (out % groups !== 0)
    throw new RuntimeError(
      `Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of size ${showShape(weight.shape)} instead`,
    );
  const padded = pad(x, reversedPairs(paddingPairs(options.padding ?? 0, kernel, stride, dilation)));
  const spatial = (padded.shape as Shape).slice(2);
  const sizes = kernel.map((k, i) => Math.floor((spatial[i]! - dilation[i]! * (k - 1) - 1) / stride[i]!) + 1);
  if (kernel.some((k, i) => dilation[i]! * (k - 1) + 1 > spatial[i]!))
    throw new RuntimeError(
      `Calculated padded input size per channel: (${spatial.join(" x ")}). Kernel size: (${kernel.map((k, i) => dilation[i]! * (k - 1) + 1).join(" x ")}). ` +
        "Kernel size can't be greater than actual input size",
    );
  const columns = windows(padded.contiguous(), groups, kernel, sizes, stride, dilation);
  const batch: number = x.shape[0];
  const matrix = columns.reshape([batch, groups, perGroup * numel(kernel), numel(sizes)]);
  const y = weight.reshape([groups, out / groups, -1]).matmul(matrix);
  return unbatched(addBias(y.reshape([batch, out, ...sizes]), bias, n));
}

/** @internal Windows of a contiguous x: [N, groups, C / groups, kernel..., sizes...], a view. */
export function windows(
  x: AnyTensor,
  groups: number,
  kernel: Shape,
  sizes: Shape,
  stride: Shape,
  dilation: Shape,
): AnyTensor {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const steps = contiguousStrides([batch, channels, ...spatial]);
  const inner = steps.slice(2);
  return x.asStrided(
    [batch, groups, channels / groups, ...kernel, ...sizes],
    [
      steps[0]!,
      (channels / groups) * steps[1]!,
      steps[1]!,
      ...inner.map((s, i) => s * dilation[i]!),
      ...inner.map((s, i) => s * stride[i]!),
    ],
  );
}

function transposed(
  n: number,
  input: AnyTensor,
  weight: AnyTensor,
  bias: AnyTensor | null | undefined,
  options: ConvTransposeOptions,
): AnyTensor {
  const name = `conv_transpose${n}d`;
  const { groups = 1 } = options;
  const stride = expandSizes(options.stride ?? 1, n, "stride");
  const padding = expandSizes(options.padding ?? 0, n, "padding");
  const extra = expandSizes(options.outputPadding ?? 0, n, "output_padding");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation");
  const [x, unbatched] = batched(input, n, name);
  const [channels, perGroup, ...kernel] = weight.shape as [number, number, ...number[]];
  if (x.shape[1] !== channels)
    throw new ShapeError(
      name,
      [input.shape, weight.shape],
      `Given transposed=1, weight of size ${showShape(weight.shape)}, expected input${showShape(input.shape)} to have ${channels} channels, but got ${x.shape[1]} channels instead`,
    );
  extra.forEach((p, i) => {
    if (p >= stride[i]! && p >= dilation[i]!)
      throw new RuntimeError(
        `output padding must be smaller than either stride or dilation, but got output_padding ${showShape(extra)}, stride ${showShape(stride)}, dilation ${showShape(dilation)}`,
      );
  });
  const batch: number = x.shape[0];
  const sizes = (x.shape as Shape).slice(2);
  // Every input element puts the kernel, times itself, into the output at its place.
  const matrix = weight
    .reshape([groups, channels / groups, -1])
    .transpose(1, 2)
    .matmul(x.reshape([batch, groups, channels / groups, -1]));
  const columns = matrix.reshape([batch, groups, perGroup, ...kernel, ...sizes]);
  const full = sizes.map((m, i) => (m - 1) * stride[i]! + dilation[i]! * (kernel[i]! - 1) + 1 + extra[i]!);
  const shape = [batch, groups * perGroup, ...full];
  const steps = contiguousStrides(shape);
  const inner = steps.slice(2);
  let y: AnyTensor = columns.asStridedScatterAdd(
    shape,
    steps,
    [
      steps[0]!,
      perGroup * steps[1]!,
      steps[1]!,
      ...inner.map((s, i) => s * dilation[i]!),
      ...inner.map((s, i) => s * stride[i]!),
    ],
    0,
  );
  padding.forEach((p, i) => {
    const size = full[i]! - 2 * p;
    if (size <= 0)
      throw new RuntimeError(
        `Given input size per channel: (${sizes.join(" x ")}). Calculated output size per channel: (${full.map((f, k) => f - 2 * padding[k]!).join(" x ")}). Output size is too small`,
      );
    if (p > 0) y = y.narrow(i + 2, p, size);
  });
  return unbatched(addBias(y, bias, n));
}

type Bias = AnyTensor | null;

/**
 * The cross-correlation of a signal with kernels: out[o, t] = bias[o] + sum_{c, k} weight[o, c, k] x[c, stride t + dilation k].
 *
 * **Shape** input [N, C, L] or [C, L], weight [O, C / groups, K], bias [O].
 * @throws ShapeError if the channels do not fit, RuntimeError if the kernel is larger than the padded input.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export const conv1d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvOptions = {},
): AnyTensor => convolution(1, x, weight, bias, options);
/** {@link conv1d} of images: input [N, C, H, W], weight [O, C / groups, KH, KW]. */
export const conv2d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvOptions = {},
): AnyTensor => convolution(2, x, weight, bias, options);
/** {@link conv1d} of volumes: input [N, C, D, H, W], weight [O, C / groups, KD, KH, KW]. */
export const conv3d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvOptions = {},
): AnyTensor => convolution(3, x, weight, bias, options);

/**
 * The adjoint of {@link conv1d} with the same weight; from L places it makes
 * (L - 1) stride - 2 padding + dilation (K - 1) + outputPadding + 1.
 *
 * **Shape** input [N, C, L] or [C, L], weight [C, O / groups, K], bias [O].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export const convTranspose1d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvTransposeOptions = {},
): AnyTensor => transposed(1, x, weight, bias, options);
/** The adjoint of {@link conv2d}. */
export const convTranspose2d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvTransposeOptions = {},
): AnyTensor => transposed(2, x, weight, bias, options);
/** The adjoint of {@link conv3d}. */
export const convTranspose3d = (
  x: AnyTensor,
  weight: AnyTensor,
  bias: Bias = null,
  options: ConvTransposeOptions = {},
): AnyTensor => transposed(3, x, weight, bias, options);
