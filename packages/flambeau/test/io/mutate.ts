// Damaged copies of files, for tests that nothing but a FileError comes of them.

import { expect } from "vitest";
import { FileError } from "../../src/index.ts";

/** Numbers from 0 up to but not including n, the same in every run. */
export type Random = (n: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (n) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const extremes = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A copy with a few changes: bits turned, bytes set, numbers made extreme, pieces cut, doubled or moved. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(bytes);
  // Mostly one: more seldom leave anything to be read.
  for (let changes = 1 + Math.max(0, random(6) - 2); changes > 0; changes--) {
    const n = out.length;
    if (n < 2) return out;
    const at = random(n);
    const length = 1 + random(Math.min(n - at, 24));
    switch (random(8)) {
      case 0:
        out[at]! ^= 1 << random(8);
        break;
      case 1:
        out[at] = random(256);
        break;
      case 2: {
        const view = new DataView(out.buffer, out.byteOffset, n);
        const value = extremes[random(extremes.length)]!;
        if (at + 4 <= n) view.setUint32(at, value, random(4) > 0);
        break;
      }
      case 3:
        out = out.slice(0, at + 1);
        break;
      case 4:
        out = joined(out.subarray(0, at), out.subarray(at + length));
        break;
      case 5:
        out = joined(out.subarray(0, at), out.subarray(at, at + length), out.subarray(at));
        break;
      case 6:
        out.copyWithin(random(n), at, at + length);
        break;
      default:
        // Small numbers: counts, sizes, opcodes of one byte.
        out[at] = (out[at]! + 1 + random(3)) & 255;
    }
  }
  return out;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/**
 * Runs a reader on so many damaged copies of the seeds. It must read them or throw a FileError that names the file. What is read,
 * and errors of a kind that was not seen before, become seeds too, so that damage reaches deeper.
 * @returns how many were read and how many different problems were found
 */
export async function fuzz(
  seeds: readonly Uint8Array[],
  count: number,
  read: (bytes: Uint8Array<ArrayBuffer>) => unknown,
  seed = 1,
): Promise<{ accepted: number; problems: Set<string> }> {
  const random = randomOf(seed);
  const pool = [...seeds];
  const problems = new Set<string>();
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const from = random(2) === 0 ? seeds : pool;
    const input = mutated(from[random(from.length)]!, random);
    try {
      await read(input);
      accepted++;
    } catch (error) {
      if (!(error instanceof FileError) || !error.message.startsWith(`${error.file}: `) || error.file === "")
        expect.fail(`input ${i} (${Buffer.from(input).toString("base64")}): ${(error as Error).stack}`);
      const kind = error.message.replace(/"(?:[^"\\]|\\.)*"|0x\w+|\d+/g, "·");
      if (problems.has(kind)) continue;
      problems.add(kind);
      if (pool.length < 500) pool.push(input);
    }
  }
  return { accepted, problems };
}
