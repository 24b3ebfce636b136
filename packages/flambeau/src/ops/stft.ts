// Short-time Fourier transforms: spectra of overlapping frames of a signal, and the signal of such spectra.
// Floor L4 (ops). Source: https://pytorch.org/docs/1.13/generated/torch.stft.html

import { isFloat } from "../base/dtype.ts";
import { DTypeError, NotImplementedError, RuntimeError, showShape } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { mirrored, pairTransform, resized } from "./fft/transform.ts";
import { cat, stack } from "./join.ts";
import type { IstftOptions, OpFn, StftOptions } from "./signatures.ts";

const places: Readonly<Record<string, (i: number, n: number) => number>> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};

/** The signal in the last dimension, continued by `by` samples on both sides. */
function continued(x: AnyTensor, by: number, mode: string): AnyTensor {
  const n = x.shape[x.ndim - 1]!;
  if (mode === "constant") {
    const zeros = x.newZeros([...x.shape.slice(0, -1), by]);
    return cat([zeros, x, zeros], -1);
  }
  const place = places[mode];
  if (!place) throw new NotImplementedError(`stft: Unrecognised padding mode ${mode}`);
  if (mode === "reflect" ? by >= n : by > n)
    throw new RuntimeError(
      `stft: Padding size should be less than the corresponding input dimension, but got: padding (${by}, ${by}) for a signal of ${n} samples`,
    );
  const index = Int32Array.from({ length: n + 2 * by }, (_, i) => place(i - by, n));
  return x.indexSelect(-1, fresh(index, [index.length], "int32"));
}

/** Checks what both directions take, and gives the window in the length of a frame; null for one of ones. */
function windowOf(
  x: AnyTensor,
  nFft: number,
  winLength: number,
  window: AnyTensor | null | undefined,
  name: string,
): AnyTensor | null {
  if (!(winLength > 0 && winLength <= nFft))
    throw new RuntimeError(`${name}: expected 0 < win_length <= n_fft, but got win_length=${winLength}`);
  if (window && (window.ndim !== 1 || window.length !== winLength))
    throw new RuntimeError(
      `${name}: expected a 1D window tensor of size equal to win_length=${winLength}, but got window with size ${showShape(window.shape)}`,
    );
  if (winLength === nFft) return window ?? null;
  const left = Math.floor((nFft - winLength) / 2);
  const zeros = (n: number): AnyTensor => x.newZeros([n]);
  const part = window ?? x.newOnes([winLength]);
  return cat([zeros(left), part, zeros(nFft - winLength - left)]);
}

/**
 * Spectra of frames of `nFft` samples each, `hopLength` apart.
 *
 * **Shape** [samples] or [batch, samples] gives [frequencies, frames, 2] with the batch before it; the last dimension
 * holds real and imaginary parts.
 * @param options `hopLength`: default nFft / 4; `winLength`: default nFft; `window`: 1-d, what frames are multiplied
 * with; `center`: whether frame i is centred at i * hopLength, the signal being continued by `padMode` ("reflect",
 * "constant", "replicate" or "circular"), default true; `normalized`: whether to divide by the root of nFft, default
 * false; `onesided`: whether to leave out the mirrored half of the frequencies, default true
 * @throws RuntimeError for lengths that do not fit
 *
 * Differs from PyTorch: there are no complex numbers, so that `returnComplex` cannot be true.
 * @see https://pytorch.org/docs/1.13/generated/torch.stft.html
 */
export const stft: OpFn<[nFft: number, options?: StftOptions]> = composite(
  (input: AnyTensor, nFft: number, options: StftOptions = {}) => {
    const {
      hopLength,
      winLength,
      window,
      center = true,
      padMode = "reflect",
      normalized,
      onesided,
      returnComplex,
    } = options;
    if (returnComplex)
      throw new NotImplementedError("stft: there are no complex tensors; leave out returnComplex");
    if (!isFloat(input.dtype))
      throw new DTypeError(
        "stft",
        `stft: expected a tensor of floating point values, but got ${input.dtype}`,
      );
    if (input.ndim < 1 || input.ndim > 2)
      throw new RuntimeError(
        `stft: expected a 1D or 2D tensor, but got one of shape ${showShape(input.shape)}`,
      );
    const x = center ? continued(input, Math.floor(nFft / 2), padMode) : input;
    const samples = x.shape[x.ndim - 1]!;
    if (!(nFft > 0 && nFft <= samples))
      throw new RuntimeError(`stft: expected 0 < n_fft < ${samples}, but got n_fft=${nFft}`);
    const hop = hopLength ?? Math.floor(nFft / 4);
    if (!(hop > 0)) throw new RuntimeError(`stft: expected hop_length > 0, but got hop_length=${hop}`);
    const weights = windowOf(x, nFft, winLength ?? nFft, window, "stft");
    const frames = 1 + Math.floor((samples - nFft) / hop);
    const rows = (x.ndim === 1 ? x.unsqueeze(0) : x).contiguous();
    const pieces = rows.asStrided(
      [rows.shape[0]!, frames, nFft],
      [rows.strides[0]!, hop * rows.strides[1]!, rows.strides[1]!],
    );
    const framed = weights ? pieces.mul(weights) : pieces;
    const whole = pairTransform(stack([framed, framed.zerosLike()], -1), 2, false);
    const half = onesided === false ? whole : whole.narrow(2, 0, Math.floor(nFft / 2) + 1);
    const scaled = normalized ? half.div(Math.sqrt(nFft)) : half;
    const spectra = scaled.transpose(1, 2);
    return x.ndim === 1 ? spectra.squeeze(0) : spectra;
  },
);

/** Frames [batch, frames, n] laid over one another, `hop` apart, and summed. */
const overlapped = (frames: AnyTensor, hop: number): AnyTensor => {
  const [batch, count, n] = frames.shape as [number, number, number];
  const length = n + hop * (count - 1);
  return frames.contiguous().asStridedScatterAdd([batch, length], [length, 1], [length, hop, 1], 0);
};

/**
 * The signal whose frames have given spectra: undoes {@link stft}, by least squares where frames disagree.
 *
 * **Shape** [frequencies, frames, 2] gives [samples]; a batch may stand before both.
 * @param options those of {@link stft}; `onesided`: default whether there are fewer frequencies than nFft; `length`: of
 * the signal, which is cut or filled with zeros
 * @throws RuntimeError for lengths that do not fit, and where the overlapping windows leave a sample without weight
 * @see https://pytorch.org/docs/1.13/generated/torch.istft.html
 */
export const istft: OpFn<[nFft: number, options?: IstftOptions]> = composite(
  (input: AnyTensor, nFft: number, options: IstftOptions = {}) => {
    const { hopLength, winLength, window, center = true, normalized, length, returnComplex } = options;
    if (returnComplex)
      throw new NotImplementedError("istft: there are no complex tensors; leave out returnComplex");
    if (input.numel() === 0) throw new RuntimeError("istft: input tensor cannot be empty.");
    if (!isFloat(input.dtype))
      throw new DTypeError(
        "istft",
        `istft: expected a tensor of floating point values, but got ${input.dtype}`,
      );
    if (input.ndim !== 3 && input.ndim !== 4) {
      normalizeDim(-3, input.ndim, "istft");
      throw new RuntimeError(`istft: expected a tensor with 3 or 4 dimensions, but got ${input.ndim}`);
    }
    if (input.shape[input.ndim - 1] !== 2)
      throw new RuntimeError(
        `istft: expected the last dimension to hold real and imaginary parts, but the shape is ${showShape(input.shape)}`,
      );
    const batched = input.ndim === 4 ? input : input.unsqueeze(0);
    const frequencies = batched.shape[1]!;
    const onesided = options.onesided ?? frequencies !== nFft;
    const half = Math.floor(nFft / 2) + 1;
    if (frequencies !== (onesided ? half : nFft))
      throw new RuntimeError(
        "istft: expected the frequency dimension (3rd to the last) of the input tensor to match " +
          `${onesided ? "n_fft / 2 + 1 when onesided=true" : "n_fft when onesided=false"}, but got ${frequencies}`,
      );
    const hop = hopLength ?? Math.floor(nFft / 4);
    const wide = winLength ?? nFft;
    if (!(hop > 0 && hop <= wide))
      throw new RuntimeError(`istft: expected 0 < hop_length <= win_length, but got hop_length=${hop}`);
    const weights = windowOf(input, nFft, wide, window, "istft") ?? input.newOnes([nFft]);

    const spectra = batched.transpose(1, 2).narrow(2, 0, half);
    const whole = resized(spectra.mul(mirrored(nFft, spectra, 1)), 2, nFft);
    const signal = pairTransform(whole, 2, true).select(-1, 0);
    const frames = signal.mul(weights).div(normalized ? Math.sqrt(nFft) : nFft);
    const sum = overlapped(frames, hop);
    const envelope = overlapped(weights.square().expand([1, frames.shape[1]!, nFft]), hop);

    const total = sum.shape[1]!;
    const start = center ? Math.floor(nFft / 2) : 0;
    const wanted = length ?? null;
    const end = wanted !== null ? start + wanted : center ? total - start : total;
    if (end <= start)
      throw new RuntimeError(
        `istft: expected a signal of at least one sample, but its length is ${end - start}`,
      );
    const cover = envelope.sliceDim(1, start, end);
    const checkLeast = ([least]: ArrayLike<number | bigint> & Iterable<number | bigint>): void => {
      if (Number(least) < 1e-11) throw new RuntimeError(`istft: window overlap add min: ${least}`);
    };
    const least: AnyTensor = cover.abs().amin();
    if (recorder === null) checkLeast([least.item() as number]);
    else recorder.check("istft", least, checkLeast);
    const y = resized(sum.sliceDim(1, start, end).div(cover), 1, end - start);
    return input.ndim === 4 ? y : y.squeeze(0);
  },
);
