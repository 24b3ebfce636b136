// Reductions over dimensions that do not lie side by side, against those of a copy in which they do.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
type Reduce = (x: Tensor, dim: number[] | number, keepdim: boolean) => Tensor;

const shapes = [
  [2, 3, 4, 5],
  [3, 1, 4],
  [1, 3, 1, 2],
  [2, 9, 3, 17, 2],
  [5, 1, 1, 7, 1, 3],
  [70, 3, 90],
  [2, 0, 3],
  [3, 20, 2, 1100, 2],
];
const generator = new torch.Generator();
const random = (shape: number[]): Tensor => torch.randn(shape, { generator }).mul(3);
const whole = (shape: number[]): Tensor => torch.randint(-5, 6, shape, { generator });

const cases: Record<string, [make: (shape: number[]) => Tensor, reduce: Reduce, tolerance: number]> = {
  "sum float32": [random, (x, d, keepdim) => x.sum(d, { keepdim }), 1e-3],
  "sum float64": [(s) => random(s).double(), (x, d, keepdim) => x.sum(d, { keepdim }), 1e-11],
  "sum int32": [whole, (x, d, keepdim) => x.sum(d, { keepdim }), 0],
  "sum int64": [(s) => whole(s).long(), (x, d, keepdim) => x.sum(d, { keepdim }), 0],
  "sum bool": [(s) => whole(s).gt(0), (x, d, keepdim) => x.sum(d, { keepdim }), 0],
  mean: [random, (x, d, keepdim) => x.mean(d, { keepdim }), 1e-5],
  norm: [random, (x, d, keepdim) => x.norm(2, d, { keepdim }), 5e-4],
  "amax int32": [whole, (x, d, keepdim) => x.amax(d, { keepdim }), 0],
  "amin float32": [random, (x, d, keepdim) => x.amin(d, { keepdim }), 0],
};

describe.each(Object.entries(cases))("%s", (_, [make, reduce, tolerance]) => {
  test.each(shapes.map((s) => [s]))("of %j", (shape) => {
    generator.manualSeed(3);
    const x = make(shape);
    const all = shape.map((_, i) => i);
    for (let mask = 1; mask < 1 << shape.length; mask++) {
      const dims = all.filter((i) => (mask >> i) & 1);
      const kept = all.filter((i) => !dims.includes(i));
      const packed = x.permute([...kept, ...dims]).contiguous();
      const rows = packed.reshape([
        ...kept.map((i) => shape[i]!),
        dims.reduce((n, i) => n * shape[i]!, 1),
      ]) as Tensor;
      let want: Tensor;
      try {
        want = reduce(rows, -1, false);
      } catch (error) {
        // No extremum of nothing.
        expect(error).toBeInstanceOf(torch.TorchError);
        expect(() => reduce(x, dims, false)).toThrow(torch.TorchError);
        continue;
      }
      for (const keepdim of [false, true]) {
        const got = reduce(x, dims, keepdim);
        expect(got.dtype).toBe(want.dtype);
        expect(got.shape).toEqual(keepdim ? shape.map((n, i) => (dims.includes(i) ? 1 : n)) : want.shape);
        const values = Array.from(want.toTypedArray(), Number);
        Array.from(got.toTypedArray(), Number).forEach((v, i) => {
          if (!Object.is(v, values[i]))
            expect(Math.abs(v - values[i]!), `${dims}: ${v}`).toBeLessThanOrEqual(tolerance);
        });
      }
    }
  });
});
