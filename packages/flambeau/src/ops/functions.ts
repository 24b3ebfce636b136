// The ops that are functions of `torch` only: what they take first is a list, or PyTorch has no method for them.
// Floor L4 (ops).

export * from "./cells.ts";
export * from "./distances.ts";
export * from "./einsum.ts";
export * from "./function-only.ts";
export * from "./gradient.ts";
export * from "./grids.ts";
export * from "./join.ts";
export * from "./linear.ts";
export * from "./lu-unpack.ts";
export * from "./moments.ts";
export * from "./native-norms.ts";
export * from "./pad.ts";
export * from "./rank.ts";
export * from "./search.ts";
export * from "./segment.ts";
export * from "./take-rows.ts";
export * from "./tensordot.ts";
export * from "./trapezoid.ts";
export * from "./vander.ts";
