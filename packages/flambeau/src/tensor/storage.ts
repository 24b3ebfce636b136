// The memory behind tensors: garbage-collected typed arrays, and the counter that tells when they were written to.
// Floor L3 (tensor).

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import { recorder, surroundings, tracer, watcher } from "./capturing.ts";
import { mode } from "./grad-mode.ts";
import { recycleAtOnce, resultArray, spend } from "./recycle.ts";

/** Elements that one or more tensors look at. Views share it; every in-place change counts `version` up. */
export class Storage {
  #data: TypedArray | null;
  /** Why there are no elements, where there are none. */
  #gone = "";
  version = 0;
  /** Whether it was made in inference mode: then it may not meet autograd. */
  readonly inference: boolean = mode.inference;
  /** Another storage over the same elements, whose changes are not counted here. */
  #shadow: Storage | null = null;
  /** Whether elements change without being counted: others have the array, or there is a shadow. */
  #exposed = false;

  constructor(data: TypedArray) {
    this.#data = data;
    if (recorder !== null) recorder.born(this, data);
  }

  /** The elements. While a function is captured, an array that stands for them. */
  get data(): TypedArray {
    const data = this.#data;
    if (data === null) throw new CompileError(this.#gone);
    return watcher === null ? data : watcher.arrayOf(this, data);
  }

  /** @internal The same elements under a version of their own. */
  get shadow(): Storage {
    this.#exposed = true;
    this.#shadow ??= new Storage(tracer === null ? this.data : this.#data!).expose();
    return this.#shadow;
  }

  /** @internal Whether every change of the elements counts {@link version} up. */
  get counts(): boolean {
    return !this.#exposed;
  }

  /** @internal Somebody else has the array. */
  expose(): this {
    this.#exposed = true;
    return this;
  }

  /** @internal The elements are in another array from now on. */
  move(data: TypedArray): void {
    surroundings.epoch++;
    this.#data = data;
    this.#shadow?.move(data);
  }

  /** @internal There are no elements from now on; looking for them is an error that says `why`. */
  forget(why: string): void {
    this.#data = null;
    this.#gone = why;
  }
}

// V8 keeps typed arrays up to 64 bytes inside its heap; beyond that each allocation costs a microsecond. Arrays of
// middling size are cut from a shared buffer instead (0.1 us). The buffer is small, since one array that lives
// keeps all of it alive.
const onHeapBytes = 64;
let largestCutBytes = 8192;
const slabBytes = 131072;
let slab = new ArrayBuffer(0);
let used = 0;

/** Node's memory that nobody has set to zero; where there is none, arrays start as zeros anyhow. */
type Unset = (bytes: number) => { readonly buffer: ArrayBuffer };
const unset = (globalThis as { Buffer?: { allocUnsafeSlow?: Unset } }).Buffer?.allocUnsafeSlow;

/** Start of `bytes` unused bytes in the slab. */
function cut(bytes: number): number {
  let start = used;
  if (start + bytes > slab.byteLength) {
    spend(slabBytes);
    slab = unset ? unset(slabBytes).buffer : new ArrayBuffer(slabBytes);
    start = 0;
  }
  used = start + ((bytes + 7) & ~7);
  return start;
}

/** A new array of n zeros. */
export function allocate(dtype: DType, n: number): TypedArray {
  if (recorder !== null) return recorder.allocate(dtype, n, true);
  const data = allocateUnset(dtype, n);
  if (unset && n * dtypes[dtype].bytes > onHeapBytes)
    (data as Float32Array).fill((dtype === "int64" ? 0n : 0) as number);
  return data;
}

/** A new array for a caller that writes every element: what is in it is not specified. */
export function allocateUnset(dtype: DType, n: number): TypedArray {
  if (recorder !== null) return recorder.allocate(dtype, n, false);
  if (dtype === "float32") return allocateFloat32(n);
  const { array, bytes } = dtypes[dtype];
  const size = n * bytes;
  if (size <= onHeapBytes) return new array(n);
  if (size > largestCutBytes) return resultArray(dtype, n, size) ?? new array(large(size), 0, n);
  const start = cut(size);
  return new array(slab, start, n);
}

/** {@link allocateUnset} for float32, without looking the dtype up. */
export function allocateFloat32(n: number): Float32Array {
  if (recorder !== null) return recorder.allocate("float32", n, false) as Float32Array;
  const size = n * 4;
  if (size <= onHeapBytes) return new Float32Array(n);
  if (size > largestCutBytes)
    return (resultArray("float32", n, size) as Float32Array | null) ?? new Float32Array(large(size), 0, n);
  const start = cut(size);
  return new Float32Array(slab, start, n);
}

/** A buffer of its own. */
function large(bytes: number): ArrayBuffer {
  return unset ? unset(bytes).buffer : new ArrayBuffer(bytes);
}

/** @internal For tests: nearly all arrays lie in the memory of results, whose places are used anew at once. */
export function stressMemory(): void {
  largestCutBytes = onHeapBytes;
  recycleAtOnce();
}
