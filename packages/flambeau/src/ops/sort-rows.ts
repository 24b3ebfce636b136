// Sorting and selecting along rows of elements: stable, NaN after all numbers, as PyTorch orders them.
// Floor L4 (ops). Method: https://en.wikipedia.org/wiki/Radix_sort#Least_significant_digit on the bits of the elements.

import type { DType, TypedArray } from "../base/dtype.ts";

/** The sign bit. */
const sign = -2147483648;
/** Rows up to this length are sorted by insertion. */
const short = 40;
/** From this length on, one element of a row is found faster than all are sorted. */
const long = 512;
/** The digits of keys: 8 bits in sorting, so that the places that are written to stay in the cache; 11 in selecting. */
const digits = 256;
const selectDigits = 2048;

/**
 * Sorts rows of `n` elements, one after the other. `load` reads a row; then `sort`, `smallest` and `kth` answer in
 * positions of the row. The arrays they return are overwritten by the next row.
 *
 * Elements become unsigned keys that have their order: of 32 bits, or two words of 32 bits each. Both zeros are one
 * key, and so are all NaNs.
 */
export class RowSorter {
  readonly #n: number;
  readonly #dtype: DType;
  /** The elements; of floats and of 64 bits, their words. */
  readonly #bits: Int32Array | Uint8Array;
  readonly #flip: number;
  #key: Uint32Array;
  #order: Int32Array;
  #otherKey: Uint32Array;
  #otherOrder: Int32Array;
  /** The upper words of keys of 64 bits. */
  readonly #high: Uint32Array | null;
  readonly #counts: Uint32Array;

  constructor(dtype: DType, data: TypedArray, n: number, descending = false) {
    this.#n = n;
    this.#dtype = dtype;
    this.#flip = descending ? -1 : 0;
    this.#key = new Uint32Array(n);
    this.#order = new Int32Array(n);
    this.#otherKey = new Uint32Array(n > short ? n : 0);
    this.#otherOrder = new Int32Array(n > short ? n : 0);
    this.#high = dtype === "float64" || dtype === "int64" ? new Uint32Array(n) : null;
    this.#bits =
      data instanceof Uint8Array ? data : new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
    this.#counts = new Uint32Array(n >= long ? selectDigits : n > short ? 4 * digits : 0);
  }

  /** Reads the row of the elements number `at + i * step`. */
  load(at: number, step: number): void {
    if (this.#dtype === "float32") this.#loadFloat32(at, step);
    else if (this.#dtype === "float64") this.#loadFloat64(at, step);
    else if (this.#dtype === "int64") this.#loadInt64(at, step);
    else {
      const key = this.#key;
      const bits = this.#bits;
      const flip = this.#flip ^ (this.#dtype === "int32" ? sign : 0);
      for (let i = 0, p = at; i < this.#n; i++, p += step) key[i] = bits[p]! ^ flip;
    }
  }

  #loadFloat32(at: number, step: number): void {
    const key = this.#key;
    const flip = this.#flip;
    const bits = this.#bits;
    for (let i = 0, p = at; i < this.#n; i++, p += step) {
      const u = bits[p]!;
      const k = u < 0 ? (u === sign ? u : ~u) : u | sign;
      key[i] = ((u & 0x7fffffff) > 0x7f800000 ? -1 : k) ^ flip;
    }
  }

  #loadInt64(at: number, step: number): void {
    const low = this.#key;
    const high = this.#high!;
    const flip = this.#flip;
    const bits = this.#bits;
    for (let i = 0, p = 2 * at; i < this.#n; i++, p += 2 * step) {
      low[i] = bits[p]! ^ flip;
      high[i] = bits[p + 1]! ^ sign ^ flip;
    }
  }

  #loadFloat64(at: number, step: number): void {
    const low = this.#key;
    const high = this.#high!;
    const flip = this.#flip;
    const bits = this.#bits;
    for (let i = 0, p = 2 * at; i < this.#n; i++, p += 2 * step) {
      let l = bits[p]!;
      let h = bits[p + 1]!;
      const exponent = h & 0x7fffffff;
      if (exponent > 0x7ff00000 || (exponent === 0x7ff00000 && l !== 0)) l = h = -1;
      else if (h >= 0) h |= sign;
      else if (exponent !== 0 || l !== 0) {
        l = ~l;
        h = ~h;
      }
      low[i] = l ^ flip;
      high[i] = h ^ flip;
    }
  }

  /** The positions of all elements in sorted order. */
  sort(): Int32Array {
    const n = this.#n;
    const order = this.#order;
    for (let i = 0; i < n; i++) order[i] = i;
    if (n <= short) {
      if (this.#high) insertionSortWide(this.#key, this.#high, order, n);
      else insertionSort(this.#key, order, n);
      return order;
    }
    this.#sortKeys(n);
    if (this.#high) {
      // Sorted by the lower words; stable, so that sorting by the upper ones finishes it.
      for (let i = 0; i < n; i++) this.#key[i] = this.#high[this.#order[i]!]!;
      this.#sortKeys(n);
    }
    return this.#order;
  }

  /** Sorts the first n keys, and `#order` with them. */
  #sortKeys(n: number): void {
    const counts = this.#counts;
    countDigits(this.#key, n, counts);
    for (let shift = 0; shift < 32; shift += 8) {
      const base = shift << 5;
      // A digit that all keys share moves nothing.
      if (counts[base + ((this.#key[0]! >>> shift) & 255)] === n) continue;
      let sum = 0;
      for (let i = base; i < base + digits; i++) {
        const c = counts[i]!;
        counts[i] = sum;
        sum += c;
      }
      distribute(this.#key, this.#order, this.#otherKey, this.#otherOrder, n, counts, base, shift);
      [this.#key, this.#otherKey] = [this.#otherKey, this.#key];
      [this.#order, this.#otherOrder] = [this.#otherOrder, this.#order];
    }
  }

  /** The positions of the `k` first elements in sorted order. */
  smallest(k: number): Int32Array {
    const n = this.#n;
    if (this.#high || n < long || k > n >> 1) return this.sort().subarray(0, k);
    if (k === 0) return this.#order.subarray(0, 0);
    const { key, before } = this.#select(k);
    // Those below the k-th key, and as many equal to it as are still wanted, the first ones first.
    const keys = this.#key;
    const order = this.#order;
    let equal = k - before;
    let found = 0;
    for (let i = 0; found < k; i++) {
      const v = keys[i]!;
      if (v > key || (v === key && equal-- <= 0)) continue;
      // What is overwritten has been read: found <= i.
      keys[found] = v;
      order[found++] = i;
    }
    if (k <= short) insertionSort(keys, order, k);
    else this.#sortKeys(k);
    return this.#order.subarray(0, k);
  }

  /** The position of the element that is number `k`, from 1, in sorted order; of equal ones the stable choice. */
  kth(k: number): number {
    if (this.#high || this.#n < long) return this.sort()[k - 1]!;
    const { key, before } = this.#select(k);
    const keys = this.#key;
    let left = k - before;
    for (let i = 0; ; i++) if (keys[i] === key && --left === 0) return i;
  }

  /** The key that is number `k`, from 1, and how many are smaller: found digit by digit from the top. */
  #select(k: number): { key: number; before: number } {
    const n = this.#n;
    const keys = this.#key;
    const counts = this.#counts;
    let prefix = 0;
    let before = 0;
    for (let shift = 22; shift >= 0; shift -= 11) {
      counts.fill(0);
      // Shifted twice, since a shift by 32 is one by 0.
      for (let i = 0; i < n; i++) {
        const v = keys[i]! >>> shift;
        if (v >>> 11 === prefix) counts[v & 2047]!++;
      }
      let digit = 0;
      while (before + counts[digit]! < k) before += counts[digit++]!;
      prefix = ((prefix << 11) | digit) >>> 0;
    }
    return { key: prefix, before };
  }
}

function insertionSort(key: Uint32Array, order: Int32Array, n: number): void {
  for (let i = 1; i < n; i++) {
    const k = key[i]!;
    if (key[i - 1]! <= k) continue;
    const o = order[i]!;
    let j = i;
    for (; j > 0 && key[j - 1]! > k; j--) {
      key[j] = key[j - 1]!;
      order[j] = order[j - 1]!;
    }
    key[j] = k;
    order[j] = o;
  }
}

function insertionSortWide(low: Uint32Array, high: Uint32Array, order: Int32Array, n: number): void {
  for (let i = 1; i < n; i++) {
    const l = low[i]!;
    const h = high[i]!;
    const o = order[i]!;
    let j = i;
    for (; j > 0 && (high[j - 1]! > h || (high[j - 1] === h && low[j - 1]! > l)); j--) {
      low[j] = low[j - 1]!;
      high[j] = high[j - 1]!;
      order[j] = order[j - 1]!;
    }
    low[j] = l;
    high[j] = h;
    order[j] = o;
  }
}

/** How often each value of each digit occurs. */
function countDigits(key: Uint32Array, n: number, counts: Uint32Array): void {
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const k = key[i]!;
    counts[k & 255]!++;
    counts[256 + ((k >>> 8) & 255)]!++;
    counts[512 + ((k >>> 16) & 255)]!++;
    counts[768 + (k >>> 24)]!++;
  }
}

/** One pass: every key, with its position, to the next free place of its digit. */
function distribute(
  key: Uint32Array,
  order: Int32Array,
  toKey: Uint32Array,
  toOrder: Int32Array,
  n: number,
  places: Uint32Array,
  base: number,
  shift: number,
): void {
  for (let i = 0; i < n; i++) {
    const k = key[i]!;
    const at = base + ((k >>> shift) & 255);
    const p = places[at]!;
    places[at] = p + 1;
    toKey[p] = k;
    toOrder[p] = order[i]!;
  }
}
