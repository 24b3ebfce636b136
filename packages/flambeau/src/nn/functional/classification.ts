// Losses of class scores against classes: negative log-likelihood, cross-entropy, binary cross-entropy.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/LossNLL.cpp, ATen/native/Loss.cpp

import { isFloat } from "../../base/dtype.ts";
import { IndexError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import { where } from "../../ops/select.ts";
import { takeRows } from "../../ops/take-rows.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { softplus } from "./activation.ts";
import type { LossOptions, ReductionMode } from "./losses.ts";
import { checkReduction, reduced } from "./losses.ts";

/** Options of losses over classes. */
export interface ClassLossOptions extends LossOptions {
  /** A factor for each class. */
  readonly weight?: AnyTensor | null;
  /** A target that counts nothing. Default -100. */
  readonly ignoreIndex?: number;
}

/** Dimension of the classes: 1, or 0 without a batch. */
const classDim = (input: AnyTensor): number => (input.ndim === 1 ? 0 : 1);

function checkClasses(
  input: AnyTensor,
  target: AnyTensor,
  weight: AnyTensor | null | undefined,
  name: string,
): void {
  if (input.ndim < 1) throw new RuntimeError(`${name}: input tensor should be 1D or 2D, got a 0-d tensor`);
  const shape = input.shape as Shape;
  const want = input.ndim === 1 ? [] : [shape[0]!, ...shape.slice(2)];
  if (!sameShape(target.shape, want)) {
    if (input.ndim > 1 && target.shape[0] !== shape[0])
      throw new ValueError(
        `Expected input batch_size (${shape[0]}) to match target batch_size (${target.shape[0] ?? 1}).`,
      );
    throw new RuntimeError(
      `${name}: expected target size ${showShape(want)} for an input of size ${showShape(shape)}, got ${showShape(target.shape)}`,
    );
  }
  const classes = shape[classDim(input)]!;
  if (weight && !sameShape(weight.shape, [classes]))
    throw new RuntimeError(
      `weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${showShape(weight.shape)}`,
    );
}

/** The sum, the mean by weight, or the losses themselves. */
function weighted(losses: AnyTensor, weights: AnyTensor, mode: ReductionMode): AnyTensor {
  checkReduction(mode);
  if (mode === "none") return losses;
  const total: AnyTensor = losses.sum();
  return mode === "sum" ? total : total.div(weights.sum());
}

/** Which targets count, their classes (0 where they do not), and their weights (0 there). */
function counted(
  target: AnyTensor,
  weight: AnyTensor | null | undefined,
  ignoreIndex: number,
  like: AnyTensor,
): { valid: AnyTensor; classes: AnyTensor; weights: AnyTensor } {
  const valid: AnyTensor = target.ne(ignoreIndex);
  const classes: AnyTensor = target.maskedFill(valid.logicalNot(), 0);
  const weights: AnyTensor = weight ? where(valid, takeRows(weight, classes), 0) : valid.to(like.dtype);
  return { valid, classes, weights };
}

function checkTargets(classes: AnyTensor, count: number): void {
  for (const v of classes.toTypedArray())
    if (Number(v) < 0 || Number(v) >= count)
      throw new IndexError(`Target ${v} is out of bounds: there are ${count} classes.`);
}

/**
 * -weight[y] input[y] for the target class y; the mean is over weights. `input` holds logarithms of probabilities.
 *
 * **Shape** input [N, C], [C] or [N, C, d1, ...]; target integers [N], [] or [N, d1, ...].
 * @throws IndexError for a class that does not exist.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export function nllLoss(input: AnyTensor, target: AnyTensor, options: ClassLossOptions = {}): AnyTensor {
  const { weight, ignoreIndex = -100, reduction = "mean" } = options;
  checkClasses(input, target, weight, "nll_loss");
  const { valid, classes, weights } = counted(target, weight, ignoreIndex, input);
  const d = classDim(input);
  checkTargets(classes, (input.shape as Shape)[d]!);
  const picked = input.gather(d, classes.unsqueeze(d)).squeeze(d);
  return weighted(where(valid, picked.neg().mul(weights), 0), weights, reduction);
}

/**
 * The cross-entropy of softmax(input) and a target: -sum_c p_c log softmax(input)_c. The target is a class for each
 * example, or probabilities of all classes (a float tensor of the input's shape).
 *
 * @param options.labelSmoothing share of the target that is spread evenly over all classes; default 0
 *
 * **Shape** input [N, C], [C] or [N, C, d1, ...]; target [N], [] or [N, d1, ...], or the input's.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
export function crossEntropy(
  input: AnyTensor,
  target: AnyTensor,
  options: ClassLossOptions & { readonly labelSmoothing?: number } = {},
): AnyTensor {
  const { weight, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = options;
  checkReduction(reduction);
  if (labelSmoothing < 0 || labelSmoothing > 1)
    throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
  const d = classDim(input);
  const shape = input.shape as Shape;
  const classes = shape[d]!;
  const logp = input.logSoftmax(d);
  const byClass = weight ? weight.reshape(shape.map((_, i) => (i === d ? -1 : 1))) : null;
  if (isFloat(target.dtype) && sameShape(target.shape, shape)) {
    const p = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
    const terms = logp.mul(p);
    const losses: AnyTensor = (byClass ? terms.mul(byClass) : terms).sum(d).neg();
    if (reduction === "mean") return losses.sum().div(input.numel() / classes);
    return reduced(losses, reduction);
  }
  const loss = nllLoss(logp, target, { ...options, reduction });
  if (labelSmoothing === 0) return loss;
  const { valid, weights } = counted(target, weight, ignoreIndex, input);
  const all: AnyTensor = (byClass ? logp.mul(byClass) : logp).sum(d).neg();
  const smooth = weighted(where(valid, all, 0), weights, reduction);
  return loss.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
}

/** Options of the binary losses. */
export interface BinaryLossOptions extends LossOptions {
  /** A factor for each element (broadcast). */
  readonly weight?: AnyTensor | null;
}

/** log x, not below -100; -100 where x is 0, and 0 where it is 1. */
const logOr = (x: AnyTensor, isZero: AnyTensor, isOne: AnyTensor, atEdges: boolean): AnyTensor => {
  const y = x.log().clampMin(-100);
  return atEdges ? where(isZero, -100, where(isOne, 0, y)) : y;
};

/**
 * -(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms are held above -100.
 * @throws ValueError for different shapes; RuntimeError for x outside of [0, 1].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 */
export function binaryCrossEntropy(
  input: AnyTensor,
  target: AnyTensor,
  { weight, reduction = "mean" }: BinaryLossOptions = {},
): AnyTensor {
  if (!sameShape(input.shape, target.shape))
    throw new ValueError(
      `Using a target size (torch.Size(${showShape(target.shape)})) that is different to the input size ` +
        `(torch.Size(${showShape(input.shape)})) is deprecated. Please ensure they have the same size.`,
    );
  const x = input.detach();
  if (x.lt(0).any().item() || x.gt(1).any().item())
    throw new RuntimeError("all elements of input should be between 0 and 1");
  const edge = x.eq(0).logicalOr(x.eq(1));
  const atEdges: boolean = edge.any().item();
  // At 0 and 1 logarithms and their gradients are infinite: -100 and (x - t) / 1e-12 stand for them.
  const inner = atEdges ? where(edge, 0.5, input) : input;
  const yes = logOr(inner, x.eq(0), x.eq(1), atEdges).mul(target);
  const no = logOr(inner.neg().add(1), x.eq(1), x.eq(0), atEdges).mul(target.neg().add(1));
  let loss = yes.add(no).neg();
  if (atEdges) loss = loss.add(input.sub(x).mul(where(edge, x.sub(target.detach()).mul(1e12), 0)));
  return reduced(weight ? loss.mul(weight) : loss, reduction);
}

/**
 * {@link binaryCrossEntropy} of sigmoid(x), computed without overflow.
 * @param options.posWeight a factor for positive targets (broadcast)
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 */
export function binaryCrossEntropyWithLogits(
  input: AnyTensor,
  target: AnyTensor,
  {
    weight,
    posWeight,
    reduction = "mean",
  }: BinaryLossOptions & { readonly posWeight?: AnyTensor | null } = {},
): AnyTensor {
  if (!sameShape(input.shape, target.shape))
    throw new ValueError(
      `Target size (torch.Size(${showShape(target.shape)})) must be the same as input size (torch.Size(${showShape(input.shape)}))`,
    );
  // (1 - t) x - (1 + (w - 1) t) log sigmoid(x)
  const rest = softplus(input.neg(), 1, 40);
  const scaled = posWeight ? rest.mul(posWeight.sub(1).mul(target).add(1)) : rest;
  const loss = target.neg().add(1).mul(input).add(scaled);
  return reduced(weight ? loss.mul(weight) : loss, reduction);
}
