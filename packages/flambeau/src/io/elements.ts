// The element formats of files, and how they become elements of tensors: as they are, or widened without loss where there is
// no such dtype here. Floor L5 (io). Sources: IEEE 754-2008; P. Micikevicius et al., "FP8 formats for deep learning" (2022),
// https://arxiv.org/abs/2209.05433

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { allocateUnset } from "../tensor/storage.ts";
import {
  bfloat16Bits,
  float8E4M3Values,
  float8E5M2Values,
  float16Bits,
  float16Values,
} from "./small-floats.ts";
import type { ByteSource } from "./source.ts";

/** Names of element formats. */
export type ElementName =
  | "bool"
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "f16"
  | "bf16"
  | "f32"
  | "f64"
  | "f8e4m3"
  | "f8e5m2";

/** An element format. */
export interface ElementFormat {
  readonly name: ElementName;
  /** Size of an element in the file. */
  readonly bytes: number;
  /** What the elements become: the same, or the smallest dtype that holds all of its values. */
  readonly dtype: DType;
  /** Elements from the file's bytes, which begin at a multiple of the element size; null where they are those of the dtype. */
  readonly decode: ((bytes: ArrayBuffer, out: TypedArray) => void) | null;
  /** The file's elements; null where they are those of the dtype. @throws RuntimeError for values that do not fit */
  readonly encode: ((values: TypedArray) => ArrayBufferView) | null;
}

type SmallInts = Int8Array | Uint8Array | Int16Array | Uint16Array | Uint32Array;
interface SmallIntsClass {
  new (n: number): SmallInts;
  new (buffer: ArrayBuffer): SmallInts;
}

/** Integers that are widened: a file's type and the range of its values. */
function integer(
  name: ElementName,
  bytes: number,
  dtype: "int32" | "int64",
  low: number,
  array: SmallIntsClass,
): ElementFormat {
  const high = low + 2 ** (8 * bytes) - 1;
  return {
    name,
    bytes,
    dtype,
    decode(buffer, out) {
      const values = new array(buffer);
      if (out instanceof BigInt64Array) for (let i = 0; i < values.length; i++) out[i] = BigInt(values[i]!);
      else for (let i = 0; i < values.length; i++) out[i] = values[i]!;
    },
    encode(values) {
      const out = new array(values.length);
      for (let i = 0; i < values.length; i++) {
        const value = Number(values[i]);
        if (value < low || value > high)
          throw new RuntimeError(
            `the value ${values[i]} does not fit the range ${low} to ${high} of ${name}`,
          );
        out[i] = value;
      }
      return out;
    },
  };
}

const same = (name: ElementName, dtype: DType): ElementFormat => ({
  name,
  bytes: dtypes[dtype].bytes,
  dtype,
  decode: null,
  encode: null,
});

const table8 = (name: ElementName, values: () => Float32Array): ElementFormat => ({
  name,
  bytes: 1,
  dtype: "float32",
  decode(buffer, out) {
    const codes = new Uint8Array(buffer);
    const bits = new Int32Array(values().buffer);
    const to = new Int32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < codes.length; i++) to[i] = bits[codes[i]!]!;
  },
  encode() {
    throw new RuntimeError(`${name} is not written`);
  },
});

/** Every format that is read. */
export const elementFormats: { readonly [N in ElementName]: ElementFormat } = {
  bool: {
    ...same("bool", "bool"),
    // A file may say true in other ways than by 1.
    decode(buffer, out) {
      const bytes = new Uint8Array(buffer);
      for (let i = 0; i < bytes.length; i++) out[i] = bytes[i] === 0 ? 0 : 1;
    },
  },
  u8: same("u8", "uint8"),
  i8: integer("i8", 1, "int32", -128, Int8Array),
  u16: integer("u16", 2, "int32", 0, Uint16Array),
  i16: integer("i16", 2, "int32", -32768, Int16Array),
  u32: integer("u32", 4, "int64", 0, Uint32Array),
  i32: same("i32", "int32"),
  u64: {
    name: "u64",
    bytes: 8,
    dtype: "int64",
    decode(buffer, out) {
      const values = new BigInt64Array(buffer);
      for (let i = 0; i < values.length; i++) {
        if (values[i]! < 0n)
          throw new RuntimeError(`the value ${BigInt.asUintN(64, values[i]!)} of u64 does not fit int64`);
        out[i] = values[i]!;
      }
    },
    encode(values) {
      for (const value of values)
        if (value < 0) throw new RuntimeError(`the value ${value} does not fit u64`);
      return values as BigInt64Array;
    },
  },
  i64: same("i64", "int64"),
  f16: {
    name: "f16",
    bytes: 2,
    dtype: "float32",
    decode(buffer, out) {
      const codes = new Uint16Array(buffer);
      // By bits: a NaN stays the NaN that it is.
      const bits = new Int32Array(float16Values().buffer);
      const to = new Int32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < codes.length; i++) to[i] = bits[codes[i]!]!;
    },
    encode: (values) => float16Bits(values as Float32Array),
  },
  bf16: {
    name: "bf16",
    bytes: 2,
    dtype: "float32",
    decode(buffer, out) {
      const codes = new Uint16Array(buffer);
      const to = new Int32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < codes.length; i++) to[i] = codes[i]! << 16;
    },
    encode: (values) => bfloat16Bits(values as Float32Array),
  },
  f32: same("f32", "float32"),
  f64: same("f64", "float64"),
  f8e4m3: table8("f8e4m3", float8E4M3Values),
  f8e5m2: table8("f8e5m2", float8E5M2Values),
};

/** The format in which a dtype is written. */
export const formatOf: { readonly [D in DType]: ElementFormat } = {
  bool: elementFormats.bool,
  uint8: elementFormats.u8,
  int32: elementFormats.i32,
  int64: elementFormats.i64,
  float32: elementFormats.f32,
  float64: elementFormats.f64,
};

/** The bytes of typed data. */
export const bytesOf = (data: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** Reverses the bytes of each element, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** Elements that are read and decoded at a time: what is in the file's form never takes much memory. */
const pieceElements = 1 << 18;

/**
 * Elements first..first+out.length-1 of a run of elements that begins at `start` in the file, into `out`.
 *
 * @param big whether the file has the most significant byte first
 * @throws FileError if they are not all there, RuntimeError for values that do not fit the dtype
 */
export async function readElements(
  source: ByteSource,
  format: ElementFormat,
  start: number,
  out: TypedArray,
  big = false,
): Promise<void> {
  const { bytes, decode } = format;
  if (!decode && !big) return source.readInto(bytesOf(out), start);
  for (let first = 0; first < out.length; first += pieceElements) {
    const piece = out.subarray(first, first + pieceElements) as TypedArray;
    const raw = new Uint8Array(piece.length * bytes);
    await source.readInto(raw, start + first * bytes);
    if (big) swapBytes(raw, bytes);
    if (decode) decode(raw.buffer, piece);
    else bytesOf(piece).set(raw);
  }
}

/** A new array for n elements of a format. */
export const arrayFor = (format: ElementFormat, n: number): TypedArray => allocateUnset(format.dtype, n);

/** Most elements of a tensor that a file may declare: shapes beyond have no size that a number holds. */
export function elementsOf(shape: Shape): number | null {
  let n = 1;
  // An extent of 0 makes the size 0 whatever the others are; those must be sizes all the same.
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) return null;
    n *= extent;
    if (n > Number.MAX_SAFE_INTEGER) return null;
  }
  return n;
}
