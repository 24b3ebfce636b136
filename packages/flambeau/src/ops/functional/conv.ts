// Convolutions of 1 to 3 spatial dimensions and their adjoints: checks, and what the kernels are told.
// Floor L4 (ops). Source: torch/nn/functional.py, ATen/native/Convolution.cpp

import type { DType } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite } from "../define.ts";
import type { ConvOp, ConvTransposeOp } from "../signatures.ts";
import { convolution, convolutionBack } from "./conv-core.ts";
import type { Sizes } from "./sizes.ts";
import { expandSizes } from "./sizes.ts";

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
  /** Distance at which inputs put the kernel. Default 1. */
  readonly stride?: Sizes;
  /** Places cut off on both sides. Default 0. */
  readonly padding?: Sizes;
  /** Added to the size of the output, on one side. Default 0. */
  readonly outputPadding?: Sizes;
  readonly groups?: number;
  readonly dilation?: Sizes;
}

const words: { readonly [D in DType]: string } = {
  float32: "float",
  float64: "double",
  int32: "int",
  int64: "long int",
  uint8: "unsigned char",
  bool: "bool",
};

type Bias = AnyTensor | null | undefined;

/** What the functions of both kinds check first; the input as a batch, and its shape in messages. */
function checked(
  name: string,
  n: number,
  input: AnyTensor,
  weight: AnyTensor,
  bias: Bias,
): { x: AnyTensor; unbatched: boolean } {
  if (input.ndim !== n + 1 && input.ndim !== n + 2)
    throw new RuntimeError(
      `Expected ${n + 1}D (unbatched) or ${n + 2}D (batched) input to ${name}, but got input of size: ${showShape(input.shape)}`,
    );
  for (const [other, what] of [
    [weight, "weight"],
    [bias, "bias"],
  ] as const)
    if (other && other.dtype !== input.dtype)
      throw new DTypeError(
        name,
        `${name}: Input type (${words[input.dtype as DType]}) and ${what} type (${words[other.dtype as DType]}) should be the same`,
      );
  if (input.dtype === "bool") throw new DTypeError(name, `${name}: not implemented for 'Bool'`);
  if (weight.ndim !== n + 2)
    throw new RuntimeError(
      `${name}: Expected ${n + 2}-dimensional weight, but got ${weight.ndim}-dimensional weight of size ${showShape(weight.shape)} instead`,
    );
  const unbatched = input.ndim === n + 1;
  return { x: unbatched ? input.unsqueeze(0) : input, unbatched };
}

function checkNumbers(
  stride: Shape,
  padding: Shape,
  dilation: Shape,
  groups: number,
  kernel: Shape,
  extra: Shape = [],
): void {
  for (const v of [...stride, ...padding, ...dilation, ...extra, groups])
    if (!Number.isInteger(v)) throw new RuntimeError(`convolution: expected integers, but got ${v}`);
  if (padding.some((p) => p < 0)) throw new RuntimeError("negative padding is not supported");
  if (extra.some((p) => p < 0)) throw new RuntimeError("negative output_padding is not supported");
  if (stride.some((s) => s <= 0)) throw new RuntimeError("non-positive stride is not supported");
  if (dilation.some((d) => d <= 0))
    throw new RuntimeError(`dilation should be greater than zero, but got ${showShape(dilation)}`);
  if (groups <= 0) throw new RuntimeError("non-positive groups is not supported");
  if (kernel.some((k) => k <= 0))
    throw new RuntimeError(`kernel size should be greater than zero, but got ${showShape(kernel)}`);
}

function checkGroups(groups: number, weight: AnyTensor): void {
  const [first] = weight.shape as [number];
  if (first < groups)
    throw new RuntimeError(
      `Given groups=${groups}, expected weight to be at least ${groups} at dimension 0, but got weight of size ${showShape(weight.shape)} instead`,
    );
  if (first % groups !== 0)
    throw new RuntimeError(
      `Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of size [${showShape(weight.shape)}] instead`,
    );
}

function checkBias(bias: Bias, channels: number, weight: AnyTensor, given: string): void {
  if (bias && (bias.ndim !== 1 || bias.shape[0] !== channels))
    throw new RuntimeError(
      `Given ${given}weight of size ${showShape(weight.shape)}, expected bias to be 1-dimensional with ${channels} elements, but got bias of size ${showShape(bias.shape)} instead`,
    );
}

/** Runs `compute`, by way of int32 for uint8, which the matrix product does not take. */
function computed(dtype: DType, tensors: readonly Bias[], compute: (...t: Bias[]) => AnyTensor): AnyTensor {
  if (dtype !== "uint8") return compute(...tensors);
  return compute(...tensors.map((t) => t?.to("int32"))).to("uint8");
}

const forward =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, weight: AnyTensor, bias?: Bias, options: ConvOptions = {}) =>
    convolve(n, x, weight, bias, options);

function convolve(
  n: 1 | 2 | 3,
  input: AnyTensor,
  weight: AnyTensor,
  bias: Bias,
  options: ConvOptions,
): AnyTensor {
  const name = `conv${n}d`;
  const { x, unbatched } = checked(name, n, input, weight, bias);
  const { groups = 1, padding: given = 0 } = options;
  const stride = expandSizes(options.stride ?? 1, n, "stride");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation");
  const kernel = (weight.shape as Shape).slice(2);
  if (typeof given === "string" && given !== "same" && given !== "valid")
    throw new RuntimeError(`Invalid padding string: '${String(given)}'`);
  if (given === "same" && stride.some((s) => s !== 1))
    throw new RuntimeError("padding='same' is not supported for strided convolutions");
  // The window's overhang in front, and in all.
  const padding =
    given === "same"
      ? kernel.map((k, i) => Math.floor((dilation[i]! * (k - 1)) / 2))
      : expandSizes(given === "valid" ? 0 : given, n, "padding");
  checkNumbers(stride, padding, dilation, groups, kernel);
  checkGroups(groups, weight);
  const channels = (weight.shape[1] as number) * groups;
  if (x.shape[1] !== channels)
    throw new ShapeError(
      name,
      [input.shape, weight.shape],
      `Given groups=${groups}, weight of size ${showShape(weight.shape)}, expected input${showShape(x.shape)} to have ` +
        `${channels} channels, but got ${x.shape[1]} channels instead`,
    );
  checkBias(bias, weight.shape[0] as number, weight, "");
  const spatial = (x.shape as Shape).slice(2);
  const reach = kernel.map((k, i) => dilation[i]! * (k - 1) + 1);
  const padded = spatial.map((l, i) => (given === "same" ? l + reach[i]! - 1 : l + 2 * padding[i]!));
  if (reach.some((r, i) => r > padded[i]!))
    throw new RuntimeError(
      `Calculated padded input size per channel: (${padded.join(" x ")}). Kernel size: (${reach.join(" x ")}). ` +
        "Kernel size can't be greater than actual input size",
    );
  const output = padded.map((l, i) => Math.floor((l - reach[i]!) / stride[i]!) + 1);
  const geometry = { groups, input: spatial, kernel, output, stride, dilation, padding };
  const y = computed(x.dtype, [x, weight, bias], (a, b, c) => convolution(a!, b!, c ?? null, geometry));
  return unbatched ? y.squeeze(0) : y;
}

const backward =
  (n: 1 | 2 | 3) =>
  (x: AnyTensor, weight: AnyTensor, bias?: Bias, options: ConvTransposeOptions = {}) =>
    transpose(n, x, weight, bias, options);

function transpose(
  n: 1 | 2 | 3,
  input: AnyTensor,
  weight: AnyTensor,
  bias: Bias,
  options: ConvTransposeOptions,
): AnyTensor {
  const name = `conv_transpose${n}d`;
  const { x, unbatched } = checked(name, n, input, weight, bias);
  const { groups = 1 } = options;
  const stride = expandSizes(options.stride ?? 1, n, "stride");
  const padding = expandSizes(options.padding ?? 0, n, "padding");
  const extra = expandSizes(options.outputPadding ?? 0, n, "output_padding");
  const dilation = expandSizes(options.dilation ?? 1, n, "dilation");
  const kernel = (weight.shape as Shape).slice(2);
  checkNumbers(stride, padding, dilation, groups, kernel, extra);
  checkGroups(groups, weight);
  if (x.shape[1] !== weight.shape[0])
    throw new ShapeError(
      name,
      [input.shape, weight.shape],
      `Given transposed=1, weight of size ${showShape(weight.shape)}, expected input${showShape(x.shape)} to have ` +
        `${weight.shape[0]} channels, but got ${x.shape[1]} channels instead`,
    );
  checkBias(bias, (weight.shape[1] as number) * groups, weight, "transposed=1, ");
  if (extra.some((p, i) => p >= stride[i]! && p >= dilation[i]!))
    throw new RuntimeError(
      `output padding must be smaller than either stride or dilation, but got output_padding ${showShape(extra)}, stride ${showShape(stride)}, dilation ${showShape(dilation)}`,
    );
  const output = (x.shape as Shape).slice(2);
  const sizes = output.map(
    (m, i) => (m - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (kernel[i]! - 1) + extra[i]! + 1,
  );
  if (sizes.some((l) => l <= 0))
    throw new RuntimeError(
      `Given input size per channel: (${output.join(" x ")}). Calculated output size per channel: (${sizes.join(" x ")}). Output size is too small`,
    );
  const geometry = { groups, input: sizes, kernel, output, stride, dilation, padding };
  const y = computed(x.dtype, [x, weight, bias], (a, b, c) => convolutionBack(a!, b!, c ?? null, geometry));
  return unbatched ? y.squeeze(0) : y;
}

/**
 * The cross-correlation of a signal with kernels: out[o, t] = bias[o] + sum_{c, k} weight[o, c, k] x[c, stride t + dilation k].
 *
 * **Shape** input [N, C, L] or [C, L], weight [O, C / groups, K], bias [O].
 * @throws ShapeError if the channels do not fit, RuntimeError if the kernel is larger than the padded input.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export const conv1d: ConvOp<1> = composite(forward(1), { method: false });
/** {@link conv1d} of images: input [N, C, H, W], weight [O, C / groups, KH, KW]. */
export const conv2d: ConvOp<2> = composite(forward(2), { method: false });
/** {@link conv1d} of volumes: input [N, C, D, H, W], weight [O, C / groups, KD, KH, KW]. */
export const conv3d: ConvOp<3> = composite(forward(3), { method: false });

/**
 * The adjoint of {@link conv1d} with the same weight; from L places it makes
 * (L - 1) stride - 2 padding + dilation (K - 1) + outputPadding + 1.
 *
 * **Shape** input [N, C, L] or [C, L], weight [C, O / groups, K], bias [O].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export const convTranspose1d: ConvTransposeOp<1> = composite(backward(1), { method: false });
/** The adjoint of {@link conv2d}. */
export const convTranspose2d: ConvTransposeOp<2> = composite(backward(2), { method: false });
/** The adjoint of {@link conv3d}. */
export const convTranspose3d: ConvTransposeOp<3> = composite(backward(3), { method: false });
