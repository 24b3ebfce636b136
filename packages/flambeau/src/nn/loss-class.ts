// Losses over classes as modules: NLLLoss, CrossEntropyLoss, BCELoss, BCEWithLogitsLoss.
// Floor L5 (nn). Source: torch/nn/modules/loss.py

import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  nllLoss,
} from "./functional/classification.ts";
import type { ReductionMode } from "./functional/losses.ts";
import { lossDefaults, PairLoss, reductionOf } from "./loss.ts";
import { Module } from "./module.ts";

/** Without a reduction, the shape of classes for each example: the input's without dimension 1. */
type PerExample<S> = S extends readonly [infer N, unknown, ...infer Rest]
  ? [N, ...Rest]
  : S extends readonly [unknown]
    ? []
    : S;

export interface ClassLoss<R> {
  <X extends AnyTensor>(
    input: X,
    target: AnyTensor,
  ): Tensor<R extends "none" ? PerExample<ShapeOf<X>> : [], DtOf<X>>;
  readonly reduction: R;
}
/** A loss of scores of classes against classes. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export abstract class ClassLoss<R> extends Module {
  declare readonly "~rule": R;
  readonly ignoreIndex: number;
  weight: AnyTensor | null;

  constructor(o: { readonly reduction: R; readonly ignoreIndex: number; readonly weight: AnyTensor | null }) {
    super();
    (this as { reduction: R }).reduction = o.reduction;
    this.ignoreIndex = o.ignoreIndex;
    this.weight = this.registerBuffer("weight", o.weight);
  }
  abstract override forward(input: AnyTensor, target: AnyTensor): AnyTensor;
  protected get options(): {
    readonly reduction: ReductionMode;
    readonly ignoreIndex: number;
    readonly weight: AnyTensor | null;
  } {
    return { reduction: this.reduction as ReductionMode, ignoreIndex: this.ignoreIndex, weight: this.weight };
  }
}

/** Options of {@link NLLLoss}. */
export interface NLLLossOptions<R extends ReductionMode = ReductionMode> {
  /** A factor for each class. */
  readonly weight?: AnyTensor | null;
  /** A target that counts nothing. Default -100. */
  readonly ignoreIndex?: number;
  readonly reduction?: R;
}
interface Settings {
  readonly weight: AnyTensor | null;
  readonly sizeAverage: boolean | null;
  readonly ignoreIndex: number;
  readonly reduce: boolean | null;
  readonly reduction: unknown;
  readonly labelSmoothing: number;
}
const defaults = { weight: null, sizeAverage: null, ignoreIndex: -100, reduce: null, reduction: "mean" };

/**
 * The negative log-likelihood of classes, from logarithms of probabilities.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 */
export class NLLLoss<R extends ReductionMode = "mean"> extends ClassLoss<R> {
  constructor(options?: NLLLossOptions<R>);
  constructor(...args: unknown[]) {
    const o = named<Settings>("NLLLoss", defaults, args);
    super({ ...o, reduction: reductionOf<R>(o) });
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return nllLoss(input, target, this.options);
  }
}

/**
 * The cross-entropy of softmax(input) and a target: a class for each example, or probabilities of all classes.
 *
 * @param options.labelSmoothing share of the target that is spread evenly over all classes; default 0
 *
 * **Shape** input [N, C], [C] or [N, C, d1, ...]; target integers [N], [] or [N, d1, ...], or floats of the input's shape.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export class CrossEntropyLoss<R extends ReductionMode = "mean"> extends ClassLoss<R> {
  readonly labelSmoothing: number;
  constructor(options?: NLLLossOptions<R> & { readonly labelSmoothing?: number });
  constructor(...args: unknown[]) {
    const o = named<Settings>("CrossEntropyLoss", { ...defaults, labelSmoothing: 0 }, args);
    super({ ...o, reduction: reductionOf<R>(o) });
    this.labelSmoothing = o.labelSmoothing;
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return crossEntropy(input, target, { ...this.options, labelSmoothing: this.labelSmoothing });
  }
}

interface BinarySettings {
  readonly weight: AnyTensor | null;
  readonly posWeight: AnyTensor | null;
  readonly sizeAverage: boolean | null;
  readonly reduce: boolean | null;
  readonly reduction: unknown;
}
/** -(t log x + (1 - t) log(1 - x)) for probabilities x. @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html */
export class BCELoss<R extends ReductionMode = "mean"> extends PairLoss<R, "BCELoss"> {
  weight: AnyTensor | null;
  constructor(options?: { readonly weight?: AnyTensor | null; readonly reduction?: R });
  constructor(...args: unknown[]) {
    const o = named<BinarySettings>("BCELoss", { weight: null, ...lossDefaults }, args);
    super(reductionOf<R>(o));
    this.weight = this.registerBuffer("weight", o.weight);
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return binaryCrossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * {@link BCELoss} of sigmoid(x), computed without overflow.
 * @param options.posWeight a factor for positive targets
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 */
export class BCEWithLogitsLoss<R extends ReductionMode = "mean"> extends PairLoss<R, "BCEWithLogitsLoss"> {
  weight: AnyTensor | null;
  posWeight: AnyTensor | null;
  constructor(options?: {
    readonly weight?: AnyTensor | null;
    readonly posWeight?: AnyTensor | null;
    readonly reduction?: R;
  });
  constructor(...args: unknown[]) {
    const o = named<BinarySettings>(
      "BCEWithLogitsLoss",
      { weight: null, ...lossDefaults, posWeight: null },
      args,
    );
    super(reductionOf<R>(o));
    this.weight = this.registerBuffer("weight", o.weight);
    this.posWeight = this.registerBuffer("posWeight", o.posWeight);
  }
  forward(input: AnyTensor, target: AnyTensor): AnyTensor {
    return binaryCrossEntropyWithLogits(input, target, {
      ...this.options,
      weight: this.weight,
      posWeight: this.posWeight,
    });
  }
}
