// A pass that another loader goes on with: the same batches, the same random numbers, the same next pass.

import { describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import { Noise } from "./workers/random.ts";
import { Count } from "./workers/stream.ts";

const { data } = torch;
// A worker reads the library's sources anew, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const url = (name: string): URL => new URL(`./workers/${name}.ts`, import.meta.url);
const plain = (batch: unknown): unknown =>
  torch.isTensor(batch) ? batch.tolist() : Array.isArray(batch) ? batch.map(plain) : batch;

type Loader = torch.data.DataLoader<unknown>;
interface State {
  readonly loader: torch.data.LoaderState;
  readonly rng: torch.AnyTensor;
}
/** For comparisons. */
const shown = (state: torch.data.LoaderState): unknown =>
  JSON.parse(JSON.stringify(state, (_, x: unknown) => (torch.isTensor(x) ? x.tolist() : x)));
const save = (loader: Loader): State => ({ loader: loader.stateDict(), rng: torch.getRngState() });
const load = (loader: Loader, state: State): void => {
  loader.loadStateDict(state.loader);
  torch.setRngState(state.rng as never);
};

/** What a training program sees from here on: batches and random numbers of the rest of this pass, and of another one. */
function rest(loader: Loader, batches: Iterator<unknown> = loader[Symbol.iterator]()): unknown[] {
  const seen: unknown[] = [];
  for (const pass of [{ [Symbol.iterator]: () => batches }, loader])
    for (const batch of pass) seen.push(plain(batch), torch.rand(1).item());
  return seen;
}

/** Stops after `k` batches, and compares going on here with going on in a loader that is made anew. */
function check(make: () => Loader, k: number, workers = false): void {
  torch.manualSeed(3);
  const loader = make();
  // The second pass, so that generators are somewhere in their streams. Workers take their time to start.
  if (!workers) for (const _ of loader) torch.rand(1);
  const batches = loader[Symbol.iterator]();
  for (let i = 0; i < k; i++) {
    batches.next();
    torch.rand(1);
  }
  const state = save(loader);
  // Asking for the state changes nothing, and a state can be asked for again before it is used.
  expect(shown(loader.stateDict())).toEqual(shown(state.loader));
  const here = rest(loader, batches);
  torch.manualSeed(99);
  const other = make();
  if (!workers) for (const _ of other) break;
  torch.rand(5);
  load(other, state);
  expect(shown(other.stateDict())).toEqual(shown(state.loader));
  expect(rest(other)).toEqual(here);
}

const X = torch.arange(22, { dtype: "float32" }).view(11, 2);
const numbers = Array.from({ length: 11 }, (_, i) => i);
const seeded = (): torch.Generator => new torch.Generator().manualSeed(8);

/** Knows where it is by itself. */
class Tape extends data.IterableDataset<number> {
  at = 0;
  override *[Symbol.iterator](): Iterator<number> {
    while (this.at < 11) yield this.at++;
    this.at = 0;
  }
  stateDict(): number {
    return this.at;
  }
  loadStateDict(at: number): void {
    this.at = at;
  }
}

const kinds: Record<string, () => Loader> = {
  "in order": () => new data.DataLoader(X, { batchSize: 3 }),
  shuffled: () => new data.DataLoader(new data.TensorDataset(X), { batchSize: 3, shuffle: true }),
  "single examples": () => new data.DataLoader(numbers, { batchSize: null, shuffle: true }),
  "a generator of its own": () =>
    new data.DataLoader(X, { batchSize: 2, shuffle: true, generator: seeded() }),
  "with replacement": () =>
    new data.DataLoader(numbers, {
      batchSize: 7,
      sampler: new data.RandomSampler(numbers, { replacement: true, numSamples: 80, generator: seeded() }),
    }),
  "several permutations": () =>
    new data.DataLoader(numbers, {
      batchSize: 4,
      sampler: new data.RandomSampler(numbers, { numSamples: 27, generator: seeded() }),
    }),
  "a subset, from the default generator": () =>
    new data.DataLoader(numbers, { batchSize: 2, sampler: new data.SubsetRandomSampler([1, 5, 7, 9, 10]) }),
  weighted: () =>
    new data.DataLoader(numbers, {
      batchSize: 2,
      sampler: new data.WeightedRandomSampler([1, 2, 3, 4], 9, { generator: seeded() }),
    }),
  "a batch sampler": () =>
    new data.DataLoader(numbers, {
      batchSampler: new data.BatchSampler(new data.RandomSampler(numbers, { generator: seeded() }), 3, true),
    }),
  "examples that draw": () => new data.DataLoader(new Noise(), { batchSize: 1, shuffle: true }),
  "a stream": () => new data.DataLoader(new Count(), { batchSize: 4 }),
  "a stream that knows where it is": () => new data.DataLoader(new Tape(), { batchSize: 1 }),
};
describe.each(Object.entries(kinds))("%s", (_, make) => {
  test.each([1, 2, 3])("after %i batches", (k) => check(make, k));
});

describe("the ends of a pass", () => {
  const make = (): Loader => new data.DataLoader(X, { batchSize: 3, shuffle: true });
  test("after the last batch the pass has ended when it is gone on with", () => check(make, 4));
  test("between passes", () => {
    torch.manualSeed(1);
    const loader = make();
    for (const _ of loader);
    const state = save(loader);
    expect(state.loader.position).toBe(null);
    const here = rest(loader);
    const other = make();
    load(other, state);
    expect(rest(other)).toEqual(here);
  });
  test("a pass that was left is over", () => {
    const loader = make();
    for (const _ of loader) break;
    expect(loader.stateDict().position).toBe(null);
  });
});

describe("workers", () => {
  const workers: Record<string, () => Loader> = {
    "a dataset of tensors": () => new data.DataLoader(X, { batchSize: 2, shuffle: true, numWorkers: 2 }),
    "examples that draw": () =>
      new data.DataLoader(new Noise(), { batchSize: 1, numWorkers: 2, workerModule: url("random") }),
    "a stream": () =>
      new data.DataLoader(new Count(), { batchSize: 2, numWorkers: 2, workerModule: url("stream") }),
    "a generator of its own": () =>
      new data.DataLoader(numbers, {
        batchSize: 2,
        shuffle: true,
        generator: seeded(),
        numWorkers: 2,
        workerModule: url("squares"),
      }),
  };
  test.each(Object.entries(workers))("%s", (_, make) => check(make, 3, true));
});

describe("states that do not fit", () => {
  const state = (k: number, options: torch.data.DataLoaderOptions): torch.data.LoaderState => {
    const loader = new data.DataLoader(X, options);
    const batches = loader[Symbol.iterator]();
    for (let i = 0; i < k; i++) batches.next();
    return loader.stateDict();
  };
  test("another number of generators or workers, nonsense", () => {
    const loader = new data.DataLoader(X, {});
    expect(() => loader.loadStateDict(state(1, { shuffle: true, generator: seeded() }))).toThrow(
      "DataLoader: the state is one of a loader with 1 generators of its own; this one has 0",
    );
    expect(() => loader.loadStateDict({ ...state(1, {}), counts: [1], workers: [null] })).toThrow(
      "DataLoader: the state is one of a loader with numWorkers=1; this one has 0",
    );
    expect(() => loader.loadStateDict({ ...state(1, {}), position: -1 })).toThrow(
      /must be a number of batches/,
    );
  });
});
