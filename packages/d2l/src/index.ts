// @flambeau/d2l: the helper library of the book "Dive into Deep Learning" (https://d2l.ai).
// Re-exports only: this file is the API's table of contents. Nothing heavy is loaded by importing it.

export { Accumulator } from "./accumulator.ts";
export { Animator, type AnimatorOptions } from "./animator.ts";
export {
  AdditiveAttention,
  DotProductAttention,
  maskedSoftmax,
  sequenceMask,
  type ValidLens,
} from "./attention.ts";
export {
  accuracy,
  type Batches,
  evaluateAccuracy,
  predictCh3,
  type TrainedCh3,
  trainCh3,
  trainEpochCh3,
  type Updater,
} from "./classification.ts";
export { type FigureListener, onFigure } from "./display.ts";
export { Figure, type MimeBundle } from "./figure.ts";
export {
  type HeatmapOptions,
  type ImageOptions,
  type Matrices,
  showHeatmaps,
  showImages,
} from "./matrices.ts";
export { MultiHeadAttention, PositionalEncoding, transposeOutput, transposeQkv } from "./multi-head.ts";
export type { HasToList, Scalar, Vector, Vectors } from "./numbers.ts";
export { type PlotOptions, plot, setAxes } from "./plot.ts";
export {
  evaluateLoss,
  getKFoldData,
  type Loss,
  linreg,
  loadArray,
  type Net,
  sgd,
  squaredLoss,
  syntheticData,
} from "./regression.ts";
export type { AxesOptions, FigureSpec, Limits } from "./spec.ts";
export type { TextStream } from "./terminal/environment.ts";
export type { TerminalOptions } from "./terminal/render.ts";
export { cells as textWidth } from "./terminal/text.ts";
export type { ColorMap, Theme } from "./theme.ts";
export { Timer } from "./timer.ts";
export { AddNorm, EncoderBlock, PositionWiseFFN, TransformerEncoder } from "./transformer.ts";
