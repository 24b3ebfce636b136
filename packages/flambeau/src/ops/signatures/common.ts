// Signatures: what the signatures of all families share.
// Floor L4 (ops), types only.

import type { Scalar } from "../../base/dtype.ts";
import type { Broadcast, Promote, ResultType, ScalarDType, Weak } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf } from "../../tensor/tensor.ts";

/** What an op takes beside a tensor: another one, or a number. */
export type Operand = AnyTensor | Scalar;

/** The shape of an operand; numbers are 0-d. */
export type Extents<Y> = Y extends AnyTensor ? ShapeOf<Y> : [];
export type DTypes<X, Y> = X extends AnyTensor
  ? Y extends AnyTensor
    ? ResultType<ShapeOf<X>, DtOf<X>, ShapeOf<Y>, DtOf<Y>>
    : Weak<DtOf<X>, ScalarDType<Y>>
  : Y extends AnyTensor
    ? Weak<DtOf<Y>, ScalarDType<X>>
    : Promote<ScalarDType<X>, ScalarDType<Y>>;

/**
 * Further arguments of a function form; more than there ever are when it is called as a method. With that, a mistake in
 * a method call is reported by the method form alone, where both forms take the same number of arguments.
 */
export type Unless<T, Rest extends readonly unknown[]> = T extends AnyTensor
  ? [never, never, never, never, never, never, never, never, never]
  : Rest;

/** No options given. */
export type NoOptions = Record<never, never>;
/** The common shape of two operands. */
export type Both<X, Y, Name extends string> = Broadcast<Extents<X>, Extents<Y>, Name>;
