// The dropout family: elements, or whole channels, set to zero at random.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Dropout.cpp

import type { DType } from "../../base/dtype.ts";
import { dtypes, isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Generator } from "../../base/generator.ts";
import { defaultGenerator } from "../../base/generator.ts";
import type { FloatArray } from "../../base/random/index.ts";
import { fillAlphaDropout, fillDropout } from "../../base/random/index.ts";
import type { SameFn } from "../../ops/signatures.ts";
import { drawInto, recorder } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { warnOnce } from "./warn.ts";

/** Options of the dropout family. */
export interface DropoutOptions {
  /** Without it the input comes back as it is. Default true. */
  readonly training?: boolean;
  /** Default false. */
  readonly inplace?: boolean;
  /** Where the draws come from; default the generator that `torch.manualSeed` seeds. */
  readonly generator?: Generator;
}

type DropoutFn = SameFn<[p?: number, options?: DropoutOptions]>;

/** Noise of a shape that broadcasts against x. */
function noiseFor(x: AnyTensor, channels: boolean): AnyTensor {
  if (channels && x.ndim < 2)
    throw new RuntimeError(
      `Feature dropout requires at least 2 dimensions in the input, got ${showShape(x.shape)}`,
    );
  return x.newZeros(channels ? x.shape.map((n: number, i: number) => (i < 2 ? n : 1)) : x.shape);
}
const dataOf = (x: AnyTensor): FloatArray => x.storage.data as FloatArray;

function checkP(p: number): void {
  if (!(p >= 0 && p <= 1))
    throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

/** Integers can be set to 0, but not scaled. */
function checkFloat(x: AnyTensor, p: number): void {
  if (p !== 1 && !isFloat(x.dtype))
    throw new DTypeError(
      "dropout",
      `dropout: result type Float can't be cast to the desired output type ${dtypes[x.dtype as DType].scalarName}`,
    );
}

/** The module `DropoutNd` and the functions share this; what is to be dropped together is a dimension of `noise` of extent 1. */
function drop(x: AnyTensor, p: number, channels: boolean, options: DropoutOptions): AnyTensor {
  const { training = true, inplace = false, generator = defaultGenerator } = options;
  checkP(p);
  if (!training || p === 0 || x.numel() === 0) return x;
  checkFloat(x, p);
  const noise = noiseFor(x, channels);
  drawInto("dropout", noise.storage.data, 0, noise.numel(), (out) =>
    fillDropout(out as FloatArray, p, generator),
  );
  return inplace ? x.mul_(noise) : x.mul(noise);
}

/**
 * Sets elements to 0 with probability p, and multiplies the others by 1 / (1 - p).
 * @param p default 0.5
 * @throws ValueError unless 0 <= p <= 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 */
export const dropout: DropoutFn = (x: AnyTensor, p = 0.5, options: DropoutOptions = {}): AnyTensor =>
  drop(x, p, false, options);

/** Sets whole channels of [N, C, L] or [C, L] to 0. */
export const dropout1d: DropoutFn = (x: AnyTensor, p = 0.5, options: DropoutOptions = {}): AnyTensor =>
  dropChannels(x, p, 1, options);
/** Sets whole channels of [N, C, H, W] to 0. */
export const dropout2d: DropoutFn = (x: AnyTensor, p = 0.5, options: DropoutOptions = {}): AnyTensor =>
  dropChannels(x, p, 2, options);
/** Sets whole channels of [N, C, D, H, W] or [C, D, H, W] to 0. */
export const dropout3d: DropoutFn = (x: AnyTensor, p = 0.5, options: DropoutOptions = {}): AnyTensor =>
  dropChannels(x, p, 3, options);

function dropChannels(x: AnyTensor, p: number, spatial: 1 | 2 | 3, options: DropoutOptions): AnyTensor {
  checkP(p);
  const expected = [spatial + 1, spatial + 2];
  if (spatial === 1 && !expected.includes(x.ndim))
    throw new RuntimeError(
      `dropout1d: Expected 2D or 3D input, but received a ${x.ndim}D input. Note that dropout1d exists to provide channel-wise dropout ` +
        "on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).",
    );
  if (!expected.includes(x.ndim))
    warnOnce(
      `dropout${spatial}d: Received a ${x.ndim}-D input to dropout${spatial}d, which is deprecated and will result in an error in a future release.`,
    );
  // dropout2d takes [N, C, L] for a batch of signals, as PyTorch 1.13 does.
  const batched = spatial === 2 ? true : x.ndim === spatial + 2;
  if (batched) return drop(x, p, true, options);
  return drop(x.unsqueeze(0), p, true, options).squeeze(0);
}

/** Dropout that keeps mean 0 and variance 1 after SELU. @see https://arxiv.org/abs/1706.02515 */
export const alphaDropout: DropoutFn = (x: AnyTensor, p = 0.5, options: DropoutOptions = {}): AnyTensor =>
  alpha(x, p, false, { training: false, ...options });
/** {@link alphaDropout} of whole channels. */
export const featureAlphaDropout: DropoutFn = (
  x: AnyTensor,
  p = 0.5,
  options: DropoutOptions = {},
): AnyTensor => alpha(x, p, true, { training: false, ...options });

function alpha(x: AnyTensor, p: number, channels: boolean, options: DropoutOptions): AnyTensor {
  const { training = false, inplace = false, generator = defaultGenerator } = options;
  checkP(p);
  if (!training || p === 0 || x.numel() === 0) return x;
  checkFloat(x, p);
  const [scale, shift] = noGrad(() => alphaNoise(x, channels, p, generator));
  return inplace ? x.mul_(scale).add_(shift) : x.mul(scale).add(shift);
}

function alphaNoise(
  x: AnyTensor,
  channels: boolean,
  p: number,
  generator: Generator,
): readonly [scale: AnyTensor, shift: AnyTensor] {
  const [scale, shift] = [noiseFor(x, channels), noiseFor(x, channels)];
  if (recorder === null) {
    fillAlphaDropout(dataOf(scale), dataOf(shift), p, generator);
    return [scale, shift];
  }
  // One draw is one array there.
  const n: number = scale.numel();
  const both: AnyTensor = x.newZeros([2, ...scale.shape]);
  drawInto("alpha_dropout", both.storage.data, 0, 2 * n, (out) =>
    fillAlphaDropout((out as FloatArray).subarray(0, n), (out as FloatArray).subarray(n), p, generator),
  );
  return [both.select(0, 0), both.select(0, 1)];
}
