// Shape rules: good, bad and degraded cases of each.

import type {
  Broadcast,
  Cat,
  Expand,
  Fail,
  Fits,
  Flatten,
  FloatResult,
  InPlace,
  Linear,
  MatMul,
  Narrow,
  NestedShape,
  Ok,
  Permute,
  Promote,
  Reduce,
  Reshape,
  ResultType,
  ScalarDType,
  Select,
  Shape,
  Show,
  Squeeze,
  Stack,
  SumResult,
  Transpose,
  TransposeMatrix,
  Unsqueeze,
} from "../../src/base/types/index.ts";
import type { Equal } from "./expect.ts";
import { check } from "./expect.ts";

// ---- results and messages
check<Equal<Show<[5, 200]>, "[5, 200]">>();
check<Equal<Show<[]>, "[]">>();
check<Equal<Show<[number, 2]>, "[number, 2]">>();
check<Equal<Ok<[2, 3]>, [2, 3]>>();
check<Equal<Ok<Fail<"no">>, Shape>>();
check<Equal<Fits<[2], "parameter">, "parameter">>();
check<Equal<Fits<Fail<"no">, "parameter">, "no">>();

// ---- broadcast
check<Equal<Broadcast<[5, 1], [1, 8]>, [5, 8]>>();
check<Equal<Broadcast<[3, 4], []>, [3, 4]>>();
check<Equal<Broadcast<[], []>, []>>();
check<Equal<Broadcast<[4], [2, 3, 1]>, [2, 3, 4]>>();
check<Equal<Broadcast<readonly [5, 1], [8]>, [5, 8]>>();
check<Equal<Broadcast<[0, 3], [1, 3]>, [0, 3]>>();
check<
  Equal<Broadcast<[5, 2], [8], "add">, Fail<"add: shapes [5, 2] and [8] cannot be broadcast together">>
>();
check<Equal<Broadcast<[0], [2]>, Fail<"broadcast: shapes [0] and [2] cannot be broadcast together">>>();
check<Equal<Broadcast<[number, 2], [3, 1]>, [3, 2]>>();
check<Equal<Broadcast<[number, 2], [1, 2]>, [number, 2]>>();
check<Equal<Broadcast<[number], [number]>, [number]>>();
check<Equal<Broadcast<Shape, [3, 1]>, Shape>>();
check<Equal<Broadcast<[3, 1], number[]>, Shape>>();
check<Equal<InPlace<[5, 200], [200], "add_">, [5, 200]>>();
check<
  Equal<
    InPlace<[200], [5, 200], "add_">,
    Fail<"add_: output with shape [200] doesn't match the broadcast shape [5, 200]">
  >
>();
check<
  Equal<
    InPlace<[1, 2], [3, 2], "add_">,
    Fail<"add_: output with shape [1, 2] doesn't match the broadcast shape [3, 2]">
  >
>();
check<Equal<InPlace<[number, 2], [3, 2], "add_">, [number, 2]>>();

// ---- expand
check<Equal<Expand<[1, 3], [4, -1]>, [4, 3]>>();
check<Equal<Expand<[1, 3], [2, 4, 3]>, [2, 4, 3]>>();
check<Equal<Expand<[], [2, 3]>, [2, 3]>>();
check<Equal<Expand<[2, 3], [4, 3]>, Fail<"expand: shape [2, 3] cannot be expanded to [4, 3]">>>();
check<Equal<Expand<[2, 3], [3]>, Fail<"expand: shape [2, 3] cannot be expanded to [3]">>>();
check<Equal<Expand<[3], [-1, 3]>, Fail<"expand: shape [3] cannot be expanded to [-1, 3]">>>();
check<Equal<Expand<[number, 3], [4, 3]>, [4, 3]>>();
check<Equal<Expand<Shape, [4, -1]>, [4, number]>>();
check<Equal<Expand<[1], number[]>, Shape>>();

// ---- matmul
check<Equal<MatMul<[5, 200], [200, 1]>, [5, 1]>>();
check<Equal<MatMul<[200], [200]>, []>>();
check<Equal<MatMul<[200], [4, 200, 7]>, [4, 7]>>();
check<Equal<MatMul<[4, 5, 6], [6]>, [4, 5]>>();
check<Equal<MatMul<[3, 1, 5, 200], [4, 200, 7]>, [3, 4, 5, 7]>>();
check<Equal<MatMul<[5, 200], [100, 1]>, Fail<"matmul: inner sizes differ: [5, 200] x [100, 1]">>>();
check<Equal<MatMul<[3], [4]>, Fail<"matmul: inner sizes differ: [3] x [4]">>>();
check<
  Equal<
    MatMul<[2, 5, 6], [3, 6, 7], "bmm">,
    Fail<"bmm: batch sizes cannot be broadcast: [2, 5, 6] x [3, 6, 7]">
  >
>();
check<Equal<MatMul<[], [3]>, Fail<"matmul: both arguments need to be at least 1D, but they are [] x [3]">>>();
check<Equal<MatMul<[number, 200], [200, 1]>, [number, 1]>>();
check<Equal<MatMul<[5, number], [200, 1]>, [5, 1]>>();
check<Equal<MatMul<[number, 5, 6], [number, 6, 7]>, [number, 5, 7]>>();
check<Equal<MatMul<Shape, [200, 1]>, Shape>>();
check<Equal<Linear<[32, 8, 200], [10, 200]>, [32, 8, 10]>>();
check<Equal<Linear<[200], [200]>, []>>();
check<
  Equal<
    Linear<[32, 100], [10, 200]>,
    Fail<"linear: an input of shape [32, 100] does not fit a weight of shape [10, 200] ([out, in])">
  >
>();

// ---- reductions
check<Equal<Reduce<[4, 5], undefined>, []>>();
check<Equal<Reduce<Shape, undefined>, []>>();
check<Equal<Reduce<[4, 5], null, true>, [1, 1]>>();
check<Equal<Reduce<[4, 5], []>, []>>();
check<Equal<Reduce<[4, 5, 6], 1>, [4, 6]>>();
check<Equal<Reduce<[4, 5, 6], -1, true>, [4, 5, 1]>>();
check<Equal<Reduce<[4, 5, 6], [0, -1]>, [5]>>();
check<Equal<Reduce<[4, 5, 6], readonly [0, -1], true>, [1, 5, 1]>>();
check<Equal<Reduce<[], 0>, []>>();
check<Equal<Reduce<[], -1, true>, []>>();
check<
  Equal<
    Reduce<[4, 5], 2, false, "mean">,
    Fail<"mean: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [4, 5]">
  >
>();
check<
  Equal<
    Reduce<[4, 5], -3>,
    Fail<"sum: Dimension out of range (expected to be in range of [-2, 1], but got -3) for shape [4, 5]">
  >
>();
check<
  Equal<
    Reduce<[4, 5], [0, -2]>,
    Fail<"sum: dim 0 appears multiple times in the list of dims, for shape [4, 5]">
  >
>();
check<Equal<Reduce<[4, number], 0>, [number]>>();
check<Equal<Reduce<[4, 5], number>, Shape>>();
check<Equal<Reduce<[4, 5], number, true>, [number, number]>>();
check<Equal<Reduce<[4, 5], number[]>, Shape>>();
check<Equal<Reduce<[4, 5], 0, boolean>, Shape>>();
check<Equal<Reduce<Shape, 0>, Shape>>();

// ---- movement
check<Equal<Permute<[2, 3, 4], [2, 0, -2]>, [4, 2, 3]>>();
check<Equal<Permute<[2, 3], [0, 0]>, Fail<"permute: repeated dim 0 in the dims [0, 0], for shape [2, 3]">>>();
check<
  Equal<
    Permute<[2, 3], [0]>,
    Fail<"permute: the number of dimensions of [2, 3] does not equal the length of the dims [0]">
  >
>();
check<Equal<Permute<[2, 3], number[]>, [number, number]>>();
check<Equal<Permute<Shape, [1, 0]>, [number, number]>>();
check<Equal<Transpose<[2, 3, 4], 0, -1>, [4, 3, 2]>>();
check<Equal<Transpose<[2, number], 0, 1>, [number, 2]>>();
check<Equal<Transpose<[2, 3], 0, number>, [number, number]>>();
check<
  Equal<
    Transpose<[2, 3], 0, 2>,
    Fail<"transpose: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [2, 3]">
  >
>();
check<Equal<Transpose<Shape, 0, 1>, Shape>>();
check<Equal<TransposeMatrix<[2, 3]>, [3, 2]>>();
check<Equal<TransposeMatrix<[2]>, [2]>>();
check<
  Equal<
    TransposeMatrix<[2, 3, 4]>,
    Fail<"t: expects a tensor with <= 2 dimensions, but self has shape [2, 3, 4]">
  >
>();
check<Equal<Unsqueeze<[2, 3], 0>, [1, 2, 3]>>();
check<Equal<Unsqueeze<[2, 3], -1>, [2, 3, 1]>>();
check<Equal<Unsqueeze<[2, 3], number>, [number, number, number]>>();
check<
  Equal<
    Unsqueeze<[2, 3], 3>,
    Fail<"unsqueeze: Dimension out of range (expected to be in range of [-3, 2], but got 3) for shape [2, 3]">
  >
>();
check<Equal<Squeeze<[2, 1, 3, 1]>, [2, 3]>>();
check<Equal<Squeeze<[2, 1, 3, 1], 1>, [2, 3, 1]>>();
check<Equal<Squeeze<[2, 1, 3, 1], 0>, [2, 1, 3, 1]>>();
check<Equal<Squeeze<[2, 1, 3, 1], [1, -1]>, [2, 3]>>();
check<Equal<Squeeze<[2, number]>, Shape>>();
check<Equal<Squeeze<[1, number], 0>, [number]>>();
check<
  Equal<
    Squeeze<[1], 1>,
    Fail<"squeeze: Dimension out of range (expected to be in range of [-1, 0], but got 1) for shape [1]">
  >
>();
check<Equal<Select<[5, 3], 0>, [3]>>();
check<Equal<Select<[5, 3], -1, 2>, [5]>>();
check<
  Equal<
    Select<[5, 3], 0, 5>,
    Fail<"select: index 5 is out of bounds for dimension with size 5 of shape [5, 3]">
  >
>();
check<
  Equal<
    Select<[5, 3], 0, -6>,
    Fail<"select: index -6 is out of bounds for dimension with size 5 of shape [5, 3]">
  >
>();
check<Equal<Select<[5, 3], number>, [number]>>();
check<Equal<Select<[], 0>, Fail<"select: cannot be applied to a 0-dim tensor">>>();
check<Equal<Narrow<[5, 3], 0, 1, 2>, [2, 3]>>();
check<Equal<Narrow<[5, 3], 0, -2, 2>, [2, 3]>>();
check<Equal<Narrow<[5, 3], 0, number, 2>, [2, 3]>>();
check<Equal<Narrow<[5, 3], 0, 1, number>, [number, 3]>>();
check<
  Equal<
    Narrow<[5, 3], 0, 4, 2>,
    Fail<"narrow: start (4) + length (2) exceeds dimension size (5) of shape [5, 3]">
  >
>();

// ---- reshape and flatten
check<Equal<Reshape<[4, 5], [20]>, [20]>>();
check<Equal<Reshape<[4, 5], [2, -1]>, [2, 10]>>();
check<Equal<Reshape<[4, 5], readonly [-1]>, [20]>>();
check<Equal<Reshape<[], [1, 1]>, [1, 1]>>();
check<
  Equal<
    Reshape<[4, 5], [3, -1]>,
    Fail<"reshape: shape '[3, -1]' is invalid for input of size 20 (input shape [4, 5])">
  >
>();
check<
  Equal<
    Reshape<[4, 5], [3, 7], "view">,
    Fail<"view: shape '[3, 7]' is invalid for input of size 20 (input shape [4, 5])">
  >
>();
check<Equal<Reshape<[4, 5], [-1, -1]>, Fail<"reshape: only one dimension can be inferred, got [-1, -1]">>>();
check<Equal<Reshape<[0, 5], [0, -1]>, [0, 5]>>();
check<
  Equal<
    Reshape<[2, 0], [0, -1]>,
    Fail<"reshape: cannot reshape [2, 0] into shape [0, -1]: -1 is ambiguous because it can be any value">
  >
>();
check<Equal<Reshape<[number, 4, 5], [-1, 20]>, [number, 20]>>();
check<Equal<Reshape<[number, 4, 5], [2, -1]>, [2, number]>>();
check<Equal<Reshape<[number, 4], [3, 8]>, [3, 8]>>();
check<Equal<Reshape<[4, 5], [number, 5]>, [number, 5]>>();
check<Equal<Reshape<Shape, [2, -1]>, [2, number]>>();
check<Equal<Reshape<[4, 5], number[]>, Shape>>();
check<Equal<Flatten<[2, 3, 4, 5]>, [120]>>();
check<Equal<Flatten<[2, 3, 4, 5], 1>, [2, 60]>>();
check<Equal<Flatten<[2, 3, 4, 5], 1, 2>, [2, 12, 5]>>();
check<Equal<Flatten<[], 0>, [1]>>();
check<Equal<Flatten<[number, 3, 4], 1>, [number, 12]>>();
check<Equal<Flatten<[number, 3, 4], 0, 1>, [number, 4]>>();
check<Equal<Flatten<[2, 3], 1, 0>, Fail<"flatten: startDim cannot come after endDim, for shape [2, 3]">>>();
check<Equal<Flatten<Shape, 1>, Shape>>();

// ---- cat and stack
check<Equal<Cat<[[2, 3], [4, 3]]>, [6, 3]>>();
check<Equal<Cat<[[2, 3], [2, 5], [2, 1]], -1>, [2, 9]>>();
check<Equal<Cat<[[0], [2, 3]]>, [2, 3]>>();
check<Equal<Cat<[[2, number], [number, 3]], 0>, [number, 3]>>();
check<Equal<Cat<[2, 3][], 0>, [number, 3]>>();
check<Equal<Cat<[[2, 3], Shape]>, Shape>>();
check<
  Equal<
    Cat<[[2, 3], [4, 5]]>,
    Fail<"cat: sizes of tensors must match except in dimension 0: got [2, 3] and [4, 5]">
  >
>();
check<
  Equal<Cat<[[2, 3], [4]]>, Fail<"cat: Tensors must have same number of dimensions: got [2, 3] and [4]">>
>();
check<
  Equal<
    Cat<[[2, 3], [2, 3]], 2>,
    Fail<"cat: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [2, 3]">
  >
>();
check<Equal<Cat<[]>, Fail<"cat: expected a non-empty list of Tensors">>>();
check<Equal<Cat<[[], []]>, Fail<"cat: zero-dimensional tensor cannot be concatenated">>>();
check<Equal<Stack<[[2, 3], [2, 3]]>, [2, 2, 3]>>();
check<Equal<Stack<[[2, 3], [2, 3]], -1>, [2, 3, 2]>>();
check<Equal<Stack<[2, 3][]>, [number, 2, 3]>>();
check<Equal<Stack<[[2, 3], [2, number]]>, [2, 2, 3]>>();
check<
  Equal<
    Stack<[[2, 3], [3, 2]]>,
    Fail<"stack: expects each tensor to be equal size, but got [2, 3] and [3, 2]">
  >
>();

// ---- dtypes
check<Equal<Promote<"int32", "float32">, "float32">>();
check<Equal<Promote<"bool", "uint8">, "uint8">>();
check<Equal<Promote<"float64", "float32">, "float64">>();
check<Equal<FloatResult<"int64">, "float32">>();
check<Equal<FloatResult<"float64">, "float64">>();
check<Equal<SumResult<"bool">, "int32">>();
check<Equal<ScalarDType<2>, "int32">>();
check<Equal<ScalarDType<2.5>, "float32">>();
check<Equal<ScalarDType<1e-7>, "float32">>();
check<Equal<ScalarDType<true>, "bool">>();
check<Equal<ScalarDType<number>, "int32" | "float32">>();
check<Equal<ResultType<[2], "float32", [], "float64">, "float32">>();
check<Equal<ResultType<[2], "int32", [], "float64">, "float64">>();
check<Equal<ResultType<[], "int64", [2], "int32">, "int32">>();
check<Equal<ResultType<Shape, "float32", [2], "float64">, "float32" | "float64">>();
check<Equal<ResultType<Shape, "float32", Shape, "float32">, "float32">>();

// ---- nested data
check<Equal<NestedShape<5>, []>>();
check<Equal<NestedShape<boolean>, []>>();
check<Equal<NestedShape<number[][]>, [number, number]>>();
check<Equal<NestedShape<readonly [readonly [1, 2, 3], readonly [4, 5, 6]]>, [2, 3]>>();
check<Equal<NestedShape<readonly [number, number][]>, [number, 2]>>();
check<Equal<NestedShape<readonly []>, [0]>>();
check<Equal<NestedShape<Float32Array>, [number]>>();
check<
  Equal<
    NestedShape<readonly [readonly [1], readonly [1, 2]]>,
    Fail<"tensor: expected sequences of equal length, got rows of different lengths">
  >
>();
// biome-ignore lint/suspicious/noExplicitAny: data of unknown type.
check<Equal<NestedShape<any>, Shape>>();
