// Elements of images at computed places: what maxima of windows and their inverse are made of.
// Floor L4 (ops).

import { RuntimeError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import type { Access } from "../../ir/program.ts";
import type { Recorder } from "../../tensor/capturing.ts";
import { recorder } from "../../tensor/capturing.ts";
import { allocate, allocateUnset } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { dataOf } from "../elements.ts";

// An index that lies outside of the image stands for no element: a window may lie in the border altogether.

interface Places {
  readonly at: Int32Array;
  readonly offset: number;
  /** Indices of one image. */
  readonly count: number;
}

function placesOf(indices: AnyTensor, lead: number): Places {
  const packed = indices.contiguous();
  const count = numel((indices.shape as Shape).slice(lead));
  return { at: packed.storage.data as Int32Array, offset: packed.offset, count };
}

/**
 * y[p, q] = x[p, indices[p, q]] for images of the last `rank` dimensions of x. `indices` (int32) has the same dimensions
 * in front. `ready` holds the result if it is known.
 */
export const picked: (
  x: AnyTensor,
  indices: AnyTensor,
  rank: number,
  ready?: { readonly values: AnyTensor },
) => AnyTensor = op({
  name: "maxPool",
  saves: "inputs",
  forward: (x: AnyTensor, indices: AnyTensor, rank: number, ready?: { readonly values: AnyTensor }) => {
    if (ready) return ready.values;
    const lead = (x.shape as Shape).slice(0, x.ndim - rank);
    const planes = numel(lead);
    const size = numel((x.shape as Shape).slice(x.ndim - rank));
    const { at, offset, count } = placesOf(indices, lead.length);
    const shape = [...lead, ...(indices.shape as Shape).slice(lead.length)];
    const y: AnyTensor = fresh(allocateUnset(x.dtype, planes * count), shape, x.dtype);
    const packed = x.contiguous();
    const from = dataOf(packed);
    const to = dataOf(y);
    const nothing = (x.dtype === "int64" ? 0n : 0) as number;
    for (let p = 0, w = 0; p < planes; p++) {
      const base = packed.offset + p * size;
      const list = offset + p * count;
      for (let i = list; i < list + count; i++, w++) {
        const q = at[i]!;
        to[w] = q >= 0 && q < size ? from[base + q]! : nothing;
      }
    }
    return y;
  },
  vjp: (g, s) => [placed(g, s.at(1), s.meta(0).shape, s.meta(2)), null],
});

/** The adjoint: zeros of `shape` with g added at the indices. */
export const placed: (g: AnyTensor, indices: AnyTensor, shape: Shape, rank: number) => AnyTensor = op({
  name: "maxPoolBackward",
  saves: "inputs",
  forward: (g: AnyTensor, indices: AnyTensor, shape: Shape, rank: number) => {
    const lead = shape.length - rank;
    const planes = numel(shape.slice(0, lead));
    const size = numel(shape.slice(lead));
    const { at, offset, count } = placesOf(indices, lead);
    const x: AnyTensor = fresh(allocate(g.dtype, planes * size), shape, g.dtype);
    const packed = g.contiguous();
    if (recorder !== null) {
      // Windows within the border alone are not met here: there would be no element to add to.
      addRecorded(recorder, packed, indices.contiguous(), x, planes, size);
      return x;
    }
    const from = dataOf(packed);
    const to = dataOf(x);
    for (let p = 0, r = packed.offset; p < planes; p++) {
      const base = p * size;
      const list = offset + p * count;
      for (let i = list; i < list + count; i++, r++) {
        const q = at[i]!;
        if (q >= 0 && q < size) to[base + q]! += from[r]!;
      }
    }
    return x;
  },
  vjp: (g, s) => [picked(g, s.at(1), s.meta(3)), null],
});

/** Adds g [planes, n] to the places of x [planes, size] that `indices` names. */
function addRecorded(
  to: Recorder,
  g: AnyTensor,
  indices: AnyTensor,
  x: AnyTensor,
  planes: number,
  size: number,
): void {
  const n = numel(g.shape) / planes;
  const rows = (access: Access, stride: number, step: number): Access => ({
    ...access,
    strides: [stride, step],
  });
  to.step((read, write) => ({
    kind: "elements",
    name: "maxPoolBackward",
    mode: "scatterAdd",
    dtype: g.dtype,
    shape: [planes, n],
    limit: size,
    step: 1,
    index: rows(read(indices), n, 1),
    from: rows(read(g), n, 1),
    // In part: what is not added to stays 0.
    to: rows(write(x, true), size, 0),
  }));
}

/** Zeros of `shape` with y written at the indices; of several at one place the last stays. */
export const unpooled: (y: AnyTensor, indices: AnyTensor, shape: Shape, rank: number) => AnyTensor = op({
  name: "maxUnpool",
  saves: "inputs",
  forward: (y: AnyTensor, indices: AnyTensor, shape: Shape, rank: number) => {
    const lead = shape.length - rank;
    const planes = numel(shape.slice(0, lead));
    const spatial = shape.slice(lead);
    const size = numel(spatial);
    const { at, offset, count } = placesOf(indices, lead);
    const x: AnyTensor = fresh(allocate(y.dtype, planes * size), shape, y.dtype);
    const packed = y.contiguous();
    const from = dataOf(packed);
    const to = dataOf(x);
    for (let p = 0, r = 0; p < planes; p++)
      for (let i = 0; i < count; i++, r++) {
        const q = at[offset + r]!;
        if (q < 0 || q >= size)
          throw new RuntimeError(
            `Found an invalid max index: ${q} (output volumes are of size ${spatial.join("x")}`,
          );
        to[p * size + q] = from[packed.offset + r]!;
      }
    return x;
  },
  vjp: (g, s) => [picked(g, s.at(1), s.meta(3)), null],
});
