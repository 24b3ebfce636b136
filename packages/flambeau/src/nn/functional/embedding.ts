// Looking rows of a table up: single ones, and reduced in bags.
// Floor L5 (nn). Source: torch/nn/functional.py, ATen/native/Embedding.cpp, ATen/native/EmbeddingBag.cpp

import { NotImplementedError, RuntimeError, showShape, ValueError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { sameShape } from "../../base/shape.ts";
import { alongRules, readIndices } from "../../ops/elements.ts";
import { gradientTimes, lookUp } from "../../ops/functional/rows.ts";
import { stack } from "../../ops/join.ts";
import { takeRows } from "../../ops/take-rows.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { recorder, tracer } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { bagsFromOffsets, bagsOfOneSize } from "./bags.ts";
import { renormRows } from "./renorm.ts";
import { typed } from "./typed.ts";

export interface EmbeddingOptions {
  /** A row that gets no gradient. */
  readonly paddingIdx?: number | null;
  /** Rows looked up are first scaled down, in place, to at most this norm. */
  readonly maxNorm?: number | null;
  /** Order of that norm. Default 2. */
  readonly normType?: number;
  /** Whether the gradient of a row is divided by how often it was looked up. Default false. */
  readonly scaleGradByFreq?: boolean;
}

const integers = (x: AnyTensor): Int32Array => Int32Array.from(x.toTypedArray() as ArrayLike<number>, Number);

function checkNumbers(index: AnyTensor, name: string): void {
  if (index.dtype !== "int32" && index.dtype !== "int64")
    throw new RuntimeError(
      `${name}: Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ${index.dtype} instead`,
    );
}

/** The numbers of rows in `index`. @throws RuntimeError for another dtype; IndexError for a row that does not exist. */
function rowsIn(index: AnyTensor, count: number, name: string): Int32Array {
  checkNumbers(index, name);
  return readIndices(index, count, name, 0, alongRules);
}

/** A row number that may count from the end; null if there is none. @throws ValueError out of range. */
export function rowNumber(paddingIdx: number | null | undefined, rows: number): number | null {
  if (paddingIdx === null || paddingIdx === undefined) return null;
  if (paddingIdx >= rows || paddingIdx < -rows)
    throw new ValueError("Padding_idx must be within num_embeddings");
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

type Embedded<S, W> = W extends readonly [unknown, infer F]
  ? S extends readonly unknown[]
    ? [...S, F]
    : Shape
  : Shape;

/**
 * Rows of `weight`: out[..., :] = weight[input[...], :].
 *
 * **Shape** input [...] of integers, weight [rows, features]; result [..., features].
 * @throws IndexError for a row that does not exist; RuntimeError for an index of another dtype, or a weight that is no
 * matrix; ValueError for a `paddingIdx` out of range.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export const embedding: <X extends AnyTensor, W extends AnyTensor>(
  input: X,
  weight: W,
  options?: EmbeddingOptions,
) => Tensor<Embedded<ShapeOf<X>, ShapeOf<W>>, DtOf<W>> = typed(
  (
    input: AnyTensor,
    weight: AnyTensor,
    { paddingIdx, maxNorm, normType = 2, scaleGradByFreq = false }: EmbeddingOptions = {},
  ): AnyTensor => {
    if (weight.ndim !== 2)
      throw new RuntimeError(`embedding: 'weight' must be 2-D, got shape ${showShape(weight.shape)}`);
    const count: number = weight.shape[0];
    const padding = rowNumber(paddingIdx, count);
    const scaled = maxNorm !== null && maxNorm !== undefined;
    if (recorder !== null) {
      checkNumbers(input, "embedding");
      if (scaled) renormRows(weight, input.reshape(-1), maxNorm, normType);
      return embeddingInStep(input, weight, padding, scaleGradByFreq);
    }
    if (tracer !== null && !scaled) {
      checkNumbers(input, "embedding");
      return weight.indexTensors([input]);
    }
    const rows = rowsIn(input, count, "embedding");
    if (scaled) renormRows(weight, input.reshape(-1), maxNorm, normType);
    return lookUp(weight, {
      rows,
      shape: input.shape as Shape,
      count,
      factors: weight.requiresGrad ? gradientFactors(rows, count, padding, scaleGradByFreq) : null,
    });
  },
);

/** The same without a look at the numbers of rows: as a step of the program that is recorded. */
function embeddingInStep(
  input: AnyTensor,
  weight: AnyTensor,
  padding: number | null,
  scaleGradByFreq: boolean,
): AnyTensor {
  const numbers: AnyTensor = input.reshape(-1);
  let rows: AnyTensor = weight.indexSelect(0, numbers);
  if (weight.requiresGrad && (padding !== null || scaleGradByFreq)) {
    const factors = noGrad(() => {
      const counted: AnyTensor | null = padding === null ? null : numbers.ne(padding).to(weight.dtype);
      if (!scaleGradByFreq) return counted!;
      const one: AnyTensor = weight.detach().newOnes([1]);
      const counts = weight
        .detach()
        .newZeros([weight.shape[0]])
        .indexAdd(0, numbers, one.expand(numbers.shape));
      const shares: AnyTensor = counts.indexSelect(0, numbers).reciprocal();
      return counted ? shares.mul(counted) : shares;
    });
    rows = gradientTimes(rows, factors.unsqueeze(1));
  }
  return rows.reshape([...input.shape, weight.shape[1]]);
}

/** What the gradient of each row is multiplied by; null for 1. */
function gradientFactors(
  rows: Int32Array,
  count: number,
  padding: number | null,
  scaleGradByFreq: boolean,
): Float64Array | null {
  if (padding === null && !scaleGradByFreq) return null;
  const counts = new Int32Array(count);
  if (scaleGradByFreq) for (const i of rows) counts[i]!++;
  return Float64Array.from(rows, (i) => (i === padding ? 0 : scaleGradByFreq ? 1 / counts[i]! : 1));
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** How the rows of a bag are reduced. Default "mean". */
  readonly mode?: "sum" | "mean" | "max";
  /** A factor for each index; only with "sum". */
  readonly perSampleWeights?: AnyTensor | null;
  /** Whether the last offset is the end of the last bag. Default false. */
  readonly includeLastOffset?: boolean;
}

/** Refuses inputs and offsets that do not go together; gives the offsets, null for bags of one size. */
function checkBags(input: AnyTensor, offsets: AnyTensor | null | undefined): AnyTensor | null {
  if (input.ndim === 2) {
    if (offsets)
      throw new ValueError(
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences.",
      );
    return null;
  }
  if (input.ndim !== 1)
    throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  if (!offsets) throw new ValueError("offsets has to be a 1D Tensor but got None");
  if (offsets.ndim !== 1) throw new ValueError("offsets has to be a 1D Tensor");
  return offsets;
}

/** The places in `input` of each bag. */
function bagsOf(input: AnyTensor, offsets: AnyTensor | null | undefined, includeLast: boolean): number[][] {
  const range = (from: number, to: number): number[] =>
    Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  const given = checkBags(input, offsets);
  if (!given) {
    const [bags, size] = input.shape as [number, number];
    return Array.from({ length: bags }, (_, b) => range(b * size, (b + 1) * size));
  }
  const starts = Array.from(integers(given));
  const n = input.numel();
  checkStarts(starts, n);
  const ends = [...starts.slice(1), n];
  return (includeLast ? starts.slice(0, -1) : starts).map((s, i) => range(s, ends[i]!));
}

function checkStarts(starts: readonly number[], n: number): void {
  if (starts.length > 0 && starts[0] !== 0)
    throw new RuntimeError(
      `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${starts[0]}`,
    );
  if (starts.some((s) => s > n))
    throw new RuntimeError(
      `offsets[-1] can not be greater than input's length(${n}), but got offsets[-1] of ${starts.at(-1)}`,
    );
}

/** {@link embeddingBag} without a look at numbers. */
function bagsInSteps(
  to: Recorder | null,
  input: AnyTensor,
  weight: AnyTensor,
  offsets: AnyTensor | null,
  options: EmbeddingBagOptions,
): AnyTensor {
  const {
    mode = "mean",
    perSampleWeights = null,
    includeLastOffset = false,
    scaleGradByFreq = false,
  } = options;
  const given = checkBags(input, offsets);
  const padding = rowNumber(options.paddingIdx, weight.shape[0]);
  const counted: AnyTensor | null = padding === null ? null : input.ne(padding);
  const { maxNorm = null, normType = 2 } = options;
  const rows: AnyTensor = embedding(input, weight, { scaleGradByFreq, maxNorm, normType });
  if (!given) return bagsOfOneSize(rows, { mode, perSampleWeights, counted });
  const n = input.numel();
  to?.check("embedding_bag", given, (starts) => checkStarts(Array.from(starts as Int32Array, Number), n));
  return bagsFromOffsets(rows, given, includeLastOffset, { mode, perSampleWeights, counted });
}

/**
 * Sums, means or maxima of the rows in each bag; an empty bag gives 0.
 *
 * **Shape** input [bags, size], or [n] with `offsets` [bags], where each bag starts; result [bags, features].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 */
export function embeddingBag(
  input: AnyTensor,
  weight: AnyTensor,
  offsets?: AnyTensor | null,
  options: EmbeddingBagOptions = {},
): AnyTensor {
  const { mode = "mean", perSampleWeights, includeLastOffset = false, maxNorm, normType = 2 } = options;
  if (!["sum", "mean", "max"].includes(mode)) throw new ValueError("mode has to be one of sum, mean or max");
  if (mode === "max" && options.scaleGradByFreq)
    throw new ValueError("max mode does not support scaling the gradient by the frequency");
  if (perSampleWeights && mode !== "sum")
    throw new NotImplementedError(
      `embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}').`,
    );
  if (perSampleWeights && !sameShape(perSampleWeights.shape, input.shape))
    throw new ValueError(
      `embedding_bag: If per_sample_weights (${showShape(perSampleWeights.shape)}) is not None, then it must have the same shape as the input (${showShape(input.shape)})`,
    );
  if (weight.ndim !== 2)
    throw new RuntimeError(`embedding_bag: 'weight' must be 2-D, got shape ${showShape(weight.shape)}`);
  if (perSampleWeights && perSampleWeights.dtype !== weight.dtype)
    throw new RuntimeError(
      `embedding_bag: expected weight and perSampleWeights to have the same dtype, got ${weight.dtype} and ${perSampleWeights.dtype}`,
    );
  const scaled = maxNorm !== null && maxNorm !== undefined;
  if (recorder !== null || (tracer !== null && !scaled))
    return bagsInSteps(recorder, input, weight, offsets ?? null, options);
  const indices = rowsIn(input, weight.shape[0], "embedding_bag");
  const padding = rowNumber(options.paddingIdx, weight.shape[0]);
  const bags = bagsOf(input, offsets, includeLastOffset).map((places) =>
    places.filter((p) => indices[p] !== padding),
  );
  if (scaled) renormRows(weight, input.reshape(-1), maxNorm, normType);
  const list = (values: number[]): AnyTensor => fresh(Int32Array.from(values), [values.length], "int32");
  const places = bags.flat();
  const chosen = list(places.map((p) => indices[p]!));
  let rows: AnyTensor = embedding(chosen, weight, { scaleGradByFreq: options.scaleGradByFreq ?? false });
  const features: number = weight.shape[1];
  if (mode === "max") {
    let at = 0;
    const best = bags.map((bag) => {
      at += bag.length;
      if (bag.length === 0) return weight.newZeros([features]);
      const part = rows.narrow(0, at - bag.length, bag.length);
      return part.gather(0, part.detach().argmax(0, { keepdim: true })).squeeze(0);
    });
    return best.length > 0 ? stack(best) : weight.newZeros([0, features]);
  }
  if (perSampleWeights) rows = rows.mul(takeRows(perSampleWeights.reshape(-1), list(places)).unsqueeze(1));
  const sums = weight
    .detach()
    .newZeros([bags.length, features])
    .indexAdd(0, list(bags.flatMap((bag, b) => bag.map(() => b))), rows);
  if (mode === "sum") return sums;
  const sizes: AnyTensor = weight.newZeros([bags.length, 1]);
  bags.forEach((bag, b) => {
    (sizes.storage.data as Float64Array)[b] = Math.max(1, bag.length);
  });
  return sums.div(sizes);
}
