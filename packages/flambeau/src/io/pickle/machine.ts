// The state of a pickle that is being read: its bytes, the stack, the memo, and how much memory it may still take.
// Floor L5 (io). Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py

import type { FileError } from "../../base/errors.ts";
import { Pending, PyDict, PyGlobal } from "./values.ts";

/** What a format allows pickles to say beyond plain values. */
export interface PickleRules {
  /** Makes the errors. */
  bad(problem: string): FileError;
  /** What a dotted name stands for; undefined if it is not allowed. */
  global(name: string): unknown;
  /** What an id of something outside of the pickle stands for. */
  persistent(id: unknown, m: Machine): unknown;
}

/** Most memory that the objects of a pickle may take, by estimate: tensors' elements are not among them. */
const mostBytes = 2 ** 30;
/** Python cannot write deeper nesting. */
const deepest = 1000;

/** Estimates of what objects take in memory, in bytes. */
export const cost = { slot: 16, container: 96, fixed: 48, dict: 224, entry: 64, tensor: 640 } as const;

/** Bytes as the characters of the same numbers: not what TextDecoder calls latin1. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Machine {
  readonly bytes: Uint8Array;
  readonly rules: PickleRules;
  readonly #view: DataView;
  /** The next byte. */
  at: number;
  /** Whether the bytes ended before the pickle did. */
  ended = false;
  stack: unknown[] = [];
  /** Heights of the stack where something begins. */
  readonly marks: number[] = [];
  /** What was remembered, under 0, 1, 2, ... */
  readonly #memo: unknown[] = [];
  /** What was remembered under anything else. */
  readonly #oddMemo: Map<unknown, unknown> = new Map();
  /** Tuples and frozen sets. */
  readonly #fixed: Set<object> = new Set();
  #left = mostBytes;

  constructor(bytes: Uint8Array, at: number, rules: PickleRules) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.rules = rules;
  }

  /** An error about what lies before the next byte. */
  bad(problem: string): FileError {
    return this.rules.bad(`the pickle is damaged or hostile at byte ${this.at}: ${problem}`);
  }

  /** Counts memory. @throws FileError where it is too much */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0)
      throw this.rules.bad("the objects in its pickle would take more than 1 GiB of memory");
  }

  // ---- bytes ------------------------------------------------------------------------------------------------

  /** Moves over n bytes and returns where they start. */
  #skip(n: number): number {
    const start = this.at;
    if (!(n <= this.bytes.length - start)) {
      this.ended = true;
      throw this.rules.bad(`its pickle ends too early: ${n} bytes are missing at byte ${start}`);
    }
    this.at = start + n;
    return start;
  }
  byte(): number {
    return this.bytes[this.#skip(1)]!;
  }
  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }
  float64(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }
  /** A copy of n bytes. */
  take(n: number): Uint8Array<ArrayBuffer> {
    const start = this.#skip(n);
    this.spend(cost.container + n);
    return this.bytes.slice(start, start + n);
  }
  /** Text of n bytes. */
  text(n: number): string {
    const start = this.#skip(n);
    const text = this.decoded(this.bytes.subarray(start, start + n));
    if (text === null) throw this.bad("a text is not UTF-8");
    return text;
  }
  /** Bytes as text, or null if they are none. */
  decoded(bytes: Uint8Array): string | null {
    this.spend(cost.slot + 2 * bytes.length);
    try {
      return strict.decode(bytes);
    } catch {
      return null;
    }
  }
  /** Text up to the end of the line. */
  line(encoding: "utf-8" | "latin1" = "utf-8"): string {
    const end = this.bytes.indexOf(10, this.at);
    const n = (end < 0 ? this.bytes.length : end) - this.at;
    const text = encoding === "utf-8" ? this.text(n) : latin1(this.take(n));
    this.#skip(1);
    return text;
  }

  // ---- stack ------------------------------------------------------------------------------------------------

  push(x: unknown): void {
    this.spend(cost.slot);
    this.stack.push(x);
  }
  /** Height below which nothing may be taken. */
  get #floor(): number {
    return this.marks.length === 0 ? 0 : this.marks[this.marks.length - 1]!;
  }
  pop(): unknown {
    this.top();
    return this.stack.pop();
  }
  top(): unknown {
    if (this.stack.length <= this.#floor) throw this.bad("the stack is empty");
    return this.stack[this.stack.length - 1];
  }
  mark(): void {
    this.spend(cost.slot);
    this.marks.push(this.stack.length);
  }
  /** What was pushed since the last mark. */
  popMark(): unknown[] {
    const start = this.marks.pop();
    if (start === undefined) throw this.bad("there is no mark on the stack");
    this.spend(cost.container + cost.slot * (this.stack.length - start));
    return this.stack.splice(start);
  }

  // ---- memo -------------------------------------------------------------------------------------------------

  /** How many things were remembered. */
  get remembered(): number {
    return this.#memo.length + this.#oddMemo.size;
  }
  put(key: unknown): void {
    this.spend(cost.entry);
    const value = this.top();
    if (key === this.#memo.length) this.#memo.push(value);
    else if (this.#isUsual(key)) this.#memo[key] = value;
    else this.#oddMemo.set(key, value);
  }
  get(key: unknown): void {
    if (this.#isUsual(key)) this.push(this.#memo[key]);
    else if (this.#oddMemo.has(key)) this.push(this.#oddMemo.get(key));
    else throw this.bad(`nothing was remembered under ${String(key)}`);
  }
  #isUsual(key: unknown): key is number {
    return typeof key === "number" && key >= 0 && key < this.#memo.length;
  }

  // ---- containers -------------------------------------------------------------------------------------------

  list(items: unknown[]): unknown[] {
    this.spend(cost.container + cost.slot * items.length);
    return items;
  }
  tuple(items: unknown[]): unknown[] {
    this.spend(cost.fixed);
    this.#fixed.add(this.list(items));
    return items;
  }
  dict(): PyDict {
    this.spend(cost.dict);
    return new PyDict();
  }
  set(items: readonly unknown[], frozen: boolean): Set<unknown> {
    this.spend(cost.dict);
    const set = new Set<unknown>();
    this.addAll(set, items);
    if (frozen) this.#fixed.add(set);
    return set;
  }

  isList(x: unknown): x is unknown[] {
    return Array.isArray(x) && !this.#fixed.has(x);
  }
  isTuple(x: unknown): x is unknown[] {
    return Array.isArray(x) && this.#fixed.has(x);
  }

  appendAll(to: unknown, items: readonly unknown[]): void {
    if (!this.isList(to)) throw this.bad("something is appended to what is no list");
    this.spend(cost.slot * items.length);
    for (const item of items) to.push(item);
  }
  setAll(to: unknown, items: readonly unknown[]): void {
    if (!(to instanceof PyDict)) throw this.bad("an entry is put into what is no dict");
    if (items.length % 2 !== 0) throw this.bad("a key comes without a value");
    this.spend(cost.entry * (items.length / 2));
    for (let i = 0; i < items.length; i += 2) to.entries.set(this.#hashable(items[i]), items[i + 1]);
  }
  addAll(to: unknown, items: readonly unknown[]): void {
    if (!(to instanceof Set) || this.#fixed.has(to)) throw this.bad("something is added to what is no set");
    this.spend(cost.entry * items.length);
    for (const item of items) to.add(this.#hashable(item));
  }
  #hashable(x: unknown): unknown {
    if (x instanceof Pending || ((x instanceof Set || Array.isArray(x)) && !this.#fixed.has(x)))
      throw this.bad("a key of a dict, or an element of a set, is none that Python allows");
    return x;
  }

  // ---- the end ----------------------------------------------------------------------------------------------

  /** The result with final values in the place of pending ones; tuples and frozen sets are frozen. */
  settle(result: unknown): unknown {
    const final = (x: unknown): unknown => (x instanceof Pending ? x.settle() : x);
    const containers = this.#containersOf(result);
    for (const c of containers) {
      if (c instanceof PyDict) c.fill(final);
      else if (Array.isArray(c)) for (let i = 0; i < c.length; i++) c[i] = final(c[i]);
    }
    for (const c of containers) if (this.#fixed.has(c)) Object.freeze(c);
    return final(result);
  }

  /**
   * All containers in a value. Refuses what is not plain, and nesting that would overflow the stack of whoever walks over it; cycles
   * are as in the file.
   */
  #containersOf(result: unknown): object[] {
    // By container, how many levels are below it; 0 while it is open.
    const heights = new Map<object, number>();
    const open: { node: object; children: Iterator<unknown>; height: number }[] = [];
    const raise = (height: number): void => {
      const parent = open.at(-1);
      if (parent) parent.height = Math.max(parent.height, height + 1);
    };
    const enter = (x: unknown): void => {
      if (x instanceof PyGlobal)
        throw this.rules.bad(`its pickle holds ${x.name} itself, which is no value here`);
      const children =
        x instanceof PyDict ? entriesOf(x) : Array.isArray(x) || x instanceof Set ? x.values() : null;
      if (children === null) return;
      const node = x as object;
      const known = heights.get(node);
      if (known !== undefined) raise(known);
      else {
        heights.set(node, 0);
        open.push({ node, children, height: 0 });
      }
    };
    enter(result);
    for (let current = open.at(-1); current; current = open.at(-1)) {
      const next = current.children.next();
      if (!next.done) enter(next.value);
      else {
        open.pop();
        heights.set(current.node, current.height);
        raise(current.height);
      }
      if (open.length > deepest || current.height > deepest)
        throw this.rules.bad(`its values are nested more than ${deepest} levels deep`);
    }
    return [...heights.keys()];
  }
}

function* entriesOf({ entries }: PyDict): Generator<unknown> {
  yield* entries.keys();
  yield* entries.values();
}
