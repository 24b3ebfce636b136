// Signatures: the forms in place, which follow from a tag on the signature.
// Floor L4 (ops), types only.

import type { Fits, InPlace } from "../../base/types/index.ts";
import type { AnyTensor, ShapeOf } from "../../tensor/tensor.ts";
import type { Extents, Operand } from "./common.ts";

/** Marks families whose ops have a form with a trailing underscore; `Family` is which one, see {@link InplaceOps}. */
export interface InPlaceTag<Family extends string> {
  readonly "~inplace": true;
  readonly "~family": Family;
}

/** `exp_`, `add_`, ... of the ops that are tagged so. */
export type InplaceOps<Ops> = {
  readonly [K in keyof Ops as Ops[K] extends { readonly "~inplace": true }
    ? `${K & string}_`
    : never]: InPlaceOf<Ops[K], `${K & string}_`>;
};
type InPlaceOf<F, Name extends string> = F extends { readonly "~family": "unary" }
  ? InPlaceUnary
  : F extends { readonly "~family": "binary" }
    ? InPlaceBinary<Name>
    : F extends { readonly "~args": infer Args extends readonly unknown[] }
      ? InPlaceArgs<Args>
      : never;

export type InPlaceUnary = <X extends AnyTensor>(this: X) => X;
/** The other operand must broadcast to this tensor's shape. */
export type InPlaceBinary<Name extends string> = <X extends AnyTensor, Y extends Operand>(
  this: X,
  other: Fits<InPlace<ShapeOf<X>, Extents<Y>, Name>, Y>,
  options?: { readonly alpha?: number; readonly roundingMode?: "trunc" | "floor" | null },
) => X;
export type InPlaceArgs<Args extends readonly unknown[]> = <X extends AnyTensor>(this: X, ...args: Args) => X;
