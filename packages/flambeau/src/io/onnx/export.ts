// Exports a module or a function as an ONNX model. Floor L5 (io). Source: torch/onnx/utils.py

import { ArgumentError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import { pathOf } from "../host.ts";
import type { FileTarget } from "../sink.ts";
import { writeFile } from "../sink.ts";
import type { Axes } from "./dynamic.ts";
import { checkNames, dynamicDims, exampleSizes, sizesToTry } from "./dynamic.ts";
import { Graph } from "./graph.ts";
import { lower } from "./lower.ts";
import type { Merged } from "./merge.ts";
import { merge } from "./merge.ts";
import type { External, ModelNames } from "./model.ts";
import { bytesOf, encodeModel, nameOutputs, usedInitializers } from "./model.ts";
import type { Model } from "./runs.ts";
import { explained, isModule, Modules, traceRun } from "./runs.ts";
import { Size } from "./sizes.ts";
import { tensorsOf } from "./value.ts";
import { varyingConstant } from "./varying.ts";

export interface OnnxExportOptions {
  /** Names of the tensors among the inputs, in order. Default `input`, or `input_0`, `input_1`, ... */
  readonly inputNames?: readonly string[];
  /** Names of the tensors among the outputs, in order. Default `output`, or `output_0`, `output_1`, ... */
  readonly outputNames?: readonly string[];
  /** Dimensions of inputs that may have any extent: `{ input: { 0: "batch" } }`, or `{ input: [0] }`. Default none. */
  readonly dynamicAxes?: Readonly<Record<string, Axes>>;
  /** The same by the order of the inputs: `[{ 0: "batch" }]`. */
  readonly dynamicShapes?: readonly (Axes | null)[];
  /** The version of the set of operators, 17 to 23. Default 17. */
  readonly opsetVersion?: number;
  /** Whether parameters go to a file of their own beside the model. Default: where the model would have more than 2 GB. */
  readonly externalData?: boolean;
}

/** Protobuf takes no message beyond this. */
const mostBytes = 2 ** 31 - 1;
/** Constants below this stay in the model, beside parameters in a file of their own. */
const smallBytes = 1024;
/** Where tensors begin in a file of their own: runtimes map it into memory page by page. */
const pageBytes = 4096;

const numbered = (name: string, n: number): string[] =>
  n === 1 ? [name] : Array.from({ length: n }, (_, i) => `${name}_${i}`);

function namesFor(given: readonly string[] | undefined, name: string, n: number): readonly string[] {
  if (!given) return numbered(name, n);
  if (given.length !== n || new Set(given).size !== n)
    throw new ArgumentError(
      `onnx.export: ${name}Names are [${given.join(", ")}], but there are ${n} ${name}s, each with its own name`,
    );
  return given;
}

interface Exported {
  readonly graph: Graph;
  readonly merged: Merged;
  readonly names: ModelNames;
}

/** Runs the model, in eval mode, as often as its dynamic dimensions ask for. */
function graphOf(model: Model, example: readonly unknown[], options: OnnxExportOptions): Exported {
  const { opsetVersion = 17 } = options;
  if (!Number.isInteger(opsetVersion) || opsetVersion < 17 || opsetVersion > 23)
    throw new ArgumentError(`onnx.export: opsetVersion must be 17 to 23, got ${opsetVersion}`);
  const tensors = tensorsOf(example);
  if (tensors.length === 0) throw new ArgumentError("onnx.export: the example inputs hold no tensor");
  const inputNames = namesFor(options.inputNames, "input", tensors.length);
  const axes = options.dynamicAxes ?? options.dynamicShapes ?? {};
  const dims = dynamicDims(tensors, inputNames, axes);
  const sizes = exampleSizes(tensors, dims);
  const modules = new Modules();
  if (isModule(model)) modules.add(model, "");
  const runs = sizesToTry(sizes);
  const traces = inEval(model, () =>
    runs.map((run, i) => {
      const shapes = tensors.map((t, k) =>
        t.shape.map((n: number, d: number) => run.get(dims[k]!.get(d) ?? "") ?? n),
      );
      try {
        return traceRun(model, example, inputNames, shapes, modules);
      } catch (error) {
        throw i === 0 ? error : explained(error, run);
      }
    }),
  );
  const merged = merge(traces);
  const graph = new Graph(opsetVersion, (name) => modules.elements(name), varyingConstant);
  for (const input of merged.inputs)
    graph.bind(input, { name: graph.unique(input.name), dtype: input.dtype });
  const outputNames = namesFor(options.outputNames, "output", merged.outputs.length);
  checkNames(axes, inputNames, outputNames);
  for (const name of outputNames) graph.unique(name);
  lower(graph, merged);
  const kind = isModule(model) ? model.constructor.name : model.name;
  const names: ModelNames = {
    graph: kind || "main",
    outputs: outputNames,
    sizes: [...sizes.keys()].map((name) => [name, new Size(runs.map((run) => run.get(name)!))]),
    doc: isModule(model) ? String(model) : "",
  };
  nameOutputs(graph, merged.outputs, outputNames);
  return { graph, merged, names };
}

/** Runs `body` with the module, if it is one, in eval mode. */
function inEval<T>(model: Model, body: () => T): T {
  if (!isModule(model)) return body();
  const modes = [...model.modules()].map((m) => [m, m.training] as const);
  model.eval();
  try {
    return body();
  } finally {
    for (const [m, training] of modes) m.training = training;
  }
}

/** Exports `model`; see {@link import("./index.ts")}. */
export async function exportModel(
  model: Model,
  inputs: AnyTensor | readonly unknown[],
  target: FileTarget | null,
  options: OnnxExportOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof model !== "function")
    throw new ArgumentError(`onnx.export: expected a module or a function, got ${typeof model}`);
  const { graph, merged, names } = graphOf(model, isTensor(inputs) ? [inputs] : inputs, options);
  const initializers = usedInitializers(graph);
  const total = initializers.reduce((n, i) => n + i.data.byteLength, 0);
  const outside = options.externalData ?? total > mostBytes - 2 ** 24;
  if (!outside) {
    const bytes = encodeModel(graph, merged, names, initializers, new Map());
    if (target === null) return bytes;
    await writeFile(target, (sink) => sink.write(bytes));
    return undefined;
  }
  if (typeof target !== "string" && !(target instanceof URL))
    throw new ArgumentError(
      `onnx.export: ${options.externalData ? "externalData" : `a model of ${total} bytes`} needs a path, beside which the parameters are written`,
    );
  const path = pathOf(target);
  const location = `${path.split(/[\\/]/).at(-1)}.data`;
  const external = new Map<string, External>();
  let end = 0;
  for (const { name, data } of initializers) {
    if (data.byteLength < smallBytes) continue;
    const offset = Math.ceil(end / pageBytes) * pageBytes;
    external.set(name, { location, offset, length: data.byteLength });
    end = offset + data.byteLength;
  }
  // The model last: it is complete when it is there.
  await writeFile(`${path}.data`, async (sink) => {
    for (const { name, data } of initializers) {
      const place = external.get(name);
      if (!place) continue;
      await sink.write(new Uint8Array(place.offset - sink.size));
      await sink.write(bytesOf(data));
    }
  });
  const bytes = encodeModel(graph, merged, names, initializers, external);
  await writeFile(path, (sink) => sink.write(bytes));
  return undefined;
}
