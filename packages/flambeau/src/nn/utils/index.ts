// `nn.utils`: helpers around modules.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.html#utilities

export * as rnn from "./rnn.ts";
