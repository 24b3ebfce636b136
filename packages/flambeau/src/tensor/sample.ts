// New tensors of random numbers, and the default generator: rand, randn, randint, randperm, normal, manualSeed.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/torch.html#random-sampling

import type { DType, Scalar } from "../base/dtype.ts";
import { getDefaultDType, isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError } from "../base/errors.ts";
import type { Generator } from "../base/generator.ts";
import { defaultGenerator } from "../base/generator.ts";
import type { FloatArray } from "../base/random/index.ts";
import { fillNormal, fillRand, fillRandint, fillRandperm } from "../base/random/index.ts";
import type { Shape } from "../base/shape.ts";
import { checkShape, numel } from "../base/shape.ts";
import { drawInto, hostStep } from "./capturing.ts";
import type { CreateOptions, Extents } from "./create.ts";
import { finish, shapeAndOptions } from "./create.ts";
import { allocate } from "./storage.ts";
import type { AnyTensor, Tensor } from "./tensor.ts";
import { isTensor } from "./tensor.ts";

/** Options of functions that make random tensors. */
export interface SampleOptions<D extends DType = DType> extends CreateOptions<D> {
  /** Where the numbers come from; default the generator that {@link manualSeed} seeds. */
  readonly generator?: Generator;
}

/** Sets the seed of the default generator: `torch.manualSeed(42)` gives the numbers of PyTorch's `torch.manual_seed(42)`. */
export function manualSeed(seed: number | bigint): Generator {
  // PyTorch's function, unlike its generator's method, cuts fractions off.
  return defaultGenerator.manualSeed(typeof seed === "number" ? Math.trunc(seed) : seed);
}

/** Seeds the default generator with a random number, and returns it. */
export const seed = (): number => defaultGenerator.seed();
/** The seed that the default generator started from. */
export const initialSeed = (): number | bigint => defaultGenerator.initialSeed();

/** The state of the default generator: the 5056 bytes that PyTorch's `torch.get_rng_state()` holds. */
export function getRngState(): Tensor<[number], "uint8"> {
  const bytes = defaultGenerator.getState();
  return finish(bytes, [bytes.length], "uint8", {});
}

/** Puts the default generator into a state from {@link getRngState}. @throws RuntimeError for anything else. */
export function setRngState(state: Tensor<[number], "uint8">): void {
  if (!isTensor(state) || (state.dtype as DType) !== "uint8")
    throw new ArgumentError("setRngState: expected a uint8 tensor from getRngState()");
  defaultGenerator.setState(state.toTypedArray() as Uint8Array);
}

/** Runs `body` and puts the default generator back into the state that it had before. */
export function forkRng<T>(body: () => T): T {
  let before: Uint8Array;
  hostStep("forkRng", () => {
    before = defaultGenerator.getState();
  });
  try {
    return body();
  } finally {
    hostStep("forkRng", () => defaultGenerator.setState(before));
  }
}

interface Sampler {
  <const S extends readonly number[], D extends DType = "float32">(
    shape: S,
    options?: SampleOptions<D>,
  ): Tensor<Extents<S>, D>;
  <const S extends readonly number[]>(...shape: S): Tensor<Extents<S>>;
  <const S extends readonly number[], D extends DType = "float32">(
    ...args: [...shape: S, options: SampleOptions<D>]
  ): Tensor<Extents<S>, D>;
}

function sampler(op: string, fill: (out: FloatArray, g: Generator) => void): Sampler {
  return ((...args: unknown[]) => {
    const [shape, options] = shapeAndOptions<SampleOptions>(args, op);
    const dtype = options.dtype ?? getDefaultDType();
    if (!isFloat(dtype)) throw new DTypeError(op, `${op}: expected a floating-point dtype, got ${dtype}`);
    const data = allocate(dtype, numel(shape)) as FloatArray;
    drawInto(op, data, 0, data.length, (out) =>
      fill(out as FloatArray, options.generator ?? defaultGenerator),
    );
    return finish(data, shape, dtype, options);
  }) as Sampler;
}

/** Numbers spread evenly over [0, 1). */
export const rand: Sampler = sampler("rand", fillRand);

/** Numbers of the standard normal distribution. */
export const randn: Sampler = sampler("randn", (out, g) => fillNormal(out, 0, 1, g));

/**
 * Integers of [low, high), as int32: `randint(10, [4])`, `randint(-5, 5, [2, 3], { dtype: "float32" })`.
 * @throws RuntimeError if the range is empty.
 */
export function randint<const S extends readonly number[], D extends DType = "int32">(
  high: number,
  shape: S,
  options?: SampleOptions<D>,
): Tensor<Extents<S>, D>;
export function randint<const S extends readonly number[], D extends DType = "int32">(
  low: number,
  high: number,
  shape: S,
  options?: SampleOptions<D>,
): Tensor<Extents<S>, D>;
export function randint(
  first: number,
  second: number | Shape,
  third?: Shape | SampleOptions,
  fourth?: SampleOptions,
): AnyTensor {
  const bare = typeof second !== "number";
  const [low, high] = bare ? [0, first] : [first, second];
  const shape = checkShape((bare ? second : third) as Shape, "randint");
  const options = ((bare ? third : fourth) ?? {}) as SampleOptions;
  if (!(low < high))
    throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
  const dtype = options.dtype ?? "int32";
  const data = allocate(dtype, numel(shape));
  drawInto("randint", data, 0, data.length, (out) =>
    fillRandint(out, low, high, options.generator ?? defaultGenerator, dtype),
  );
  return finish(data, shape, dtype, options);
}

/** The integers 0 to n-1 in random order, as int32. */
export function randperm<const N extends number, D extends DType = "int32">(
  n: N,
  options: SampleOptions<D> = {},
): Tensor<[N], D> {
  const [length] = checkShape([n], "randperm") as [number];
  const dtype = options.dtype ?? "int32";
  const data = allocate(dtype, length);
  drawInto("randperm", data, 0, length, (out) => fillRandperm(out, options.generator ?? defaultGenerator));
  return finish(data, [length], dtype, options);
}

/**
 * Normal numbers: `normal(0, 1, [2, 3])` with one mean and standard deviation, or with a tensor for either, element by
 * element.
 * @throws RuntimeError if a standard deviation is negative.
 */
export function normal<const S extends readonly number[], D extends DType = "float32">(
  mean: number,
  std: number,
  shape: S,
  options?: SampleOptions<D>,
): Tensor<Extents<S>, D>;
export function normal<X extends AnyTensor>(mean: X, std?: number | AnyTensor, options?: SampleOptions): X;
export function normal<X extends AnyTensor>(mean: number, std: X, options?: SampleOptions): X;
export function normal(
  mean: number | AnyTensor,
  std: number | AnyTensor = 1,
  third?: Shape | SampleOptions,
  fourth?: SampleOptions,
): AnyTensor {
  if (isTensor(mean)) return mean.normalAround(std, third as SampleOptions | undefined);
  if (isTensor(std))
    return std.fullLike(mean as Scalar).normalAround(std, third as SampleOptions | undefined);
  if (!Array.isArray(third))
    throw new ArgumentError(
      "normal: with numbers for mean and std, the third argument must be a shape such as [2, 3]",
    );
  const options = fourth ?? {};
  const shape = checkShape(third, "normal");
  const dtype = options.dtype ?? getDefaultDType();
  if (!isFloat(dtype))
    throw new DTypeError("normal", `normal: expected a floating-point dtype, got ${dtype}`);
  const data = allocate(dtype, numel(shape)) as FloatArray;
  drawInto("normal", data, 0, data.length, (out) =>
    fillNormal(out as FloatArray, mean, std, options.generator ?? defaultGenerator),
  );
  return finish(data, shape, dtype, options);
}
