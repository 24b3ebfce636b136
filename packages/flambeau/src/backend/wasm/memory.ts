// The backend's linear memory: vector constants, streaming buffers of the generated kernels, scratch of routines.
// Floor L2 (backend/wasm).
//
//   0 .. 16 KiB      vector constants of kernels (a pool; equal constants share a cell)
//   16 KiB ..        one streaming buffer per operand, one for the output
//   scratchStart ..  scratch of the routine that runs (matmul's packed panels); grows on demand
//   1 GiB ..         results (results.ts), once they are opened; scratch ends there then

import type { TypedArray } from "../../base/dtype.ts";
import { RuntimeError } from "../../base/errors.ts";

const pageBytes = 65536;

/** Bytes of a streaming buffer's elements: large enough to hide the calls, small enough for the second-level cache. */
export const bufferBytes = 65536;
/** Most elements in a chunk; eight-byte elements have chunks half as long. */
export const maxChunk = 16384;

const poolBytes = 16384;
/** Kernels read and write past the end of a chunk by at most one iteration of 16 elements of 8 bytes. */
export const guardBytes = 128;
// Buffers a multiple of 4096 bytes apart would make loads wait for stores that only look alike in their low 12 bits.
export const staggerBytes = 576;
const bufferStride = bufferBytes + guardBytes + staggerBytes;

/** Where the streaming buffer of operand 0..3 starts. */
export const operandAddress = (index: number): number => poolBytes + index * bufferStride;
/** Where the streaming buffer of the result starts. */
export const outputAddress: number = poolBytes + 4 * bufferStride;
/** Where results begin and end. They are addresses: the system gives memory for those pages that are touched. */
const resultsStart = 2 ** 30;
const resultsEnd = 2 ** 31 - pageBytes;
const scratchStart = Math.ceil((poolBytes + 5 * bufferStride) / pageBytes) * pageBytes;

/** A place for vector constants at the start of a memory. Equal constants share a cell. */
export class ConstantPool {
  readonly #cells = new Map<string, number>();
  readonly #limit: number;
  #end = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The address of the constant; `write` puts it into the memory if it is new. -1 when the pool is full. */
  place(bytes: readonly number[], write: (at: number) => void): number {
    const key = bytes.join();
    let at = this.#cells.get(key);
    if (at !== undefined) return at;
    at = Math.ceil(this.#end / bytes.length) * bytes.length;
    if (at + bytes.length > this.#limit) return -1;
    write(at);
    this.#end = at + bytes.length;
    this.#cells.set(key, at);
    return at;
  }
}

/** What generated code needs of a memory. */
export interface Constants {
  /**
   * The address of a constant in memory, 4 or 8 bytes, for `v128.load32_splat` and `load64_splat`: V8 keeps a loaded
   * vector in a register but builds an inline `v128.const` anew in each iteration. -1 when there is no room.
   */
  constant(bytes: readonly number[]): number;
}

/** The error of a memory that cannot grow by what `purpose` needs. */
export function outOfMemory(purpose: string, bytes: number, inUse: number, limit: string): RuntimeError {
  const mib = (n: number): string => `${(n / 2 ** 20).toFixed(1)} MiB`;
  return new RuntimeError(
    `out of memory: ${purpose} needs ${mib(bytes)} of WebAssembly memory; ${mib(inUse)} are in use and ` +
      `it cannot grow that far (the limit is ${limit}). Use smaller tensors or smaller batches`,
  );
}

/**
 * One linear memory with typed views. The views are replaced when it grows: read `memory.f32` at each call, keep
 * no view across a call of `scratch`. Nothing is reserved before the first use.
 */
export class LinearMemory implements Constants {
  #memory: WebAssembly.Memory | null = null;
  /** Where scratch must end; 0 while it may grow. */
  #scratchEnd = 0;
  readonly #pool = new ConstantPool(poolBytes);
  /** Views of the whole memory; empty before the first use. */
  u8: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  i32: Int32Array<ArrayBuffer> = new Int32Array(0);
  i64: BigInt64Array<ArrayBuffer> = new BigInt64Array(0);
  f32: Float32Array<ArrayBuffer> = new Float32Array(0);
  f64: Float64Array<ArrayBuffer> = new Float64Array(0);

  /** The memory that modules import as "env" "memory". */
  get wasm(): WebAssembly.Memory {
    if (!this.#memory) {
      this.#memory = new WebAssembly.Memory({ initial: scratchStart / pageBytes });
      this.#refresh();
    }
    return this.#memory;
  }

  /** Makes sure that the views show memory: before the first streaming. */
  ready(): void {
    void this.wasm;
  }

  get sizeBytes(): number {
    return this.wasm.buffer.byteLength;
  }

  #refresh(): void {
    const buffer = this.#memory!.buffer as ArrayBuffer;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /**
   * The address (a multiple of 64) of `bytes` of scratch for the routine that runs now. There is one scratch region:
   * the next call of `scratch`, by whomever, returns the same place. So a routine asks once, for all it needs,
   * and nothing can leak; the memory only ever grows to the largest request.
   * @throws RuntimeError when the memory cannot grow: says how much was wanted and what for.
   */
  scratch(bytes: number, purpose: string): number {
    const missing = scratchStart + bytes + guardBytes - (this.#scratchEnd || this.sizeBytes);
    if (missing > 0) this.#grow(Math.ceil(missing / pageBytes), bytes, purpose);
    return scratchStart;
  }

  /**
   * Opens the range of results: from then on the memory never grows again, so that arrays over it stay valid. null where
   * the engine does not give that many addresses.
   */
  openResults(): readonly [start: number, end: number] | null {
    if (this.sizeBytes > resultsStart) return null;
    try {
      this.wasm.grow((resultsEnd - this.sizeBytes) / pageBytes);
    } catch {
      return null;
    }
    this.#refresh();
    this.#scratchEnd = resultsStart;
    return [resultsStart, resultsEnd - guardBytes];
  }

  /** Whether the array is a place of results: kernels reach it under its byteOffset. */
  holds(array: TypedArray): boolean {
    return this.#scratchEnd !== 0 && array.buffer === this.u8.buffer;
  }

  #grow(pages: number, bytes: number, purpose: string): void {
    if (this.#scratchEnd !== 0) throw outOfMemory(purpose, bytes, this.sizeBytes, "1 GiB");
    // A quarter more than needed, so that slowly rising requests do not refresh the views each time.
    const generous = Math.max(pages, Math.ceil(this.sizeBytes / pageBytes / 4));
    for (const n of [generous, pages]) {
      try {
        this.wasm.grow(n);
        this.#refresh();
        return;
      } catch {
        // Too much: try the exact amount, then give up below.
      }
    }
    throw outOfMemory(purpose, bytes, this.sizeBytes, "4 GiB");
  }

  constant(bytes: readonly number[]): number {
    this.ready();
    return this.#pool.place(bytes, (at) => this.u8.set(bytes, at));
  }
}
