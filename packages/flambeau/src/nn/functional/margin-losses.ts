// Losses with a margin: of rankings, embeddings, triplets, and of one class or several against the others.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Loss.cpp, LossMultiMargin.cpp, LossMultiLabelMargin.cpp

import type { TypedArray } from "../../base/dtype.ts";
import { getDefaultDType, isFloat } from "../../base/dtype.ts";
import {
  DTypeError,
  IndexError,
  RuntimeError,
  ShapeError,
  showShape,
  ValueError,
} from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { broadcastShapes, sameShape } from "../../base/shape.ts";
import { pairwiseDistance } from "../../ops/distances.ts";
import { logsigmoid } from "../../ops/functional/activation.ts";
import { minimum, where } from "../../ops/select.ts";
import type {
  LabelLossFn,
  LossOptions,
  MultiMarginFn,
  PairLossFn,
  TripleLossFn,
  TripletLossFn,
  VectorLossFn,
} from "../../ops/signatures.ts";
import { recorder } from "../../tensor/capturing.ts";
import { arange } from "../../tensor/range.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { checkReduction, reduced } from "./losses.ts";
import { typed } from "./typed.ts";

/** Options of losses with a margin. */
export interface MarginLossOptions extends LossOptions {
  readonly margin?: number;
}

/**
 * max(0, -target (input1 - input2) + margin): `target` is 1 where the first should be larger, -1 where the second.
 * @param options.margin default 0
 * @throws RuntimeError for tensors of different rank.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 */
export const marginRankingLoss: TripleLossFn<"marginRankingLoss", MarginLossOptions> = typed(
  (
    input1: AnyTensor,
    input2: AnyTensor,
    target: AnyTensor,
    { margin = 0, reduction = "mean" }: MarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim)
      throw new RuntimeError(
        "margin_ranking_loss : All input tensors should have same dimension but got sizes: " +
          `input1: ${showShape(input1.shape)}, input2: ${showShape(input2.shape)}, target: ${showShape(target.shape)}`,
      );
    const gap: AnyTensor = target.neg().mul(input1.sub(input2));
    // The margin is a float in PyTorch, whatever its value.
    return reduced((isFloat(gap.dtype) ? gap : gap.to(getDefaultDType())).add(margin).clampMin(0), reduction);
  },
);

/**
 * input where target is 1, max(0, margin - input) where it is -1 (their sum where it is neither).
 * @param options.margin default 1
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 */
export const hingeEmbeddingLoss: PairLossFn<"hingeEmbeddingLoss", MarginLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { margin = 1, reduction = "mean" }: MarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    const apart = where(target.ne(1), input.neg().add(margin).clampMin(0), 0) as AnyTensor;
    const close = where(target.ne(-1), input, 0) as AnyTensor;
    return reduced(apart.add(close), reduction);
  },
);

/**
 * 1 - cos(input1, input2) where target is 1, max(0, cos(input1, input2) - margin) where it is -1.
 * @param options.margin default 0
 *
 * **Shape** inputs [N, D] and target [N], or inputs [D] and target [].
 * @throws RuntimeError for other ranks.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 */
export const cosineEmbeddingLoss: VectorLossFn<MarginLossOptions> = typed(
  (
    input1: AnyTensor,
    input2: AnyTensor,
    target: AnyTensor,
    { margin = 0, reduction = "mean" }: MarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    const n = target.ndim;
    if (n > 1)
      throw new RuntimeError(
        `cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported; got ${showShape(target.shape)}`,
      );
    if (input1.ndim !== n + 1 || input2.ndim !== n + 1)
      throw new RuntimeError(
        `cosine_embedding_loss: ${n}D target tensor expects ${n + 1}D input tensors, but found inputs with sizes ` +
          `${showShape(input1.shape)} and ${showShape(input2.shape)}.`,
      );
    const tiny = 1e-12;
    const size1 = input1.mul(input1).sum(n).add(tiny);
    const size2 = input2.mul(input2).sum(n).add(tiny);
    const cos: AnyTensor = input1.mul(input2).sum(n).div(size1.mul(size2).sqrt());
    const close = where(target.eq(1), cos.neg().add(1), 0) as AnyTensor;
    const apart = where(target.eq(-1), cos.sub(margin).clampMin(0), 0) as AnyTensor;
    return reduced(close.add(apart), reduction);
  },
);

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** Order of the norm. Default 2. */
  readonly p?: number;
  /** Added to differences. Default 1e-6. */
  readonly eps?: number;
  /** Whether the negative's distance from the positive counts if it is the smaller one. Default false. */
  readonly swap?: boolean;
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of the difference.
 * @param options.margin default 1
 *
 * **Shape** [N, D] or [D] each; the losses are [N] or [].
 * @throws RuntimeError for tensors of different rank.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 */
export const tripletMarginLoss: TripletLossFn<"tripletMarginLoss", TripletMarginLossOptions> = typed(
  (
    anchor: AnyTensor,
    positive: AnyTensor,
    negative: AnyTensor,
    { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = "mean" }: TripletMarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    const [a, b, c] = [anchor.ndim, positive.ndim, negative.ndim];
    if (a !== b || b !== c)
      throw new RuntimeError(
        `triplet_margin_loss: All inputs should have same dimension but got ${a}D, ${b}D and ${c}D inputs.`,
      );
    return triplet(
      anchor,
      positive,
      negative,
      (x, y) => pairwiseDistance(x, y, p, { eps }),
      margin,
      swap,
      reduction,
    );
  },
);

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletDistanceOptions extends MarginLossOptions {
  /** Default: the norm of the difference. */
  readonly distanceFunction?: ((x: AnyTensor, y: AnyTensor) => AnyTensor) | null;
  /** Whether the negative's distance from the positive counts if it is the smaller one. Default false. */
  readonly swap?: boolean;
}

/**
 * {@link tripletMarginLoss} with a distance of one's own.
 * @param options.margin default 1
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
 */
export const tripletMarginWithDistanceLoss: (
  anchor: AnyTensor,
  positive: AnyTensor,
  negative: AnyTensor,
  options?: TripletDistanceOptions,
) => AnyTensor = (
  anchor: AnyTensor,
  positive: AnyTensor,
  negative: AnyTensor,
  { distanceFunction, margin = 1, swap = false, reduction = "mean" }: TripletDistanceOptions = {},
): AnyTensor => {
  checkReduction(reduction);
  const distance = distanceFunction ?? ((x: AnyTensor, y: AnyTensor) => pairwiseDistance(x, y));
  return triplet(anchor, positive, negative, distance, margin, swap, reduction);
};

function triplet(
  anchor: AnyTensor,
  positive: AnyTensor,
  negative: AnyTensor,
  distance: (x: AnyTensor, y: AnyTensor) => AnyTensor,
  margin: number,
  swap: boolean,
  reduction: "none" | "mean" | "sum",
): AnyTensor {
  const near = distance(anchor, positive);
  let far = distance(anchor, negative);
  if (swap) far = minimum(far, distance(positive, negative)) as AnyTensor;
  return reduced(near.sub(far).add(margin).clampMin(0), reduction);
}

// ---- classes against the others --------------------------------------------------------------------------------

/** Scores as [N, C]. @throws RuntimeError for other ranks, or no classes. */
function asRows(input: AnyTensor, name: string): AnyTensor {
  const shape = input.shape as Shape;
  if (shape.length > 2 || shape.at(-1) === 0)
    throw new RuntimeError(
      `${name}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${showShape(shape)}`,
    );
  return shape.length === 2 ? input : input.reshape([1, -1]);
}

function checkLabels(target: AnyTensor, name: string): void {
  if (target.dtype !== "int32" && target.dtype !== "int64")
    throw new DTypeError(
      name,
      `${name}: expected a target of dtype int32 or int64, but found ${target.dtype}`,
    );
}

/** Options of {@link multiMarginLoss}. */
export interface MultiMarginLossOptions extends MarginLossOptions {
  /** Exponent of what exceeds the margin, 1 or 2. Default 1. */
  readonly p?: number;
  /** A factor for each class, [C]. */
  readonly weight?: AnyTensor | null;
}

/**
 * sum_i max(0, margin - x[y] + x[i])^p / C over the classes i other than the target y.
 * @param options.margin default 1
 *
 * **Shape** input [N, C] and target [N], or input [C] and target [] or [1]; the losses have the target's shape.
 * @throws ValueError for p other than 1 and 2; RuntimeError for a class that does not exist, or another shape.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 */
export const multiMarginLoss: MultiMarginFn<MultiMarginLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { p = 1, margin = 1, weight, reduction = "mean" }: MultiMarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    if (p !== 1 && p !== 2)
      throw new ValueError(`multi_margin_loss: only p == 1 and p == 2 supported, got ${p}`);
    if (weight && weight.ndim !== 1)
      throw new ValueError(
        `multi_margin_loss: weight must be one-dimensional, got ${showShape(weight.shape)}`,
      );
    const x = asRows(input, "multi_margin_loss");
    const [rows, classes] = x.shape as [number, number];
    if (target.ndim > 1 || target.numel() !== rows)
      throw new RuntimeError(
        `multi_margin_loss: inconsistent target size, got: ${showShape(target.shape)} for ${rows} examples`,
      );
    if (weight && weight.numel() !== classes)
      throw new RuntimeError(
        `multi_margin_loss: inconsistent weight size, got: ${showShape(weight.shape)} for ${classes} classes`,
      );
    checkLabels(target, "multi_margin_loss");
    const checkRange = (labels: TypedArray): void => {
      for (const v of labels)
        if (Number(v) < 0 || Number(v) >= classes)
          throw new RuntimeError(`multi_margin_loss: target out of range: ${v}, with ${classes} classes`);
    };
    if (recorder === null) checkRange(target.toTypedArray());
    else recorder.check("multi_margin_loss", target, checkRange);
    const index: AnyTensor = target.reshape([-1, 1]);
    const over: AnyTensor = x.sub(x.gather(1, index)).add(margin).relu();
    let terms: AnyTensor = (p === 1 ? over : over.square()).scatter(1, index, 0);
    if (weight) terms = terms.mul(weight.indexSelect(0, target.reshape(-1)).unsqueeze(1));
    const losses: AnyTensor = terms.sum(1).div(classes);
    return reduced(target.ndim === 0 ? losses.squeeze(0) : losses, reduction);
  },
);

/**
 * sum_ij max(0, 1 - x[y_j] + x[i]) / C over the target classes y_j, which end before the first -1, and the classes i that
 * are no targets.
 *
 * **Shape** input and target [N, C] or [C]; the losses are [N] or [].
 * @throws RuntimeError for a class that does not exist, or another shape.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
 */
export const multilabelMarginLoss: LabelLossFn = typed(
  (input: AnyTensor, target: AnyTensor, { reduction = "mean" }: LossOptions = {}): AnyTensor => {
    const name = "multilabel_margin_loss";
    checkReduction(reduction);
    const x = asRows(input, name);
    const [rows, classes] = x.shape as [number, number];
    const flat = input.ndim < 2;
    if (flat ? target.ndim > 1 || target.numel() !== classes : !sameShape(target.shape, input.shape))
      throw new RuntimeError(
        `${name}: inconsistent size ${showShape(target.shape)} of the target for an input of ${showShape(input.shape)}`,
      );
    checkLabels(target, name);
    const checkRange = (labels: TypedArray): void => {
      for (const v of labels)
        if (Number(v) < -1 || Number(v) >= classes)
          throw new RuntimeError(`${name}: the target is out of range: ${v}, with ${classes} classes`);
    };
    if (recorder !== null) {
      recorder.check(name, target, checkRange);
      const losses = multilabelTerms(x, target.reshape([rows, classes]))
        .sum([1, 2])
        .div(classes);
      return reduced(flat ? losses.squeeze(0) : losses, reduction);
    }
    const labels = Int32Array.from(target.toTypedArray(), Number);
    checkRange(labels);
    // How many classes each row lists, and the longest list.
    const counts = new Int32Array(rows);
    let longest = 0;
    for (let r = 0; r < rows; r++) {
      let n = 0;
      while (n < classes && labels[r * classes + n]! >= 0) n++;
      counts[r] = n;
      longest = Math.max(longest, n);
    }
    const listed = new Int32Array(rows * longest);
    const used = new Uint8Array(rows * longest);
    const others = new Uint8Array(rows * classes).fill(1);
    for (let r = 0; r < rows; r++)
      for (let j = 0; j < counts[r]!; j++) {
        const y = labels[r * classes + j]!;
        listed[r * longest + j] = y;
        used[r * longest + j] = 1;
        others[r * classes + y] = 0;
      }
    const picked: AnyTensor = x.gather(1, fresh(listed, [rows, longest], "int32"));
    const over: AnyTensor = x.unsqueeze(1).sub(picked.unsqueeze(2)).add(1).relu();
    const counted: AnyTensor = (fresh(used, [rows, longest, 1], "bool") as AnyTensor).logicalAnd(
      fresh(others, [rows, 1, classes], "bool"),
    );
    const losses: AnyTensor = (where(counted, over, 0) as AnyTensor).sum([1, 2]).div(classes);
    return reduced(flat ? losses.squeeze(0) : losses, reduction);
  },
);

/** The terms of {@link multilabelMarginLoss} without a look at the labels: [rows, classes, classes]. */
function multilabelTerms(x: AnyTensor, labels: AnyTensor): AnyTensor {
  const classes: number = x.shape[1];
  const used: AnyTensor = labels.ge(0).int().cumprod(1).bool();
  const isTarget = labels.unsqueeze(2).eq(arange(classes)).logicalAnd(used.unsqueeze(2)).any(1) as AnyTensor;
  const picked: AnyTensor = x.gather(1, labels.clampMin(0));
  const over: AnyTensor = x.unsqueeze(1).sub(picked.unsqueeze(2)).add(1).relu();
  const counted = used.unsqueeze(2).logicalAnd(isTarget.logicalNot().unsqueeze(1)) as AnyTensor;
  return where(counted, over, 0) as AnyTensor;
}

/**
 * log(1 + e^(-target input)), computed without overflow.
 *
 * Differs from PyTorch: finite where e^(-target input) overflows.
 * @throws RuntimeError unless the target broadcasts to the input's shape; DTypeError for an input of integers.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 */
export const softMarginLoss: PairLossFn<"softMarginLoss"> = typed(
  (input: AnyTensor, target: AnyTensor, { reduction = "mean" }: LossOptions = {}): AnyTensor => {
    checkReduction(reduction);
    if (!isFloat(input.dtype))
      throw new DTypeError("softMarginLoss", `softMarginLoss: not implemented for ${input.dtype}`);
    const shape = broadcastShapes(input.shape, target.shape, "softMarginLoss");
    if (!sameShape(shape, input.shape))
      throw new ShapeError(
        "softMarginLoss",
        [input.shape, target.shape],
        `softMarginLoss: output with shape ${showShape(input.shape)} doesn't match the broadcast shape ${showShape(shape)}`,
      );
    return reduced(logsigmoid(input.mul(target) as AnyTensor).neg(), reduction);
  },
);

/** Options of {@link multilabelSoftMarginLoss}. */
export interface MultilabelSoftMarginLossOptions extends LossOptions {
  /** A factor for each class. */
  readonly weight?: AnyTensor | null;
}

/**
 * The mean over the classes, which lie along the last dimension, of -(t log sigmoid(x) + (1 - t) log sigmoid(-x)).
 *
 * **Shape** input and target [..., C]; the losses are [...].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 */
export const multilabelSoftMarginLoss: LabelLossFn<MultilabelSoftMarginLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { weight, reduction = "mean" }: MultilabelSoftMarginLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    if (input.ndim === 0)
      throw new IndexError("multilabel_soft_margin_loss: the input has no dimension of classes");
    const yes = target.mul(logsigmoid(input));
    const no = target.neg().add(1).mul(logsigmoid(input.neg()));
    const terms: AnyTensor = yes.add(no).neg();
    const scaled: AnyTensor = weight ? terms.mul(weight) : terms;
    return reduced(scaled.sum(input.ndim - 1).div(input.shape[input.ndim - 1]), reduction);
  },
);
