// Pictures of tensors as PNG files. Floor L5 (io). Sources: https://www.w3.org/TR/png-3/; torch/utils/tensorboard/_utils.py

import { ArgumentError, ShapeError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { crc32 } from "../crc.ts";

/** Bytes of pixels, row by row, three channels each or four. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

/**
 * The picture that a tensor holds: bytes as they are, other numbers from 0 to 1. One channel is grey; several pictures stand in
 * rows of eight.
 *
 * @param format what the dimensions are, such as "CHW"
 */
export function pixelsOf(x: AnyTensor, format: string): Pixels {
  const dims = format.toUpperCase();
  if (!/^(?:N?CHW|N?HWC|N?HW)$/.test(dims))
    throw new ArgumentError(`addImage: dataformats must be CHW, HWC, HW, NCHW, NHWC or NHW, got "${format}"`);
  if (x.ndim !== dims.length)
    throw new ShapeError(
      "addImage",
      [x.shape],
      `addImage: the tensor has shape [${x.shape.join(", ")}], but dataformats "${dims}" names ${dims.length} dimensions`,
    );
  const size = (d: string): number => (dims.includes(d) ? (x.shape as number[])[dims.indexOf(d)]! : 1);
  const [n, c, h, w] = ["N", "C", "H", "W"].map(size) as [number, number, number, number];
  if (c !== 1 && c !== 3 && c !== 4)
    throw new ShapeError("addImage", [x.shape], `addImage: a picture has 1, 3 or 4 channels, not ${c}`);
  const values = x.detach().toTypedArray();
  const scale = x.dtype === "uint8" ? 1 : 255;
  const columns = Math.min(n, 8);
  const [width, height] = [w * columns, h * Math.ceil(n / 8)];
  const channels = c === 4 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const last = dims.endsWith("C");
  for (let i = 0; i < n; i++)
    for (let row = 0; row < h; row++)
      for (let column = 0; column < w; column++) {
        const to = ((Math.floor(i / 8) * h + row) * width + (i % 8) * w + column) * channels;
        for (let k = 0; k < channels; k++) {
          const channel = c === 1 ? 0 : k;
          const at = last
            ? ((i * h + row) * w + column) * c + channel
            : ((i * c + channel) * h + row) * w + column;
          data[to + k] = Math.min(255, Math.max(0, Number(values[at]) * scale));
        }
      }
  return { width, height, channels, data };
}

/** zlib's format without compression, where there is no zlib. */
function stored(data: Uint8Array): Uint8Array {
  const most = 65535;
  const blocks = Math.max(1, Math.ceil(data.length / most));
  const out = new Uint8Array(2 + data.length + 5 * blocks + 4);
  out.set([0x78, 0x01]);
  let at = 2;
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  for (let i = 0; i < blocks; i++) {
    const block = data.subarray(i * most, (i + 1) * most);
    const n = block.length;
    out.set([i === blocks - 1 ? 1 : 0, n & 255, n >> 8, ~n & 255, (~n >> 8) & 255], at);
    out.set(block, at + 5);
    at += 5 + n;
  }
  new DataView(out.buffer).setUint32(at, b * 65536 + a);
  return out;
}

interface Zlib {
  deflateSync(data: Uint8Array): Uint8Array;
}

/** Node's zlib, else none. */
function deflated(data: Uint8Array): Uint8Array {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const zlib = process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
  return zlib ? zlib.deflateSync(data) : stored(data);
}

/** A PNG file. */
export function pngOf({ width, height, channels, data }: Pixels): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Uint8Array => {
    const out = new Uint8Array(12 + body.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, body.length);
    out.set(new TextEncoder().encode(type), 4);
    out.set(body, 8);
    view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
    return out;
  };
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 4 ? 6 : 2], 8);
  // Each row begins with the number of its filter: none.
  const row = width * channels;
  const rows = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", deflated(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const png = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}
