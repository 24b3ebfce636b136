// DataLoader with worker threads: the same batches in the same order as without, and errors that arrive.

import { afterEach, describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import { Noise } from "./workers/random.ts";
import { Squares } from "./workers/squares.ts";
import { Count } from "./workers/stream.ts";

type Tensor = torch.AnyTensor;
const { data } = torch;
const url = (name: string): URL => new URL(`./workers/${name}.ts`, import.meta.url);

const plain = (batch: unknown): unknown =>
  torch.isTensor(batch) ? [batch.dtype, batch.tolist()] : Array.isArray(batch) ? batch.map(plain) : batch;
const all = (loader: Iterable<unknown>): unknown[] => Array.from(loader, plain);

// A worker reads the library's sources anew, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

afterEach(() => {
  delete process.env["FAIL_IN_WORKER"];
  delete process.env["END_WORKER"];
});

describe("datasets of tensors", () => {
  const X: Tensor = torch.arange(33, { dtype: "float32" }).view(11, 3);
  const y: Tensor = torch.arange(11, { dtype: "int64" });
  const dataset = new data.TensorDataset(X, y);
  const both = new data.ConcatDataset<Tensor[]>([
    new data.Subset<Tensor[]>(dataset as unknown as torch.data.Dataset<Tensor[]>, [4, 0, 9]),
    dataset as unknown as torch.data.Dataset<Tensor[]>,
  ]);
  test.each([
    ["TensorDataset", dataset, { batchSize: 4 }],
    ["TensorDataset, shuffled", dataset, { batchSize: 2, shuffle: true }],
    ["TensorDataset, dropLast", dataset, { batchSize: 4, shuffle: true, dropLast: true }],
    ["Subset and ConcatDataset", both, { batchSize: 3, shuffle: true }],
    ["a tensor", X, { batchSize: 5 }],
    ["without batches", dataset, { batchSize: null }],
  ] as [string, torch.data.Source<unknown>, torch.data.DataLoaderOptions][])("%s", (_, source, options) => {
    const pass = (numWorkers: number): unknown => {
      torch.manualSeed(5);
      const loader = new data.DataLoader(source, {
        ...options,
        numWorkers,
        persistentWorkers: numWorkers > 0,
      });
      // Two passes, so that the seeds drawn for workers are seen in the second order.
      return [all(loader), all(loader), torch.rand(1).item()];
    };
    expect(pass(2)).toEqual(pass(0));
  });
  test("see changes made between passes", () => {
    const x = torch.zeros(4);
    const loader = new data.DataLoader(x, { batchSize: 4, numWorkers: 1 });
    expect(all(loader)).toEqual([["float32", [0, 0, 0, 0]]]);
    x.add_(1);
    expect(all(loader)).toEqual([["float32", [1, 1, 1, 1]]]);
  });
  test("with workers that stay", () => {
    const loader = new data.DataLoader(X, { batchSize: 2, numWorkers: 2, persistentWorkers: true });
    const first = all(loader);
    expect(all(loader)).toEqual(first);
    // A pass that is left early, and one inside of another, do not disturb the next.
    for (const _ of loader) break;
    for (const _ of loader) {
      expect(all(loader)).toEqual(first);
      break;
    }
    expect(all(loader)).toEqual(first);
  });
});

describe("datasets of a module", () => {
  test("a dataset of one's own", () => {
    const loader = (numWorkers: number): Iterable<unknown> =>
      new data.DataLoader(new Squares(), { batchSize: 3, numWorkers, workerModule: url("squares") });
    expect(all(loader(2))).toEqual(all(loader(0)));
  });
  test("a stream", () => {
    const loader = new data.DataLoader(new Count(), {
      batchSize: 2,
      numWorkers: 2,
      workerModule: url("stream"),
    });
    // Workers take turns, until each has come to its end.
    expect(all(loader)).toEqual([
      ["int32", [0, 2]],
      ["int32", [1, 3]],
      ["int32", [4, 6]],
      ["int32", [5, 7]],
      ["int32", [8]],
      ["int32", [9]],
    ]);
  });
  test("random numbers differ between workers and follow the seed", () => {
    const pass = (): unknown[] => {
      torch.manualSeed(1);
      return all(new data.DataLoader(new Noise(), { numWorkers: 2, workerModule: url("random") }));
    };
    const numbers = pass();
    expect(new Set(numbers.map((n) => JSON.stringify(n))).size).toBe(4);
    expect(pass()).toEqual(numbers);
  });
});

describe("what goes wrong", () => {
  test("an error in a worker", () => {
    process.env["FAIL_IN_WORKER"] = "1";
    const loader = new data.DataLoader(new Squares(), { numWorkers: 2, workerModule: url("squares") });
    expect(() => all(loader)).toThrow(/Caught IndexError in DataLoader worker 1[\s\S]*no example 7/);
  });
  test("a worker that ends", () => {
    process.env["END_WORKER"] = "1";
    const loader = new data.DataLoader(new Noise(), { numWorkers: 2, workerModule: url("random") });
    expect(() => all(loader)).toThrow("DataLoader worker 1 exited unexpectedly");
  });
  test("a module that is not there, or exports nothing", () => {
    const load = (name: string) => () =>
      all(new data.DataLoader(new Squares(), { numWorkers: 1, workerModule: url(name) }));
    expect(load("missing")).toThrow(/worker 0[\s\S]*missing\.ts/);
    expect(load("../data.test")).toThrow(/DataLoader worker 0/);
  });
  test("options that make no sense", () => {
    const make = (options: torch.data.DataLoaderOptions): unknown =>
      new data.DataLoader(new Squares(), options);
    expect(() => make({ numWorkers: -1 })).toThrow("num_workers option should be non-negative");
    expect(() => make({ prefetchFactor: 2 })).toThrow("prefetch_factor");
    expect(() => make({ numWorkers: 1, prefetchFactor: 0 })).toThrow("positive integer");
    expect(() => make({ persistentWorkers: true })).toThrow("persistent_workers");
    expect(() => make({ numWorkers: 1, timeout: -1 })).toThrow("timeout");
    expect(() => all(new data.DataLoader(new Squares(), { numWorkers: 1 }))).toThrow(
      "a Squares cannot be sent to another thread",
    );
  });
});
