// What nested data tells the type checker: the shape, the dtype, and whether it is rectangular.
// Floor L3 (tensor), types only.

import type { DType, Scalar, TypedArray } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import type { Fail, NestedShape, Ok, ScalarDType } from "../base/types/index.ts";
import type { AnyTensor, Tensor } from "./tensor.ts";

/** Typed arrays that tensors are made of. Those of a width that no dtype has are widened. */
export type AnyTypedArray =
  | TypedArray
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Float16Array;

/** The dtype that each kind of typed array becomes. */
export interface TypedArrayDTypes {
  Float64Array: "float64";
  Float32Array: "float32";
  Float16Array: "float32";
  BigInt64Array: "int64";
  Int32Array: "int32";
  Int16Array: "int32";
  Uint16Array: "int32";
  Int8Array: "int32";
  Uint8Array: "uint8";
  Uint8ClampedArray: "uint8";
}

/** What `torch.tensor` takes. A tensor inside a list must have one element, and stands for its value. */
export type NestedData = Scalar | AnyTypedArray | AnyTensor | readonly NestedData[];

// `NestedData extends V` ends each recursion below: the type checker asks for the widest data when it looks at the
// declarations themselves. It also answers for `any`.

/** The dtypes of the elements, as a union. */
type ElementDTypes<V> = NestedData extends V
  ? DType
  : V extends Scalar
    ? ScalarDType<V>
    : V extends { readonly [Symbol.toStringTag]: infer Name extends keyof TypedArrayDTypes }
      ? TypedArrayDTypes[Name]
      : V extends readonly (infer E)[]
        ? ElementDTypes<E>
        : V extends Tensor<infer _, infer D>
          ? D
          : never;

/** What a mixture is promoted to; the dtype of an empty list is the default one. */
type Highest<D, Order = ["float64", "float32", "int64", "int32", "uint8", "bool"]> = Order extends [
  infer First,
  ...infer Rest,
]
  ? First extends D
    ? First
    : Highest<D, Rest>
  : "float32";

/** Whether a number that is not a literal is among the elements, so that only the run time knows its dtype. */
type HasVagueNumber<V> = NestedData extends V
  ? true
  : V extends AnyTypedArray | AnyTensor
    ? false
    : V extends readonly (infer E)[]
      ? HasVagueNumber<E>
      : number extends V
        ? true
        : false;

/** The dtype of nested data; a union where it depends on the values of numbers that are not literals. */
export type NestedDType<V> =
  true extends HasVagueNumber<V> ? ElementDTypes<V> : Extract<Highest<ElementDTypes<V>>, DType>;

/** The shape of nested data. */
export type DataShape<V> = NestedData extends V
  ? Shape
  : V extends Tensor<infer S, infer _>
    ? S
    : V extends TypedArray
      ? [number]
      : Ok<NestedShape<V>>;

/** A sentence for the editor where the rows of a literal differ in length. */
export type Rectangular<V> = NestedData extends V
  ? unknown
  : NestedShape<V> extends Fail<infer M>
    ? M
    : unknown;
