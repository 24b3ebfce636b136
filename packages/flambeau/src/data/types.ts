// What datasets hold and what batches look like, as types.
// Floor L5 (data), types only.

import type { Shape } from "../base/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";

/** A dataset of examples that are looked up by number: {@link Dataset}, an array, a tensor, or anything alike. */
export interface MapStyle<T> {
  readonly length: number;
  at(index: number): T;
}

/** What a dataset holds. Arrays need a rule of their own: their `at` may give undefined. */
export type ExampleOf<D> = D extends readonly (infer T)[] ? T : D extends MapStyle<infer T> ? T : never;

type Rest<S> = S extends readonly [unknown, ...infer R] ? R : Shape;
type Batched<S> = S extends readonly unknown[]
  ? number extends S["length"]
    ? Shape
    : [number, ...S]
  : Shape;

/** One row of each tensor: the examples of a TensorDataset. */
export type Rows<T> = {
  -readonly [K in keyof T]: T[K] extends Tensor<infer S, infer D> ? Tensor<Rest<S>, D> : never;
};

/** Examples of type `T` put together by `defaultCollate`. */
export type Collated<T> =
  T extends Tensor<infer S, infer D>
    ? Tensor<Batched<S>, D>
    : T extends number
      ? Tensor<[number], "int32"> | Tensor<[number], "float64">
      : T extends boolean
        ? Tensor<[number], "bool">
        : T extends bigint
          ? Tensor<[number], "int64">
          : T extends string
            ? string[]
            : T extends ArrayBufferView
              ? AnyTensor
              : T extends readonly unknown[] | object
                ? { -readonly [K in keyof T]: Collated<T[K]> }
                : never;

/** The batches of a TensorDataset of the tensors `T`. */
export type Batch<T> = Collated<Rows<T>>;
