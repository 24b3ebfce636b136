// DataLoader, samplers and splits draw PyTorch's random numbers: conformance/fixtures/random/data_loading.json.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import * as torch from "../../src/index.ts";

interface Case {
  id: number;
  what: string;
  seed: number;
  n: number;
  batch_size: number;
  shuffle: boolean;
  drop_last?: boolean;
  epochs: unknown[];
  splits?: number[][];
  first: number[];
  rest: number[][];
  rand_after: { data: number[] };
  rand_after_first_batch: { data: number[] };
}

const file = new URL("../../../../conformance/fixtures/random/data_loading.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lists = (loader: Iterable<torch.AnyTensor>): number[][] =>
  Array.from(loader, (batch) => batch.tolist());
const generator = (seed: number): torch.Generator => new torch.Generator().manualSeed(seed);

/** What a case of the fixture asks for, by its name. */
function run(c: Case): void {
  const loader = (g?: torch.Generator) =>
    new data.DataLoader(range(c.n), {
      batchSize: c.batch_size,
      shuffle: c.shuffle,
      dropLast: c.drop_last ?? false,
      ...(g && { generator: g }),
    });
  const epochs = (sampler: Iterable<unknown>): void =>
    expect(c.epochs.map(() => [...sampler])).toEqual(c.epochs);
  const randomSampler = /^RandomSampler(?:\((.*)\))?$/.exec(c.what);
  if (c.what.startsWith("DataLoader: draws")) {
    const batches = loader()[Symbol.iterator]() as IterableIterator<torch.AnyTensor>;
    expect(batches.next().value.tolist()).toEqual(c.first);
    expect(torch.forkRng(() => torch.rand(1)).tolist()).toEqual(
      c.rand_after_first_batch.data.map(Math.fround),
    );
    torch.rand(1);
    expect(lists(batches)).toEqual(c.rest);
  } else if (c.what.startsWith("DataLoader")) {
    const l = loader(c.what.includes("generator") ? generator(7) : undefined);
    expect(c.epochs.map(() => lists(l as Iterable<torch.AnyTensor>))).toEqual(c.epochs);
  } else if (randomSampler) {
    const numSamples = /num_samples=(\d+)/.exec(c.what)?.[1];
    const replacement = c.what.includes("replacement=True");
    epochs(
      new data.RandomSampler(range(c.n), {
        replacement,
        ...(numSamples && { numSamples: Number(numSamples) }),
      }),
    );
  } else if (c.what.startsWith("SubsetRandomSampler")) epochs(new data.SubsetRandomSampler([3, 1, 4, 5, 9]));
  else if (c.what.startsWith("WeightedRandomSampler"))
    epochs(
      new data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, {
        replacement: c.what.includes("=True"),
      }),
    );
  else if (c.what.startsWith("random_split(range(10)"))
    expect(data.randomSplit(range(10), [7, 3], { generator: generator(c.seed) }).map((s) => [...s])).toEqual(
      c.splits,
    );
  else if (c.what.startsWith("random_split(range(11)"))
    expect(data.randomSplit(range(11), [0.5, 0.3, 0.2]).map((s) => [...s])).toEqual(c.splits);
  else throw new Error(`no way to run ${c.what}`);
}

describe("data_loading.json", () => {
  test.each(cases.map((c) => [`${c.id} ${c.what}, seed ${c.seed}`, c] as const))("%s", (_, c) => {
    torch.manualSeed(c.seed);
    run(c);
    if (c.rand_after) expect(torch.rand(1).tolist()).toEqual(c.rand_after.data.map(Math.fround));
  });
});
