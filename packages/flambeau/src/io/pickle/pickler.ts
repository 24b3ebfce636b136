// Writes pickles of protocol 2, with those instructions alone that PyTorch reads under weights_only. Floor L5 (io).
// Source: https://github.com/python/cpython/blob/main/Lib/pickle.py

import { ArgumentError } from "../../base/errors.ts";
import { hasIntKeys } from "./values.ts";

/** Writes what plain values do not cover; returns false for what it does not know. */
export type Extension = (pickler: Pickler, value: object) => boolean;

/** Python reads no deeper nesting, and the stack bears it. */
const deepest = 500;

export class Pickler {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  /** Numbers under which values were remembered. */
  readonly #memo: Map<unknown, number> = new Map();
  readonly #names: Map<string, number> = new Map();
  #memoized = 0;
  readonly #extension: Extension;
  readonly #path: string[] = [];

  constructor(extension: Extension) {
    this.#extension = extension;
  }

  /** The pickle of a value. @throws ArgumentError for what Python has no counterpart of */
  dump(value: unknown): Uint8Array {
    this.raw(0x80, 2);
    this.write(value);
    this.raw(0x2e);
    return this.#bytes.subarray(0, this.#size);
  }

  /** Where in the whole the value is that is being written: `.model["0.weight"]`. */
  get path(): string {
    return this.#path.join("") || "the value";
  }
  /** An error about that value. */
  bad(problem: string): ArgumentError {
    return new ArgumentError(`torch.save: cannot write ${this.path}: ${problem}`);
  }

  // ---- bytes ------------------------------------------------------------------------------------------------

  /** Room for n more bytes, and where it starts. The bytes may have moved then. */
  #reserve(n: number): number {
    const start = this.#size;
    this.#size += n;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#size, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
  /** Appends bytes: instructions and their short arguments. */
  raw(...bytes: readonly number[]): void {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
  }
  #uint32(value: number): void {
    const start = this.#reserve(4);
    this.#view.setUint32(start, value, true);
  }

  // ---- values -----------------------------------------------------------------------------------------------

  write(value: unknown): void {
    if (value === null) this.raw(0x4e);
    else if (typeof value === "boolean") this.raw(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.#int(value);
    else if (typeof value === "string") this.text(value);
    else if (typeof value === "object") this.#object(value);
    else if (typeof value === "function" && this.#extension(this, value)) return;
    else
      throw this.bad(
        `${value === undefined ? "undefined" : `a ${typeof value}`} has no counterpart in Python`,
      );
  }

  /** Whole numbers are ints, as long as they are exact; all others floats. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.raw(0x47);
      const start = this.#reserve(8);
      this.#view.setFloat64(start, value, false);
    } else if (value >= 0 && value < 256) this.raw(0x4b, value);
    else if (value >= 0 && value < 65536) this.raw(0x4d, value & 255, value >> 8);
    else if (value === (value | 0)) {
      this.raw(0x4a);
      this.#uint32(value >>> 0);
    } else this.#int(BigInt(value));
  }

  /** Two's complement in as few bytes as hold it. */
  #int(value: bigint): void {
    if (BigInt.asIntN(32, value) === value) this.number(Number(value));
    else this.#long(value);
  }
  #long(value: bigint): void {
    const magnitude = value < 0n ? ~value : value;
    const n = Math.floor(magnitude.toString(16).length / 2) + 1;
    const hex = BigInt.asUintN(8 * n, value)
      .toString(16)
      .padStart(2 * n, "0");
    if (n < 256) this.raw(0x8a, n);
    else {
      this.raw(0x8b);
      this.#uint32(n);
    }
    const start = this.#reserve(n);
    for (let i = 0; i < n; i++) {
      const at = 2 * (n - 1 - i);
      this.#bytes[start + i] = Number.parseInt(hex.slice(at, at + 2), 16);
    }
  }

  /** Texts are remembered: keys come again and again. */
  text(value: string): void {
    if (this.#recall(value)) return;
    if (!value.isWellFormed()) throw this.bad("a text with half a surrogate pair cannot be UTF-8");
    const bytes = new TextEncoder().encode(value);
    this.raw(0x58);
    this.#uint32(bytes.length);
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
    this.remember(value);
  }

  /** Pushes a function or class of Python. */
  global(module: string, name: string): void {
    const full = `${module}\n${name}\n`;
    const known = this.#names.get(full);
    if (known !== undefined) this.#get(known);
    else {
      this.raw(0x63, ...new TextEncoder().encode(full));
      this.#names.set(full, this.#memoized);
      this.#put();
    }
  }

  /** A tuple of what `body` writes, n values. */
  tuple(n: number, body: () => void): void {
    if (n > 3) this.raw(0x28);
    body();
    this.raw(n === 0 ? 0x29 : n > 3 ? 0x74 : 0x84 + n);
  }

  /** Calls a function of Python with a tuple of n values that `body` writes. */
  call(module: string, name: string, n: number, body: () => void): void {
    this.global(module, name);
    this.tuple(n, body);
    this.raw(0x52);
  }

  // ---- memo -------------------------------------------------------------------------------------------------

  /** Remembers what is on top of the stack. */
  remember(value: unknown): void {
    this.#memo.set(value, this.#memoized);
    this.#put();
  }
  /** Pushes a value that was remembered. */
  #recall(value: unknown): boolean {
    const known = this.#memo.get(value);
    if (known !== undefined) this.#get(known);
    return known !== undefined;
  }
  #put(): void {
    const key = this.#memoized++;
    if (key < 256) this.raw(0x71, key);
    else {
      this.raw(0x72);
      this.#uint32(key);
    }
  }
  #get(key: number): void {
    if (key < 256) this.raw(0x68, key);
    else {
      this.raw(0x6a);
      this.#uint32(key);
    }
  }

  // ---- containers -------------------------------------------------------------------------------------------

  #object(value: object): void {
    if (this.#recall(value)) return;
    if (this.#path.length > deepest) throw this.bad(`it is nested more than ${deepest} levels deep`);
    if (Array.isArray(value)) {
      if (Object.isFrozen(value)) this.#frozen(value);
      else this.#list(value);
    } else if (value instanceof Map) this.#dict(value, [...value.keys()], [...value.values()]);
    else if (value instanceof Set) this.#set(value);
    else if (value instanceof Uint8Array) this.#blob(value);
    else if (!this.#extension(this, value)) this.#plain(value);
  }

  #plain(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype)
      throw this.bad(`an object of class ${value.constructor?.name ?? "?"} has no counterpart in Python`);
    const keys = Object.keys(value);
    const values = Object.values(value);
    this.#dict(value, hasIntKeys(keys, values) ? keys.map(Number) : keys, values);
  }

  #each(items: Iterable<unknown>): void {
    let i = 0;
    for (const item of items) {
      this.#path.push(`[${i++}]`);
      this.write(item);
      this.#path.pop();
    }
  }

  #list(items: readonly unknown[]): void {
    this.raw(0x5d);
    this.remember(items);
    if (items.length === 0) return;
    this.raw(0x28);
    this.#each(items);
    this.raw(0x65);
  }

  #frozen(items: readonly unknown[]): void {
    this.tuple(items.length, () => this.#each(items));
    const known = this.#memo.get(items);
    if (known === undefined) {
      if (items.length > 0) this.remember(items);
      return;
    }
    // A list in the tuple held the tuple itself, which was written there.
    this.raw(0x30);
    this.#get(known);
  }

  #dict(value: object, keys: readonly unknown[], values: readonly unknown[]): void {
    this.raw(0x7d);
    this.remember(value);
    if (keys.length === 0) return;
    this.raw(0x28);
    keys.forEach((key, i) => {
      this.#path.push(
        typeof key === "string" && /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${shown(key)}]`,
      );
      this.#key(key);
      this.write(values[i]);
      this.#path.pop();
    });
    this.raw(0x75);
  }

  /** Python's dicts and sets take what does not change. */
  #key(key: unknown): void {
    const fixed = (Array.isArray(key) || key instanceof Set) && Object.isFrozen(key);
    if (typeof key === "object" && key !== null && !fixed)
      throw this.bad("its key is no text, number, frozen array or frozen Set");
    this.write(key);
  }

  #set(items: Set<unknown>): void {
    this.call("__builtin__", Object.isFrozen(items) ? "frozenset" : "set", 1, () => {
      this.raw(0x5d, 0x28);
      let i = 0;
      for (const item of items) {
        this.#path.push(`[${i++}]`);
        this.#key(item);
        this.#path.pop();
      }
      this.raw(0x65);
    });
    this.remember(items);
  }

  /** Bytes are Latin-1 text before protocol 3. */
  #blob(bytes: Uint8Array): void {
    this.call("_codecs", "encode", 2, () => {
      let text = "";
      for (let at = 0; at < bytes.length; at += 8192)
        text += String.fromCharCode(...bytes.subarray(at, at + 8192));
      this.text(text);
      this.text("latin1");
    });
    this.remember(bytes);
  }
}

const shown = (key: unknown): string => {
  const text = typeof key === "string" ? JSON.stringify(key) : String(key);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};
