// The memory that programs work in, one for the whole process: parameters and optimizer state live here from the first
// compilation on, between runs as well.
// Floor L2 (backend/wasm/program).
//
//   0 .. 32 KiB     vector constants of kernels
//   32 KiB ..       cells where threads meet
//   behind them     regions, each with a guard behind it

import type { DType, TypedArray } from "../../../base/dtype.ts";
import { dtypes } from "../../../base/dtype.ts";
import type { Region } from "../../backend.ts";
import type { Constants } from "../memory.ts";
import { ConstantPool, guardBytes, outOfMemory, staggerBytes } from "../memory.ts";
import { controlBytes } from "./threads-cells.ts";

const pageBytes = 65536;
const poolBytes = 32768;

/** Where the cells of the team of threads are. */
export const controlAddress: number = poolBytes;

/** What a place of `bytes` takes up: with its guard, in multiples of 64. */
export const placeBytes = (bytes: number): number =>
  64 * Math.ceil((bytes + guardBytes) / 64) + (bytes >= 4096 ? staggerBytes : 0);

interface Span {
  at: number;
  bytes: number;
}

/** Pages of a memory that cannot be shared: it is reserved at once, since growing would detach all arrays. */
const unsharedPages: readonly number[] = [16384, 8192, 4096, 2048, 1024];

/** WebAssembly memory with an allocator. Arrays over it stay valid for good: it never moves and never shrinks. */
export class ResidentMemory implements Constants {
  readonly wasm: WebAssembly.Memory;
  readonly shared: boolean;
  /** The most it may grow to, which modules that import it must state. */
  readonly maxPages: number;
  readonly #pool = new ConstantPool(poolBytes);
  /** Free spans in the order of their addresses; no two touch. */
  readonly #free: Span[] = [];
  /** Bytes taken up at each address handed out. */
  readonly #taken = new Map<number, number>();
  #end: number = controlAddress + controlBytes;
  #u8: Uint8Array;
  #arenaAt = 0;
  #arenaBytes = 0;

  constructor(shared: boolean = typeof SharedArrayBuffer !== "undefined") {
    this.shared = shared;
    [this.wasm, this.maxPages] = shared ? growing() : reserved();
    this.#u8 = new Uint8Array(this.wasm.buffer);
  }

  get sizeBytes(): number {
    return this.wasm.buffer.byteLength;
  }

  constant(bytes: readonly number[]): number {
    return this.#pool.place(bytes, (at) => this.#u8.set(bytes, at));
  }

  /** Bytes at a multiple of 64. @throws RuntimeError when there is no room. */
  take(bytes: number, purpose: string): number {
    const wanted = placeBytes(bytes);
    const i = this.#free.findIndex((span) => span.bytes >= wanted);
    let at: number;
    if (i >= 0) {
      const span = this.#free[i]!;
      at = span.at;
      span.at += wanted;
      span.bytes -= wanted;
      if (span.bytes === 0) this.#free.splice(i, 1);
    } else {
      const last = this.#free.at(-1);
      at = last && last.at + last.bytes === this.#end ? last.at : this.#end;
      this.#reach(at + wanted, bytes, purpose);
      if (at !== this.#end) this.#free.pop();
      this.#end = at + wanted;
    }
    this.#taken.set(at, wanted);
    return at;
  }

  /** Gives back what `take` gave; a second time does nothing. */
  give(at: number): void {
    const bytes = this.#taken.get(at);
    if (bytes === undefined) return;
    this.#taken.delete(at);
    let i = this.#free.findIndex((span) => span.at > at);
    if (i < 0) i = this.#free.length;
    this.#free.splice(i, 0, { at, bytes });
    for (const k of [i, i - 1]) {
      const [a, b] = [this.#free[k], this.#free[k + 1]];
      if (!a || !b || a.at + a.bytes !== b.at) continue;
      a.bytes += b.bytes;
      this.#free.splice(k + 1, 1);
    }
  }

  /** Elements of undefined values. */
  allocate(dtype: DType, length: number, purpose: string): Region {
    const address = this.take(length * dtypes[dtype].bytes, purpose);
    return { address, array: this.view(dtype, address, length) };
  }

  view(dtype: DType, address: number, length: number): TypedArray {
    // A view of shared memory does all that one of other memory does.
    return new dtypes[dtype].array(this.wasm.buffer as ArrayBuffer, address, length);
  }

  /** The address of at least `bytes` that all programs use in turn. What is there survives no other call. */
  arena(bytes: number, purpose: string): number {
    if (bytes > this.#arenaBytes) {
      this.give(this.#arenaAt);
      this.#arenaBytes = 0;
      this.#arenaAt = this.take(bytes, purpose);
      this.#arenaBytes = bytes;
    }
    return this.#arenaAt;
  }

  #reach(end: number, bytes: number, purpose: string): void {
    const missing = Math.ceil((end - this.sizeBytes) / pageBytes);
    if (missing <= 0) return;
    if (this.shared) {
      // A quarter more than needed, so that many small requests do not each grow the memory.
      const generous = Math.max(missing, Math.ceil(this.sizeBytes / pageBytes / 4));
      for (const pages of [generous, missing]) {
        try {
          this.wasm.grow(pages);
          this.#u8 = new Uint8Array(this.wasm.buffer);
          return;
        } catch {
          // Too much: try the exact amount, then give up below.
        }
      }
    }
    throw outOfMemory(purpose, bytes, this.#end, `${(this.maxPages * pageBytes) / 2 ** 30} GiB`);
  }
}

function growing(): [WebAssembly.Memory, number] {
  const maximum = 65536;
  return [new WebAssembly.Memory({ initial: 16, maximum, shared: true }), maximum];
}

function reserved(): [WebAssembly.Memory, number] {
  for (const pages of unsharedPages) {
    try {
      return [new WebAssembly.Memory({ initial: pages, maximum: pages }), pages];
    } catch {
      // The engine cannot reserve that much: try half of it.
    }
  }
  throw outOfMemory("a compiled program", pageBytes * unsharedPages.at(-1)!, 0, "what the engine reserves");
}
