// Order of elements: sorting and selecting against plain code at lengths where the method changes, scans, extrema,
// distinct elements, searching and counting. Values that look arbitrary were recorded from PyTorch 1.13.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;

/** Numbers that repeat: multiples of 1/4 between -8 and 8, with NaN, infinities and both zeros among them. */
function numbers(n: number, special: boolean): number[] {
  let state = 12345 + n;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const r = state >>> 16;
    if (special && r % 11 === 0)
      return [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0][r % 5]!;
    return ((r % 65) - 32) / 4;
  });
}

/** Positions in stable order, NaN after all numbers. */
function stableOrder(values: readonly number[], descending: boolean): number[] {
  const compare = (a: number, b: number): number => {
    const [x, y] = [values[a]!, values[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x < y ? -1 : x > y ? 1 : 0;
  };
  return values.map((_, i) => i).sort(descending ? (a, b) => compare(b, a) : compare);
}

describe("sort", () => {
  // Insertion, counting by digits, selection: and numbers around the lengths where one follows the other.
  const lengths = [0, 1, 2, 40, 41, 511, 512, 513, 3000];
  const dtypes = ["float32", "float64", "int32", "int64", "uint8", "bool"] as const;
  test.each(lengths.flatMap((n) => dtypes.map((dtype) => [n, dtype] as const)))(
    "%i elements of %s",
    (n, dtype) => {
      const float = dtype.startsWith("float");
      const raw = numbers(n, float).map((v) => (float ? v : Math.trunc(v * 4)));
      const list =
        dtype === "uint8" ? raw.map(Math.abs) : dtype === "bool" ? raw.map((v) => Number(v > 0)) : raw;
      const x: Tensor = torch.tensor(list, { dtype });
      const values = Array.from(x.tolist() as unknown[], Number);
      for (const descending of [false, true]) {
        const order = stableOrder(values, descending);
        const sorted = x.sort(0, { descending });
        expect(sorted.indices.tolist()).toEqual(order);
        expect(Array.from(sorted[0].tolist() as unknown[], Number)).toEqual(order.map((i) => values[i]));
        if (dtype === "bool" || n === 0) continue;
        const k = Math.ceil(n / 3);
        expect(x.topk(k, 0, { largest: descending }).indices.tolist()).toEqual(order.slice(0, k));
        if (!descending) expect(x.kthvalue(k).indices.item()).toBe(order[k - 1]);
      }
    },
  );

  test("along a dimension that is not the last, of a view", () => {
    const base: Tensor = torch.tensor(numbers(120, false)).reshape(4, 5, 6);
    const x = base.permute(2, 0, 1).sliceDim(0, 1, 6);
    const { values, indices } = x.sort(1, { descending: true });
    expect(x.gather(1, indices).equal(values)).toBe(true);
    expect(
      values.equal(x.transpose(1, 2).contiguous().sort(2, { descending: true }).values.transpose(1, 2)),
    ).toBe(true);
    expect(values.isContiguous()).toBe(true);
  });

  test("both zeros are equal, and keep their signs", () => {
    const { values, indices } = torch.tensor([0, -0, -1, -0, 0], { dtype: "float32" }).sort();
    expect(indices.tolist()).toEqual([2, 0, 1, 3, 4]);
    expect(values.tolist()).toEqual([-1, 0, -0, -0, 0]);
  });

  test("integers beyond 2^53", () => {
    const big = [2n ** 60n + 1n, -(2n ** 62n), 2n ** 60n, -1n];
    const x = torch.tensor(new BigInt64Array(big), { dtype: "int64" });
    expect(x.sort().indices.tolist()).toEqual([1, 3, 2, 0]);
    expect(x.max(0).indices.item()).toBe(0);
  });

  test("what is done to the result does not reach the input", () => {
    const x = torch.tensor([3, 1, 2]);
    for (const y of [
      x.sort()[0],
      x.topk(3)[0],
      x.max(0, { keepdim: true })[0],
      x.cumsum(0),
      x.unique(),
    ] as Tensor[])
      y.zero_();
    const one: Tensor = torch.tensor(5);
    for (const y of [one.sort()[0], one.max(), one.max(0)[0], one.median(), one.cumsum(0)] as Tensor[])
      y.zero_();
    expect([x.tolist(), one.item()]).toEqual([[3, 1, 2], 5]);
  });

  test("the order of the results of a pair", () => {
    const pair = torch.tensor([3, 1, 2]).sort();
    const [values, indices] = pair;
    expect(values).toBe(pair.values);
    expect(indices).toBe(pair.indices);
    expect(String(pair)).toMatch(/^torch\.return_types\.sort\(/);
  });

  test("an index that was changed in place is not used for the gradient", () => {
    const x = torch.tensor([3, 1, 2], { dtype: "float32", requiresGrad: true });
    const { values, indices } = x.sort();
    indices.zero_();
    expect(() => values.sum().backward()).toThrow(torch.AutogradError);
  });
});

describe("extrema", () => {
  const grad = (list: number[], f: (x: Tensor) => Tensor): number[] => {
    const x: Tensor = torch.tensor(list, { dtype: "float32", requiresGrad: true });
    f(x).sum().backward();
    return x.grad!.tolist();
  };
  const third = Math.fround(1 / 3);

  test("ties: the extremum of all shares the gradient, one along a dimension does not", () => {
    expect(grad([1, 3, 3, 3], (x) => x.max())).toEqual([0, third, third, third]);
    expect(grad([1, 3, 3, 3], (x) => x.median())).toEqual([0, third, third, third]);
    expect(grad([1, 3, 3, 3], (x) => x.max(0)[0])).toEqual([0, 1, 0, 0]);
    expect(grad([1, 1, 3, 3], (x) => x.cummax(0)[0])).toEqual([1, 1, 1, 1]);
  });

  test("NaN is the extremum, and the first one where it stands", () => {
    const list = [1, Number.NaN, Number.NaN, 0];
    const x = torch.tensor(list);
    expect([x.max().item(), x.min().item()]).toEqual([Number.NaN, Number.NaN]);
    expect([x.max(0).indices.item(), x.argmin().item(), x.median(0).indices.item()]).toEqual([1, 1, 1]);
    expect(x.reshape(4, 1).expand(4, 2).contiguous().max(0).indices.tolist()).toEqual([1, 1]);
    expect(x.cummin(0).indices.tolist()).toEqual([0, 1, 2, 2]);
    expect(grad(list, (y) => y.max())).toEqual([0, 0.5, 0.5, 0]);
    expect(grad(list, (y) => y.max(0)[0])).toEqual([0, 1, 0, 0]);
    expect(grad(list, (y) => y.nanmedian())).toEqual([0, 0, 0, 1]);
  });

  test("errors", () => {
    const none = torch.zeros(0, 3);
    expect(() => none.max()).toThrow(torch.RuntimeError);
    expect(() => none.max(0)).toThrow(torch.IndexError);
    expect(none.max(1).values.shape).toEqual([0]);
    expect(() => torch.tensor([1, 2]).max(1 as 0)).toThrow(torch.IndexError);
    expect(() => torch.max(2 as unknown as Tensor)).toThrow(torch.ArgumentError);
    expect(() => torch.tensor([true, false]).argmax()).toThrow(torch.DTypeError);
    expect(() => torch.tensor([1, 2, 3]).topk(4 as 3)).toThrow("selected index k out of range");
    expect(() => torch.tensor([1, 2, 3]).kthvalue(0)).toThrow("selected number k out of range");
  });
});

describe("scans", () => {
  test("sums are added up in float64, whatever the dimension", () => {
    const x: Tensor = torch.tensor(numbers(600, false)).div(3).reshape(5, 20, 6);
    const expected = x.double().cumsum(1).float();
    expect(x.cumsum(1).equal(expected)).toBe(true);
    expect(x.transpose(1, 2).contiguous().cumsum(2).transpose(1, 2).equal(expected)).toBe(true);
  });

  test("integers wrap, int64 is exact", () => {
    expect(
      torch
        .tensor([2 ** 31 - 1, 1])
        .cumsum(0)
        .tolist(),
    ).toEqual([2 ** 31 - 1, -(2 ** 31)]);
    expect(torch.tensor([65536, 65536]).cumprod(0).tolist()).toEqual([65536, 0]);
    expect(torch.tensor([200, 100], { dtype: "uint8" }).cumsum(0).tolist()).toEqual([200, 300]);
    const big = torch.tensor([2 ** 40, 2 ** 20], { dtype: "int64" }).cumprod(0);
    expect(big.tolist()).toEqual([2 ** 40, 2n ** 60n]);
  });

  test("in place keeps the dtype", () => {
    const x = torch.tensor([1, 2, 3]);
    expect(x.cumsum_(0)).toBe(x);
    expect(x.tolist()).toEqual([1, 3, 6]);
  });

  test("the gradient of a running product passes zeros", () => {
    const x: Tensor = torch.tensor([2, 0, 3, 0, 5], { dtype: "float64", requiresGrad: true });
    x.cumprod(0).backward(torch.tensor([1, 10, 100, 1000, 10000], { dtype: "float64" }));
    expect(x.grad!.tolist()).toEqual([1, 620, 0, 0, 0]);
  });

  test("logcumsumexp neither overflows nor loses its gradient", () => {
    const x: Tensor = torch.tensor([-1000, 0, 1000, 999], { dtype: "float64", requiresGrad: true });
    const y = x.logcumsumexp(0);
    y.sum().backward();
    expect(y.tolist().map((v: number) => v.toFixed(6))).toEqual([
      "-1000.000000",
      "0.000000",
      "1000.000000",
      "1000.313262",
    ]);
    const e = 1 / (1 + Math.E);
    expect(x.grad!.tolist().map((v: number) => v.toFixed(6))).toEqual(
      [1, 1, 2 - e, e].map((v) => v.toFixed(6)),
    );
    expect(torch.tensor([-Infinity, -Infinity, 1]).logcumsumexp(0).tolist()).toEqual([
      -Infinity,
      -Infinity,
      1,
    ]);
  });
});

describe("distinct elements", () => {
  const x = torch.tensor([3, 1, 2, 1, 5, 3]);

  test("inverse and counts rebuild the input", () => {
    const [values, inverse, counts] = x.unique({ returnInverse: true, returnCounts: true });
    expect(values.tolist()).toEqual([1, 2, 3, 5]);
    expect(counts.tolist()).toEqual([2, 1, 2, 1]);
    expect((values as Tensor).at([inverse]).equal(x)).toBe(true);
  });

  test("without an order they come as PyTorch's hash table gives few of them", () => {
    const [values, inverse] = x.unique({ sorted: false, returnInverse: true });
    expect(values.tolist()).toEqual([5, 2, 1, 3]);
    expect(inverse.tolist()).toEqual([3, 2, 1, 2, 0, 3]);
  });

  // A table of small integers, hashing of few floats, sorting of many: all the same in the end.
  test.each([
    ["float32", 1],
    ["float32", 0.001],
    ["float64", 1],
    ["int32", 1],
    ["int32", 1e7],
    ["int64", 1],
    ["uint8", 1],
  ] as const)("many elements of %s, factor %d", (dtype, factor) => {
    const list = numbers(5000, false).map((v, i) =>
      factor < 1 ? v + i * factor : dtype.startsWith("float") ? v : Math.abs(Math.trunc(v * 4)) * factor,
    );
    const y: Tensor = torch.tensor(list, { dtype });
    const [values, inverse, counts] = y.unique({ returnInverse: true, returnCounts: true });
    const expected = [...new Set((y.tolist() as unknown[]).map(Number))].sort((a, b) => a - b);
    expect((values.tolist() as unknown[]).map(Number)).toEqual(expected);
    expect((values as Tensor).at([inverse]).equal(y)).toBe(true);
    expect((counts as Tensor).equal(inverse.bincount())).toBe(true);
  });

  test("no NaN equals another, both zeros do", () => {
    const y = torch.tensor([Number.NaN, -0, 0, Number.NaN]);
    expect(y.unique().tolist()).toEqual([-0, Number.NaN, Number.NaN]);
    expect(y.unique({ sorted: false }).numel()).toBe(3);
    expect(y.uniqueConsecutive().numel()).toBe(3);
  });

  test("slices are compared with the dimension in the place of the first one", () => {
    const list = [1, 4, 1, 1, 2, 4, 2, 2, 2, 4, 4, 2, 2, 0, 2, 3, 3, 0, 4, 0, 1, 2, 1, 1, 0, 4, 2, 2, 3, 2];
    const [, inverse] = (torch.tensor(list) as Tensor)
      .reshape(2, 3, 5)
      .unique({ dim: 2, returnInverse: true });
    expect(inverse.tolist()).toEqual([1, 4, 0, 2, 3]);
  });
});

describe("searching and counting", () => {
  test("searchsorted: each row of values in its row of the sequence", () => {
    const rows = torch.tensor([
      [1, 3, 5],
      [2, 2, 9],
    ]);
    const values = torch.tensor([
      [3, 6],
      [2, 1],
    ]);
    expect(torch.searchsorted(rows, values).tolist()).toEqual([
      [1, 3],
      [0, 0],
    ]);
    expect(torch.searchsorted(rows, values, { side: "right" }).tolist()).toEqual([
      [2, 3],
      [2, 0],
    ]);
    expect(torch.searchsorted(torch.tensor([1, Number.NaN]), torch.tensor([Number.NaN, 3])).tolist()).toEqual(
      [2, 2],
    );
    expect(() => torch.searchsorted(rows, 2)).toThrow(torch.RuntimeError);
  });

  test("isin: integers beyond 2^53, numbers, NaN", () => {
    const big = torch.tensor(new BigInt64Array([2n ** 60n + 1n, 2n ** 60n]), { dtype: "int64" });
    expect(torch.isin(big, big.at("1:")).tolist()).toEqual([false, true]);
    expect(torch.isin(torch.tensor([1, 2]), 1.5).tolist()).toEqual([false, false]);
    expect(torch.isin(1, torch.tensor([1, 2])).item()).toBe(true);
    expect(torch.isin(torch.tensor([Number.NaN]), torch.tensor([Number.NaN])).tolist()).toEqual([false]);
  });

  test("histograms count every element in the range once", () => {
    const x: Tensor = torch.tensor(numbers(400, false), { dtype: "float32" });
    const { hist, binEdges } = x.histogram(7);
    expect(hist.sum().item()).toBe(400);
    expect(x.histc(7).tolist()).toEqual(hist.tolist());
    expect(x.histogram(binEdges).hist.tolist()).toEqual(hist.tolist());
    const density: Tensor = x.histogram(7, { density: true }).hist;
    expect(
      density
        .mul(binEdges.at("1:").sub(binEdges.at(":-1")))
        .sum()
        .item(),
    ).toBeCloseTo(1, 6);
  });

  test("histogramdd: points of two dimensions, weights", () => {
    const points = torch
      .tensor([
        [1, 2],
        [3, 4],
        [1, 2],
      ])
      .float();
    const { hist, binEdges } = torch.histogramdd(points, [2, 2], { weight: torch.tensor([1, 2, 4]).float() });
    expect(hist.tolist()).toEqual([
      [5, 0],
      [0, 2],
    ]);
    expect(binEdges.map((e) => e.tolist())).toEqual([
      [1, 2, 3],
      [2, 3, 4],
    ]);
  });

  test("bincount", () => {
    const x = torch.tensor([1, 3, 1]);
    expect(x.bincount(null, 6).tolist()).toEqual([0, 2, 0, 1, 0, 0]);
    expect(x.bincount(torch.tensor([0.5, 2, 1])).tolist()).toEqual([0, 1.5, 0, 2]);
    expect(() => torch.tensor([-1]).bincount()).toThrow("non-negative");
  });

  test("equal and allclose give booleans", () => {
    const x = torch.tensor([1, 2]);
    expect([x.equal(x), x.equal(torch.tensor([1, 2, 3])), torch.allclose(x, torch.tensor([1, 3]))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(() => torch.allclose(x, x.float())).toThrow(torch.DTypeError);
  });
});
