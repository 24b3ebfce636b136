// Special functions: `torch.special`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/special.html

export {};
