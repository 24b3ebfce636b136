// Signatures: matrix products.
// Floor L4 (ops), types only.

import type { Broadcast, Differ, Fail, Fits, Linear, MatMul, Ok } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";
import type { Extents } from "./common.ts";

type Product<X, Y, Name extends string> =
  Differ<DtOf<X>, DtOf<Y>> extends true
    ? Fail<`${Name}: expected both tensors to have the same dtype, but got ${DtOf<X> & string} and ${DtOf<Y> & string}`>
    : MatMul<ShapeOf<X>, ShapeOf<Y>, Name>;

/** Products of vectors, matrices and stacks of matrices. */
export interface MatMulOp<Name extends string = "matmul"> {
  <X extends AnyTensor, Y extends AnyTensor>(
    this: X,
    other: Fits<Product<X, Y, Name>, Y>,
  ): Tensor<Ok<Product<X, Y, Name>>, DtOf<X>>;
  <X extends AnyTensor, Y extends AnyTensor>(
    x: X,
    other: Fits<Product<X, Y, Name>, Y>,
  ): Tensor<Ok<Product<X, Y, Name>>, DtOf<X>>;
}

/** `linalg.matmul`, which is no method. */
export type LinalgMatMulOp = <X extends AnyTensor, Y extends AnyTensor>(
  x: X,
  other: Fits<Product<X, Y, "linalg.matmul">, Y>,
) => Tensor<Ok<Product<X, Y, "linalg.matmul">>, DtOf<X>>;

type Affine<X, W, Name extends string> = Linear<ShapeOf<X>, ShapeOf<W>, Name>;
/** `linear(x, weight, bias)`: `x @ weight^T + bias`; a function only, as in PyTorch. */
export type LinearOp<Name extends string = "linear"> = <
  X extends AnyTensor,
  W extends AnyTensor,
  B extends AnyTensor | null | undefined = undefined,
>(
  x: X,
  weight: Fits<Affine<X, W, Name>, W>,
  bias?: Fits<Broadcast<Ok<Affine<X, W, Name>>, Extents<B>, Name>, B>,
) => Tensor<Ok<Affine<X, W, Name>>, DtOf<X>>;
