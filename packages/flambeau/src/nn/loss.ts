// Losses as modules: what functional/losses.ts and functional/classification.ts compute, with their settings kept.
// Floor L5 (nn). Source: torch/nn/modules/loss.py

import type { Broadcast, Fits, Ok } from "../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import type { LossOptions, ReductionMode } from "./functional/losses.ts";
import { checkReduction, huberLoss, klDiv, l1Loss, mseLoss, smoothL1Loss } from "./functional/losses.ts";
import { Module } from "./module.ts";

/** The shape of a loss: 0-d, or the shape of the elements without a reduction. */
type Lost<R, S> = R extends "none" ? S : R extends "mean" | "sum" | "batchmean" ? [] : Ok<S>;
type Both<X, Y, Name extends string> = Broadcast<ShapeOf<X>, ShapeOf<Y>, Name>;

export interface PairLoss<R, Name extends string> {
  <X extends AnyTensor, Y extends AnyTensor>(
    input: X,
    target: Fits<Both<X, Y, Name>, Y>,
  ): Tensor<Lost<R, Ok<Both<X, Y, Name>>>, DtOf<X>>;
  readonly reduction: R;
}
/** @internal PyTorch's arguments that stand before `reduction`, for calls by position; they are what `reduction` replaced. */
export const lossDefaults = { sizeAverage: null, reduce: null, reduction: "mean" };
interface Legacy {
  readonly sizeAverage: boolean | null;
  readonly reduce: boolean | null;
  readonly reduction: unknown;
}
/** @internal The reduction that the arguments ask for. */
export function reductionOf<R>(o: Legacy): R {
  if (o.sizeAverage === null && o.reduce === null) return o.reduction as R;
  return ((o.reduce ?? true) ? ((o.sizeAverage ?? true) ? "mean" : "sum") : "none") as R;
}

/** A loss of elements against elements of the same shape. `R` is its reduction. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class PairLoss<R, Name extends string> extends Module {
  declare readonly "~rule": Name;

  constructor(reduction: R) {
    super();
    if (reduction !== "batchmean") checkReduction(reduction as string);
    (this as { reduction: R }).reduction = reduction;
  }
  abstract override forward(input: AnyTensor, target: AnyTensor): AnyTensor;
  protected get options(): { readonly reduction: ReductionMode } {
    return { reduction: this.reduction as ReductionMode };
  }
}

/**
 * The mean squared error: the mean of (input - target)^2.
 *
 * @param options.reduction "mean" (default), "sum" or "none"
 *
 * **Shape** two tensors of one shape; a 0-d tensor, or with "none" the same shape.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 * @example
 * new nn.MSELoss()(torch.tensor([1.5, 2.5]), torch.tensor([1.0, 2.0], { dtype: "float32" })).item() // 0.25
 */
export class MSELoss<R extends ReductionMode = "mean"> extends PairLoss<R, "MSELoss"> {
  constructor(options?: { readonly reduction?: R });
  constructor(...args: unknown[]) {
    super(reductionOf(named<Legacy>("MSELoss", lossDefaults, args)));
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return mseLoss(input, target, this.options);
  }
}

/**
 * The mean absolute error: the mean of |input - target|.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 */
export class L1Loss<R extends ReductionMode = "mean"> extends PairLoss<R, "L1Loss"> {
  constructor(options?: { readonly reduction?: R });
  constructor(...args: unknown[]) {
    super(reductionOf(named<Legacy>("L1Loss", lossDefaults, args)));
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return l1Loss(input, target, this.options);
  }
}

/**
 * d^2 / (2 beta) for d = |input - target| < beta (default 1), d - beta / 2 beyond.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 */
export class SmoothL1Loss<R extends ReductionMode = "mean"> extends PairLoss<R, "SmoothL1Loss"> {
  readonly beta: number;
  constructor(options?: { readonly reduction?: R; readonly beta?: number });
  constructor(...args: unknown[]) {
    const o = named<Legacy & { beta: number }>("SmoothL1Loss", { ...lossDefaults, beta: 1 }, args);
    super(reductionOf(o));
    this.beta = o.beta;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return smoothL1Loss(input, target, { ...this.options, beta: this.beta });
  }
}

/**
 * d^2 / 2 for d = |input - target| <= delta (default 1), delta (d - delta / 2) beyond.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 */
export class HuberLoss<R extends ReductionMode = "mean"> extends PairLoss<R, "HuberLoss"> {
  readonly delta: number;
  constructor(options?: { readonly reduction?: R; readonly delta?: number });
  constructor(...args: unknown[]) {
    const o = named<Legacy & { delta: number }>("HuberLoss", { ...lossDefaults, delta: 1 }, args);
    super(reductionOf(o));
    this.delta = o.delta;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return huberLoss(input, target, { ...this.options, delta: this.delta });
  }
}

/**
 * The divergence of Kullback and Leibler, target (log target - input); input holds logarithms of probabilities.
 * @param options.reduction also "batchmean"
 * @param options.logTarget whether target holds logarithms too; default false
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 */
export class KLDivLoss<R extends ReductionMode | "batchmean" = "mean"> extends PairLoss<R, "KLDivLoss"> {
  readonly logTarget: boolean;
  constructor(options?: { readonly reduction?: R; readonly logTarget?: boolean });
  constructor(...args: unknown[]) {
    const o = named<Legacy & { logTarget: boolean }>(
      "KLDivLoss",
      { ...lossDefaults, logTarget: false },
      args,
    );
    super(reductionOf(o));
    this.logTarget = o.logTarget;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

export type { LossOptions, ReductionMode };
