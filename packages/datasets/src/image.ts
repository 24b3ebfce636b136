// Pictures as tensors. PNG is decoded by fast-png, JPEG by jpeg-js.

import { convertIndexedToRgb, decode as decodePng } from "fast-png";
import * as torch from "flambeau";
import { decode as decodeJpeg } from "jpeg-js";

/** Pixels by rows, channels together, from 0 to 255 (65535 for `depth` 16). */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  readonly depth: 8 | 16;
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
}

const isPng = (b: Uint8Array): boolean => b[0] === 0x89 && b[1] === 0x50 && b[2] === 0x4e && b[3] === 0x47;
const isJpeg = (b: Uint8Array): boolean => b[0] === 0xff && b[1] === 0xd8;

/** Grey pixels of 1, 2 or 4 bits, spread over 0..255. */
function unpacked(data: ArrayLike<number>, width: number, height: number, bits: number): Uint8Array {
  const perRow = Math.ceil((width * bits) / 8);
  const top = 2 ** bits - 1;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const byte = data[y * perRow + (bit >> 3)]!;
      out[y * width + x] = (((byte >> (8 - bits - (bit & 7))) & top) * 255) / top;
    }
  return out;
}

function fromPng(bytes: Uint8Array): DecodedImage {
  const png = decodePng(bytes);
  const { width, height, channels, depth, data } = png;
  if (png.palette) {
    const colors = convertIndexedToRgb(png);
    return { width, height, channels: colors.length / (width * height), depth: 8, data: colors };
  }
  if (depth < 8) return { width, height, channels: 1, depth: 8, data: unpacked(data, width, height, depth) };
  return { width, height, channels, depth: depth === 16 ? 16 : 8, data };
}

/**
 * Decodes a PNG or JPEG file.
 *
 * @param bytes the file
 * @param source what messages call it
 * @throws ValueError for another format, and for a damaged file
 */
export function decodeImage(bytes: Uint8Array, source = "image"): DecodedImage {
  try {
    if (isPng(bytes)) return fromPng(bytes);
    if (isJpeg(bytes)) {
      const { width, height, data } = decodeJpeg(bytes, {
        useTArray: true,
        formatAsRGBA: false,
        maxMemoryUsageInMB: 1024,
      });
      return { width, height, channels: 3, depth: 8, data };
    }
  } catch (error) {
    throw new torch.ValueError(`${source} cannot be decoded: ${(error as Error).message}`);
  }
  throw new torch.ValueError(`${source} is neither PNG nor JPEG`);
}

/** Weights of red, green and blue in grey (ITU-R BT.601), as PIL has them. */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * A picture as a float32 tensor [channels, height, width] with values from 0 to 1. Alpha is left out.
 *
 * @param mode "RGB" (default) or "L", grey
 */
export function imageToTensor(
  image: DecodedImage,
  mode: "RGB" | "L" = "RGB",
): torch.Tensor<[number, number, number]> {
  const { width, height, channels, data, depth } = image;
  const n = width * height;
  const colors = channels >= 3 ? 3 : 1;
  const scale = 1 / (2 ** depth - 1);
  const planes = mode === "RGB" ? 3 : 1;
  const out = new Float32Array(planes * n);
  for (let i = 0; i < n; i++) {
    const at = i * channels;
    if (mode === "L")
      out[i] =
        (colors === 1 ? data[at]! : luma[0] * data[at]! + luma[1] * data[at + 1]! + luma[2] * data[at + 2]!) *
        scale;
    else for (let c = 0; c < 3; c++) out[c * n + i] = data[at + (colors === 1 ? 0 : c)]! * scale;
  }
  return torch.fromTypedArray(out, [planes, height, width]) as unknown as torch.Tensor<
    [number, number, number]
  >;
}
