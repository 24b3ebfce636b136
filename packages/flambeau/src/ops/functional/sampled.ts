// Weighted sums of elements of images at computed places, with the same places for all channels: sampling from grids.
// The three ops are the derivatives of sum_{t, n, c, q} w[t, n, q] x[n, c, at[t, n, q]] y[n, c, q] by y, x and w.
// Floor L4 (ops).

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import type { Data } from "../elements.ts";
import { dataOf } from "../elements.ts";

/** Places [taps, N, Q] in images of the shape [N, C, ...image]; -1 for none. Results are [N, C, ...result]. */
export interface Places {
  readonly at: Int32Array;
  readonly taps: number;
  readonly image: Shape;
  readonly result: Shape;
}

/** to[row + q] += by[first + q] * from[base + at[list + q]]. A weight that is NaN makes NaN even where there is no element. */
function addTap(
  to: Data,
  row: number,
  by: Data,
  first: number,
  from: Data,
  base: number,
  at: Int32Array,
  list: number,
  count: number,
): void {
  for (let q = 0; q < count; q++) {
    const i = at[list + q]!;
    to[row + q]! += by[first + q]! * (i >= 0 ? from[base + i]! : 0);
  }
}

/** y[n, c, q] = sum over taps t of w[t, n, q] * x[n, c, at[t, n, q]]; w is [taps, N, Q]. */
export const sampled: (x: AnyTensor, w: AnyTensor, places: Places) => AnyTensor = op({
  name: "gridSampler",
  saves: "inputs",
  forward: (x: AnyTensor, w: AnyTensor, places: Places) => {
    const { at, taps, image, result } = places;
    const [batch, channels] = x.shape as [number, number];
    const [size, count] = [numel(image), numel(result)];
    const shape = [batch, channels, ...result];
    const y: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
    const [source, weights] = [x.contiguous(), w.contiguous()];
    const [from, by, to] = [dataOf(source), dataOf(weights), dataOf(y)];
    for (let n = 0; n < batch; n++)
      for (let c = 0; c < channels; c++) {
        const base = source.offset + (n * channels + c) * size;
        const row = (n * channels + c) * count;
        for (let t = 0; t < taps; t++) {
          const list = (t * batch + n) * count;
          addTap(to, row, by, weights.offset + list, from, base, at, list, count);
        }
      }
    return y;
  },
  vjp: (g, s) => [
    s.edges[0] ? sampledBack(g, s.at(1), s.meta(2)) : null,
    s.edges[1] ? sampledWeights(s.at(0), g, s.meta(2)) : null,
  ],
});

/** The gradient of x: [N, C, ...image] from y and w. */
const sampledBack: (y: AnyTensor, w: AnyTensor, places: Places) => AnyTensor = op({
  name: "gridSamplerBackward",
  saves: "inputs",
  forward: (y: AnyTensor, w: AnyTensor, places: Places) => {
    const { at, taps, image, result } = places;
    const [batch, channels] = y.shape as [number, number];
    const [size, count] = [numel(image), numel(result)];
    const shape = [batch, channels, ...image];
    const x: AnyTensor = fresh(allocate(y.dtype, numel(shape)), shape, y.dtype);
    const [source, weights] = [y.contiguous(), w.contiguous()];
    const [from, by, to] = [dataOf(source), dataOf(weights), dataOf(x)];
    for (let n = 0; n < batch; n++)
      for (let t = 0; t < taps; t++) {
        const list = (t * batch + n) * count;
        for (let c = 0; c < channels; c++) {
          const base = (n * channels + c) * size;
          const row = source.offset + (n * channels + c) * count;
          for (let q = 0; q < count; q++) {
            const i = at[list + q]!;
            if (i >= 0) to[base + i]! += by[weights.offset + list + q]! * from[row + q]!;
          }
        }
      }
    return x;
  },
  vjp: (g, s) => [
    s.edges[0] ? sampled(g, s.at(1), s.meta(2)) : null,
    s.edges[1] ? sampledWeights(g, s.at(0), s.meta(2)) : null,
  ],
});

/** The gradient of w: [taps, N, Q] from x and y. */
const sampledWeights: (x: AnyTensor, y: AnyTensor, places: Places) => AnyTensor = op({
  name: "gridSamplerBackward",
  saves: "inputs",
  forward: (x: AnyTensor, y: AnyTensor, places: Places) => {
    const { at, taps, image, result } = places;
    const [batch, channels] = x.shape as [number, number];
    const [size, count] = [numel(image), numel(result)];
    const shape = [taps, batch, count];
    const w: AnyTensor = fresh(allocate(x.dtype, numel(shape)), shape, x.dtype);
    const [source, up] = [x.contiguous(), y.contiguous()];
    const [from, by, to] = [dataOf(source), dataOf(up), dataOf(w)];
    for (let n = 0; n < batch; n++)
      for (let t = 0; t < taps; t++) {
        const list = (t * batch + n) * count;
        for (let c = 0; c < channels; c++) {
          const base = source.offset + (n * channels + c) * size;
          const row = up.offset + (n * channels + c) * count;
          for (let q = 0; q < count; q++) {
            const i = at[list + q]!;
            if (i >= 0) to[list + q]! += by[row + q]! * from[base + i]!;
          }
        }
      }
    return w;
  },
  vjp: (g, s) => [
    s.edges[0] ? sampledBack(s.at(1), g, s.meta(2)) : null,
    s.edges[1] ? sampled(s.at(0), g, s.meta(2)) : null,
  ],
});
