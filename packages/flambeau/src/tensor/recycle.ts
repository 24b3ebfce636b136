// Memory of results, and handing it out again while the processor still has it in its caches: results lie in the memory
// of the backend, and their places are used anew when nobody holds their arrays any more.
// Floor L3 (tensor). Node only; see docs/decisions/0004-memory.md. FLAMBEAU_NO_EARLY_GC=1 leaves it off.

import type { Lender, ResultMemory } from "../backend/backend.ts";
import { getBackend } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import type { Collector } from "./collector.ts";
import { findCollector } from "./collector.ts";

/** Results' places, and whether somebody still holds the arrays over them: element i of each list is of one place. */
class Places {
  readonly arrays: WeakRef<TypedArray>[] = [];
  readonly at: number[] = [];
  readonly bytes: number[] = [];
  readonly lenders: Lender[] = [];
  total = 0;

  add(array: WeakRef<TypedArray>, at: number, bytes: number, lender: Lender): void {
    this.arrays.push(array);
    this.at.push(at);
    this.bytes.push(bytes);
    this.lenders.push(lender);
    this.total += bytes;
  }

  /**
   * Takes back the places that nobody holds, in their order, so that the last one made is the next one used. The others go
   * to `alive`.
   */
  sweep(alive: Places): void {
    const { arrays, at, bytes, lenders } = this;
    for (let i = 0; i < arrays.length; i++) {
      if (arrays[i]!.deref() === undefined) lenders[i]!.give(at[i]!, bytes[i]!);
      else alive.add(arrays[i]!, at[i]!, bytes[i]!, lenders[i]!);
    }
  }
}

/** Programs that make less than this are over before it matters. */
const firstBytes = 4 * 2 ** 20;
/** Bytes of results between collections, at first and at most. */
let shortest = 12 * 2 ** 20;
let longest = 64 * 2 ** 20;
/** Part of the time that collections may take. */
const share = 1 / 4;
/** Collections between two looks at the places that outlived one. */
const seldom = 16;
/** Bytes held by places that outlived a collection, before all objects are collected; twice what was alive then, if that is more. */
const heldAtLeast = 192 * 2 ** 20;

let left = firstBytes;
let interval = shortest;
/** undefined before it was looked for; null where there is none. */
let collector: Collector | null | undefined;
let last = 0;
let rounds = 0;
/** Where results are, since they are collected. */
let memory: ResultMemory | null = null;
/** Places made since the last collection, and those that outlived one. */
let young = new Places();
let held = new Places();
let heldLimit = heldAtLeast;

/** Counts memory that was handed out; every few megabytes what nobody holds is taken back. */
export function spend(bytes: number): void {
  left -= bytes;
  if (left < 0) recycle();
}

/** An array for a result in the backend's memory, of undefined values; null where results are ordinary arrays. */
export function resultArray(dtype: DType, length: number, bytes: number): TypedArray | null {
  spend(bytes);
  if (memory === null) return null;
  const array = memory.take(dtype, length);
  if (array !== null) young.add(new WeakRef(array), array.byteOffset, bytes, memory);
  return array;
}

/** An array that `lend` finds in other memory, `lender`'s; null where that lends nothing, or nobody would give it back. */
export function lentArray(lender: Lender, bytes: number, lend: () => TypedArray | null): TypedArray | null {
  if (memory === null) return null;
  spend(bytes);
  const array = lend();
  if (array !== null) young.add(new WeakRef(array), array.byteOffset, bytes, lender);
  return array;
}

function recycle(): void {
  if (collector === undefined) {
    collector = findCollector();
    // One memory for good, whatever backend is set later: places go back to where they came from.
    memory = collector?.addressesAreFree ? (getBackend().results ?? null) : null;
  }
  if (collector === null) {
    left = Number.POSITIVE_INFINITY;
    return;
  }
  const start = performance.now();
  const full = held.total > heldLimit;
  collector.collect(full);
  if (memory !== null) {
    if (full || ++rounds % seldom === 0) {
      const before = held;
      held = new Places();
      before.sweep(held);
      if (full) heldLimit = Math.max(heldAtLeast, 2 * held.total);
    }
    young.sweep(held);
    young = new Places();
  }
  const end = performance.now();
  // Where much young memory is alive, collections take longer and free less: then they come less often.
  const dear = end - start > (start - last) * share;
  interval = dear ? Math.min(longest, interval * 1.5) : Math.max(shortest, interval / 1.25);
  last = end;
  left = interval;
}

/** @internal For tests: collects after every few results, and spoils what is in the places that come back. */
export function recycleAtOnce(): void {
  shortest = longest = interval = 8192;
  left = 0;
  const { results, programs } = getBackend();
  if (results) results.spoils = true;
  if (programs) programs.results.spoils = true;
}
