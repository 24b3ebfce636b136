// `nn.utils`: helpers around modules.
// Floor L5 (nn). Source: https://pytorch.org/docs/stable/nn.html#utilities

export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_, type Parameters } from "./clip-grad.ts";
export { parametersToVector, vectorToParameters } from "./convert-parameters.ts";
export * as rnn from "./rnn.ts";
export { removeSpectralNorm, type SpectralNormOptions, spectralNorm } from "./spectral-norm.ts";
export { removeWeightNorm, weightNorm } from "./weight-norm.ts";
