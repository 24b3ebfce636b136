// Moves elements between the arrays of tensors and linear memory: whole runs here, strided blocks in strided.ts.
// Floor L2 (backend/wasm).
//
// Every function exists once per array type, word for word: V8 specialises a piece of source text for the array
// types that it sees there, and text that sees all five types gets slow for every one of them.

import type { DType } from "../../base/dtype.ts";
import type { Operand } from "../backend.ts";
import type { LinearMemory } from "./memory.ts";

/** Up to here a loop (1 ns an element) beats TypedArray.set (20 ns and little more). */
const loopLimit = 20;
/** Up to here it beats set on a part of an array, which takes a new subarray object (another 40 ns). */
const subarrayLimit = 64;
/** Views of the output buffer are kept by length; growth of the memory empties them, which their length shows. */
const viewMask = 63;

/** Copies n elements of `source` from `offset` into the streaming buffer that the function was made for. */
export type StreamIn = (source: Operand, offset: number, n: number) => void;
/** Copies n elements of the streaming buffer to `target` at `offset`. */
export type StreamOut = (target: Operand, offset: number, n: number) => void;

type Maker<F> = (memory: LinearMemory, address: number) => F;

const f32In: Maker<StreamIn> = (memory, address) => {
  const at = address / 4;
  return (source, offset, n) => {
    const a = source as Float32Array;
    const view = memory.f32;
    if (n <= loopLimit || (n !== a.length && n <= subarrayLimit))
      for (let i = 0; i < n; i = (i + 1) | 0) view[(at + i) | 0] = a[offset + i]!;
    else view.set(n === a.length ? a : a.subarray(offset, offset + n), at);
  };
};
const f32Out: Maker<StreamOut> = (memory, address) => {
  const at = address / 4;
  const views: Float32Array[] = [];
  return (target, offset, n) => {
    const a = target as Float32Array;
    if (n <= loopLimit) {
      const view = memory.f32;
      for (let i = 0; i < n; i = (i + 1) | 0) a[offset + i] = view[(at + i) | 0]!;
      return;
    }
    let view = views[n & viewMask];
    if (view === undefined || view.length !== n) views[n & viewMask] = view = memory.f32.subarray(at, at + n);
    a.set(view, offset);
  };
};

const f64In: Maker<StreamIn> = (memory, address) => {
  const at = address / 8;
  return (source, offset, n) => {
    const a = source as Float64Array;
    const view = memory.f64;
    if (n <= loopLimit || (n !== a.length && n <= subarrayLimit))
      for (let i = 0; i < n; i = (i + 1) | 0) view[(at + i) | 0] = a[offset + i]!;
    else view.set(n === a.length ? a : a.subarray(offset, offset + n), at);
  };
};
const f64Out: Maker<StreamOut> = (memory, address) => {
  const at = address / 8;
  const views: Float64Array[] = [];
  return (target, offset, n) => {
    const a = target as Float64Array;
    if (n <= loopLimit) {
      const view = memory.f64;
      for (let i = 0; i < n; i = (i + 1) | 0) a[offset + i] = view[(at + i) | 0]!;
      return;
    }
    let view = views[n & viewMask];
    if (view === undefined || view.length !== n) views[n & viewMask] = view = memory.f64.subarray(at, at + n);
    a.set(view, offset);
  };
};

const i32In: Maker<StreamIn> = (memory, address) => {
  const at = address / 4;
  return (source, offset, n) => {
    const a = source as Int32Array;
    const view = memory.i32;
    if (n <= loopLimit || (n !== a.length && n <= subarrayLimit))
      for (let i = 0; i < n; i = (i + 1) | 0) view[(at + i) | 0] = a[offset + i]!;
    else view.set(n === a.length ? a : a.subarray(offset, offset + n), at);
  };
};
const i32Out: Maker<StreamOut> = (memory, address) => {
  const at = address / 4;
  const views: Int32Array[] = [];
  return (target, offset, n) => {
    const a = target as Int32Array;
    if (n <= loopLimit) {
      const view = memory.i32;
      for (let i = 0; i < n; i = (i + 1) | 0) a[offset + i] = view[(at + i) | 0]!;
      return;
    }
    let view = views[n & viewMask];
    if (view === undefined || view.length !== n) views[n & viewMask] = view = memory.i32.subarray(at, at + n);
    a.set(view, offset);
  };
};

const u8In: Maker<StreamIn> = (memory, at) => {
  return (source, offset, n) => {
    const a = source as Uint8Array;
    const view = memory.u8;
    if (n <= loopLimit || (n !== a.length && n <= subarrayLimit))
      for (let i = 0; i < n; i = (i + 1) | 0) view[(at + i) | 0] = a[offset + i]!;
    else view.set(n === a.length ? a : a.subarray(offset, offset + n), at);
  };
};
const u8Out: Maker<StreamOut> = (memory, at) => {
  const views: Uint8Array[] = [];
  return (target, offset, n) => {
    const a = target as Uint8Array;
    if (n <= loopLimit) {
      const view = memory.u8;
      for (let i = 0; i < n; i = (i + 1) | 0) a[offset + i] = view[(at + i) | 0]!;
      return;
    }
    let view = views[n & viewMask];
    if (view === undefined || view.length !== n) views[n & viewMask] = view = memory.u8.subarray(at, at + n);
    a.set(view, offset);
  };
};

// No loops over bigint elements: V8 may make an object of each.
const i64In: Maker<StreamIn> = (memory, address) => {
  const at = address / 8;
  return (source, offset, n) => {
    const a = source as BigInt64Array;
    memory.i64.set(n === a.length ? a : a.subarray(offset, offset + n), at);
  };
};
const i64Out: Maker<StreamOut> = (memory, address) => {
  const at = address / 8;
  const views: BigInt64Array[] = [];
  return (target, offset, n) => {
    let view = views[n & viewMask];
    if (view === undefined || view.length !== n) views[n & viewMask] = view = memory.i64.subarray(at, at + n);
    (target as BigInt64Array).set(view, offset);
  };
};

/** A scalar operand goes into the first cell of the buffer, where the kernel reads it once per chunk. */
const f32Scalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.f32[address / 4] = value as number;
};
const f64Scalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.f64[address / 8] = value as number;
};
const i32Scalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.i32[address / 4] = value as number;
};
const u8Scalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.u8[address] = value as number;
};
const boolScalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.u8[address] = value ? 1 : 0;
};
const i64Scalar: Maker<StreamIn> = (memory, address) => (value) => {
  memory.i64[address / 8] = BigInt(value as number);
};

export const streamIn: { readonly [D in DType]: Maker<StreamIn> } = {
  float32: f32In,
  float64: f64In,
  int32: i32In,
  int64: i64In,
  uint8: u8In,
  bool: u8In,
};
export const streamOut: { readonly [D in DType]: Maker<StreamOut> } = {
  float32: f32Out,
  float64: f64Out,
  int32: i32Out,
  int64: i64Out,
  uint8: u8Out,
  bool: u8Out,
};
export const streamScalar: { readonly [D in DType]: Maker<StreamIn> } = {
  float32: f32Scalar,
  float64: f64Scalar,
  int32: i32Scalar,
  int64: i64Scalar,
  uint8: u8Scalar,
  bool: boolScalar,
};
