// Signatures: functions of neural networks. They are functions only, so each has one form.
// Floor L4 (ops), types only.

import type { Broadcast, Fits, Ok, Shape } from "../../base/types/index.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../../tensor/tensor.ts";

/** The same shape and dtype, whatever the further arguments. */
export type SameFn<Args extends readonly unknown[] = []> = <X extends AnyTensor>(
  x: X,
  ...args: Args
) => Tensor<ShapeOf<X>, DtOf<X>>;

/** What a loss does with the losses of the elements: nothing, their mean, their sum. */
export type ReductionMode = "none" | "mean" | "sum";
/** Options of losses without others. */
export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: ReductionMode;
}
/** The shape of a loss called with options `O`: 0-d, or the shape `S` of the elements without a reduction. */
export type Lost<O, S> = O extends { readonly reduction?: infer R }
  ? unknown extends R
    ? []
    : [R] extends ["none"]
      ? S
      : "none" extends R
        ? Shape
        : []
  : [];
/** The options of a call without any. */
export type ByDefault<Options> = Options & { readonly reduction?: "mean" };
type Two<X, Y, Name extends string> = Broadcast<ShapeOf<X>, ShapeOf<Y>, Name>;

/** A loss of elements against elements, which broadcast. */
export type PairLossFn<Name extends string, Options extends object = LossOptions> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input: X,
  target: Fits<Two<X, Y, Name>, Y>,
  options?: O,
) => Tensor<Lost<O, Ok<Two<X, Y, Name>>>, DtOf<X>>;

/** Without a reduction, the shape of classes for each example: the input's without the dimension of the classes. */
export type PerExample<S> = S extends readonly [infer N, unknown, ...infer Rest]
  ? [N, ...Rest]
  : S extends readonly [unknown]
    ? []
    : Shape;
/** A loss of scores of classes against classes. */
export type ClassLossFn<Options extends object> = <
  X extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input: X,
  target: AnyTensor,
  options?: O,
) => Tensor<Lost<O, PerExample<ShapeOf<X>>>, DtOf<X>>;

type Three<X, Y, Z, Name extends string> = Broadcast<Ok<Two<X, Y, Name>>, ShapeOf<Z>, Name>;
/** A loss of three tensors, which broadcast. */
export type TripleLossFn<Name extends string, Options extends object = LossOptions> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  Z extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input1: X,
  input2: Fits<Two<X, Y, Name>, Y>,
  target: Fits<Three<X, Y, Z, Name>, Z>,
  options?: O,
) => Tensor<Lost<O, Ok<Three<X, Y, Z, Name>>>, DtOf<X>>;

type Lead<S> = S extends readonly [...infer L, unknown] ? L : Shape;
/** A loss of pairs of vectors, one for each pair. */
export type VectorLossFn<Options extends object> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  Z extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input1: X,
  input2: Y,
  target: Z,
  options?: O,
) => Tensor<Lost<O, ShapeOf<Z>>, DtOf<X>>;
/** A loss of three batches of vectors, one for each triple. */
export type TripletLossFn<Name extends string, Options extends object> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  Z extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  anchor: X,
  positive: Fits<Two<X, Y, Name>, Y>,
  negative: Fits<Three<X, Y, Z, Name>, Z>,
  options?: O,
) => Tensor<Lost<O, Lead<Ok<Three<X, Y, Z, Name>>>>, DtOf<X>>;
/** A loss of scores of classes against several classes, one for each example. */
export type LabelLossFn<Options extends object = LossOptions> = <
  X extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input: X,
  target: AnyTensor,
  options?: O,
) => Tensor<Lost<O, Lead<ShapeOf<X>>>, DtOf<X>>;
/** A loss of scores of classes against one class for each example. */
export type MultiMarginFn<Options extends object> = <
  X extends AnyTensor,
  Y extends AnyTensor,
  const O extends Options = ByDefault<Options>,
>(
  input: X,
  target: Y,
  options?: O,
) => Tensor<Lost<O, ShapeOf<Y>>, DtOf<X>>;

type Maybe = AnyTensor | null | undefined;
type Normed<X extends AnyTensor> = readonly [
  result: Tensor<ShapeOf<X>, DtOf<X>>,
  mean: Tensor<Shape, DtOf<X>>,
  scale: Tensor<Shape, DtOf<X>>,
];
export type NativeBatchNormFn = <X extends AnyTensor>(
  x: X,
  weight: Maybe,
  bias: Maybe,
  runningMean: Maybe,
  runningVar: Maybe,
  training: boolean,
  momentum: number,
  eps: number,
) => Normed<X>;
export type NativeLayerNormFn = <X extends AnyTensor>(
  x: X,
  normalizedShape: readonly number[],
  weight: Maybe,
  bias: Maybe,
  eps: number,
) => Normed<X>;

/** One step of a recurrent cell: the next state. */
export type CellFn = <H extends AnyTensor>(
  x: AnyTensor,
  h: H,
  weightIh: AnyTensor,
  weightHh: AnyTensor,
  biasIh?: Maybe,
  biasHh?: Maybe,
) => Tensor<ShapeOf<H>, DtOf<H>>;
/** One step of an LSTM: the next hidden state and cell state. */
export type LstmCellFn = <H extends AnyTensor>(
  x: AnyTensor,
  state: readonly [h: H, c: AnyTensor],
  weightIh: AnyTensor,
  weightHh: AnyTensor,
  biasIh?: Maybe,
  biasHh?: Maybe,
) => [h: Tensor<ShapeOf<H>, DtOf<H>>, c: Tensor<ShapeOf<H>, DtOf<H>>];
