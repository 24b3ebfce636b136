// A box out of a tensor in a file, read without reading the rest of the tensor at once. Floor L5 (io).

import type { TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { ElementFormat } from "../elements.ts";
import { arrayFor, readElements } from "../elements.ts";
import type { ByteSource } from "../source.ts";

/** From and up to which index along each dimension. */
export type Region = readonly (readonly [from: number, to: number])[];

/** Elements that are read at a time where what is wanted lies in short runs. */
const pieceElements = 1 << 18;

/** Reads a region into `out`, row-major. */
export async function readRegion(
  source: ByteSource,
  format: ElementFormat,
  entry: { readonly shape: Shape; readonly start: number },
  region: Region,
  out: TypedArray,
): Promise<void> {
  if (out.length === 0) return;
  const { shape } = entry;
  // The last dimensions that are taken whole, and the one before them, make up runs.
  let d = shape.length - 1;
  let inner = 1;
  while (d >= 0 && region[d]![0] === 0 && region[d]![1] === shape[d]) inner *= shape[d--]!;
  if (d < 0) return readElements(source, format, entry.start, out);
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  const [from, to] = region[d]!;
  const run = (to - from) * inner;
  const first = from * inner;
  // Dimensions before d, one run each.
  const outer = region.slice(0, d);
  const index = outer.map(([low]) => low);
  const startOf = (): number => index.reduce((sum, k, i) => sum + k * strides[i]!, first);
  const advance = (): boolean => {
    for (let i = index.length - 1; i >= 0; i--) {
      if (++index[i]! < outer[i]![1]) return true;
      index[i] = outer[i]![0];
    }
    return false;
  };
  const gap = d > 0 ? strides[d - 1]! : run;
  // Runs that lie close together are read with what is between them.
  const together = run < 4096 && gap <= 16 * run ? Math.max(1, Math.floor(pieceElements / gap)) : 1;
  let done = 0;
  for (let more = true; more; ) {
    const starts = [startOf()];
    more = advance();
    while (more && starts.length < together && startOf() - starts[0]! + run <= pieceElements) {
      starts.push(startOf());
      more = advance();
    }
    if (starts.length === 1) {
      const piece = out.subarray(done, done + run) as TypedArray;
      await readElements(source, format, entry.start + starts[0]! * format.bytes, piece);
      done += run;
      continue;
    }
    const piece = arrayFor(format, starts.at(-1)! - starts[0]! + run);
    await readElements(source, format, entry.start + starts[0]! * format.bytes, piece);
    for (const start of starts) {
      const at = start - starts[0]!;
      (out as Float32Array).set(piece.subarray(at, at + run) as Float32Array, done);
      done += run;
    }
  }
}
