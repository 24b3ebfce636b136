// Sorting and selecting along rows of elements: stable, NaN after all numbers, as PyTorch orders them.
// Floor L4 (ops). Method: https://en.wikipedia.org/wiki/Radix_sort#Least_significant_digit on the bits of the elements.

import type { DType, TypedArray } from "../base/dtype.ts";

/** The sign bit. */
const sign = -2147483648;
/** Rows up to this length are sorted by insertion. */
const short = 40;
/** From this length on, one element of a row is found faster than all are sorted. */
const long = 512;
/** Up to this many elements are selected by keeping the best so far in order. */
const few = 64;
/** The digits of keys: 8 bits in sorting, so that the places that are written to stay in the cache; 11 in selecting. */
const digits = 256;
const selectDigits = 2048;
const selectShift = 21;
/** The key of NaN, and each word of one of 64 bits. */
const nanKey = 0xffffffff;

/**
 * Sorts rows of `n` elements, one after the other. `load` reads a row; then `sort`, `smallest` and `kth` answer in
 * positions of the row. The arrays they return are overwritten by the next answer.
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
  readonly #key: Uint32Array;
  readonly #order: Int32Array;
  // What one pass of sorting moves to, and the next one back from; made when a row is long enough to need it.
  #spareKey: Uint32Array = new Uint32Array(0);
  #spareOrder: Int32Array = new Int32Array(0);
  /** The upper words of keys of 64 bits. */
  readonly #high: Uint32Array | null;
  readonly #counts: Uint32Array;
  /** The smallest keys while they are few. */
  readonly #bestKey: Int32Array = new Int32Array(few);

  constructor(dtype: DType, data: TypedArray, n: number, descending = false) {
    this.#n = n;
    this.#dtype = dtype;
    this.#flip = descending ? -1 : 0;
    this.#key = new Uint32Array(n);
    this.#order = new Int32Array(n);
    this.#high = dtype === "float64" || dtype === "int64" ? new Uint32Array(n) : null;
    this.#bits =
      data instanceof Uint8Array ? data : new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
    this.#counts = new Uint32Array(n >= long ? selectDigits : n > short ? 4 * digits : 0);
  }

  /** Reads the row of the elements number `at + i * step`. */
  load(at: number, step: number): void {
    if (this.#dtype === "float32")
      loadFloat32(this.#bits as Int32Array, at, step, this.#key, this.#n, this.#flip);
    else if (this.#dtype === "float64") this.#loadFloat64(at, step);
    else if (this.#dtype === "int64") this.#loadInt64(at, step);
    else {
      const key = this.#key;
      const bits = this.#bits;
      const flip = this.#flip ^ (this.#dtype === "int32" ? sign : 0);
      for (let i = 0, p = at; i < this.#n; i++, p += step) key[i] = bits[p]! ^ flip;
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
    const first = this.#sortKeys(n, order);
    if (!this.#high) return first;
    // Sorted by the lower words; stable, so that sorting by the upper ones finishes it.
    for (let i = 0; i < n; i++) this.#key[i] = this.#high[first[i]!]!;
    return this.#sortKeys(n, first);
  }

  /** Sorts the first n keys, and with them `order`, one of the two arrays of positions; returns the one with the result. */
  #sortKeys(n: number, order: Int32Array): Int32Array {
    if (this.#spareKey.length < n) {
      this.#spareKey = new Uint32Array(n);
      this.#spareOrder = new Int32Array(n);
    }
    let key = this.#key;
    let toKey = this.#spareKey;
    let at = order;
    let to = order === this.#order ? this.#spareOrder : this.#order;
    const counts = this.#counts;
    countDigits(key, n, counts);
    for (let shift = 0; shift < 32; shift += 8) {
      const base = shift << 5;
      // A digit that all keys share moves nothing.
      if (counts[base + ((key[0]! >>> shift) & 255)] === n) continue;
      let sum = 0;
      for (let i = base; i < base + digits; i++) {
        const c = counts[i]!;
        counts[i] = sum;
        sum += c;
      }
      distribute(key, at, toKey, to, n, counts, base, shift);
      [key, toKey] = [toKey, key];
      [at, to] = [to, at];
    }
    return at;
  }

  /** The positions of the `k` first elements in sorted order. */
  smallest(k: number): Int32Array {
    if (this.#high || this.#n < long || k > this.#n >> 2) return this.sort().subarray(0, k);
    if (k > 0 && k <= few && selectFew(this.#key, this.#n, k, this.#bestKey, this.#order))
      return this.#order.subarray(0, k);
    return k === 0 ? this.#order.subarray(0, 0) : this.#sortDigits(0, this.#digitOf(k).digit).subarray(0, k);
  }

  /** The position of the element that is number `k`, from 1, in sorted order; of equal ones the stable choice. */
  kth(k: number): number {
    if (this.#high || this.#n < long) return this.sort()[k - 1]!;
    const { digit, before } = this.#digitOf(k);
    return this.#sortDigits(digit, digit)[k - 1 - before]!;
  }

  /** The uppermost digit of the key that is number `k`, from 1, and how many keys have a smaller one. */
  #digitOf(k: number): { digit: number; before: number } {
    const n = this.#n;
    const keys = this.#key;
    const counts = this.#counts;
    counts.fill(0);
    for (let i = 0; i < n; i++) counts[keys[i]! >>> selectShift]!++;
    let digit = 0;
    let before = 0;
    while (before + counts[digit]! < k) before += counts[digit++]!;
    return { digit, before };
  }

  /** The positions of the keys whose uppermost digit is `low` to `high`, in sorted order. */
  #sortDigits(low: number, high: number): Int32Array {
    const n = this.#n;
    const keys = this.#key;
    const order = this.#order;
    let found = 0;
    for (let i = 0; i < n; i++) {
      const v = keys[i]!;
      const d = v >>> selectShift;
      if (d > high || d < low) continue;
      // What is overwritten has been read: found <= i.
      keys[found] = v;
      order[found++] = i;
    }
    if (found > short) return this.#sortKeys(found, order);
    insertionSort(keys, order, found);
    return order;
  }

  /** How many NaNs the row has; of a sorter in ascending order. */
  countNans(): number {
    const keys = this.#key;
    const high = this.#high;
    let count = 0;
    for (let i = 0; i < this.#n; i++)
      if (keys[i] === nanKey && (high === null || high[i] === nanKey)) count++;
    return count;
  }

  /** The position of the first NaN, of which there must be one. */
  firstNan(): number {
    const high = this.#high;
    let i = 0;
    while (this.#key[i] !== nanKey || (high !== null && high[i] !== nanKey)) i++;
    return i;
  }
}

/** Keys of float32 elements: of negative numbers all bits turn over, of others the sign. */
function loadFloat32(
  bits: Int32Array,
  at: number,
  step: number,
  key: Uint32Array,
  n: number,
  flip: number,
): void {
  for (let i = 0, p = at; i < n; i++, p += step) {
    const u = bits[p]!;
    let k = u ^ ((u >> 31) | sign);
    // Rare, so that the branches cost nothing: minus zero, NaN.
    if (u === sign) k = sign;
    if ((u & 0x7fffffff) > 0x7f800000) k = -1;
    key[i] = k ^ flip;
  }
}

/**
 * The `k` smallest keys and their positions, in order, by one pass that keeps the best so far.
 * @returns false if that took too long: a row in falling order moves them all at every step
 */
function selectFew(key: Uint32Array, n: number, k: number, best: Int32Array, order: Int32Array): boolean {
  // With the sign turned over, signed words have the order of unsigned ones, and are faster to compare.
  const words = new Int32Array(key.buffer, key.byteOffset, n);
  best.fill(0x7fffffff, 0, k);
  let worst = 0x7fffffff;
  let moves = 4 * n;
  for (let i = 0; i < n; i++) {
    const v = words[i]! ^ sign;
    if (v >= worst && i >= k) continue;
    let j = i < k ? i : k - 1;
    for (; j > 0 && best[j - 1]! > v; j--) {
      best[j] = best[j - 1]!;
      order[j] = order[j - 1]!;
    }
    best[j] = v;
    order[j] = i;
    worst = best[k - 1]!;
    moves -= k - j;
    if (moves < 0) return false;
  }
  return true;
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
