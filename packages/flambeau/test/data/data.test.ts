// Datasets, collating, and the loader's options, types and errors.

import { describe, expect, expectTypeOf, test } from "vitest";
import * as data from "../../src/data/index.ts";
import * as torch from "../../src/index.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const X = torch.arange(12, { dtype: "float32" }).reshape(4, 3);
const y = torch.tensor([10, 11, 12, 13]);

class Squares extends data.Dataset<number> {
  length = 5;
  at(i: number): number {
    return i * i;
  }
}

class Stream extends data.IterableDataset<number> {
  override readonly length = 5;
  *[Symbol.iterator](): IterableIterator<number> {
    yield* range(5);
  }
}

describe("datasets", () => {
  test("TensorDataset: rows, as typed tuples", () => {
    const dataset = new data.TensorDataset(X, y);
    expect(dataset.length).toBe(4);
    const [x0, y0] = dataset.at(1);
    expectTypeOf(x0).toEqualTypeOf<torch.Tensor<[3]>>();
    expectTypeOf(y0).toEqualTypeOf<torch.Tensor<[], "int32">>();
    expect([x0.tolist(), y0.tolist()]).toEqual([[3, 4, 5], 11]);
    expect(dataset.at(-1)[1].item()).toBe(13);
    expect(() => dataset.at(4)).toThrow("index 4 out of range");
    expect([...dataset].map(([, label]) => label.item())).toEqual([10, 11, 12, 13]);
    expect(() => new data.TensorDataset(X, torch.zeros(3))).toThrow(
      "Size mismatch between tensors: 4 and 3 rows",
    );
    expect(() => new data.TensorDataset(torch.zeros([]))).toThrow("0-d tensor");
    expect(() => new data.TensorDataset()).toThrow("at least one tensor");
  });

  test("ConcatDataset and concat", () => {
    const both = new Squares().concat(["a", "b"]);
    expectTypeOf(both.at(0)).toEqualTypeOf<string | number>();
    expect([...both]).toEqual([0, 1, 4, 9, 16, "a", "b"]);
    expect([both.at(-1), both.at(-7), both.length]).toEqual(["b", 0, 7]);
    expect(() => both.at(-8)).toThrow("absolute value of index should not exceed dataset length");
    expect(() => both.at(7)).toThrow(torch.IndexError);
    expect(() => new data.ConcatDataset([])).toThrow("datasets should not be an empty iterable");
    expect(() => new data.ConcatDataset([new Stream() as never])).toThrow(
      "ConcatDataset does not support IterableDataset",
    );
  });

  test("Subset, also of a subset", () => {
    const subset = new data.Subset(new data.Subset(new Squares(), [4, 3, 2]), [2, 0]);
    expect([...subset]).toEqual([4, 16]);
    expect(subset.at(-1)).toBe(16);
    expect(() => subset.at(2)).toThrow("index 2 is out of range");
  });

  test("ChainDataset", () => {
    expect([...new data.ChainDataset([new Stream(), new Stream()])]).toEqual([...range(5), ...range(5)]);
  });

  test("randomSplit: errors and types", () => {
    expectTypeOf(data.randomSplit(["a"], [1])).toEqualTypeOf<[data.Subset<string>]>();
    const parts = data.randomSplit(new Squares(), [3, 2]);
    expectTypeOf(parts).toEqualTypeOf<[data.Subset<number>, data.Subset<number>]>();
    expect(parts.map((p) => p.length)).toEqual([3, 2]);
    expect(() => data.randomSplit(new Squares(), [3, 3])).toThrow(
      "Sum of input lengths does not equal the length of the input dataset!",
    );
    expect(() => data.randomSplit(new Squares(), [1.5, -0.5])).toThrow(
      "Fraction at index 0 is not between 0 and 1",
    );
    expect(data.randomSplit(range(10), [0.1, 0.2, 0.7]).map((p) => p.length)).toEqual([1, 2, 7]);
  });
});

describe("defaultCollate", () => {
  test("tensors, numbers, booleans, bigints, strings", () => {
    const stacked = data.defaultCollate([torch.zeros(2, 3), torch.ones(2, 3)]);
    expectTypeOf(stacked).toEqualTypeOf<torch.Tensor<[number, 2, 3]>>();
    expect(stacked.shape).toEqual([2, 2, 3]);
    const kind = (examples: readonly unknown[]): unknown[] => {
      const t = data.defaultCollate(examples) as torch.AnyTensor;
      return [t.dtype, t.tolist()];
    };
    expect(kind([1, 2])).toEqual(["int32", [1, 2]]);
    expect(kind([1, 2.5])).toEqual(["float64", [1, 2.5]]);
    expect(kind([1, 2 ** 40])).toEqual(["float64", [1, 2 ** 40]]);
    expect(kind([true, false])).toEqual(["bool", [true, false]]);
    expect(kind([1n, 2n])).toEqual(["int64", [1, 2]]);
    expect(kind([Float32Array.of(1, 2), Float32Array.of(3, 4)])).toEqual([
      "float32",
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(data.defaultCollate(["a", "b"])).toEqual(["a", "b"]);
  });

  test("lists and objects of them, nested", () => {
    const [images, info] = data.defaultCollate(
      [0, 1].map((i): [torch.Tensor<[2]>, { label: number; name: string }] => [
        torch.zeros(2),
        { label: i, name: `n${i}` },
      ]),
    );
    expectTypeOf(images).toEqualTypeOf<torch.Tensor<[number, 2]>>();
    expect(images.shape).toEqual([2, 2]);
    expect((info.label as torch.AnyTensor).tolist()).toEqual([0, 1]);
    expect(info.name).toEqual(["n0", "n1"]);
  });

  test("what does not go together", () => {
    expect(() => data.defaultCollate([[1, 2], [3]])).toThrow(
      "each element in list of batch should be of equal size",
    );
    expect(() => data.defaultCollate([torch.zeros(2), torch.zeros(3)])).toThrow(
      "stack expects each tensor to be equal size",
    );
    expect(() => data.defaultCollate([null])).toThrow("found null");
    expect(() => data.defaultCollate([])).toThrow("empty");
  });
});

describe("DataLoader", () => {
  test("batches of a TensorDataset: typed, and as stacking gives them", () => {
    const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 3 });
    expectTypeOf(loader).toEqualTypeOf<
      data.DataLoader<[torch.Tensor<[number, 3]>, torch.Tensor<[number], "int32">]>
    >();
    const seen: unknown[] = [];
    for (const [xs, ys] of loader) seen.push([xs.tolist(), ys.tolist()]);
    expect(seen).toEqual([
      [
        [
          [0, 1, 2],
          [3, 4, 5],
          [6, 7, 8],
        ],
        [10, 11, 12],
      ],
      [[[9, 10, 11]], [13]],
    ]);
    expect(loader.length).toBe(2);
    expect([...loader].length).toBe(2);
  });

  test.each([
    ["wide rows", torch.rand(5, 130)],
    ["narrow rows", torch.rand(5, 2, 3)],
    ["no columns", torch.rand(5, 0)],
    ["one dimension", torch.rand(5)],
    ["transposed", torch.rand(70, 5).t()],
    ["a slice of a larger tensor", torch.rand(9, 70).narrow(0, 3, 5)],
    ["float64", torch.rand(5, 70, { dtype: "float64" })],
    ["int64", torch.randint(9, [5, 70], { dtype: "int64" })],
    ["bool", torch.rand(5, 2).gt(0.5)],
  ] as [string, torch.AnyTensor][])("gathering %s is stacking", (_, t) => {
    const dataset = new data.TensorDataset(t);
    const indices = [3, 0, -1, 3];
    const [gathered] = dataset.gather(indices);
    const [stacked] = data.defaultCollate(indices.map((i) => dataset.at(i)));
    expect([gathered.shape, gathered.dtype]).toEqual([stacked.shape, stacked.dtype]);
    expect(gathered.tolist()).toEqual(stacked.tolist());
    expect(() => dataset.gather([5])).toThrow(torch.IndexError);
  });

  test("batches are copies, and gradients flow to a dataset that requires them", () => {
    const t = torch.zeros(2, 1);
    const [batch] = new data.TensorDataset(t).gather([0, 1]);
    batch.fill_(7);
    expect(t.tolist()).toEqual([[0], [0]]);
    const w = torch.ones(3, 1, { requiresGrad: true });
    new data.TensorDataset(w).gather([2, 2, 0])[0].sum().backward();
    expect(w.grad!.tolist()).toEqual([[1], [0], [2]]);
  });

  test("arrays, own datasets, subsets and streams", () => {
    const tolist = (b: unknown): unknown => (b as torch.AnyTensor).tolist();
    expect([...new data.DataLoader([5, 6, 7], { batchSize: 2 })].map(tolist)).toEqual([[5, 6], [7]]);
    expect([...new data.DataLoader(new Squares(), { batchSize: 3, dropLast: true })].map(tolist)).toEqual([
      [0, 1, 4],
    ]);
    const [train] = data.randomSplit(new data.TensorDataset(X, y), [4, 0], {
      generator: new torch.Generator(),
    });
    expect(
      [...new data.DataLoader(train, { batchSize: 2 })].flatMap(([, label]) => label.tolist()).sort(),
    ).toEqual([10, 11, 12, 13]);
    const stream = new data.DataLoader(new Stream(), { batchSize: 2 });
    expect([...stream].map(tolist)).toEqual([[0, 1], [2, 3], [4]]);
    expect([
      stream.length,
      new data.DataLoader(new Stream(), { batchSize: 2, dropLast: true }).length,
    ]).toEqual([3, 2]);
    expect([...new data.DataLoader(X, { batchSize: 4 })].map((b) => b.shape)).toEqual([[4, 3]]);
  });

  test("collateFn, samplers, single examples", () => {
    const sums = new data.DataLoader(new Squares(), {
      batchSize: 2,
      collateFn: (v: number[]) => v.reduce((p, q) => p + q),
    });
    expectTypeOf(sums).toEqualTypeOf<data.DataLoader<number>>();
    expect([...sums]).toEqual([1, 13, 16]);
    const single = new data.DataLoader(new Squares(), { batchSize: null, sampler: [4, 2] });
    expectTypeOf(single).toEqualTypeOf<data.DataLoader<number>>();
    expect([...single]).toEqual([16, 4]);
    const lists = new data.DataLoader(["a", "b", "c"], { batchSampler: [[2], [0, 1]] });
    expectTypeOf(lists).toEqualTypeOf<data.DataLoader<string[]>>();
    expect([...lists]).toEqual([["c"], ["a", "b"]]);
    expect(lists.length).toBe(2);
    expect(new data.DataLoader(new Squares(), { batchSize: 2, shuffle: true }).sampler).toBeInstanceOf(
      data.RandomSampler,
    );
  });

  test("two passes at once", () => {
    const loader = new data.DataLoader(range(6), { batchSize: 1, shuffle: true });
    const seen: number[][] = [[], []];
    const [p, q] = [loader[Symbol.iterator](), loader[Symbol.iterator]()];
    for (let i = 0; i < 6; i++)
      [p, q].forEach((it, k) => {
        seen[k]!.push((it.next().value as torch.AnyTensor).item() as number);
      });
    expect(seen.map((s) => s.sort())).toEqual([range(6), range(6)]);
  });

  test("an empty dataset", () => {
    expect([...new data.DataLoader([], { batchSize: 2 })]).toEqual([]);
    expect(() => new data.DataLoader([], { shuffle: true })).toThrow(
      "num_samples should be a positive integer value, but got num_samples=0",
    );
  });

  test("what is refused, in PyTorch's words", () => {
    const make =
      (options: data.DataLoaderOptions, dataset: data.Source<number> = range(4)) =>
      () =>
        new data.DataLoader(dataset, options);
    expect(make({ batchSize: 0 })).toThrow(
      "batch_size should be a positive integer value, but got batch_size=0",
    );
    expect(make({ batchSize: 1.5 })).toThrow("batch_size should be a positive integer value");
    expect(make({ sampler: [1], shuffle: true })).toThrow(
      "sampler option is mutually exclusive with shuffle",
    );
    expect(make({ batchSampler: [[1]], dropLast: true })).toThrow(
      "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last",
    );
    expect(make({ batchSize: null, dropLast: true })).toThrow(
      "batch_size=None option disables auto-batching and is mutually exclusive with drop_last",
    );
    expect(make({ shuffle: true }, new Stream())).toThrow(
      "DataLoader with IterableDataset: expected unspecified shuffle option",
    );
    expect(make({ sampler: [1] }, new Stream())).toThrow("expected unspecified sampler option");
    expect(make({ numWorkers: -1 })).toThrow("num_workers option should be non-negative");
    expect(make({}, 7 as never)).toThrow("expected a dataset, but got number");
    expect(() => new data.WeightedRandomSampler([1, 2], 0)).toThrow(
      "num_samples should be a positive integer value",
    );
    expect(() => new data.WeightedRandomSampler(torch.ones(2, 2), 1)).toThrow(
      "weights should be a 1d sequence but given weights have shape [2, 2]",
    );
    expect(() => [...new data.WeightedRandomSampler([Number.NaN, 1], 1)]).toThrow(torch.RuntimeError);
  });
});
