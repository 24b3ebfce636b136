// Connectionist temporal classification.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/LossCTC.cpp

import type { TypedArray } from "../../base/dtype.ts";
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { Alignment, ctcLosses } from "../../ops/functional/ctc.ts";
import type { Lost } from "../../ops/signatures.ts";
import { recorder } from "../../tensor/capturing.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { fresh, isTensor } from "../../tensor/tensor.ts";
import type { LossOptions } from "./losses.ts";
import { checkReduction, reduced } from "./losses.ts";
import { typed } from "./typed.ts";

/** Options of {@link ctcLoss}. */
export interface CTCLossOptions extends LossOptions {
  /** The class of blanks. Default 0. */
  readonly blank?: number;
  /** "mean" divides each loss by the length of its target first. */
  readonly reduction?: "none" | "mean" | "sum";
  /** Whether infinite losses, of targets too long for their input, count as 0, with gradient 0. Default false. */
  readonly zeroInfinity?: boolean;
}

type Lengths = AnyTensor | readonly number[];
type Examples<S> = S extends readonly [unknown, infer N, unknown]
  ? [N]
  : S extends readonly [unknown, unknown]
    ? []
    : Shape;

/** Shows `use` the elements: now, or in every run of a captured function. */
function withNumbers(x: Lengths, use: (list: readonly number[]) => void): void {
  const numbers = (elements: TypedArray): number[] => Array.from(elements as Int32Array, Number);
  if (!isTensor(x)) use(x);
  else if (recorder === null) use(numbers((x as AnyTensor).toTypedArray()));
  else recorder.check("ctc_loss", x as AnyTensor, (elements) => use(numbers(elements)));
}

/** Gives `use` lengths, numbers from 0 to `most`. */
function withLengths(
  x: Lengths,
  name: string,
  batch: number,
  most: number,
  use: (lengths: Int32Array) => void,
): void {
  if (isTensor(x) && (isFloat((x as AnyTensor).dtype) || (x as AnyTensor).dtype === "bool"))
    throw new RuntimeError(`ctc_loss: ${name} must be integral, got ${(x as AnyTensor).dtype}`);
  withNumbers(x, (list) => {
    if (list.length !== batch)
      throw new RuntimeError(`ctc_loss: ${name} must be of size batch_size, ${batch}, got ${list.length}`);
    for (const n of list)
      if (!Number.isInteger(n) || n < 0 || n > most)
        throw new RuntimeError(
          n > most
            ? `ctc_loss: Expected ${name} to have value at most ${most}, but got value ${n}`
            : `ctc_loss: Expected ${name} to have value at least 0, but got value ${n}`,
        );
    use(Int32Array.from(list));
  });
}

/** The targets of all examples, one after the other. */
function targetsOf(
  targets: AnyTensor,
  elements: readonly number[],
  lengths: Int32Array,
  classes: number,
): Int32Array {
  const all = Int32Array.from(elements);
  const batch = lengths.length;
  const total = lengths.reduce((a, b) => a + b, 0);
  let list = all;
  if (targets.ndim === 1) {
    if (all.length !== total)
      throw new RuntimeError(
        `ctc_loss: Expected targets to have size ${total} at dimension 0, the sum of targetLengths, but got size ${all.length}`,
      );
  } else if (targets.ndim === 2) {
    const [rows, columns] = targets.shape as [number, number];
    if (rows !== batch)
      throw new RuntimeError(
        `ctc_loss: Expected targets to have size ${batch} at dimension 0, but got size ${rows}`,
      );
    const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
    if (columns < longest)
      throw new RuntimeError(
        `ctc_loss: Expected targets to have size at least ${longest} at dimension 1, but got size ${columns}`,
      );
    list = new Int32Array(total);
    lengths.reduce((at, length, n) => {
      list.set(all.subarray(n * columns, n * columns + length), at);
      return at + length;
    }, 0);
  } else
    throw new RuntimeError(
      `ctc_loss: Expected targets of 1 to 2 dimensions, but got ${showShape(targets.shape)}`,
    );
  for (const y of list)
    if (y < 0 || y >= classes)
      throw new RuntimeError(`ctc_loss: target ${y} is out of range: there are ${classes} classes`);
  return list;
}

/**
 * -log P(target | logProbs), summed over all alignments of the target with the sequence: labels may repeat, and blanks
 * may stand between them.
 *
 * The gradient is that of log-probabilities that come from a log-softmax. It has no derivative of its own, as in PyTorch.
 *
 * **Shape** logProbs [T, N, C] or [T, C]; targets [N, S], or all in one [sum of targetLengths]; the losses are [N] or [].
 * @param inputLengths how many steps of each sequence count, at most T
 * @throws RuntimeError for lengths, targets or a blank out of range; ValueError for another reduction.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 */
export const ctcLoss: <X extends AnyTensor, const O extends CTCLossOptions = { readonly reduction?: "mean" }>(
  logProbs: X,
  targets: AnyTensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options?: O,
) => Tensor<Lost<O, Examples<ShapeOf<X>>>, DtOf<X>> = typed(
  (
    logProbs: AnyTensor,
    targets: AnyTensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
    { blank = 0, reduction = "mean", zeroInfinity = false }: CTCLossOptions = {},
  ): AnyTensor => {
    checkReduction(reduction);
    if (logProbs.ndim !== 2 && logProbs.ndim !== 3)
      throw new RuntimeError(
        `ctc_loss: Expected log-probabilities [T, N, C] or [T, C], got ${showShape(logProbs.shape)}`,
      );
    if (!isFloat(logProbs.dtype))
      throw new DTypeError("ctcLoss", `ctc_loss: not implemented for ${logProbs.dtype}`);
    const single = logProbs.ndim === 2;
    const x: AnyTensor = single ? logProbs.unsqueeze(1) : logProbs;
    const [steps, batch, classes] = x.shape as [number, number, number];
    if (!(blank >= 0 && blank < classes))
      throw new RuntimeError(`ctc_loss: blank must be in label range, 0 to ${classes - 1}, got ${blank}`);
    const alignment = new Alignment(batch, blank, zeroInfinity);
    withLengths(targetLengths, "targetLengths", batch, Number.POSITIVE_INFINITY, (lengths) => {
      alignment.targetLengths = lengths;
    });
    withLengths(inputLengths, "inputLengths", batch, steps, (lengths) => {
      alignment.inputLengths = lengths;
    });
    withNumbers(targets, (elements) => {
      alignment.targets = targetsOf(targets, elements, alignment.targetLengths, classes);
    });
    const losses = ctcLosses(x, alignment);
    if (reduction === "mean") {
      const counts: AnyTensor = isTensor(targetLengths)
        ? (targetLengths as AnyTensor)
        : fresh(alignment.targetLengths, [batch], "int32");
      return losses.div(counts.reshape([batch]).clampMin(1)).mean();
    }
    return reduced(single ? losses.squeeze(0) : losses, reduction);
  },
);
