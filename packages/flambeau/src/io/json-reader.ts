// JSON from strangers, read as what it has to be: nothing is built that was not asked for, nesting is bounded, and no key comes
// twice. Floor L5 (io). Source: RFC 8259

import type { FileError } from "../base/errors.ts";

const deepest = 100;
/** Most dimensions of a tensor, as PyTorch and NumPy have it. */
export const mostDims = 64;
const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];

/** Reads a text from front to back; whoever calls says what comes next. */
export class JsonReader {
  readonly #bytes: Uint8Array;
  readonly #bad: (problem: string) => FileError;
  #at = 0;
  #depth = 0;

  /** @param bad makes the errors */
  constructor(bytes: Uint8Array, bad: (problem: string) => FileError) {
    this.#bytes = bytes;
    this.#bad = bad;
  }

  error(problem: string): FileError {
    return this.#bad(problem);
  }

  #wrong(expected: string): FileError {
    const found =
      this.#at < this.#bytes.length ? `"${String.fromCharCode(this.#bytes[this.#at]!)}"` : "the end";
    return this.#bad(`byte ${this.#at} of its JSON is ${found}, where ${expected} is expected`);
  }

  /** The next byte that is no white space; -1 at the end. */
  #peek(): number {
    const bytes = this.#bytes;
    for (; this.#at < bytes.length; this.#at++) {
      const c = bytes[this.#at]!;
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return c;
    }
    return -1;
  }

  #take(char: string, what: string): void {
    if (this.#peek() !== char.charCodeAt(0)) throw this.#wrong(`${char} of ${what}`);
    this.#at++;
  }

  /** Whether `char` comes next; then it is taken. */
  #takes(char: string): boolean {
    if (this.#peek() !== char.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  #deeper(): void {
    if (++this.#depth > deepest) throw this.#bad(`its JSON is nested more than ${deepest} deep`);
  }

  /** An object: `each` is called with every key and reads the value. */
  object(what: string, each: (key: string) => void): void {
    this.#take("{", what);
    this.#deeper();
    const keys = new Set<string>();
    if (!this.#takes("}"))
      do {
        const key = this.string(`a key of ${what}`);
        if (keys.has(key)) throw this.#bad(`the key "${key}" of ${what} comes twice`);
        keys.add(key);
        this.#take(String.fromCharCode(colon), what);
        each(key);
      } while (this.#more("}", what));
    this.#depth--;
  }

  /** A list: `each` is called for every element and reads it. */
  list(what: string, each: () => void): void {
    this.#take("[", what);
    this.#deeper();
    if (!this.#takes("]"))
      do each();
      while (this.#more("]", what));
    this.#depth--;
  }

  #more(end: string, what: string): boolean {
    if (this.#takes(String.fromCharCode(comma))) return true;
    this.#take(end, what);
    return false;
  }

  string(what: string): string {
    if (this.#peek() !== quote) throw this.#wrong(`a string for ${what}`);
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start + 1;
    while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    if (at >= bytes.length) throw this.#bad(`its JSON ends inside a string (${what})`);
    this.#at = at + 1;
    try {
      return JSON.parse(
        new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, at + 1)),
      ) as string;
    } catch {
      throw this.#bad(`the string of ${what} at byte ${start} of its JSON is malformed`);
    }
  }

  /** A whole number that is no less than 0. */
  size(what: string): number {
    const bytes = this.#bytes;
    this.#peek();
    const start = this.#at;
    let value = 0;
    for (; this.#at < bytes.length; this.#at++) {
      const digit = bytes[this.#at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > Number.MAX_SAFE_INTEGER) throw this.#bad(`a number of ${what} is beyond 2^53`);
    }
    const digits = this.#at - start;
    if (digits === 0 || (digits > 1 && bytes[start] === 0x30))
      throw this.#wrong(`a whole number for ${what}`);
    return value;
  }

  /** A list of whole numbers, no longer than a shape may be. */
  sizes(what: string): number[] {
    const values: number[] = [];
    this.list(what, () => {
      if (values.length === mostDims) throw this.#bad(`${what} has more than ${mostDims} numbers`);
      values.push(this.size(what));
    });
    return values;
  }

  /** Whatever comes next, thrown away. */
  skip(): void {
    const c = this.#peek();
    if (c === 0x7b) this.object("a value", () => this.skip());
    else if (c === 0x5b) this.list("a value", () => this.skip());
    else this.#plain();
  }

  /** Whatever comes next, as JavaScript has it. */
  value(): unknown {
    const c = this.#peek();
    if (c === 0x7b) {
      const entries: [string, unknown][] = [];
      this.object("a value", (key) => {
        entries.push([key, this.value()]);
      });
      return Object.fromEntries(entries);
    }
    if (c === 0x5b) {
      const values: unknown[] = [];
      this.list("a value", () => {
        values.push(this.value());
      });
      return values;
    }
    return this.#plain();
  }

  /** A string, a number, true, false or null. */
  #plain(): unknown {
    if (this.#peek() === quote) return this.string("a value");
    const start = this.#at;
    while (
      this.#at < this.#bytes.length &&
      this.#at - start < 1000 &&
      /[-+.\w]/.test(String.fromCharCode(this.#bytes[this.#at]!))
    )
      this.#at++;
    const word = String.fromCharCode(...this.#bytes.subarray(start, this.#at));
    try {
      return JSON.parse(word) as unknown;
    } catch {
      this.#at = start;
      throw this.#wrong("a value");
    }
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.#peek() !== -1) throw this.#wrong("the end");
  }
}
