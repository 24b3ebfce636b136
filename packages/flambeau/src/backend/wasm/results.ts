// Places for results in linear memory, where kernels write and read them without copying. Who looks at a place, and when
// nobody does any more, is the caller's to know (tensor/recycle.ts).
// Floor L2 (backend/wasm).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { ResultMemory } from "../backend.ts";
import type { LinearMemory } from "./memory.ts";
import { guardBytes, staggerBytes } from "./memory.ts";

/**
 * Bytes that a place for `bytes` takes: with the guard that kernels may write into, rounded up by an eighth at most, so that
 * results of similar sizes take each other's places.
 */
export function placeBytes(bytes: number): number {
  const needed = bytes + guardBytes + staggerBytes;
  const unit = Math.max(64, 2 ** (28 - Math.clz32(needed)));
  return Math.ceil(needed / unit) * unit + (unit >= 4096 ? staggerBytes : 0);
}

/** Hands places out: the one that came back last first, since it is likeliest still in the caches. */
export class ResultPlaces implements ResultMemory {
  readonly #memory: LinearMemory;
  /** Places that came back, by their size. */
  readonly #free = new Map<number, number[]>();
  spoils = false;
  #end = 0;
  #limit = 0;
  #state: "new" | "open" | "none" = "new";

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  take(dtype: DType, length: number): TypedArray | null {
    if (this.#state !== "open" && !this.#open()) return null;
    const { array, bytes } = dtypes[dtype];
    const size = placeBytes(length * bytes);
    let at = this.#free.get(size)?.pop();
    if (at === undefined) {
      if (this.#end + size > this.#limit && !this.#merge(size)) return null;
      at = this.#end;
      this.#end += size;
    }
    return new array(this.#memory.u8.buffer, at, length);
  }

  give(at: number, bytes: number): void {
    if (this.spoils) this.#memory.u8.fill(255, at, at + bytes);
    const size = placeBytes(bytes);
    const list = this.#free.get(size);
    if (list) list.push(at);
    else this.#free.set(size, [at]);
  }

  #open(): boolean {
    if (this.#state === "none") return false;
    const range = this.#memory.openResults();
    this.#state = range ? "open" : "none";
    if (range) [this.#end, this.#limit] = range;
    return range !== null;
  }

  /** Makes room by joining free places that touch; those at the end are given up. Says whether `size` fits now. */
  #merge(size: number): boolean {
    const spans: { at: number; bytes: number }[] = [];
    for (const [bytes, list] of this.#free) for (const at of list) spans.push({ at, bytes });
    spans.sort((a, b) => b.at - a.at);
    for (const { at, bytes } of spans) {
      if (at + bytes !== this.#end) break;
      this.#end = at;
    }
    for (const [bytes, list] of this.#free)
      this.#free.set(
        bytes,
        list.filter((at) => at < this.#end),
      );
    return this.#end + size <= this.#limit;
  }
}
