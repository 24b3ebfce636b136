// The torch namespace: re-exports only, the table of contents of the public interface. Importing it also gives tensors
// their methods and sets the default backend.

import { setBackend } from "./backend/backend.ts";
import { createWasmBackend } from "./backend/wasm/index.ts";
import { setWorkerEntry } from "./data/workers/pool.ts";
import { setParameterClass } from "./io/pt/parameters.ts";
import { Parameter } from "./nn/parameter.ts";
import "./ops/table.ts";

setBackend(createWasmBackend());
setWorkerEntry(import.meta.url);
setParameterClass(Parameter);

export * as autograd from "./autograd/index.ts";
export type { DType, Scalar, TypedArray } from "./base/dtype.ts";
export { getDefaultDType, promoteTypes, setDefaultDType } from "./base/dtype.ts";
export {
  ArgumentError,
  AutogradError,
  CompileError,
  DTypeError,
  FileError,
  IndexError,
  LinAlgError,
  NotImplementedError,
  RuntimeError,
  ShapeError,
  TorchError,
  ValueError,
} from "./base/errors.ts";
export { defaultGenerator, Generator } from "./base/generator.ts";
export type { Shape } from "./base/shape.ts";
export type { Compiled, CompileOptions } from "./compile/index.ts";
export { compile } from "./compile/index.ts";
export { getNumThreads, setNumThreads } from "./compile/threads.ts";
export * as data from "./data/index.ts";
export type { ByteSink, ByteSource, FileLike, FileTarget } from "./io/index.ts";
export {
  files,
  type LoadCheckpointOptions,
  type LoadOptions,
  load,
  loadCheckpoint,
  numpy,
  type SaveCheckpointOptions,
  safetensors,
  save,
  saveCheckpoint,
} from "./io/index.ts";
export * as onnx from "./io/onnx/index.ts";
export * as nn from "./nn/index.ts";
export * as fft from "./ops/fft/index.ts";
export * from "./ops/index.ts";
export * as linalg from "./ops/linalg/index.ts";
export * as masked from "./ops/masked/index.ts";
export type { Named, ValuesAndIndices } from "./ops/named.ts";
export * as special from "./ops/special/index.ts";
export * as optim from "./optim/index.ts";
export {
  asTensor,
  empty,
  eye,
  fromTypedArray,
  full,
  ones,
  scalarTensor,
  tensor,
  zeros,
} from "./tensor/create.ts";
export {
  detectAnomaly,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from "./tensor/grad-mode.ts";
export { setPrintoptions } from "./tensor/print.ts";
export { canCast, resultType } from "./tensor/promotion.ts";
export { arange, linspace, logspace, range } from "./tensor/range.ts";
export {
  forkRng,
  getRngState,
  initialSeed,
  manualSeed,
  normal,
  rand,
  randint,
  randn,
  randperm,
  seed,
  setRngState,
} from "./tensor/sample.ts";
export { type AnyTensor, isTensor, Tensor } from "./tensor/tensor.ts";
export { trilIndices, triuIndices } from "./tensor/triangle-indices.ts";
export { bartlettWindow, blackmanWindow, hammingWindow, hannWindow, kaiserWindow } from "./tensor/windows.ts";
export * as utils from "./utils.ts";
