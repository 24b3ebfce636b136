// Products with shifted copies of spread images for the dtypes that the backend has no routine for: the copies are made,
// and multiplied as matrices. The contracts are those of shiftedProduct and shiftedSums in ir/routines.ts.
// Floor L4 (ops).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { RowMoves, ShiftedPart, SpreadImages } from "../../ir/routines.ts";
import { matrixProduct } from "../../tensor/routines.ts";
import type { Data } from "../elements.ts";

/** Most elements of shifted copies that are made at once. */
const copiesLimit = 1 << 20;

const make = (dtype: DType, n: number): Data => new dtypes[dtype].array(n) as Data;
const view = (data: Data, offset: number, rowStride: number, colStride: number) => ({
  data: data as TypedArray,
  offset,
  rowStride,
  colStride,
});

function move(
  { rows, count, fromStep, toStep }: RowMoves,
  channels: number,
  from: Data,
  at: number,
  fromPitch: number,
  to: Data,
  target: number,
  toPitch: number,
  bias: { readonly data: Data; readonly offset: number } | null,
): void {
  for (let c = 0; c < channels; c++)
    for (let r = 0; r < rows.length; r += 2) {
      let i = at + c * fromPitch + rows[r]!;
      let j = target + c * toPitch + rows[r + 1]!;
      for (let q = 0; q < count; q++, i += fromStep, j += toStep)
        to[j] = bias ? from[i]! + bias.data[bias.offset + c]! : from[i]!;
    }
}

function load(
  { data, offset, stride, size, channels, moves, pitch }: SpreadImages,
  t: number,
  to: Data,
): void {
  for (const m of moves) move(m, channels, data as Data, offset + t * stride, size, to, 0, pitch, null);
}

/** Rows p of `to`: elements shifts[p] + from .. + n of x. */
function shiftedCopies(x: Data, shifts: Int32Array, from: number, n: number, to: Data): void {
  for (let p = 0, w = 0; p < shifts.length; p++, w += n) {
    const start = shifts[p]! + from;
    to.set(x.subarray(start, start + n), w);
  }
}

/** How many elements of `k` copies are made at once. */
const blockOf = (n: number, k: number): number =>
  Math.min(n, Math.max(64, Math.floor(copiesLimit / Math.max(k, 1))));

export function copiedProduct(
  dtype: DType,
  batch: number,
  images: SpreadImages,
  parts: readonly ShiftedPart[],
  bias: { readonly data: TypedArray; readonly offset: number } | null,
  out: Data,
  offset: number,
  stride: number,
  size: number,
): void {
  const x = make(dtype, images.length);
  for (let t = 0; t < batch; t++) {
    load(images, t, x);
    for (const { m, n, data, offset: from, shifts, collect } of parts) {
      const k = shifts.length;
      const block = blockOf(n, k);
      const copies = make(dtype, k * block);
      const c = make(dtype, m * n);
      const part = block === n ? c : make(dtype, m * block);
      for (let q = 0; q < n; q += block) {
        const width = Math.min(block, n - q);
        shiftedCopies(x, shifts, q, width, copies);
        matrixProduct(
          1,
          m,
          width,
          k,
          view(data as Data, from, k, 1),
          0,
          view(copies, 0, width, 1),
          0,
          part,
          0,
          null,
        );
        if (part !== c)
          for (let i = 0; i < m; i++) c.set(part.subarray(i * width, (i + 1) * width), i * n + q);
      }
      const added = bias && { data: bias.data as Data, offset: bias.offset };
      move(collect, m, c, 0, n, out, offset + t * stride, size, added);
    }
  }
}

/** The outputs are read as they lie: their rows follow each other. Only elements of x that meet one are looked at. */
export function copiedSums(
  dtype: DType,
  batch: number,
  images: SpreadImages,
  outputs: SpreadImages,
  shifts: Int32Array,
  out: Data,
  offset: number,
): void {
  const k = shifts.length;
  const m = outputs.channels;
  const { rows, count } = outputs.moves[0]!;
  const x = make(dtype, images.length);
  const together = Math.max(1, Math.floor(copiesLimit / (k * count)));
  const copies = make(dtype, k * count * Math.min(together, rows.length / 2));
  const part = make(dtype, m * k);
  for (let t = 0; t < batch; t++) {
    load(images, t, x);
    for (let r = 0; r < rows.length / 2; r += together) {
      const last = Math.min(rows.length / 2, r + together);
      const width = (last - r) * count;
      for (let p = 0, w = 0; p < k; p++)
        for (let i = r; i < last; i++, w += count) {
          const start = shifts[p]! + rows[2 * i + 1]!;
          for (let q = 0; q < count; q++) copies[w + q] = x[start + q]!;
        }
      const g = view(
        outputs.data as Data,
        outputs.offset + t * outputs.stride + rows[2 * r]!,
        outputs.size,
        1,
      );
      matrixProduct(1, m, k, width, g, 0, view(copies, 0, 1, width), 0, part, 0, null);
      for (let i = 0; i < m * k; i++) out[offset + i]! += part[i]!;
    }
  }
}
