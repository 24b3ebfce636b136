// Losses of class scores against classes: negative log-likelihood, cross-entropy, binary cross-entropy.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/LossNLL.cpp, ATen/native/Loss.cpp

import type { TypedArray } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import {
  DTypeError,
  IndexError,
  RuntimeError,
  ShapeError,
  showShape,
  ValueError,
} from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { broadcastShapes, numel, sameShape } from "../../base/shape.ts";
import { logsigmoid } from "../../ops/functional/activation.ts";
import { binaryEntropy } from "../../ops/functional/loss-kernels.ts";
import type { Picks } from "../../ops/functional/nll.ts";
import { pickEntropy, pickNegated } from "../../ops/functional/nll.ts";
import type { ClassLossFn, LossOptions, PairLossFn } from "../../ops/signatures.ts";
import { recorder, tracer } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { ClassLossOptions } from "./class-targets.ts";
import { checkTargets, checkWeight, classDim, maskedClassLoss } from "./class-targets.ts";
import type { ReductionMode } from "./losses.ts";
import { checkReduction, reduced } from "./losses.ts";
import { typed } from "./typed.ts";

/** Which elements of log-probabilities the targets pick, and the sum of their weights. */
function chosen(
  input: AnyTensor,
  target: AnyTensor,
  { weight, ignoreIndex = -100 }: ClassLossOptions,
  name: string,
): Picks & { readonly total: number } {
  const { shape, d, classes } = checkTargets(input, target, weight, name);
  const from = input.shape as Shape;
  const byClass = weight ? (weight.toTypedArray() as Float32Array) : null;
  const packed = target.contiguous();
  const { data } = packed.storage;
  const { offset } = packed;
  const n = numel(shape);
  const inner = numel(from.slice(d + 1));
  const places = new Int32Array(n);
  const factors = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const y = Number(data[offset + i]);
    if (y === ignoreIndex) {
      places[i] = -1;
      continue;
    }
    if (y < 0 || y >= classes)
      throw new IndexError(`${name}: Target ${y} is out of bounds: there are ${classes} classes.`);
    const example = Math.floor(i / inner);
    places[i] = (example * classes + y) * inner + (i - example * inner);
    const w = byClass ? byClass[y]! : 1;
    factors[i] = w;
    total += w;
  }
  return { from, shape, places, factors, total };
}

/** The sum, the mean by weight, or the losses themselves. */
function weighted(losses: AnyTensor, total: number, mode: ReductionMode): AnyTensor {
  if (mode === "none") return losses;
  const sum: AnyTensor = losses.sum();
  return mode === "sum" ? sum : sum.div(total);
}

/**
 * -weight[y] input[y] for the target class y; the mean is over weights. `input` holds logarithms of probabilities.
 *
 * **Shape** input [N, C], [C] or [N, C, d1, ...]; target integers [N], [] or [N, d1, ...]; without a reduction the
 * target's.
 * @throws IndexError for a class that does not exist.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export const nllLoss: ClassLossFn<ClassLossOptions> = typed(
  (input: AnyTensor, target: AnyTensor, options: ClassLossOptions = {}): AnyTensor => {
    const { reduction = "mean" } = options;
    checkReduction(reduction);
    if ((recorder !== null || tracer !== null) && isFloat(input.dtype))
      return maskedClassLoss(recorder, input, target, options, "nll_loss");
    const picks = chosen(input, target, options, "nll_loss");
    if (!isFloat(input.dtype))
      throw new DTypeError("nll_loss", `nll_loss: not implemented for an input of ${input.dtype}`);
    return weighted(pickNegated(input, picks), picks.total, reduction);
  },
);

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the target that is spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * The cross-entropy of softmax(input) and a target: -sum_c p_c log softmax(input)_c. The target is a class for each
 * example, or probabilities of all classes (a float tensor of the input's shape).
 *
 * @param options.labelSmoothing share of the target that is spread evenly over all classes; default 0
 *
 * **Shape** input [N, C], [C] or [N, C, d1, ...]; target [N], [] or [N, d1, ...], or the input's.
 * @throws IndexError for a class that does not exist; RuntimeError for a target of another shape or dtype.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
export const crossEntropy: ClassLossFn<CrossEntropyOptions> = typed(
  (input: AnyTensor, target: AnyTensor, options: CrossEntropyOptions = {}): AnyTensor => {
    const { weight, ignoreIndex, reduction = "mean", labelSmoothing = 0 } = options;
    checkReduction(reduction);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
      throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
    const shape = input.shape as Shape;
    const d = classDim(shape);
    if (shape.length === 0)
      throw new IndexError("cross_entropy: expected an input of 1 or more dimensions, got a 0-d tensor");
    if (!isFloat(input.dtype))
      throw new DTypeError("crossEntropy", `cross_entropy: not implemented for an input of ${input.dtype}`);
    const classes = shape[d]!;
    const byClass = (x: AnyTensor): AnyTensor =>
      weight ? x.mul(weight.reshape(shape.map((_, i) => (i === d ? -1 : 1)))) : x;
    if (sameShape(target.shape, shape)) {
      if (!isFloat(target.dtype))
        throw new RuntimeError(
          `cross_entropy: Expected floating point type for target with class probabilities, got ${target.dtype}`,
        );
      if (ignoreIndex !== undefined && ignoreIndex >= 0)
        throw new RuntimeError("cross_entropy: ignore_index is not supported for floating point target");
      checkWeight(weight, classes);
      const p = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
      const terms = byClass((input.logSoftmax(d) as AnyTensor).mul(p));
      if (reduction === "mean") return terms.sum().div(-input.numel() / classes);
      return reduced(terms.sum(d).neg(), reduction);
    }
    if (recorder !== null || tracer !== null)
      return maskedClassLoss(recorder, input.logSoftmax(d), target, options, "cross_entropy");
    const picks = chosen(input, target, options, "cross_entropy");
    if (labelSmoothing === 0 && d === shape.length - 1 && input.numel() > 0)
      return weighted(pickEntropy(input, picks, { top: null, log: null }), picks.total, reduction);
    const logp: AnyTensor = input.logSoftmax(d);
    const loss = weighted(pickNegated(logp, picks), picks.total, reduction);
    if (labelSmoothing === 0) return loss;
    const all: AnyTensor = byClass(logp).sum(d).neg();
    const ignored = target.eq(ignoreIndex ?? -100);
    const smooth = weighted(all.maskedFill(ignored, 0), picks.total, reduction);
    return loss.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
  },
);

/** Options of the binary losses. */
export interface BinaryLossOptions extends LossOptions {
  /** A factor for each element (broadcast). */
  readonly weight?: AnyTensor | null;
}

/** The losses times a weight, which must not enlarge them. */
function scaledBy(loss: AnyTensor, weight: AnyTensor | null | undefined, name: string): AnyTensor {
  if (!weight) return loss;
  const shape = broadcastShapes(loss.shape, weight.shape, name);
  if (!sameShape(shape, loss.shape))
    throw new ShapeError(
      name,
      [loss.shape, weight.shape],
      `${name}: output with shape ${showShape(loss.shape)} doesn't match the broadcast shape ${showShape(shape)}`,
    );
  return loss.mul(weight);
}

/**
 * -(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms are held above -100.
 * @throws ValueError for different shapes; RuntimeError for x outside of [0, 1], or different dtypes.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 */
export const binaryCrossEntropy: PairLossFn<"binaryCrossEntropy", BinaryLossOptions> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { weight, reduction = "mean" }: BinaryLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    if (!sameShape(input.shape, target.shape))
      throw new ValueError(
        `Using a target size (torch.Size(${showShape(target.shape)})) that is different to the input size ` +
          `(torch.Size(${showShape(input.shape)})) is deprecated. Please ensure they have the same size.`,
      );
    if (target.dtype !== input.dtype)
      throw new DTypeError(
        "binaryCrossEntropy",
        `binary_cross_entropy: Found dtype ${target.dtype} of the target but expected ${input.dtype}`,
      );
    checkProbabilities(input);
    return reduced(scaledBy(binaryEntropy(input, target), weight, "binaryCrossEntropy"), reduction);
  },
);

/** Refuses elements outside of [0, 1]: now, or in every run of a captured function, by the extremes alone. */
function checkProbabilities(input: AnyTensor): void {
  const refuse = (v: unknown): never => {
    throw new RuntimeError(
      `binary_cross_entropy: all elements of input should be between 0 and 1, found ${v}`,
    );
  };
  if (numel(input.shape) === 0) return;
  if (recorder !== null) {
    const x: AnyTensor = input.detach();
    const look = ([v]: TypedArray): void => {
      if (!(Number(v) >= 0 && Number(v) <= 1)) refuse(v);
    };
    recorder.check("binary_cross_entropy", x.amin(), look);
    recorder.check("binary_cross_entropy", x.amax(), look);
    return;
  }
  const x = input.contiguous();
  const { data } = x.storage;
  for (let i = x.offset, end = i + numel(x.shape); i < end; i++)
    if (!((data[i] as number) >= 0 && (data[i] as number) <= 1)) refuse(data[i]);
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryLogitsLossOptions extends BinaryLossOptions {
  /** A factor for positive targets (broadcast). */
  readonly posWeight?: AnyTensor | null;
}

/**
 * {@link binaryCrossEntropy} of sigmoid(x), computed without overflow.
 * @param options.posWeight a factor for positive targets (broadcast)
 * @throws ValueError for different shapes; DTypeError for a target of integers.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 */
export const binaryCrossEntropyWithLogits: PairLossFn<
  "binaryCrossEntropyWithLogits",
  BinaryLogitsLossOptions
> = typed(
  (
    input: AnyTensor,
    target: AnyTensor,
    { weight, posWeight, reduction = "mean" }: BinaryLogitsLossOptions = {},
  ): AnyTensor => {
    const name = "binaryCrossEntropyWithLogits";
    checkReduction(reduction);
    if (!sameShape(input.shape, target.shape))
      throw new ValueError(
        `Target size (torch.Size(${showShape(target.shape)})) must be the same as input size (torch.Size(${showShape(input.shape)}))`,
      );
    if (!isFloat(target.dtype))
      throw new DTypeError(name, `${name}: expected a target of floats, got ${target.dtype}`);
    // (1 - t) x - (1 + (w - 1) t) log sigmoid(x)
    const rest = logsigmoid(input);
    const scaled = posWeight ? rest.mul(posWeight.sub(1).mul(target).add(1)) : rest;
    const loss: AnyTensor = target.neg().add(1).mul(input).sub(scaled);
    return reduced(scaledBy(loss, weight, name), reduction);
  },
);
