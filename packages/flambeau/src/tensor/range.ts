// Evenly spaced values: arange, range, linspace, logspace, to the last bit those of PyTorch.
// Floor L3 (tensor). Source: aten/src/ATen/native/{RangeFactories.cpp,cpu/RangeFactoriesKernel.cpp} of PyTorch 1.13.

import type { DType, TypedArray } from "../base/dtype.ts";
import { checkDType, dtypes, getDefaultDType, isInteger } from "../base/dtype.ts";
import { ArgumentError, RuntimeError } from "../base/errors.ts";
import { fma32, fma64 } from "../base/random/fma.ts";
import type { ScalarDType } from "../base/types/index.ts";
import type { CreateOptions } from "./create.ts";
import { finish } from "./create.ts";
import { allocate } from "./storage.ts";
import type { AnyTensor, Tensor } from "./tensor.ts";

type Real = number | bigint;

/** [N] for a literal extent, else [number]. */
type Length<N> = N extends number
  ? `${N}` extends `${string}${"." | "-" | "e"}${string}`
    ? [number]
    : [N]
  : [number];
type IsFraction<V> = [ScalarDType<V>] extends ["float32"] ? true : false;
type RangeDType<A, B = A, C = A> = true extends IsFraction<A> | IsFraction<B> | IsFraction<C>
  ? "float32"
  : "float32" extends ScalarDType<A | B | C>
    ? "int32" | "float32"
    : "int64" extends ScalarDType<A | B | C>
      ? "int64"
      : "int32";

function real(x: unknown, name: string, op: string): number {
  if (typeof x === "number" || typeof x === "bigint" || typeof x === "boolean") return Number(x);
  throw new ArgumentError(`${op}: ${name} must be a number, but got ${typeof x}`);
}

function checkSpacedDType(dtype: DType, op: string): DType {
  if (checkDType(dtype) === "bool") throw new RuntimeError(`"${op}_cpu" not implemented for 'Bool'`);
  return dtype;
}

/** An integer range runs between its ends, so that they tell whether all of it fits. */
function checkEnds(dtype: DType, ends: readonly number[], op: string): void {
  if (!isInteger(dtype)) return;
  const bits = 8 * dtypes[dtype].bytes;
  const [low, high] = dtype === "uint8" ? [0, 255] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  for (const x of ends)
    if (!(x >= low && x <= high))
      throw new RuntimeError(
        `${op}: value cannot be converted to type ${dtype} without overflow: ${x}` +
          (dtype === "int32" ? '. Pass { dtype: "int64" } for larger integers' : ""),
      );
}

/**
 * PyTorch fills two vectors of 256 bits at a time. The first element of each is computed from the start of the range
 * and rounded to the dtype, the others from that one; what does not fill two vectors is computed one by one.
 */
function fillVectors(
  out: TypedArray,
  from: (i: number) => number,
  step: (base: number, k: number) => number,
): void {
  const n = out.length;
  const lanes = 32 / out.BYTES_PER_ELEMENT;
  const put =
    out instanceof BigInt64Array
      ? (i: number, x: number) => {
          out[i] = BigInt(Math.trunc(x));
        }
      : (i: number, x: number) => {
          out[i] = x;
        };
  const blocks = n - (n % (2 * lanes));
  for (let i = 0; i < blocks; i += lanes) {
    put(i, from(i));
    const base = Number(out[i]);
    for (let k = 1; k < lanes; k++) put(i + k, step(base, k));
  }
  for (let i = blocks; i < n; i++) put(i, from(i));
}

/**
 * `start`, `start + step`, ... up to but not including `end`; ceil((end - start) / step) elements.
 * `arange(5)`, `arange(1, 5)`, `arange(0, 1, 0.1)`, each with options last.
 *
 * The dtype is int32 if all arguments are whole numbers, else the default floating-point dtype; int64 for bigints.
 *
 * Differs from PyTorch: whole numbers give int32, not int64; integers out of range throw instead of wrapping.
 *
 * @throws RuntimeError if step is 0 or leads away from end
 * @see https://pytorch.org/docs/stable/generated/torch.arange.html
 */
export function arange<const N extends Real, D extends DType = RangeDType<N>>(
  end: N,
  options?: CreateOptions<D>,
): Tensor<Length<N>, D>;
export function arange<const A extends Real, const B extends Real, D extends DType = RangeDType<A, B>>(
  start: A,
  end: B,
  options?: CreateOptions<D>,
): Tensor<[number], D>;
export function arange<
  const A extends Real,
  const B extends Real,
  const C extends Real,
  D extends DType = RangeDType<A, B, C>,
>(start: A, end: B, step: C, options?: CreateOptions<D>): Tensor<[number], D>;
export function arange(...args: (Real | CreateOptions | undefined)[]): AnyTensor {
  const numbers = args.filter((x) => typeof x !== "object" && x !== undefined) as Real[];
  const options = (args.find((x) => typeof x === "object") ?? {}) as CreateOptions;
  if (numbers.length === 0 || numbers.length > 3)
    throw new ArgumentError("arange: expected (end), (start, end) or (start, end, step)");
  const [a, b = a, c = 1] = numbers;
  let start = numbers.length > 1 ? real(a, "start", "arange") : 0;
  let end = real(b, "end", "arange");
  let step = real(c, "step", "arange");
  const inferred = (): DType => {
    if (numbers.some((x) => typeof x === "number" && !Number.isInteger(x))) return getDefaultDType();
    return numbers.some((x) => typeof x === "bigint") ? "int64" : "int32";
  };
  const dtype = checkSpacedDType(options.dtype ?? inferred(), "arange");
  let size = Math.ceil((end - start) / step);
  if (isInteger(dtype)) {
    [start, end, step] = [Math.trunc(start), Math.trunc(end), Math.trunc(step)];
    // Only int64 counts with the truncated arguments.
    if (dtype === "int64") size = Math.ceil((end - start) / step);
  }
  if (!(step > 0 || step < 0)) throw new RuntimeError("arange: step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new RuntimeError(`arange: unsupported range: ${start} -> ${end}`);
  if (step > 0 ? end < start : end > start)
    throw new RuntimeError("arange: upper bound and larger bound inconsistent with step sign");
  if (!(size <= 2 ** 32)) throw new RuntimeError("arange: invalid size, possible overflow?");
  size = Math.max(size, 0);
  if (size > 0) checkEnds(dtype, [start, start + (size - 1) * step], "arange");
  const out = allocate(dtype, size);
  if (out instanceof Float64Array)
    fillVectors(
      out,
      (i) => fma64(step, i, start),
      (base, k) => fma64(step, k, base),
    );
  else if (out instanceof BigInt64Array) {
    const exact = typeof a === "bigint" && numbers.length > 1 ? a : BigInt(start);
    for (let i = 0; i < size; i++) out[i] = exact + BigInt(i) * BigInt(step);
  } else
    fillVectors(
      out,
      (i) => start + step * i,
      (base, k) => base + step * k,
    );
  return finish(out, [size], dtype, options);
}

/**
 * `start`, `start + step`, ... up to and including `end`, in the default floating-point dtype: PyTorch's deprecated range.
 * Prefer {@link arange}, which leaves `end` out.
 *
 * @throws RuntimeError if step (default 1) is 0 or leads away from end
 */
export function range<D extends DType = "float32">(
  start: number,
  end: number,
  step?: number,
  options: CreateOptions<D> = {},
): Tensor<[number], D> {
  const a = real(start, "start", "range");
  const b = real(end, "end", "range");
  const by = real(step ?? 1, "step", "range");
  const dtype = checkSpacedDType(options.dtype ?? getDefaultDType(), "range");
  if (!(by > 0 || by < 0)) throw new RuntimeError("range: step must be nonzero");
  if (!Number.isFinite(a) || !Number.isFinite(b))
    throw new RuntimeError(`range: unsupported range: ${a} -> ${b}`);
  if (by > 0 ? b < a : b > a)
    throw new RuntimeError("range: upper bound and lower bound inconsistent with step sign");
  const cut = isInteger(dtype) ? Math.trunc : (x: number) => x;
  checkEnds(dtype, [a, b], "range");
  const n = Math.floor((b - a) / by) + 1;
  const out = allocate(dtype, n);
  for (let i = 0; i < n; i++) {
    const v = cut(a) + cut(by) * i;
    out[i] = out instanceof BigInt64Array ? BigInt(v) : v;
  }
  return finish(out, [n], dtype, options);
}

function steps(n: unknown, op: string): number {
  if (typeof n !== "number" || !Number.isInteger(n))
    throw new ArgumentError(`${op}: argument 'steps' must be an integer, got ${String(n)}`);
  if (n < 0) throw new RuntimeError(`${op}: number of steps must be non-negative`);
  return n;
}

/**
 * `steps` values from `start` to `end`, both included. The second half is computed from the end, so that it is exact.
 *
 * @param steps number of values; with 1 it is `start`
 * @throws RuntimeError if steps is negative, or an end does not fit an integer dtype
 * @see https://pytorch.org/docs/stable/generated/torch.linspace.html
 */
export function linspace<const N extends number, D extends DType = "float32">(
  start: number,
  end: number,
  count: N,
  options: CreateOptions<D> = {},
): Tensor<Length<N>, D> {
  const n = steps(count, "linspace");
  const dtype = checkSpacedDType(options.dtype ?? getDefaultDType(), "linspace");
  let a = real(start, "start", "linspace");
  let b = real(end, "end", "linspace");
  checkEnds(dtype, [a, b], "linspace");
  if (isInteger(dtype)) [a, b] = [Math.trunc(a), Math.trunc(b)];
  const out = allocate(dtype, n);
  const half = Math.floor(n / 2);
  if (out instanceof Float32Array) {
    [a, b] = [Math.fround(a), Math.fround(b)];
    const step = Math.fround(Math.fround(b - a) / (n - 1));
    fillVectors(
      out,
      (i) => (n === 1 ? a : i < half ? fma32(step, i, a) : fma32(-step, n - 1 - i, b)),
      (base, k) => base + Math.fround(step * k),
    );
  } else {
    const step = (b - a) / (n - 1);
    const rest =
      dtype === "float64"
        ? (base: number, k: number) => base + step * k
        : (base: number, k: number) => fma64(step, k, base);
    fillVectors(out, (i) => (n === 1 ? a : i < half ? fma64(step, i, a) : fma64(-step, n - 1 - i, b)), rest);
  }
  return finish(out, [n], dtype, options);
}

/**
 * base^x for `steps` values x from `start` to `end`, as {@link linspace} spaces them.
 *
 * @param options `base`: default 10
 * @see https://pytorch.org/docs/stable/generated/torch.logspace.html
 */
export function logspace<const N extends number, D extends DType = "float32">(
  start: number,
  end: number,
  count: N,
  options: CreateOptions<D> & { readonly base?: number } = {},
): Tensor<Length<N>, D> {
  const n = steps(count, "logspace");
  const base = real(options.base ?? 10, "base", "logspace");
  const dtype = checkSpacedDType(options.dtype ?? getDefaultDType(), "logspace");
  // PyTorch rounds the ends and their difference to the dtype, and computes in double from there.
  const round = dtype === "float32" ? Math.fround : isInteger(dtype) ? Math.trunc : (x: number) => x;
  const a = round(real(start, "start", "logspace"));
  const b = round(real(end, "end", "logspace"));
  const step = round(b - a) / (n - 1);
  const half = Math.floor(n / 2);
  const out = allocate(dtype, n);
  for (let i = 0; i < n; i++) {
    const x = base ** (n === 1 ? a : i < half ? a + step * i : b - step * (n - 1 - i));
    checkEnds(dtype, [x], "logspace");
    out[i] = out instanceof BigInt64Array ? BigInt(Math.trunc(x)) : x;
  }
  return finish(out, [n], dtype, options);
}
