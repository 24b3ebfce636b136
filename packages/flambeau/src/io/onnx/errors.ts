// What cannot be exported. Floor L5 (io). Names are those of torch.onnx.

import { RuntimeError } from "../../base/errors.ts";

/** A model that ONNX has no form for: says what stands in the way, in which module, and what to do. */
export class OnnxExporterError extends RuntimeError {
  override name = "OnnxExporterError";
  /** Path of the module in the exported one, as `encoder.layers.0`; empty for the model itself. */
  readonly module: string;

  constructor(problem: string, module: string, options?: ErrorOptions) {
    super(problem, options);
    this.module = module;
  }
}

/** An op without a form in ONNX; `op` is its name. */
export class UnsupportedOperatorError extends OnnxExporterError {
  override name = "UnsupportedOperatorError";
  readonly op: string;

  constructor(op: string, module: string, why: string) {
    super(`ONNX export${module ? ` of ${module}` : ""}: '${op}' ${why}`, module);
    this.op = op;
  }
}
