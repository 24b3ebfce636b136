// Losses of elements against elements: squared, absolute and mixed errors, and the divergence of Kullback and Leibler.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Loss.cpp

import { showShape, ValueError } from "../../base/errors.ts";
import { sameShape } from "../../base/shape.ts";
import { where } from "../../ops/select.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { warnOnce } from "./warn.ts";

/** What a loss does with the losses of the elements: nothing, their mean, their sum. */
export type ReductionMode = "none" | "mean" | "sum";

/** Reduces the losses of elements. @throws ValueError for another mode. */
export function reduced(loss: AnyTensor, mode: ReductionMode): AnyTensor {
  if (mode === "mean") return loss.mean();
  if (mode === "sum") return loss.sum();
  if (mode === "none") return loss;
  throw new ValueError(`${String(mode)} is not a valid value for reduction`);
}

export function checkReduction(mode: string): asserts mode is ReductionMode {
  if (mode !== "none" && mode !== "mean" && mode !== "sum")
    throw new ValueError(`${mode} is not a valid value for reduction`);
}

function warnOfBroadcast(input: AnyTensor, target: AnyTensor): void {
  if (sameShape(input.shape, target.shape)) return;
  warnOnce(
    `Using a target size (${showShape(target.shape)}) that is different to the input size (${showShape(input.shape)}). ` +
      "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
  );
}

/** Options of losses without others. */
export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: ReductionMode;
}

/**
 * The squared error (input - target)^2, its mean or sum.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 */
export function mseLoss(
  input: AnyTensor,
  target: AnyTensor,
  { reduction = "mean" }: LossOptions = {},
): AnyTensor {
  warnOfBroadcast(input, target);
  // This order, and no other, rounds like PyTorch: backward divides the gradient by n before it meets 2 (input - target).
  return reduced(input.sub(target).square(), reduction);
}

/**
 * The absolute error |input - target|, its mean or sum.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 */
export function l1Loss(
  input: AnyTensor,
  target: AnyTensor,
  { reduction = "mean" }: LossOptions = {},
): AnyTensor {
  warnOfBroadcast(input, target);
  return reduced(input.sub(target).abs(), reduction);
}

/**
 * With d = |input - target|: d^2 / (2 beta) below beta, d - beta / 2 from there on. Beta 0 is {@link l1Loss}.
 * @param options.beta default 1
 * @throws ValueError for a negative beta.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 */
export function smoothL1Loss(
  input: AnyTensor,
  target: AnyTensor,
  { reduction = "mean", beta = 1 }: LossOptions & { readonly beta?: number } = {},
): AnyTensor {
  if (beta < 0) throw new ValueError("smooth_l1_loss does not support negative values for beta.");
  if (beta === 0) return l1Loss(input, target, { reduction });
  warnOfBroadcast(input, target);
  const d = input.sub(target).abs();
  return reduced(where(d.lt(beta), d.mul(0.5).mul(d).div(beta), d.sub(0.5 * beta)), reduction);
}

/**
 * With d = |input - target|: d^2 / 2 up to delta, delta (d - delta / 2) beyond.
 * @param options.delta default 1
 * @throws ValueError unless delta > 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 */
export function huberLoss(
  input: AnyTensor,
  target: AnyTensor,
  { reduction = "mean", delta = 1 }: LossOptions & { readonly delta?: number } = {},
): AnyTensor {
  if (!(delta > 0)) throw new ValueError("huber_loss does not support non-positive values for delta.");
  warnOfBroadcast(input, target);
  const d = input.sub(target).abs();
  return reduced(where(d.le(delta), d.mul(0.5).mul(d), d.sub(0.5 * delta).mul(delta)), reduction);
}

/**
 * target (log target - input), where input holds logarithms of probabilities, and target too with `logTarget`.
 * @param options.reduction also "batchmean", the sum divided by the first extent, which is the mathematical divergence
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 */
export function klDiv(
  input: AnyTensor,
  target: AnyTensor,
  {
    reduction = "mean",
    logTarget = false,
  }: { readonly reduction?: ReductionMode | "batchmean"; readonly logTarget?: boolean } = {},
): AnyTensor {
  // 0 log 0 is 0.
  const loss = logTarget ? target.exp().mul(target.sub(input)) : xlogx(target).sub(target.mul(input));
  if (reduction !== "batchmean") return reduced(loss, reduction);
  const sum: AnyTensor = loss.sum();
  return input.ndim > 0 ? sum.div(input.shape[0]) : sum;
}

/** x log x, 0 at 0 (and of gradient 0 there). */
const xlogx = (x: AnyTensor): AnyTensor => x.mul(where(x.eq(0), 1, x).log());
