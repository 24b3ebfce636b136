// The batches of a dataset, as the loader and its workers make them.
// Floor L5 (data).

import { defaultCollate } from "./collate.ts";
import { Dataset } from "./dataset.ts";
import type { MapStyle } from "./types.ts";

/** Makes a batch of examples. */
export type CollateFn<T, B> = (examples: T[]) => B;
export type AnyCollate = CollateFn<unknown, unknown> | null;

/** The batch of the listed examples. */
export function batchOf(
  dataset: MapStyle<unknown>,
  indices: readonly number[],
  collateFn: AnyCollate,
): unknown {
  const batch = !collateFn && dataset instanceof Dataset ? dataset.gather(indices) : null;
  if (batch !== null) return batch;
  const examples = indices.map((i) => dataset.at(i));
  return collateFn ? collateFn(examples) : defaultCollate(examples);
}

/** One example. Without batches PyTorch hands collate_fn the example itself. */
export const exampleOf = (example: unknown, collateFn: AnyCollate): unknown =>
  collateFn ? (collateFn as (example: unknown) => unknown)(example) : example;

/** A stream in batches, or as it is for `batchSize` null. */
export function* streamed(
  dataset: Iterable<unknown>,
  batchSize: number | null,
  dropLast: boolean,
  collateFn: AnyCollate,
): IterableIterator<unknown> {
  if (batchSize === null) {
    for (const example of dataset) yield exampleOf(example, collateFn);
    return;
  }
  let examples: unknown[] = [];
  const collate = collateFn ?? defaultCollate;
  for (const example of dataset) {
    examples.push(example);
    if (examples.length < batchSize) continue;
    yield collate(examples);
    examples = [];
  }
  if (examples.length > 0 && !dropLast) yield collate(examples);
}
