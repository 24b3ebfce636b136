// The memory behind tensors: garbage-collected typed arrays, and the counter that tells when they were written to.
// Floor L3 (tensor).

import type { DType, TypedArray } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";

/** Elements that one or more tensors look at. Views share it; every in-place change counts `version` up. */
export class Storage {
  readonly data: TypedArray;
  version = 0;

  constructor(data: TypedArray) {
    this.data = data;
  }
}

// V8 keeps typed arrays up to 64 bytes inside its heap; beyond that each allocation costs about 0.5 us. Arrays of
// middling size are cut from a shared buffer instead (0.1 us). The buffer is small, since one array that lives
// keeps all of it alive.
const onHeapBytes = 64;
const largestCutBytes = 8192;
const slabBytes = 65536;
let slab = new ArrayBuffer(0);
let used = 0;

/** Start of `bytes` unused bytes in the slab. */
function cut(bytes: number): number {
  let start = used;
  if (start + bytes > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes);
    start = 0;
  }
  used = start + ((bytes + 7) & ~7);
  return start;
}

/** A new array of n zeros. */
export function allocate(dtype: DType, n: number): TypedArray {
  const { array, bytes } = dtypes[dtype];
  const size = n * bytes;
  if (size <= onHeapBytes || size > largestCutBytes) return new array(n);
  const start = cut(size);
  return new array(slab, start, n);
}

/** The same for float32, without looking the dtype up. */
export function allocateFloat32(n: number): Float32Array {
  const size = n * 4;
  if (size <= onHeapBytes || size > largestCutBytes) return new Float32Array(n);
  const start = cut(size);
  return new Float32Array(slab, start, n);
}
