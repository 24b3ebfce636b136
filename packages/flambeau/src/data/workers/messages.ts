// What goes between the loader and its workers: requests, and batches whose tensors are moved, not copied.
// Floor L5 (data).

import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, isTensor } from "../../tensor/tensor.ts";
import type { SharedDataset } from "./share.ts";

/** What a worker is started with. */
export interface WorkerStart {
  readonly id: number;
  readonly numWorkers: number;
  /** A dataset in shared memory, or null for that of `module`. */
  readonly dataset: SharedDataset | null;
  /** The module that makes the dataset, if the user gave one. */
  readonly module: string | null;
  readonly streaming: boolean;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  /** Element 0 counts answers; element 1 + id is 1 once worker `id` has ended. */
  readonly signals: SharedArrayBuffer;
}

/** What is asked of a worker: to start a pass, or for a batch. */
export type Request =
  | {
      readonly kind: "pass";
      readonly seed: bigint;
      /** Batches of a stream that were given out before, in another process. */
      readonly given: number;
      /** Where its generator was then; null: as seeded. */
      readonly state: Uint8Array | null;
    }
  | { readonly kind: "batch"; readonly number: number; readonly indices: readonly number[] | number | null };

/** What it answers. */
export type Answer =
  | {
      readonly kind: "batch";
      readonly number: number;
      readonly batch: unknown;
      /** The state of the worker's generator, if it was drawn from. */
      readonly state: Uint8Array | null;
    }
  | { readonly kind: "end"; readonly number: number }
  | { readonly kind: "error"; readonly number: number; readonly name: string; readonly text: string };

const mark = "~tensor";

interface PackedTensor {
  readonly [mark]: true;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

const isPlain = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
};

/** The same value with tensors in a form that can be sent; their memory is added to `transfer`. */
export function pack(value: unknown, transfer: ArrayBuffer[]): unknown {
  if (isTensor(value)) {
    const data = value.toTypedArray();
    // A small array may lie in memory that others use too.
    const own = data.byteLength === data.buffer.byteLength ? data : data.slice();
    transfer.push(own.buffer as ArrayBuffer);
    return { [mark]: true, shape: value.shape, dtype: value.dtype, data: own } satisfies PackedTensor;
  }
  if (Array.isArray(value)) return value.map((x) => pack(x, transfer));
  if (typeof value === "object" && value !== null && isPlain(value))
    return Object.fromEntries(Object.entries(value).map(([k, x]) => [k, pack(x, transfer)]));
  return value;
}

/** The value that was packed. */
export function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  if (mark in value) {
    const { data, shape, dtype } = value as PackedTensor;
    return fresh(data, shape, dtype) as AnyTensor;
  }
  return Object.fromEntries(Object.entries(value).map(([k, x]) => [k, unpack(x)]));
}
