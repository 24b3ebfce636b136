// Filling tensors with random numbers: PyTorch's own stream, draw for draw.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/torch.html#in-place-random-sampling

import type { TypedArray } from "../base/dtype.ts";
import { dtypes, isFloat } from "../base/dtype.ts";
import { DTypeError, RuntimeError, showShape } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";
import { defaultGenerator } from "../base/generator.ts";
import type { FloatArray } from "../base/random/index.ts";
import {
  fillBernoulli,
  fillBernoulliFrom,
  fillCauchy,
  fillExponential,
  fillGeometric,
  fillLogNormal,
  fillMultinomial,
  fillNormal,
  fillNormalFrom,
  fillPoisson,
  fillRandint,
  fillRandom,
  fillUniform,
  sampleNormal,
} from "../base/random/index.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, numel } from "../base/shape.ts";
import { drawInto } from "../tensor/capturing.ts";
import { copyElements } from "../tensor/copy.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { mutating, op } from "./define.ts";
import type { OpFn } from "./signatures.ts";

/** Options of every sampler. */
export interface SamplerOptions {
  /** Where the numbers come from; default the generator that `torch.manualSeed` seeds. */
  readonly generator?: Generator;
}

const generatorOf = (options: SamplerOptions | undefined): Generator =>
  options?.generator ?? defaultGenerator;

/** Fills `self` through `fill`, in the order in which its elements lie in memory, as PyTorch does. */
function filled(self: AnyTensor, fill: (out: TypedArray) => void): void {
  const n = numel(self.shape);
  const whole = (): void => drawInto("random", self.storage.data, self.offset, n, fill);
  if (self.packed) {
    whole();
    return;
  }
  const order = self.shape
    .map((_: number, i: number) => i)
    .sort((p: number, q: number) => self.strides[q]! - self.strides[p]!);
  const inMemory = self.permute(order);
  if (inMemory.packed) {
    whole();
    return;
  }
  const values: AnyTensor = fresh(allocate(self.dtype, n), inMemory.shape, self.dtype);
  drawInto("random", values.storage.data, 0, n, fill);
  copyElements(inMemory, values);
}

function floats(self: AnyTensor, name: string): void {
  if (!isFloat(self.dtype))
    throw new DTypeError(
      name,
      `"${name}" not implemented for '${dtypes[self.dtype as keyof typeof dtypes].scalarName}': it fills floating-point tensors`,
    );
}

/** Numbers of the normal distribution with mean `mean` (default 0) and standard deviation `std` (default 1). */
export const normal_: OpFn<[mean?: number, std?: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, mean = 0, std = 1, options?: SamplerOptions) => {
    floats(self, "normal_");
    const g = generatorOf(options);
    if (self.packed || numel(self.shape) < 16)
      return filled(self, (out) => fillNormal(out as FloatArray, mean, std, g));
    // PyTorch's fast path wants contiguous memory; elsewhere numbers are drawn one by one.
    filled(self, (out) => {
      for (let i = 0; i < out.length; i++) out[i] = sampleNormal(mean, std, g);
    });
  },
});

/** Numbers spread evenly over [from, to); defaults 0 and 1. */
export const uniform_: OpFn<[from?: number, to?: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, from = 0, to = 1, options?: SamplerOptions) => {
    floats(self, "uniform_");
    filled(self, (out) => fillUniform(out as FloatArray, from, to, generatorOf(options)));
  },
});

/** Integers of [from, to); without bounds, of the dtype's whole range (0 to 2^24 or 2^53 for floats). `random_(to)` starts at 0. */
export const random_: OpFn<[from?: number, to?: number | null, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  mutate: (self, from?: number, to?: number | null, options?: SamplerOptions) => {
    const g = generatorOf(options);
    if (from === undefined) return filled(self, (out) => fillRandom(out, g, self.dtype));
    filled(self, (out) =>
      to === undefined ? fillRandint(out, 0, from, g, self.dtype) : fillRandint(out, from, to, g, self.dtype),
    );
  },
});

/** 1 with probability `p` (default 0.5), else 0; with a tensor, element by element. */
export const bernoulli_: OpFn<[p?: number | AnyTensor, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, p: number | AnyTensor = 0.5, options?: SamplerOptions) => {
    const g = generatorOf(options);
    if (typeof p === "number") return filled(self, (out) => fillBernoulli(out, p, g));
    const probabilities = p.expand(self.shape).contiguous().toTypedArray() as FloatArray;
    filled(self, (out) => fillBernoulliFrom(out, probabilities, g));
  },
});

/** Waiting times of rate `lambda` (default 1): density lambda e^(-lambda x). */
export const exponential_: OpFn<[lambda?: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, lambda = 1, options?: SamplerOptions) => {
    floats(self, "exponential_");
    filled(self, (out) => fillExponential(out as FloatArray, lambda, generatorOf(options)));
  },
});

/** Numbers of trials up to the first success of probability `p`. */
export const geometric_: OpFn<[p: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, p: number, options?: SamplerOptions) =>
    filled(self, (out) => fillGeometric(out, p, generatorOf(options))),
});

/** The Cauchy distribution around `median` (default 0) of half-width `sigma` (default 1). */
export const cauchy_: OpFn<[median?: number, sigma?: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, median = 0, sigma = 1, options?: SamplerOptions) => {
    floats(self, "cauchy_");
    filled(self, (out) => fillCauchy(out as FloatArray, median, sigma, generatorOf(options)));
  },
});

/** e^x of normal x with mean `mean` (default 1) and standard deviation `std` (default 2). */
export const logNormal_: OpFn<[mean?: number, std?: number, options?: SamplerOptions], "self"> = mutating({
  functional: false,
  vjp: () => [null],
  mutate: (self, mean = 1, std = 2, options?: SamplerOptions) => {
    floats(self, "logNormal_");
    filled(self, (out) => fillLogNormal(out as FloatArray, mean, std, generatorOf(options)));
  },
});

/** 0 or 1 for each element, with that element (or `p`) as the probability of 1. */
export const bernoulli: OpFn<[p?: number | SamplerOptions, options?: SamplerOptions]> = op({
  forward: (x: AnyTensor, p?: number | SamplerOptions, options?: SamplerOptions) => {
    const out = x.contiguous().clone();
    return typeof p === "number" ? out.bernoulli_(p, options) : out.bernoulli_(x, p);
  },
  vjp: (g) => g.zerosLike(),
});

/** Counts of events with each element as their expected number. */
export const poisson: OpFn<[options?: SamplerOptions]> = op({
  forward: (x: AnyTensor, options?: SamplerOptions) => {
    floats(x, "poisson");
    const out: AnyTensor = fresh(allocate(x.dtype, numel(x.shape)), x.shape, x.dtype);
    fillPoisson(out.storage.data as FloatArray, x.toTypedArray() as FloatArray, generatorOf(options));
    return out;
  },
  vjp: (g) => g.zerosLike(),
});

/**
 * Draws `numSamples` categories from each row of weights (they need not sum to 1), as indices.
 * **Shape** [categories] or [rows, categories]; result [numSamples] or [rows, numSamples].
 */
export const multinomial: OpFn<
  [numSamples: number, replacement?: boolean, options?: SamplerOptions],
  "index"
> = op({
  forward: (x: AnyTensor, numSamples: number, replacement = false, options?: SamplerOptions) => {
    if (x.ndim !== 1 && x.ndim !== 2)
      throw new RuntimeError(`prob_dist must be 1 or 2 dim, got shape ${showShape(x.shape)}`);
    floats(x, "multinomial");
    if (!(numSamples > 0)) throw new RuntimeError(`cannot sample n_sample <= 0 samples, got ${numSamples}`);
    const categories = x.shape[x.ndim - 1]!;
    const rows = x.ndim === 2 ? x.shape[0]! : 1;
    const out = new Int32Array(rows * numSamples);
    fillMultinomial(
      out,
      x.toTypedArray() as FloatArray,
      categories,
      numSamples,
      replacement,
      generatorOf(options),
    );
    return fresh(out, x.ndim === 2 ? [rows, numSamples] : [numSamples], "int32");
  },
});

/** Normal numbers around each element of `x`, with standard deviation `std` (a number or a tensor; default 1). */
export const normalAround: OpFn<[std?: number | AnyTensor, options?: SamplerOptions]> = op({
  forward: (mean: AnyTensor, std: number | AnyTensor = 1, options?: SamplerOptions) => {
    floats(mean, "normal");
    const shape: Shape = isTensor(std) ? broadcastShapes(mean.shape, std.shape, "normal") : mean.shape;
    const out: AnyTensor = fresh(allocate(mean.dtype, numel(shape)), shape, mean.dtype);
    const flat = (t: AnyTensor): FloatArray => t.expand(shape).toTypedArray() as FloatArray;
    fillNormalFrom(
      out.storage.data as FloatArray,
      flat(mean),
      isTensor(std) ? flat(std) : std,
      generatorOf(options),
    );
    return out;
  },
  // Samples do not follow their parameters: gradients are 0, as in PyTorch.
  vjp: (g, s) => [s.meta(0), s.meta(1)].filter((x) => x?.shape).map(({ shape }) => g.newZeros(shape)),
});
