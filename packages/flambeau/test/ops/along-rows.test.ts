// Selecting few of many, counting, and moving along a dimension, in the sizes that have loops of their own, against
// plain JavaScript.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const generator = new torch.Generator();
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

describe("topk of long rows", () => {
  const n = 700;
  const rows: Record<string, (i: number) => number> = {
    rising: (i) => i,
    falling: (i) => -i,
    "all equal": () => 3,
    "few values": (i) => (i * 7) % 5,
    mixed: (i) => ((i * 7919) % 701) - 350.5,
    zeros: (i) => (i % 2 === 0 ? -0 : 0),
    "NaN and infinities": (i) =>
      i % 90 === 7 ? Number.NaN : i % 50 === 3 ? Number.NEGATIVE_INFINITY : i % 60 === 1 ? Infinity : -i,
  };
  test.each(Object.entries(rows))("%s", (_, element) => {
    const values = Float32Array.from({ length: n }, (_v, i) => element(i));
    const x: Tensor = torch.tensor(values);
    for (const largest of [true, false])
      for (const k of [0, 1, 2, 10, 64, 65, 300]) {
        // NaN is above all numbers; of equal elements the first ones come first.
        const rank = (i: number): number => (Number.isNaN(values[i]!) ? Infinity : values[i]!);
        const order = Array.from({ length: n }, (_v, i) => i).sort((a, b) => {
          const [p, q] = [Number(Number.isNaN(values[a]!)), Number(Number.isNaN(values[b]!))];
          const up = p !== q ? p - q : rank(a) === rank(b) ? 0 : rank(a) - rank(b);
          return largest ? -up : up;
        });
        const top = x.topk(k, 0, { largest });
        expect(numbers(top.indices), `${k} ${largest}`).toEqual(order.slice(0, k));
        expect(numbers(top.values).map(String)).toEqual(order.slice(0, k).map((i) => String(values[i])));
      }
  });
});

test.each([1, 3, 4, 5, 63, 64, 1000, 1003])("bincount of %d numbers", (n) => {
  generator.manualSeed(n);
  const x: Tensor = torch.randint(0, 7, [n], { generator });
  const want = new Array<number>(9).fill(0);
  for (const v of numbers(x)) want[v]!++;
  expect(numbers(x.bincount(null, 9))).toEqual(want);
  expect(numbers(x.long().bincount(null, 9))).toEqual(want);
});

describe.each(["float32", "float64", "int32", "int64", "uint8"] as const)(
  "along a dimension of %s",
  (dtype) => {
    const shapes: [shape: number[], dim: number, count: number][] = [
      [[7], 0, 11],
      [[3, 5], 1, 4],
      [[3, 5], 0, 6],
      [[2, 3, 4], 1, 5],
      [[2, 3, 1], 1, 2],
    ];
    test.each(shapes)("%j, dimension %d, %d indices", (shape, dim, count) => {
      generator.manualSeed(1);
      const at = shape.map((n, i) => (i === dim ? count : n));
      const x: Tensor = torch.randint(0, 9, shape, { generator }).to(dtype);
      const source: Tensor = torch.randint(0, 9, at, { generator }).to(dtype);
      const index: Tensor = torch.randint(0, shape[dim]!, at, { generator });
      const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
      const places = numbers(index).map((v, w) => {
        const outer = Math.floor(w / (count * inner));
        return (outer * shape[dim]! + v) * inner + (w % inner);
      });
      const picked = places.map((p) => numbers(x)[p]!);
      const added = numbers(x);
      const written = numbers(x);
      places.forEach((p, w) => {
        added[p]! += numbers(source)[w]!;
        written[p] = numbers(source)[w]!;
      });
      // Whatever the strides of the operands are.
      const turned = (t: Tensor): Tensor =>
        t
          .permute(t.shape.map((_: number, i: number) => t.ndim - 1 - i))
          .contiguous()
          .permute(t.shape.map((_: number, i: number) => t.ndim - 1 - i));
      for (const layout of [(t: Tensor): Tensor => t, turned])
        for (const whole of [index, index.long()]) {
          expect(numbers(layout(x).gather(dim, layout(whole)))).toEqual(picked);
          expect(numbers(layout(x).scatter(dim, layout(whole), layout(source)))).toEqual(written);
          expect(numbers(layout(x).scatterAdd(dim, layout(whole), layout(source)))).toEqual(added);
        }
    });
  },
);

test("an index out of range changes nothing", () => {
  const x: Tensor = torch.zeros(2, 3);
  const ones: Tensor = torch.ones(2, 3);
  for (const bad of [3, -1]) {
    const index: Tensor = torch.tensor([
      [0, 1, 2],
      [0, bad, 0],
    ]);
    const message = `index ${bad} is out of bounds for dimension 1 with size 3`;
    expect(() => x.gather(1, index)).toThrow(message);
    expect(() => x.scatterAdd_(1, index, ones)).toThrow(message);
    expect(() => x.scatter_(1, index, ones)).toThrow(message);
    expect(numbers(x)).toEqual([0, 0, 0, 0, 0, 0]);
  }
});

test("cummax and cummin along rows", () => {
  const row = [2, 1, 1, 2, Number.NEGATIVE_INFINITY, 5, 5, 4, 7, -1, Number.NaN, 9, Number.NaN, 3];
  for (const largest of [true, false])
    for (const values of [
      row,
      row.slice(0, 10),
      [Number.NaN, 1],
      [3],
      [1, 2, 3, 4],
      [4, 3, 3, 1],
      [-0, 0, -0],
    ]) {
      let place = 0;
      const places = values.map((v, i) => {
        const best = values[place]!;
        if (Number.isNaN(v) || (largest ? v >= best : v <= best)) place = i;
        return place;
      });
      const x: Tensor = torch.tensor([values, [...values].reverse()], { dtype: "float32" });
      const got = largest ? x.cummax(1) : x.cummin(1);
      expect(numbers(got.indices).slice(0, values.length)).toEqual(places);
      expect(numbers(got.values).slice(0, values.length)).toEqual(places.map((p) => values[p]));
      // The same along columns, which have a loop of their own.
      const across = largest ? x.t().contiguous().cummax(0) : x.t().contiguous().cummin(0);
      expect(numbers(across.values.t())).toEqual(numbers(got.values));
      expect(numbers(across.indices.t())).toEqual(numbers(got.indices));
    }
});
