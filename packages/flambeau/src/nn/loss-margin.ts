// Losses with a margin as modules: what functional/margin-losses.ts computes, with their settings kept.
// Floor L5 (nn). Source: torch/nn/modules/loss.py

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import { PairwiseDistance } from "./distance.ts";
import type { ReductionMode } from "./functional/losses.ts";
import { checkReduction } from "./functional/losses.ts";
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "./functional/margin-losses.ts";
import { lossDefaults, PairLoss, reductionOf } from "./loss.ts";
import { Module } from "./module.ts";

interface Settings {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  readonly weight: AnyTensor | null;
  readonly sizeAverage: boolean | null;
  readonly reduce: boolean | null;
  readonly reduction: unknown;
}

/** Options of losses with a margin. */
export interface MarginOptions<R extends ReductionMode = ReductionMode> {
  readonly margin?: number;
  readonly reduction?: R;
}

// ---- two tensors -----------------------------------------------------------------------------------------------

/**
 * input where the target is 1, max(0, margin - input) where it is -1. Default margin 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 */
export class HingeEmbeddingLoss<R extends ReductionMode = "mean"> extends PairLoss<R, "HingeEmbeddingLoss"> {
  readonly margin: number;
  constructor(options?: MarginOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<Settings>("HingeEmbeddingLoss", { margin: 1, ...lossDefaults }, args);
    super(reductionOf<R>(o));
    this.margin = o.margin;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return hingeEmbeddingLoss(input, target, { ...this.options, margin: this.margin });
  }
}

/**
 * log(1 + e^(-target input)).
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
 */
export class SoftMarginLoss<R extends ReductionMode = "mean"> extends PairLoss<R, "SoftMarginLoss"> {
  constructor(options?: { readonly reduction?: R });
  constructor(...args: unknown[]) {
    super(reductionOf<R>(named<Settings>("SoftMarginLoss", lossDefaults, args)));
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return softMarginLoss(input, target, this.options);
  }
}

type PerRow<S> = S extends readonly [...infer Lead, unknown] ? Lead : Shape;

export interface LabelLoss<R> {
  <X extends AnyTensor>(
    input: X,
    target: AnyTensor,
  ): Tensor<R extends "none" ? PerRow<ShapeOf<X>> : [], DtOf<X>>;
  readonly reduction: R;
}
/** A loss of scores of classes, which lie along the last dimension. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class LabelLoss<R> extends Module {
  declare readonly "~rule": R;

  constructor(reduction: R) {
    super();
    checkReduction(reduction as string);
    (this as { reduction: R }).reduction = reduction;
  }
  abstract override forward(input: AnyTensor, target: AnyTensor): AnyTensor;
  protected get options(): { readonly reduction: ReductionMode } {
    return { reduction: this.reduction as ReductionMode };
  }
}

/**
 * sum_i max(0, margin - x[y] + x[i])^p / C over the classes i other than the target y. Defaults p 1, margin 1.
 * @param options.weight a factor for each class
 * @throws ValueError for p other than 1 and 2.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
 */
export class MultiMarginLoss<R extends ReductionMode = "mean"> extends LabelLoss<R> {
  readonly p: number;
  readonly margin: number;
  weight: AnyTensor | null;
  constructor(options?: MarginOptions<R> & { readonly p?: number; readonly weight?: AnyTensor | null });
  constructor(...args: unknown[]) {
    const o = named<Settings>("MultiMarginLoss", { p: 1, margin: 1, weight: null, ...lossDefaults }, args);
    if (o.p !== 1 && o.p !== 2)
      throw new ValueError(`MultiMarginLoss: only p == 1 and p == 2 supported, got ${o.p}`);
    super(reductionOf<R>(o));
    this.p = o.p;
    this.margin = o.margin;
    this.weight = this.registerBuffer("weight", o.weight);
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    const { p, margin, weight } = this;
    return multiMarginLoss(input, target, { ...this.options, p, margin, weight });
  }
}

/**
 * sum_ij max(0, 1 - x[y_j] + x[i]) / C over the target classes y_j, which end before the first -1, and the other classes.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
 */
export class MultiLabelMarginLoss<R extends ReductionMode = "mean"> extends LabelLoss<R> {
  constructor(options?: { readonly reduction?: R });
  constructor(...args: unknown[]) {
    super(reductionOf<R>(named<Settings>("MultiLabelMarginLoss", lossDefaults, args)));
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return multilabelMarginLoss(input, target, this.options);
  }
}

/**
 * The mean over the classes of the binary cross-entropy of sigmoid(x).
 * @param options.weight a factor for each class
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
 */
export class MultiLabelSoftMarginLoss<R extends ReductionMode = "mean"> extends LabelLoss<R> {
  weight: AnyTensor | null;
  constructor(options?: { readonly weight?: AnyTensor | null; readonly reduction?: R });
  constructor(...args: unknown[]) {
    const o = named<Settings>("MultiLabelSoftMarginLoss", { weight: null, ...lossDefaults }, args);
    super(reductionOf<R>(o));
    this.weight = this.registerBuffer("weight", o.weight);
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return multilabelSoftMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

// ---- three tensors ---------------------------------------------------------------------------------------------

export interface TripleLoss<R> {
  <X extends AnyTensor>(a: X, b: AnyTensor, c: AnyTensor): Tensor<R extends "none" ? Shape : [], DtOf<X>>;
  readonly reduction: R;
}
/** A loss of three tensors. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class TripleLoss<R> extends Module {
  declare readonly "~rule": R;

  constructor(reduction: R) {
    super();
    checkReduction(reduction as string);
    (this as { reduction: R }).reduction = reduction;
  }
  abstract override forward(a: AnyTensor, b: AnyTensor, c: AnyTensor): AnyTensor;
  protected get options(): { readonly reduction: ReductionMode } {
    return { reduction: this.reduction as ReductionMode };
  }
}

/**
 * max(0, -target (input1 - input2) + margin). Default margin 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 */
export class MarginRankingLoss<R extends ReductionMode = "mean"> extends TripleLoss<R> {
  readonly margin: number;
  constructor(options?: MarginOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<Settings>("MarginRankingLoss", { margin: 0, ...lossDefaults }, args);
    super(reductionOf<R>(o));
    this.margin = o.margin;
  }
  forward(input1: AnyTensor, input2: AnyTensor, target: AnyTensor): AnyTensor {
    return marginRankingLoss(input1, input2, target, { ...this.options, margin: this.margin });
  }
}

/**
 * 1 - cos(input1, input2) where the target is 1, max(0, cos(input1, input2) - margin) where it is -1. Default margin 0.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 */
export class CosineEmbeddingLoss<R extends ReductionMode = "mean"> extends TripleLoss<R> {
  readonly margin: number;
  constructor(options?: MarginOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<Settings>("CosineEmbeddingLoss", { margin: 0, ...lossDefaults }, args);
    super(reductionOf<R>(o));
    this.margin = o.margin;
  }
  forward(input1: AnyTensor, input2: AnyTensor, target: AnyTensor): AnyTensor {
    return cosineEmbeddingLoss(input1, input2, target, { ...this.options, margin: this.margin });
  }
}

/** Options of {@link TripletMarginLoss}. */
export interface TripletMarginOptions<R extends ReductionMode = ReductionMode> extends MarginOptions<R> {
  /** Order of the norm. Default 2. */
  readonly p?: number;
  /** Added to differences. Default 1e-6. */
  readonly eps?: number;
  /** Whether the negative's distance from the positive counts if it is the smaller one. Default false. */
  readonly swap?: boolean;
}

/**
 * max(0, |anchor - positive| - |anchor - negative| + margin). Default margin 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 */
export class TripletMarginLoss<R extends ReductionMode = "mean"> extends TripleLoss<R> {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  constructor(options?: TripletMarginOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<Settings>(
      "TripletMarginLoss",
      { margin: 1, p: 2, eps: 1e-6, swap: false, ...lossDefaults },
      args,
    );
    super(reductionOf<R>(o));
    this.margin = o.margin;
    this.p = o.p;
    this.eps = o.eps;
    this.swap = o.swap;
  }
  forward(anchor: AnyTensor, positive: AnyTensor, negative: AnyTensor): AnyTensor {
    const { margin, p, eps, swap } = this;
    return tripletMarginLoss(anchor, positive, negative, { ...this.options, margin, p, eps, swap });
  }
}

type Distance = (x: AnyTensor, y: AnyTensor) => AnyTensor;

/**
 * {@link TripletMarginLoss} with a distance of one's own, which may be a module; default {@link PairwiseDistance}.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 */
export class TripletMarginWithDistanceLoss<R extends ReductionMode = "mean"> extends TripleLoss<R> {
  readonly distanceFunction: Distance;
  readonly margin: number;
  readonly swap: boolean;
  constructor(
    options?: MarginOptions<R> & {
      readonly distanceFunction?: Distance | Module | null;
      readonly swap?: boolean;
    },
  );
  constructor(...args: unknown[]) {
    const o = named<{
      readonly distanceFunction: Distance | null;
      readonly margin: number;
      readonly swap: boolean;
      readonly reduction: R;
    }>(
      "TripletMarginWithDistanceLoss",
      { distanceFunction: null, margin: 1, swap: false, reduction: "mean" },
      args,
    );
    super(o.reduction);
    this.distanceFunction = o.distanceFunction ?? (new PairwiseDistance() as unknown as Distance);
    this.margin = o.margin;
    this.swap = o.swap;
  }
  forward(anchor: AnyTensor, positive: AnyTensor, negative: AnyTensor): AnyTensor {
    const { distanceFunction, margin, swap } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, {
      ...this.options,
      distanceFunction,
      margin,
      swap,
    });
  }
}
