// Reductions that leave masked elements out: `torch.masked`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/masked.html

export * from "./along.ts";
export * from "./reductions.ts";
