// The typed signatures of op families. Each has two forms, tried in this order: the method `x.add(y)`, typed by `this`,
// and the function `torch.add(x, y)`. A rule that fails turns the type of the argument into the sentence to read.
// Floor L4 (ops), types only.

export type {
  FftnOp,
  FftOp,
  FftOptions,
  GradientOp,
  GradientOptions,
  SegmentOp,
  SegmentOptions,
  ShiftOp,
  TrapezoidOp,
  TrapezoidOptions,
} from "./signatures/analysis.ts";
export type { Operand } from "./signatures/common.ts";
export type {
  AddLike,
  Binary,
  BinaryEither,
  BinaryFloat,
  Clamp,
  Compare,
  Division,
  DivisionOptions,
  Ternary,
  Unary,
  UnaryBool,
  UnaryFloat,
  Where,
} from "./signatures/elementwise.ts";
export type {
  ByDefault,
  ClassLossFn,
  LabelLossFn,
  LossOptions,
  Lost,
  MultiMarginFn,
  NativeBatchNormFn,
  NativeLayerNormFn,
  PairLossFn,
  PerExample,
  ReductionMode,
  SameFn,
  TripleLossFn,
  TripletLossFn,
  VectorLossFn,
} from "./signatures/functional.ts";
export type {
  InPlaceArgs,
  InPlaceBinary,
  InPlaceTag,
  InPlaceUnary,
  InplaceOps,
} from "./signatures/inplace.ts";
export type { LinalgFn } from "./signatures/linalg.ts";
export type { CatOp, ChunkOp, StackOp, UnbindOp } from "./signatures/lists.ts";
export type {
  AddProductOp,
  AddProductOptions,
  CrossOp,
  InnerOp,
  KronOp,
  OuterOp,
  TensordotOp,
  VecdotOp,
} from "./signatures/more-products.ts";
export type {
  ExpandOp,
  FlattenOp,
  NarrowOp,
  PermuteOp,
  ReshapeOp,
  SelectOp,
  SqueezeOp,
  TOp,
  TransposeOp,
  UnsqueezeOp,
} from "./signatures/movement.ts";
export type {
  AminmaxOp,
  ArgsortOp,
  CumulativePair,
  ExtremumOp,
  KthOp,
  MedianOp,
  PickOp,
  SortOp,
  SortOptions,
  TopkOp,
  TopkOptions,
} from "./signatures/order.ts";
export type { CloneOp, Like, LikeOptions, OpFn, ResultKind, SelfOp, ToOp } from "./signatures/plain.ts";
export type {
  BinaryFloatEither,
  BinaryFloatTensors,
  BinaryTensors,
  BinaryTensorsOnly,
  CompareTensors,
  FloatOfTwo,
  Frexp,
  LogitOp,
  Predicate,
  UnaryFloatOnly,
  UnaryFloatWith,
  UnaryWith,
} from "./signatures/pointwise.ts";
export type { LinearOp, MatMulOp } from "./signatures/products.ts";
export type {
  AlongDim,
  Dims,
  KeepdimOption,
  ReduceOptions,
  ReduceRule,
  Reduction,
  ReductionBool,
  ReductionIndex,
  ReductionSame,
} from "./signatures/reduce.ts";
export type {
  CdistOp,
  CdistOptions,
  CosineOp,
  CovarianceOptions,
  DistOp,
  NormOp,
  PairwiseOp,
  PairwiseOptions,
  PdistOp,
  VarianceMeanOp,
  VarianceOp,
  VarianceOptions,
} from "./signatures/statistics.ts";
export type {
  AdaptiveAvgPoolOp,
  AdaptiveMaxPoolOp,
  AvgPoolOp,
  ConvOp,
  ConvTransposeOp,
  FoldOp,
  FractionalMaxPoolOp,
  GridSampleOp,
  InterpolateOp,
  MaxPoolOp,
  MaxPoolWithIndicesOp,
  MaxUnpoolOp,
  PadOp,
  UnfoldOp,
} from "./signatures/windows.ts";
