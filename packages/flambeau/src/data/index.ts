// Datasets, samplers, and the loader that goes through them in batches.
// Floor L5 (data). Source: https://pytorch.org/docs/stable/data.html

export { defaultCollate } from "./collate.ts";
export { ChainDataset, ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset } from "./dataset.ts";
export { type CollateFn, DataLoader, type DataLoaderOptions, type Source } from "./loader.ts";
export type { LoaderState } from "./pass.ts";
export { type ProgressOptions, type ProgressStream, progress } from "./progress.ts";
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from "./sampler.ts";
export { randomSplit } from "./split.ts";
export type { Batch, Collated, ExampleOf, MapStyle, Rows } from "./types.ts";
export { getWorkerInfo, serve, type WorkerInfo } from "./workers/serve.ts";
