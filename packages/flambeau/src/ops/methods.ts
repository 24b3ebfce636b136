// The ops that are methods of tensors and functions of `torch`: their first argument is a tensor.
// Floor L4 (ops).

export * from "./add-products.ts";
export * from "./arithmetic.ts";
export * from "./at.ts";
export * from "./compare.ts";
export * from "./differences.ts";
export * from "./error-functions.ts";
export * from "./gather.ts";
export * from "./index-tensors.ts";
export * from "./integers.ts";
export * from "./math.ts";
export * from "./matmul.ts";
export * from "./memory.ts";
export * from "./movement.ts";
export * from "./norms.ts";
export * from "./parts.ts";
export * from "./pow.ts";
export * from "./products.ts";
export * from "./random.ts";
export * from "./reduce.ts";
export * from "./rounding.ts";
export * from "./select.ts";
export * from "./softmax.ts";
export * from "./split.ts";
export * from "./statistics.ts";
export * from "./two-numbers.ts";
