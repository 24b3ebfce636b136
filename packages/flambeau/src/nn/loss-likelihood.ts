// Negative log-likelihoods as modules: of Poisson and Gauss, and over alignments of sequences.
// Floor L5 (nn). Source: torch/nn/modules/loss.py

import type { Shape } from "../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import { ctcLoss } from "./functional/ctc.ts";
import type { ReductionMode } from "./functional/losses.ts";
import { checkReduction, gaussianNllLoss, poissonNllLoss } from "./functional/losses.ts";
import { lossDefaults, PairLoss, reductionOf } from "./loss.ts";
import { TripleLoss } from "./loss-margin.ts";
import { Module } from "./module.ts";

/** Options of {@link PoissonNLLLoss}. */
export interface PoissonNLLLossOptions<R extends ReductionMode = ReductionMode> {
  /** Whether the input is the logarithm of the expectation. Default true. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added. Default false. */
  readonly full?: boolean;
  /** Added to an input that is no logarithm. Default 1e-8. */
  readonly eps?: number;
  readonly reduction?: R;
}

/**
 * The negative log-likelihood of Poisson: e^input - target input, or without `logInput` input - target log(input + eps).
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 */
export class PoissonNLLLoss<R extends ReductionMode = "mean"> extends PairLoss<R, "PoissonNLLLoss"> {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  constructor(options?: PoissonNLLLossOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<{
      logInput: boolean;
      full: boolean;
      sizeAverage: boolean | null;
      eps: number;
      reduce: boolean | null;
      reduction: unknown;
    }>(
      "PoissonNLLLoss",
      { logInput: true, full: false, sizeAverage: null, eps: 1e-8, reduce: null, reduction: "mean" },
      args,
    );
    super(reductionOf<R>(o));
    this.logInput = o.logInput;
    this.full = o.full;
    this.eps = o.eps;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    const { logInput, full, eps } = this;
    return poissonNllLoss(input, target, { ...this.options, logInput, full, eps });
  }
}

/**
 * The negative log-likelihood of Gauss: (log v + (input - target)^2 / v) / 2 with v = max(variance, eps).
 * @param options.full whether log(2 pi) / 2 is added; default false
 * @param options.eps default 1e-6
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 */
export class GaussianNLLLoss<R extends ReductionMode = "mean"> extends TripleLoss<R> {
  readonly full: boolean;
  readonly eps: number;
  constructor(options?: { readonly full?: boolean; readonly eps?: number; readonly reduction?: R });
  constructor(...args: unknown[]) {
    const o = named<{ full: boolean; eps: number; reduction: R }>(
      "GaussianNLLLoss",
      { full: false, eps: 1e-6, reduction: lossDefaults.reduction },
      args,
    );
    super(o.reduction);
    this.full = o.full;
    this.eps = o.eps;
  }
  forward(input: AnyTensor, target: AnyTensor, variance: AnyTensor): AnyTensor {
    return gaussianNllLoss(input, target, variance, { ...this.options, full: this.full, eps: this.eps });
  }
}

type Lengths = AnyTensor | readonly number[];
type Examples<S> = S extends readonly [unknown, infer N, unknown]
  ? [N]
  : S extends readonly [unknown, unknown]
    ? []
    : Shape;

/** Options of {@link CTCLoss}. */
export interface CTCLossModuleOptions<R extends ReductionMode = ReductionMode> {
  /** The class of blanks. Default 0. */
  readonly blank?: number;
  readonly reduction?: R;
  /** Whether infinite losses count as 0. Default false. */
  readonly zeroInfinity?: boolean;
}

export interface AlignmentLoss<R> {
  <X extends AnyTensor>(
    logProbs: X,
    targets: AnyTensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
  ): Tensor<R extends "none" ? Examples<ShapeOf<X>> : [], DtOf<X>>;
  readonly reduction: R;
}
/** A loss over alignments of sequences. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class AlignmentLoss<R> extends Module {
  declare readonly "~rule": R;

  constructor(reduction: R) {
    super();
    checkReduction(reduction as string);
    (this as { reduction: R }).reduction = reduction;
  }
  abstract override forward(
    logProbs: AnyTensor,
    targets: AnyTensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
  ): AnyTensor;
}

/**
 * -log P(target | logProbs), summed over all alignments of the target with the sequence.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 */
export class CTCLoss<R extends ReductionMode = "mean"> extends AlignmentLoss<R> {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  constructor(options?: CTCLossModuleOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<{ blank: number; reduction: R; zeroInfinity: boolean }>(
      "CTCLoss",
      { blank: 0, reduction: "mean", zeroInfinity: false },
      args,
    );
    super(o.reduction);
    this.blank = o.blank;
    this.zeroInfinity = o.zeroInfinity;
  }
  forward(logProbs: AnyTensor, targets: AnyTensor, inputLengths: Lengths, targetLengths: Lengths): AnyTensor {
    const { blank, zeroInfinity } = this;
    const reduction = this.reduction as ReductionMode;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
