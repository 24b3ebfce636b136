// The bytes of tensors, piece by piece, for writers. Floor L5 (io).

import type { TypedArray } from "../base/dtype.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { bytesOf } from "./elements.ts";
import type { ByteSink } from "./sink.ts";

/**
 * The elements in row-major order, to be looked at only, and while somebody holds the tensor: places of results are used anew
 * afterwards.
 */
export function elementsIn(x: AnyTensor): TypedArray {
  if (!x.packed) return noGrad(() => x.detach().toTypedArray());
  return x.storage.data.subarray(x.offset, x.offset + x.numel());
}

const pieceBytes = 1 << 22;

/** Writes typed data. Memory that threads share is copied on the way: most sinks refuse it. */
export async function writeData(sink: ByteSink, data: ArrayBufferView): Promise<void> {
  const bytes = bytesOf(data);
  const shared = !(bytes.buffer instanceof ArrayBuffer);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    await sink.write(shared ? new Uint8Array(piece) : piece);
  }
}
