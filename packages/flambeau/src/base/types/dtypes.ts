// Promotion of element types.
// Floor L0 (base), types only. Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

import type { DType } from "../dtype.ts";
import type { Rank } from "./core.ts";

/** What each dtype becomes beside another: bool < uint8 < int32 < int64 < float32 < float64. */
interface Below {
  bool: never;
  uint8: "bool";
  int32: "bool" | "uint8";
  int64: "bool" | "uint8" | "int32";
  float32: "bool" | "uint8" | "int32" | "int64";
  float64: "bool" | "uint8" | "int32" | "int64" | "float32";
}

type Known<D> = 0 extends 1 & D ? DType : D extends DType ? D : never;

/** `torch.promote_types`. */
export type Promote<A, B> = PromoteKnown<Known<A>, Known<B>>;
type PromoteKnown<A extends DType, B extends DType> = A extends DType
  ? B extends A | Below[A]
    ? A
    : B
  : never;

/** The dtype of a result that is always floating point: integers and bool give float32. */
export type FloatResult<D> = FloatKnown<Known<D>>;
type FloatKnown<D extends DType> = D extends "float64" ? "float64" : "float32";

/** The dtype of a sum: integers and bool are summed in the default integer type. */
export type SumResult<D> = SumKnown<Known<D>>;
type SumKnown<D extends DType> = D extends "bool" | "uint8" ? "int32" : D;

interface Kinds {
  bool: "bool";
  uint8: "int";
  int32: "int";
  int64: "int";
  float32: "float";
  float64: "float";
}

/** The dtype that a JavaScript value stands for beside tensors; both candidates where a number is not a literal. */
export type ScalarDType<V> = V extends boolean
  ? "bool"
  : V extends bigint
    ? "int64"
    : V extends number
      ? number extends V
        ? "int32" | "float32"
        : `${V}` extends `${string}.${string}` | `${string}e-${string}`
          ? `${V}` extends `${string}e+${string}`
            ? "int32"
            : "float32"
          : "int32"
      : never;

/** An operand that counts less (a number, or a 0-d tensor beside one with dimensions) changes only the category. */
export type Weak<Strong, Lesser> = WeakKnown<Known<Strong>, Known<Lesser>>;
type WeakKnown<A extends DType, B extends DType> = A extends DType
  ? B extends DType
    ? Kinds[A] extends Kinds[B]
      ? A
      : PromoteKnown<A, B>
    : never
  : never;

/** `torch.result_type` of two tensors, by shape and dtype. */
export type ResultType<SA, DA, SB, DB> = [DA, DB] extends [DB, DA]
  ? Known<DA>
  : number extends Rank<SA> | Rank<SB>
    ? Weak<DA, DB> | Weak<DB, DA>
    : SA extends readonly []
      ? SB extends readonly []
        ? Promote<DA, DB>
        : Weak<DB, DA>
      : SB extends readonly []
        ? Weak<DA, DB>
        : Promote<DA, DB>;
