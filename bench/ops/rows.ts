// The rows of the table: what each side computes is in flambeau_ops.ts and torch_ops.py, under the same names.

/** One line of the table: an operation, and how large its operand is. */
export interface Row {
  readonly group: string;
  readonly op: string;
  /** Elements for operations that come in several sizes; 0 for those whose size is part of the name. */
  readonly n: number;
}

const elementwise =
  "add mul sub div relu maximum neg abs sqrt add_scalar add_row exp log tanh sigmoid gelu sin pow_1.5 erf".split(
    " ",
  );
const reductions = "sum sum_dim0 sum_dim1 mean amax argmax var".split(" ");
const layers = (
  "matmul_256 matmul_1024 conv2d softmax log_softmax layer_norm cross_entropy embedding " +
  "cat transpose_contiguous"
).split(" ");
const training = "matmul_256 conv2d softmax layer_norm cross_entropy embedding".split(" ");

const each = (group: string, ops: readonly string[], sizes: readonly number[]): Row[] =>
  ops.flatMap((op) => sizes.map((n) => ({ group, op, n })));

/** What the groups are, for the heading above each. */
export const groups: Readonly<Record<string, string>> = {
  elementwise:
    "Element by element, n float32 elements (`add_row`: a matrix with rows of 100 plus one row; `add_scalar`: a number)",
  reductions: "Reductions of n float32 elements (`sum_dim0`, `sum_dim1`: of a square matrix)",
  layers:
    "Layers and movement: `softmax`, `log_softmax`, `layer_norm`, `cross_entropy` on [256, 1024]; `conv2d` on " +
    "[8, 16, 32, 32], 32 filters 3x3, padding 1; `embedding` 4096 rows of [10000, 64]; `cat` of two and the " +
    "copy of a transposed [1024, 1024]",
  training: "The same, forward and backward",
};

export const rows: readonly Row[] = [
  ...each("elementwise", elementwise, [1e2, 1e4, 1e6]),
  ...each("reductions", reductions, [1e4, 1e6]),
  ...each("layers", layers, [0]),
  ...each(
    "training",
    training.map((op) => `${op}_train`),
    [0],
  ),
];
