// Products with shifted copies of spread images against plain loops.

import { beforeAll, describe, expect, test } from "vitest";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import { createShifted } from "../../src/backend/wasm/shifted/index.ts";
import type { Routines, RowMoves, ShiftedPart, SpreadImages } from "../../src/ir/routines.ts";

let state = 1;
const number = (): number => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 31 - 1;
};
const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, number);

const worst = (got: Float32Array, want: Float64Array): number =>
  got.reduce((most, v, i) => Math.max(most, Math.abs(v - want[i]!)), 0);

let routines: Pick<Routines, "shiftedProduct" | "shiftedSums">;
beforeAll(() => {
  routines = createShifted(new LinearMemory());
});

function spread(images: SpreadImages, t: number): Float64Array {
  const out = new Float64Array(images.length);
  for (let c = 0; c < images.channels; c++)
    for (const { rows, count, fromStep, toStep } of images.moves)
      for (let r = 0; r < rows.length; r += 2)
        for (let q = 0; q < count; q++)
          out[c * images.pitch + rows[r + 1]! + q * toStep] = images.data[
            images.offset + t * images.stride + c * images.size + rows[r]! + q * fromStep
          ] as number;
  return out;
}

/** Rows of `width` from every second place of an image of height * 2 width, one zero apart. */
const everySecond = (height: number, width: number): RowMoves => ({
  rows: Int32Array.from({ length: 2 * height }, (_, i) =>
    i % 2 === 0 ? (i / 2) * 2 * width : ((i - 1) / 2) * (width + 1),
  ),
  count: width,
  fromStep: 2,
  toStep: 1,
});

function images(batch: number, channels: number, height: number, width: number): SpreadImages {
  const size = 2 * height * width;
  const pitch = height * (width + 1);
  return {
    data: numbers(3 + batch * (channels * size + 2)),
    offset: 3,
    stride: channels * size + 2,
    size,
    channels,
    moves: [everySecond(height, width)],
    pitch,
    length: channels * pitch,
  };
}

const cases = [
  { batch: 1, channels: 1, height: 3, width: 3, m: 1, k: 1 },
  { batch: 2, channels: 3, height: 5, width: 7, m: 7, k: 27 },
  { batch: 3, channels: 4, height: 9, width: 16, m: 13, k: 300 },
  { batch: 2, channels: 2, height: 40, width: 60, m: 6, k: 20 },
];

describe.each(cases)("%o", ({ batch, channels, height, width, m, k }) => {
  test("products", () => {
    const x = images(batch, channels, height, width);
    const n = x.pitch - width;
    const shifts = Int32Array.from(
      { length: k },
      (_, p) => ((p * 7) % channels) * x.pitch + (p % (width + 1)),
    );
    const part: ShiftedPart = {
      m,
      n,
      data: numbers(5 + m * k),
      offset: 5,
      shifts,
      collect: { rows: Int32Array.of(1, 2), count: n - 1, fromStep: 1, toStep: 3 },
    };
    const bias = { data: numbers(m + 1), offset: 1 };
    const size = 3 * n + 2;
    const out = new Float32Array(batch * m * size + 4);
    routines.shiftedProduct(batch, x, [part], bias, out, 4, m * size, size);
    const want = new Float64Array(out.length);
    for (let t = 0; t < batch; t++) {
      const array = spread(x, t);
      for (let i = 0; i < m; i++)
        for (let q = 1; q < n; q++) {
          let sum = bias.data[1 + i]!;
          for (let p = 0; p < k; p++)
            sum += (part.data[5 + i * k + p] as number) * (array[shifts[p]! + q] ?? 0);
          want[4 + (t * m + i) * size + 2 + 3 * (q - 1)] = sum;
        }
    }
    expect(worst(out, want)).toBeLessThan(1e-4);
  });

  test("sums", () => {
    const x = images(batch, channels, height, width);
    const g = images(batch, m, height - 1, width);
    const n = g.pitch;
    const shifts = Int32Array.from(
      { length: k },
      (_, p) => ((p * 5) % channels) * x.pitch + (p % (width + 1)),
    );
    const out = new Float32Array(m * k + 2);
    routines.shiftedSums(batch, x, g, n, shifts, out, 2);
    const want = new Float64Array(out.length);
    for (let t = 0; t < batch; t++) {
      const [a, b] = [spread(x, t), spread(g, t)];
      for (let i = 0; i < m; i++)
        for (let p = 0; p < k; p++)
          for (let q = 0; q < n; q++) want[2 + i * k + p]! += b[i * n + q]! * (a[shifts[p]! + q] ?? 0);
    }
    expect(worst(out, want)).toBeLessThan(1e-3);
  });
});
