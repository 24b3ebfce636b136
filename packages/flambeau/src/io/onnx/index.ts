// torch.onnx: models for other runtimes. The exporter is loaded on first use. Floor L5 (io).

import { tracer } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import type { FileTarget } from "../sink.ts";
import type { OnnxExportOptions } from "./export.ts";

export { OnnxExporterError, UnsupportedOperatorError } from "./errors.ts";
export type { OnnxExportOptions } from "./export.ts";

// biome-ignore lint/suspicious/noExplicitAny: models take whatever they take.
type Model = (...args: any[]) => unknown;

/**
 * Writes a module or a function over tensors as an ONNX model, for onnxruntime, browsers, phones, or Netron to look at.
 *
 * The model runs on the example inputs; the ops that it calls become the graph, parameters become initializers under their names
 * in the state dict. A module runs in eval mode, and is as before afterwards. With dynamic dimensions it runs several times,
 * with other extents: what follows them is computed by the graph. Branches and loops of JavaScript are taken as they were
 * in these runs.
 *
 * @param model a module, or a function of tensors; what torch.compile made is taken apart
 * @param inputs the arguments: one tensor, or a list of arguments with tensors in them
 * @param target where to write: a path, a stream or a FileSystemFileHandle. A file is replaced at once, or not at all
 * @returns the bytes of the model, if there is no target
 * @throws UnsupportedOperatorError that names an op without a form in ONNX, and the module that calls it
 * @throws OnnxExporterError for a model that looks at elements, draws random numbers, or does something else for other extents
 *
 * Differs from PyTorch: graph inputs have the dtypes of the example; whole numbers are int32 here by default, so make tokens
 * int64 for runtimes that send int64.
 * @see https://pytorch.org/docs/stable/onnx.html#torch.onnx.export
 * @example
 * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
 * const model = await torch.onnx.export(net, torch.ones(1, 4), null, { dynamicAxes: { input: { 0: "batch" } } });
 * model.length > 400 // true
 */
function exportOnnx(
  model: Model,
  inputs: AnyTensor | readonly unknown[],
  target?: null,
  options?: OnnxExportOptions,
): Promise<Uint8Array<ArrayBuffer>>;
function exportOnnx(
  model: Model,
  inputs: AnyTensor | readonly unknown[],
  target: FileTarget,
  options?: OnnxExportOptions,
): Promise<undefined>;
async function exportOnnx(
  model: Model,
  inputs: AnyTensor | readonly unknown[],
  target: FileTarget | null = null,
  options: OnnxExportOptions = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { exportModel } = await import("./export.ts");
  return exportModel(model, inputs, target, options);
}

/** Whether a model is being exported now: for code that runs otherwise in a graph. PyTorch's `is_in_onnx_export`. */
export const isInOnnxExport = (): boolean => tracer !== null;

export { exportOnnx as export };
