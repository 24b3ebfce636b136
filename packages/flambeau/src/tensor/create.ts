// New tensors from data and of constant values: tensor, asTensor, fromTypedArray, zeros, ones, empty, full, eye.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/torch.html#creation-ops

import type { DType, Scalar, TypedArray } from "../base/dtype.ts";
import { checkDType, dtypeOfScalar, dtypes, getDefaultDType } from "../base/dtype.ts";
import { ArgumentError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { checkShape, numel } from "../base/shape.ts";
import { elementsAs, inferredDType } from "./elements.ts";
import { dtypeOfTypedArray, parseNested } from "./nested.ts";
import type {
  AnyTypedArray,
  DataShape,
  NestedData,
  NestedDType,
  Rectangular,
  TypedArrayDTypes,
} from "./nested-types.ts";
import { allocate } from "./storage.ts";
import type { AnyTensor, Tensor } from "./tensor.ts";
import { fresh, isTensor } from "./tensor.ts";

export interface CreateOptions<D extends DType = DType> {
  /** Element type. Default: what the values ask for, or the default floating-point dtype. */
  readonly dtype?: D;
  /** Whether operations on the tensor are recorded for differentiation. Default false. */
  readonly requiresGrad?: boolean;
}

/** Extents as written, without the `readonly` of a literal. */
export type Extents<S extends readonly number[]> = { -readonly [K in keyof S]: S[K] };

// ---- helpers ------------------------------------------------------------------------------------------------

/** @internal A tensor over new memory, with the options that all ways of creation share. */
export function finish<S, D extends DType>(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
  options: CreateOptions,
): Tensor<S, D> {
  const t = fresh(data, shape, dtype);
  if (options.requiresGrad) t.requiresGrad = true;
  return t as unknown as Tensor<S, D>;
}

/** @internal Splits `(2, 3)`, `([2, 3])`, `([2, 3], options)` and `(2, 3, options)`. */
export function shapeAndOptions<O extends CreateOptions>(args: readonly unknown[], op: string): [Shape, O] {
  const last = args.at(-1);
  const given = typeof last === "object" && last !== null && !Array.isArray(last);
  const sizes = last === undefined || given ? args.slice(0, -1) : args;
  const shape = Array.isArray(sizes[0]) && sizes.length === 1 ? (sizes[0] as unknown[]) : sizes;
  for (const n of shape)
    if (typeof n !== "number")
      throw new ArgumentError(`${op}: sizes must be numbers or one array of numbers, got ${typeof n}`);
  return [checkShape([...shape] as number[], op), (given ? last : {}) as O];
}

interface Creator {
  <const S extends readonly number[], D extends DType = "float32">(
    shape: S,
    options?: CreateOptions<D>,
  ): Tensor<Extents<S>, D>;
  <const S extends readonly number[]>(...shape: S): Tensor<Extents<S>>;
  <const S extends readonly number[], D extends DType = "float32">(
    ...args: [...shape: S, options: CreateOptions<D>]
  ): Tensor<Extents<S>, D>;
}

function creator(op: string, value: 0 | 1): Creator {
  return ((...args: unknown[]) => {
    const [shape, options] = shapeAndOptions(args, op);
    const dtype = checkDType(options.dtype ?? getDefaultDType());
    const data = allocate(dtype, numel(shape));
    if (value === 1) fillWith(data, 1);
    return finish(data, shape, dtype, options);
  }) as Creator;
}

function fillWith(data: TypedArray, value: number | bigint): void {
  if (data instanceof BigInt64Array) data.fill(BigInt(value));
  else data.fill(Number(value));
}

// ---- from data ----------------------------------------------------------------------------------------------

/**
 * A new tensor with a copy of `value`, without history.
 *
 * @param value a number, boolean or bigint, a typed array, a tensor, or nested lists of these with equal lengths
 * @param options `dtype`: by default bool for booleans, int32 for whole numbers, int64 for bigints, the default
 * floating-point dtype for numbers with a fraction (or NaN, Infinity), a typed array's own; mixtures are promoted.
 *
 * **Shape**: the lengths of the lists; [] for a single number.
 *
 * Differs from PyTorch: JavaScript does not tell 2.0 from 2, so `tensor([1.0, 2.0])` is an int32 tensor; pass
 * `{ dtype: "float32" }`. Whole numbers give int32, not int64. A row after an empty first row has to be empty too.
 *
 * @throws ValueError if lists at one depth differ in length
 * @throws ArgumentError for anything that is not a number
 * @throws RuntimeError for a number out of the range of an integer dtype
 * @see https://pytorch.org/docs/stable/generated/torch.tensor.html
 * @example
 * torch.tensor([[1.5, 2], [3, 4]]).shape // [2, 2]
 */
export function tensor<const V extends NestedData, D extends DType = NestedDType<V>>(
  value: V & Rectangular<V>,
  options?: CreateOptions<D>,
): Tensor<DataShape<V>, D>;
export function tensor(value: unknown, options: CreateOptions = {}): AnyTensor {
  const parsed = parseNested(value, "tensor");
  const dtype = options.dtype === undefined ? inferredDType(parsed, "tensor") : checkDType(options.dtype);
  return finish(elementsAs(parsed, dtype, "tensor"), parsed.shape, dtype, options);
}

/**
 * `value` itself if it is a tensor of the wanted dtype, a tensor that shares its memory if it is a typed array of
 * that dtype, else what {@link tensor} gives. A tensor of another dtype is converted with its history.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.as_tensor.html
 */
export function asTensor<const V extends NestedData, D extends DType = NestedDType<V>>(
  value: V & Rectangular<V>,
  options?: { readonly dtype?: D },
): Tensor<DataShape<V>, D>;
export function asTensor(value: unknown, options: { readonly dtype?: DType } = {}): AnyTensor {
  const { dtype } = options;
  if (isTensor(value))
    return dtype === undefined || value.dtype === dtype ? value : value.to(checkDType(dtype));
  if (isExact(value) && (dtype === undefined || dtype === dtypeOfTypedArray(value, "asTensor")))
    return fromTypedArray(value);
  const parsed = parseNested(value, "asTensor");
  const wanted = dtype === undefined ? inferredDType(parsed, "asTensor") : checkDType(dtype);
  return finish(elementsAs(parsed, wanted, "asTensor"), parsed.shape, wanted, {});
}

type Shared = TypedArray | Uint8ClampedArray;
type SharedDType<A extends Shared> = TypedArrayDTypes[A[typeof Symbol.toStringTag]];

/** Whether a tensor can look at this memory as it is. */
const isExact = (array: unknown): array is Shared =>
  array instanceof Float32Array ||
  array instanceof Float64Array ||
  array instanceof Int32Array ||
  array instanceof BigInt64Array ||
  array instanceof Uint8Array ||
  array instanceof Uint8ClampedArray;

/**
 * A tensor that shares the memory of a typed array: changes of one are seen in the other (`torch.from_numpy`).
 *
 * @param array Float32Array, Float64Array, Int32Array, BigInt64Array, Uint8Array or Uint8ClampedArray
 * @param shape extents whose product is the array's length; default: one dimension
 * @throws ArgumentError for any other array
 * @throws ShapeError if the number of elements differs
 * @see https://pytorch.org/docs/stable/generated/torch.from_numpy.html
 */
export function fromTypedArray<A extends Shared, const S extends readonly number[] = [number]>(
  array: A,
  shape?: S,
): Tensor<Extents<S>, SharedDType<A>> {
  if (!isExact(array)) {
    if (ArrayBuffer.isView(array) && !(array instanceof DataView))
      dtypeOfTypedArray(array as AnyTypedArray, "fromTypedArray");
    throw new ArgumentError(
      "fromTypedArray: expected a Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array; " +
        "torch.tensor copies what cannot be shared",
    );
  }
  const dtype = dtypeOfTypedArray(array, "fromTypedArray");
  const extents = checkShape([...(shape ?? [array.length])], "fromTypedArray");
  if (numel(extents) !== array.length)
    throw new ShapeError(
      "fromTypedArray",
      [extents],
      `fromTypedArray: shape '${showShape(extents)}' is invalid for an array of length ${array.length}`,
    );
  // Node's Buffer, whose slice() does not copy, and clamped bytes are looked at as plain arrays of the dtype.
  const { array: Plain } = dtypes[dtype];
  const data =
    array.constructor === Plain
      ? (array as TypedArray)
      : new Plain(array.buffer as ArrayBuffer, array.byteOffset, array.length);
  const tensor: AnyTensor = finish(data, extents, dtype, {});
  tensor.storage.expose();
  return tensor;
}

// ---- constant -----------------------------------------------------------------------------------------------

/**
 * Zeros. `zeros(2, 3)`, `zeros([2, 3], { dtype: "int32" })`.
 * @see https://pytorch.org/docs/stable/generated/torch.zeros.html
 */
export const zeros: Creator = creator("zeros", 0);

/**
 * Ones. `ones(2, 3)`, `ones([2, 3], { requiresGrad: true })`.
 * @see https://pytorch.org/docs/stable/generated/torch.ones.html
 */
export const ones: Creator = creator("ones", 1);

/**
 * A tensor to be filled.
 *
 * Differs from PyTorch: the elements are zeros, since JavaScript clears all memory.
 * @see https://pytorch.org/docs/stable/generated/torch.empty.html
 */
export const empty: Creator = creator("empty", 0);

/**
 * `fillValue` everywhere. The dtype is that of the value: bool, int32 for a whole number, else floating point.
 *
 * @throws RuntimeError if the value does not fit an integer dtype
 * @see https://pytorch.org/docs/stable/generated/torch.full.html
 */
export function full<
  const S extends readonly number[],
  const V extends Scalar,
  D extends DType = NestedDType<V>,
>(shape: S, fillValue: V, options: CreateOptions<D> = {}): Tensor<Extents<S>, D> {
  if (!Array.isArray(shape))
    throw new ArgumentError("full: the shape must be an array, as in full([2, 3], 7)");
  if (!["number", "boolean", "bigint"].includes(typeof fillValue))
    throw new ArgumentError(`full: fillValue must be a number, got ${typeof fillValue}`);
  const extents = checkShape([...shape], "full");
  const dtype = checkDType(options.dtype ?? dtypeOfScalar(fillValue));
  const parsed = parseNested(fillValue, "full");
  if (options.dtype === undefined) inferredDType(parsed, "full");
  const data = allocate(dtype, numel(extents));
  fillWith(data, elementsAs(parsed, dtype, "full")[0]!);
  return finish(data, extents, dtype, options);
}

/**
 * A 0-d tensor of the default floating-point dtype, or of the one that is asked for; fractions are cut for integers.
 * @see https://pytorch.org/docs/stable/generated/torch.scalar_tensor.html
 */
export function scalarTensor<D extends DType = "float32">(
  value: Scalar,
  options: CreateOptions<D> = {},
): Tensor<[], D> {
  const dtype = checkDType(options.dtype ?? getDefaultDType());
  return finish(elementsAs(parseNested(value, "scalarTensor"), dtype, "scalarTensor"), [], dtype, options);
}

/**
 * Ones on the diagonal, zeros elsewhere. `eye(3)`, `eye(2, 3)`, `eye(3, { dtype: "int32" })`.
 *
 * @param n number of rows
 * @param m number of columns; default n
 * @see https://pytorch.org/docs/stable/generated/torch.eye.html
 */
export function eye<const N extends number, D extends DType = "float32">(
  n: N,
  options?: CreateOptions<D>,
): Tensor<[N, N], D>;
export function eye<const N extends number, const M extends number, D extends DType = "float32">(
  n: N,
  m: M,
  options?: CreateOptions<D>,
): Tensor<[N, M], D>;
export function eye(n: number, second?: number | CreateOptions, third?: CreateOptions): AnyTensor {
  const m = typeof second === "number" ? second : n;
  const options = (typeof second === "object" ? second : third) ?? {};
  for (const [name, size] of [
    ["n", n],
    ["m", m],
  ] as const)
    if (!Number.isSafeInteger(size) || size < 0)
      throw new RuntimeError(`eye: ${name} must be greater or equal to 0, got ${size}`);
  const dtype = checkDType(options.dtype ?? getDefaultDType());
  const data = allocate(dtype, n * m);
  const one = dtype === "int64" ? 1n : 1;
  for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = one;
  return finish(data, [n, m], dtype, options);
}
