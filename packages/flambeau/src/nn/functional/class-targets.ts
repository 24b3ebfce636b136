// Targets of the losses over classes: what they must be, and losses of them without a look at their values.
// Floor L5 (nn). Source: ATen/native/LossNLL.cpp

import type { TypedArray } from "../../base/dtype.ts";
import { DTypeError, IndexError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import { where } from "../../ops/select.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { arange } from "../../tensor/range.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { LossOptions, ReductionMode } from "./losses.ts";

/** Options of losses over classes. */
export interface ClassLossOptions extends LossOptions {
  /** A factor for each class. */
  readonly weight?: AnyTensor | null;
  /** A target that counts nothing. Default -100. */
  readonly ignoreIndex?: number;
}
/** Dimension of the classes: 1, or 0 without a batch. */
export const classDim = (shape: Shape): number => (shape.length === 1 ? 0 : 1);

export function checkWeight(weight: AnyTensor | null | undefined, classes: number): void {
  if (weight && !sameShape(weight.shape, [classes]))
    throw new RuntimeError(
      `weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${showShape(weight.shape)}`,
    );
}

/** Checks shapes and dtypes. */
export function checkTargets(
  input: AnyTensor,
  target: AnyTensor,
  weight: AnyTensor | null | undefined,
  name: string,
): { readonly shape: Shape; readonly d: number; readonly classes: number } {
  const from = input.shape as Shape;
  if (from.length < 1) throw new ValueError(`${name}: Expected 1 or more dimensions (got 0)`);
  const shape = from.length === 1 ? [] : [from[0]!, ...from.slice(2)];
  if (!sameShape(target.shape, shape)) {
    if (from.length > 1 && target.ndim > 0 && target.shape[0] !== from[0])
      throw new ValueError(
        `${name}: Expected input batch_size (${from[0]}) to match target batch_size (${target.shape[0]}).`,
      );
    throw new RuntimeError(
      `${name}: size mismatch: expected target size ${showShape(shape)} for an input of size ${showShape(from)}, got ${showShape(target.shape)}`,
    );
  }
  const d = classDim(from);
  const classes = from[d]!;
  checkWeight(weight, classes);
  if (target.dtype !== "int32" && target.dtype !== "int64" && target.dtype !== "uint8")
    throw new DTypeError(
      name,
      `${name}: expected a target of dtype int32 or int64 (indices of classes), but found ${target.dtype}`,
    );
  if (weight && weight.dtype !== input.dtype)
    throw new DTypeError(
      name,
      `${name}: expected a weight of dtype ${input.dtype} but found ${weight.dtype}`,
    );
  return { shape, d, classes };
}

/** Refuses classes that do not exist. */
export function checkClasses(targets: TypedArray, classes: number, ignoreIndex: number, name: string): void {
  for (let i = 0; i < targets.length; i++) {
    const y = Number(targets[i]);
    if ((y < 0 || y >= classes) && y !== ignoreIndex)
      throw new IndexError(`${name}: Target ${y} is out of bounds: there are ${classes} classes.`);
  }
}

/** The sum, the mean by weight, or the losses themselves; a target that is ignored counts nothing. */
function reducedBy(losses: AnyTensor, weights: AnyTensor, mode: ReductionMode): AnyTensor {
  if (mode === "none") return losses;
  const sum: AnyTensor = losses.sum();
  return mode === "sum" ? sum : sum.div(weights.sum());
}

/**
 * The losses -weight[y] logp[y] by comparing every class with the target: a program that is captured fuses this with the softmax
 * before it, where picking elements could not be. Smoothed as `crossEntropy` says.
 */
export function maskedClassLoss(
  recorder: Recorder | null,
  logp: AnyTensor,
  target: AnyTensor,
  options: ClassLossOptions & { readonly labelSmoothing?: number },
  name: string,
): AnyTensor {
  const { weight, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = options;
  const { d, classes } = checkTargets(logp, target, weight, name);
  recorder?.check(name, target, (targets) => checkClasses(targets, classes, ignoreIndex, name));
  const along = logp.shape.map((_: number, i: number) => (i === d ? classes : 1));
  const hit: AnyTensor = target.unsqueeze(d).eq(arange(classes).reshape(along));
  const counts = target.ne(ignoreIndex) as AnyTensor;
  const byClass = weight?.reshape(along) as AnyTensor | undefined;
  const factors: AnyTensor = byClass
    ? (where(hit.logicalAnd(counts.unsqueeze(d)), byClass, 0) as AnyTensor).sum(d)
    : counts.to(logp.dtype);
  const picked: AnyTensor = (where(hit, logp, 0) as AnyTensor).sum(d).neg();
  const loss = reducedBy(picked.mul(factors), factors, reduction);
  if (labelSmoothing === 0) return loss;
  const all: AnyTensor = (byClass ? logp.mul(byClass) : logp).sum(d).neg();
  const smooth = reducedBy(where(counts, all, 0) as AnyTensor, factors, reduction);
  return loss.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
}
