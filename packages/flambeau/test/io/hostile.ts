// Damaged and malicious files: made from good ones by cutting, flipping, splicing and lying, and what readers must do with them.

import { expect } from "vitest";
import { FileError } from "../../src/base/errors.ts";
import type { AnyTensor } from "../../src/index.ts";
import { Generator } from "../../src/index.ts";

type Bytes = Uint8Array<ArrayBuffer>;
/** Reads a file; what it gives is looked through for tensors. */
export type Read = (file: Bytes) => Promise<Readonly<Record<string, AnyTensor>> | AnyTensor>;

/** Bytes of tensors for each byte of a file, and for any: F8 widens to float32. */
const mostMemory = (file: Bytes): number => 8 * file.length + 64;

/** Reads a file that may be bad. @returns what was wrong, numbers left out; null if nothing was */
export async function outcome(read: Read, file: Bytes): Promise<string | null> {
  try {
    const result = await read(file);
    const tensors = "storage" in result ? [result as AnyTensor] : Object.values(result);
    const bytes = tensors.reduce((sum, x) => sum + x.numel() * x.elementSize(), 0);
    if (bytes > mostMemory(file)) throw new Error(`${file.length} bytes became ${bytes}`);
    return null;
  } catch (error) {
    if (!(error instanceof FileError))
      throw new Error(
        `not a FileError: ${String(error)}; the file in base64: ${Buffer.from(file).toString("base64")}`,
        {
          cause: error,
        },
      );
    expect(error.message.startsWith(`${error.file}: `)).toBe(true);
    return error.message.replace(/[\d.]+|".*?"/g, "#").slice(0, 200);
  }
}

const interesting = [
  0, 1, 0x20, 0x22, 0x27, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff,
];
const numbers = [
  "0",
  "1",
  "-1",
  "7",
  "65535",
  "4294967295",
  "9007199254740991",
  "9007199254740993",
  "18446744073709551616",
  "1e9",
  "0.5",
  "00",
  "1".repeat(400),
];

/** Changes of files, drawn from one stream. */
export class Mutator {
  readonly #generator: Generator;

  constructor(seed: number) {
    this.#generator = new Generator().manualSeed(seed);
  }
  below(n: number): number {
    return n === 0 ? 0 : this.#generator.random32() % n;
  }
  #pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** One to four changes of one file of the corpus. */
  next(corpus: readonly Bytes[]): Bytes {
    let file = this.#pick(corpus).slice();
    for (let n = 1 + this.below(4); n > 0; n--) file = this.#change(file, corpus);
    return file;
  }

  #change(file: Bytes, corpus: readonly Bytes[]): Bytes {
    const at = this.below(file.length);
    const end = Math.min(file.length, at + 1 + this.below(1 + this.below(file.length)));
    const replaced = (from: number, to: number, middle: Uint8Array): Bytes => {
      const out = new Uint8Array(file.length - (to - from) + middle.length);
      out.set(file.subarray(0, from));
      out.set(middle, from);
      out.set(file.subarray(to), from + middle.length);
      return out;
    };
    if (file.length === 0) return this.#pick(corpus).slice();
    switch (this.below(10)) {
      case 0:
        file[at]! ^= 1 << this.below(8);
        return file;
      case 1:
        file[at] = this.#pick(interesting);
        return file;
      case 2:
        return file.slice(0, at);
      case 3:
        return replaced(at, end, new Uint8Array(0));
      case 4:
        return file.length > 100_000 ? file : replaced(at, at, file.slice(at, end));
      case 5:
        return replaced(at, at, new Uint8Array(this.below(20)).fill(this.#pick(interesting)));
      case 6: {
        // A number of 2, 4 or 8 bytes that lies.
        const size = Math.min(this.#pick([2, 4, 8]), file.length - at);
        const value = this.#pick([
          0,
          1,
          file.length,
          file.length - at,
          0x7fffffff,
          0xffffffff,
          2 ** 53,
          2 ** 63,
        ]);
        for (let i = 0; i < size; i++) file[at + i] = Math.floor(value / 256 ** i) % 256;
        return file;
      }
      case 7:
      case 8: {
        // A number in text that lies.
        let from = at;
        const digit = (i: number): boolean => file[i]! >= 0x30 && file[i]! <= 0x39;
        while (from < file.length && !digit(from)) from++;
        let to = from;
        while (to < file.length && digit(to)) to++;
        return replaced(from, to, new TextEncoder().encode(this.#pick(numbers)));
      }
      default: {
        const other = this.#pick(corpus);
        const start = this.below(other.length);
        return replaced(at, end, other.slice(start, start + this.below(60)));
      }
    }
  }
}

/**
 * Reads `count` changed files. A file that is refused for a reason not met before joins the corpus, so that the changes work
 * their way into the reader.
 *
 * @returns how many were refused for each reason; those that were read under "read"
 */
export async function fuzz(
  read: Read,
  seeds: readonly Bytes[],
  count: number,
  seed: number = Number(process.env["FLAMBEAU_SEED"] ?? 1),
): Promise<Map<string, number>> {
  const mutator = new Mutator(seed);
  const corpus = [...seeds];
  const seen = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const file = mutator.next(corpus);
    const reason = (await outcome(read, file)) ?? "read";
    const before = seen.get(reason) ?? 0;
    seen.set(reason, before + 1);
    if (before === 0 && corpus.length < 500 && file.length < 20_000) corpus.push(file);
  }
  return seen;
}

/** A file cut at every byte: none may be read but the whole one. */
export async function truncated(read: Read, file: Bytes): Promise<void> {
  for (let n = 0; n < file.length; n++)
    expect((await outcome(read, file.slice(0, n))) === null, `cut after ${n} of ${file.length} bytes`).toBe(
      false,
    );
  expect(await outcome(read, file)).toBe(null);
}

/** A file with every single bit flipped: read, or refused. */
export async function flipped(read: Read, file: Bytes): Promise<void> {
  for (let i = 0; i < 8 * file.length; i++) {
    const bad = file.slice();
    bad[i >> 3]! ^= 1 << (i & 7);
    await outcome(read, bad);
  }
}
