// Writes arrays of NumPy. Loaded on first use. Floor L5 (io).
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import type { DType } from "../../base/dtype.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { bytesOf } from "../elements.ts";
import type { ByteSink, FileTarget } from "../sink.ts";
import { writeBytes, writeFile } from "../sink.ts";
import { elementsIn, writeData } from "../tensor-bytes.ts";
import { ZipWriter } from "../zip/write.ts";
import { magic } from "./header.ts";
import type { Arrays } from "./index.ts";
import { ending } from "./read.ts";

const descr: Readonly<Record<DType, string>> = {
  bool: "|b1",
  uint8: "|u1",
  int32: "<i4",
  int64: "<i8",
  float32: "<f4",
  float64: "<f8",
};

/** The header of version 1.0: its end lies at a multiple of 64. */
function headerOf(x: AnyTensor): Uint8Array {
  const { shape } = x as { shape: readonly number[] };
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr[x.dtype as DType]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const size = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(size).fill(0x20);
  header.set([...magic, 1, 0, (size - 10) & 0xff, (size - 10) >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[size - 1] = 0x0a;
  return header;
}

async function writeNpy(sink: ByteSink, x: AnyTensor): Promise<void> {
  await sink.write(headerOf(x));
  await writeData(sink, elementsIn(x));
}

type Body = (sink: ByteSink) => Promise<void>;

const bodyOf =
  (x: AnyTensor, unchanged: () => void): Body =>
  async (sink) => {
    await writeNpy(sink, x);
    unchanged();
  };

const bodyOfAll =
  (arrays: Arrays, compress: boolean, unchanged: () => void): Body =>
  async (sink) => {
    const zip = new ZipWriter(sink);
    for (const [name, x] of arrays) {
      const header = headerOf(x);
      const data = bytesOf(elementsIn(x));
      const bytes = new Uint8Array(header.length + data.length);
      bytes.set(header);
      bytes.set(data, header.length);
      await zip.add(`${name}${ending}`, bytes, { compress });
    }
    await zip.finish();
    unchanged();
  };

/** As in NumPy, a path without the ending gets it. */
const named = (target: FileTarget, end: string): FileTarget =>
  typeof target === "string" && !target.endsWith(end) ? `${target}${end}` : target;

export const save = (target: FileTarget, x: AnyTensor, unchanged: () => void): Promise<void> =>
  writeFile(named(target, ending), bodyOf(x, unchanged));
export const toBytes = (x: AnyTensor, unchanged: () => void): Promise<Uint8Array> =>
  writeBytes(bodyOf(x, unchanged));
export const savez = (
  target: FileTarget,
  arrays: Arrays,
  compress: boolean,
  unchanged: () => void,
): Promise<void> => writeFile(named(target, ".npz"), bodyOfAll(arrays, compress, unchanged));
export const toBytesz = (arrays: Arrays, compress: boolean, unchanged: () => void): Promise<Uint8Array> =>
  writeBytes(bodyOfAll(arrays, compress, unchanged));
