// Losses of elements against elements: squared, absolute and mixed errors, divergence and likelihoods.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Loss.cpp

import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import { huber, smoothL1 } from "../../ops/functional/loss-kernels.ts";
import { where } from "../../ops/select.ts";
import type { LossOptions, PairLossFn, ReductionMode, TripleLossFn } from "../../ops/signatures.ts";
import { recorder } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { typed } from "./typed.ts";
import { warnOnce } from "./warn.ts";

export type { LossOptions, ReductionMode } from "../../ops/signatures.ts";

/** Reduces the losses of elements. @throws ValueError for another mode. */
export function reduced(loss: AnyTensor, mode: ReductionMode): AnyTensor {
  if (mode === "mean") return loss.mean();
  if (mode === "sum") return loss.sum();
  checkReduction(mode);
  return loss;
}

/** @throws ValueError for a mode that does not exist. */
export function checkReduction(mode: string): asserts mode is ReductionMode {
  if (mode !== "none" && mode !== "mean" && mode !== "sum")
    throw new ValueError(
      `${String(mode)} is not a valid value for reduction: expected "none", "mean" or "sum"`,
    );
}

function warnOfBroadcast(input: AnyTensor, target: AnyTensor): void {
  if (sameShape(input.shape, target.shape)) return;
  warnOnce(
    `Using a target size (${showShape(target.shape)}) that is different to the input size (${showShape(input.shape)}). ` +
      "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
  );
}

function checkFloat(x: AnyTensor, name: string): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(name, `${name}: not implemented for ${x.dtype}; convert with .to("float32") first`);
}

/** input - target, of floats. */
function difference(input: AnyTensor, target: AnyTensor, name: string): AnyTensor {
  warnOfBroadcast(input, target);
  const d: AnyTensor = input.sub(target);
  checkFloat(d, name);
  return d;
}

/**
 * The squared error (input - target)^2, its mean or sum.
 * @throws DTypeError for two tensors of integers.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 */
export const mseLoss: PairLossFn<"mseLoss"> = typed(
  (input: AnyTensor, target: AnyTensor, { reduction = "mean" }: LossOptions = {}): AnyTensor =>
    // This order, and no other, rounds like PyTorch: backward divides the gradient by n before it meets 2 (input - target).
    reduced(difference(input, target, "mseLoss").square(), reduction),
);

/**
 * The absolute error |input - target|, its mean or sum.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 */
export const l1Loss: PairLossFn<"l1Loss"> = typed(
  (input: AnyTensor, target: AnyTensor, { reduction = "mean" }: LossOptions = {}): AnyTensor => {
    warnOfBroadcast(input, target);
    return reduced(input.sub(target).abs(), reduction);
  },
);

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square ends. Default 1. */
  readonly beta?: number;
}

/**
 * With d = |input - target|: d^2 / (2 beta) below beta, d - beta / 2 from there on. Beta 0 is {@link l1Loss}.
 * @param options.beta default 1
 * @throws RuntimeError for a negative beta; DTypeError for two tensors of integers.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 */
export const smoothL1Loss: PairLossFn<"smoothL1Loss", SmoothL1LossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { reduction = "mean", beta = 1 }: SmoothL1LossOptions = {},
  ): AnyTensor => {
    if (beta < 0)
      throw new RuntimeError(`smooth_l1_loss does not support negative values for beta, got ${beta}`);
    if (beta === 0) return l1Loss(input, target, { reduction });
    return reduced(smoothL1(difference(input, target, "smoothL1Loss"), { beta }), reduction);
  },
);

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square ends. Default 1. */
  readonly delta?: number;
}

/**
 * With d = |input - target|: d^2 / 2 up to delta, delta (d - delta / 2) beyond.
 * @param options.delta default 1
 * @throws RuntimeError unless delta > 0; DTypeError for two tensors of integers.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 */
export const huberLoss: PairLossFn<"huberLoss", HuberLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { reduction = "mean", delta = 1 }: HuberLossOptions = {},
  ): AnyTensor => {
    if (!(delta > 0))
      throw new RuntimeError(`huber_loss does not support non-positive values for delta, got ${delta}`);
    return reduced(huber(difference(input, target, "huberLoss"), { delta }), reduction);
  },
);

/** Options of {@link klDiv}. */
export interface KLDivOptions {
  /** Default "mean"; "batchmean" is the sum divided by the first extent, the divergence of mathematics. */
  readonly reduction?: ReductionMode | "batchmean";
  /** Whether the target holds logarithms too. Default false. */
  readonly logTarget?: boolean;
}

/**
 * target (log target - input), where input holds logarithms of probabilities, and target too with `logTarget`.
 * @param options.reduction also "batchmean", the sum divided by the first extent, which is the mathematical divergence
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 */
export const klDiv: PairLossFn<"klDiv", KLDivOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { reduction = "mean", logTarget = false }: KLDivOptions = {},
  ): AnyTensor => {
    checkFloat(input, "klDiv");
    checkFloat(target, "klDiv");
    // 0 log 0 is 0.
    const loss: AnyTensor = logTarget
      ? target.exp().mul(target.sub(input))
      : xlogx(target).sub(target.mul(input));
    if (reduction !== "batchmean") return reduced(loss, reduction);
    const sum: AnyTensor = loss.sum();
    return input.ndim > 0 ? sum.div(input.shape[0]) : sum;
  },
);

/** x log x, 0 at 0 (and of gradient 0 there). */
const xlogx = (x: AnyTensor): AnyTensor => x.mul(where(x.eq(0), 1, x).log());

/** Options of {@link poissonNllLoss}. */
export interface PoissonNllLossOptions extends LossOptions {
  /** Whether `input` is the logarithm of the expectation. Default true. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added. Default false. */
  readonly full?: boolean;
  /** Added to an input that is no logarithm. Default 1e-8. */
  readonly eps?: number;
}

/**
 * The negative log-likelihood of Poisson: e^input - target input, or without `logInput` input - target log(input + eps).
 * @param options.full adds t log t - t + log(2 pi t) / 2 for targets t above 1
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 */
export const poissonNllLoss: PairLossFn<"poissonNllLoss", PoissonNllLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { logInput = true, full = false, eps = 1e-8, reduction = "mean" }: PoissonNllLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    let loss: AnyTensor = logInput
      ? input.exp().sub(target.mul(input))
      : input.sub(target.mul(input.add(eps).log()));
    if (full) {
      // Where the term does not count, the logarithm sees 1 instead, so that no gradient is NaN.
      const small: AnyTensor = target.le(1);
      const t = where(small, 1, target) as AnyTensor;
      const stirling: AnyTensor = t
        .mul(t.log())
        .sub(t)
        .add(
          t
            .mul(2 * Math.PI)
            .log()
            .mul(0.5),
        );
      loss = loss.add(stirling.maskedFill(small, 0));
    }
    return reduced(loss, reduction);
  },
);

/** Options of {@link gaussianNllLoss}. */
export interface GaussianNllLossOptions extends LossOptions {
  /** Whether log(2 pi) / 2 is added. Default false. */
  readonly full?: boolean;
  /** The least variance. Default 1e-6. */
  readonly eps?: number;
}

/** Refuses a negative variance: now, or in every run of a captured function. */
function checkVariance(v: AnyTensor): void {
  const refuse = (): never => {
    throw new ValueError("var has negative entry/entries");
  };
  if (recorder === null) {
    if (v.lt(0).any().item()) refuse();
  } else
    recorder.check("gaussian_nll_loss", v, (elements) => {
      for (const e of elements) if (Number(e) < 0) refuse();
    });
}

/**
 * The negative log-likelihood of Gauss: (log v + (input - target)^2 / v) / 2 with v = max(variance, eps). The gradient
 * passes to variances below eps as well.
 *
 * **Shape** `variance` as `input`, or without its last dimension, or with 1 there.
 * @throws ValueError for a variance of another shape, or a negative one.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export const gaussianNllLoss: TripleLossFn<"gaussianNllLoss", GaussianNllLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    variance: AnyTensor,
    { full = false, eps = 1e-6, reduction = "mean" }: GaussianNllLossOptions = {},
  ): AnyTensor => {
    const shape = input.shape as Shape;
    let v: AnyTensor = variance;
    if (!sameShape(v.shape, shape)) {
      const lead = shape.slice(0, -1);
      if (shape.length > 0 && sameShape(lead, v.shape)) v = v.unsqueeze(-1);
      else if (v.ndim !== shape.length || !sameShape(lead, v.shape.slice(0, -1)) || v.size(-1) !== 1)
        throw new ValueError(
          `var is of incorrect size: got ${showShape(v.shape)} for an input of ${showShape(shape)}`,
        );
    }
    checkReduction(reduction);
    checkVariance(v);
    v = v.clone();
    noGrad(() => v.clampMin_(eps));
    let loss: AnyTensor = v.log().add(input.sub(target).square().div(v)).mul(0.5);
    if (full) loss = loss.add(0.5 * Math.log(2 * Math.PI));
    return reduced(loss, reduction);
  },
);
