// Linear algebra: `torch.linalg`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/linalg.html

export * from "./products.ts";
