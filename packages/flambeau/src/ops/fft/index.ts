// Fourier transforms of real results: `torch.fft`.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/fft.html

export * from "./real.ts";
export * from "./shift.ts";
