// Nested arrays as flat elements: their shape and their dtype.
// Floor L3 (tensor). Source: torch.tensor, https://pytorch.org/docs/stable/generated/torch.tensor.html

import type { DType } from "../base/dtype.ts";
import { getDefaultDType, promoteTypes } from "../base/dtype.ts";
import { ArgumentError, RuntimeError, ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { Parsed } from "./elements.ts";
import { where } from "./elements.ts";
import type { AnyTypedArray, TypedArrayDTypes } from "./nested-types.ts";
import { allocate } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";
import { isTensor } from "./tensor.ts";

const typedDTypes: TypedArrayDTypes = {
  Float64Array: "float64",
  Float32Array: "float32",
  Float16Array: "float32",
  BigInt64Array: "int64",
  Int32Array: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Int8Array: "int32",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};

const isTypedArray = (x: unknown): x is AnyTypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView);

/** The dtype that a typed array becomes. @throws ArgumentError for an element type that no dtype holds. */
export function dtypeOfTypedArray(array: AnyTypedArray, op: string): DType {
  const name = array[Symbol.toStringTag] as string;
  if (Object.hasOwn(typedDTypes, name)) return typedDTypes[name as keyof TypedArrayDTypes];
  throw new ArgumentError(
    `${op}: can't convert a ${name}. The only supported types are: ${Object.keys(typedDTypes).join(", ")}; ` +
      "Array.from(x) with an explicit dtype converts any other",
  );
}

function describe(x: unknown): string {
  if (typeof x === "string")
    return `the string ${JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}...` : x)}`;
  if (Array.isArray(x)) return `an array of length ${x.length}`;
  if (isTensor(x)) return `a tensor of shape [${x.shape.join(", ")}]`;
  if (typeof x === "object" && x !== null) return `an object (${x.constructor?.name ?? "without prototype"})`;
  return typeof x === "function" ? "a function" : String(x);
}

/** Adds up what is seen on the way through nested data. */
class Reader {
  readonly op: string;
  readonly shape: Shape;
  readonly flat: Float64Array;
  big: BigInt64Array | null = null;
  /** The dtype that everything but plain numbers so far promotes to. */
  promoted: DType | null = null;
  fractions = false;
  integers = false;
  misfit = -1;
  /** Where the walk is, for messages. */
  readonly path: number[] = [];
  #at = 0;

  constructor(op: string, shape: Shape) {
    this.op = op;
    this.shape = shape;
    this.flat = new Float64Array(numel(shape));
  }

  #promote(dtype: DType): void {
    if (this.promoted !== dtype) this.promoted = this.promoted ? promoteTypes(this.promoted, dtype) : dtype;
  }

  #number(x: number): void {
    // x | 0 is x for the integers of int32 only, NaN excluded.
    if (x === (x | 0)) this.integers = true;
    else if (Number.isInteger(x)) {
      this.integers = true;
      if (this.misfit < 0) this.misfit = this.#at;
    } else this.fractions = true;
    this.flat[this.#at++] = x;
  }

  #bigint(x: bigint): void {
    if (BigInt.asIntN(64, x) !== x)
      throw new RuntimeError(
        `${this.op}: Overflow when unpacking long: ${x}${where(this.path)} does not fit int64`,
      );
    this.big ??= new BigInt64Array(this.flat.length);
    this.big[this.#at] = x;
    this.flat[this.#at++] = Number(x);
  }

  #leaf(x: unknown): void {
    if (typeof x === "number") this.#number(x);
    else if (typeof x === "boolean") {
      this.#promote("bool");
      this.flat[this.#at++] = x ? 1 : 0;
    } else if (typeof x === "bigint") {
      this.#promote("int64");
      this.#bigint(x);
    } else if (isTensor(x) && x.numel() === 1) {
      this.#promote(x.dtype);
      const value = x.storage.data[x.offset]!;
      if (typeof value === "bigint") this.#bigint(value);
      else this.flat[this.#at++] = value;
    } else if (isTensor(x)) {
      throw new ValueError(
        `${this.op}: only one element tensors can be converted to scalars, but got ${describe(x)}${where(this.path)}. ` +
          "torch.stack joins tensors along a new dimension",
      );
    } else
      throw new ArgumentError(`${this.op}: expected a number, but got ${describe(x)}${where(this.path)}`);
  }

  /** The elements of one innermost list. */
  #row(row: readonly unknown[]): void {
    const { path } = this;
    const depth = path.length;
    for (let i = 0; i < row.length; i++) {
      const x = row[i];
      if (typeof x === "number") this.#number(x);
      else {
        path[depth] = i;
        this.#leaf(x);
      }
    }
    path.length = depth;
  }

  #typed(row: AnyTypedArray): void {
    this.#promote(dtypeOfTypedArray(row, this.op));
    if (row instanceof BigInt64Array) for (const x of row) this.#bigint(x);
    else {
      this.flat.set(row, this.#at);
      this.#at += row.length;
    }
  }

  read(value: unknown): void {
    const { path, shape } = this;
    const dim = path.length;
    if (dim === shape.length) {
      this.#leaf(value);
      return;
    }
    const typed = isTypedArray(value);
    if (!typed && !Array.isArray(value))
      throw new ArgumentError(
        `${this.op}: not a sequence: expected one of length ${shape[dim]} at dim ${dim}, but got ${describe(value)}${where(path)}`,
      );
    if (value.length !== shape[dim])
      throw new ValueError(
        `${this.op}: expected sequence of length ${shape[dim]} at dim ${dim} (got ${value.length})${where(path)}`,
      );
    const innermost = dim === shape.length - 1;
    if (typed) {
      if (!innermost)
        throw new ArgumentError(`${this.op}: not a sequence: expected lists inside dim ${dim}${where(path)}`);
      this.#typed(value);
    } else if (innermost) this.#row(value);
    else {
      for (let i = 0; i < value.length; i++) {
        path.push(i);
        this.read(value[i]);
        path.pop();
      }
    }
  }

  result(): Parsed {
    let dtype = this.promoted;
    if (this.fractions) dtype = dtype ? promoteTypes(dtype, getDefaultDType()) : getDefaultDType();
    else if (this.integers) dtype = dtype ? promoteTypes(dtype, "int32") : "int32";
    dtype ??= getDefaultDType();
    return {
      shape: this.shape,
      dtype,
      flat: this.flat,
      big: this.big,
      misfit: dtype === "int32" ? this.misfit : -1,
    };
  }
}

/** The shape that the first element of each list tells; the others are checked against it. */
function shapeOf(value: unknown): number[] {
  const shape: number[] = [];
  for (let v = value; ; v = v[0]) {
    if (isTypedArray(v)) return [...shape, v.length];
    if (!Array.isArray(v)) return shape;
    shape.push(v.length);
    if (v.length === 0) return shape;
  }
}

/** A tensor's elements in row-major order. */
function readTensor(x: AnyTensor): Parsed {
  const shape: Shape = x.shape;
  const { strides, storage, dtype } = x;
  const flat = allocate(dtype, numel(shape));
  let n = 0;
  const walk = (dim: number, at: number): void => {
    if (dim === shape.length) flat[n++] = storage.data[at]!;
    else for (let i = 0; i < shape[dim]!; i++) walk(dim + 1, at + i * strides[dim]!);
  };
  walk(0, x.offset);
  return { shape, dtype, flat, big: null, misfit: -1 };
}

/**
 * Reads nested arrays, typed arrays and scalars. The dtype follows from the elements: booleans give bool, integers
 * int32, bigints int64, anything with a fraction (or NaN, Infinity) the default floating-point dtype, typed arrays and
 * tensors their own; a mixture is promoted.
 *
 * Differs from PyTorch: JavaScript does not tell 2.0 from 2, so a list of whole numbers is a list of integers.
 *
 * @param op name of the calling function, for messages
 * @throws ValueError if lists at one depth differ in length
 * @throws ArgumentError for anything that is not a number, naming its position
 */
export function parseNested(value: unknown, op: string): Parsed {
  if (isTypedArray(value))
    return { shape: [value.length], dtype: dtypeOfTypedArray(value, op), flat: value, big: null, misfit: -1 };
  if (isTensor(value)) return readTensor(value);
  const reader = new Reader(op, shapeOf(value));
  reader.read(value);
  return reader.result();
}
