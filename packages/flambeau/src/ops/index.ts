// The ops: everything exported here is a function of `torch`. Ops in namespaces have a folder each.
// Floor L4 (ops).

export * from "./functions.ts";
export * from "./methods.ts";
