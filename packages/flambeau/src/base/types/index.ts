// Shape rules as types: what each op does to shapes and dtypes, with failures as readable sentences.
// Floor L0 (base), types only.

export type { Add, Div, DivMod, Less, Mod, Mul, Numel, Sub } from "./arithmetic.ts";
export type { Broadcast, Expand, InPlace, Linear, MatMul } from "./broadcast.ts";
export type {
  Alike,
  At,
  Differ,
  Dim,
  Drop,
  Fail,
  Fits,
  InsertAt,
  Is,
  Ok,
  Rank,
  Same,
  SetAt,
  Shape,
  Show,
  Then,
  Unknowns,
} from "./core.ts";
export type { Distances } from "./distances.ts";
export type { FloatResult, Promote, ResultType, ScalarDType, SumResult, Weak } from "./dtypes.ts";
export type { Cat, Stack } from "./join.ts";
export type {
  BatchLayer,
  CellLayer,
  ConvLayer,
  ConvTransposeLayer,
  FeatureLayer,
  GroupLayer,
  HalfLayer,
  InstanceLayer,
  PadLayer,
  RecurrentLayer,
  RecurrentState,
  RowsLayer,
  StrictPadLayer,
  UnflattenLayer,
  UpsampleLayer,
} from "./layers.ts";
export type {
  Determinant,
  Exchanged,
  LeftVectors,
  Matrices,
  PerRow,
  RightVectors,
  Singular,
  Solve,
  SolveMatrices,
  Square,
  UpperFactor,
} from "./linalg.ts";
export type {
  AtLeast,
  Diag,
  DiagEmbed,
  Diagonal,
  MoveDim,
  Repeat,
  Reversed,
  StackKind,
  TransposedLast,
  TransposeLast,
  Unfold,
} from "./moves.ts";
export type { NestedShape } from "./nested.ts";
export type { Quantiles, Topk } from "./order.ts";
export type {
  AddMatrix,
  AddOuter,
  AddStack,
  AddStackSum,
  AddVector,
  Cross,
  Inner,
  Kron,
  Outer,
  TensorDot,
} from "./products.ts";
export type { Reduce } from "./reduce.ts";
export type { Flatten, Reshape } from "./reshape.ts";
export type { Narrow, Permute, Select, Squeeze, Transpose, TransposeMatrix, Unsqueeze } from "./views.ts";
export type { AdaptivePool, Conv, ConvTranspose, Pad, Pool, Resize, Spatial } from "./windows.ts";
