// Runs of a model with inputs of several sizes, each written down. Floor L5 (io).

import type { TypedArray } from "../../base/dtype.ts";
import { TorchError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { setTracer } from "../../tensor/capturing.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { isTensor } from "../../tensor/tensor.ts";
import { OnnxExporterError } from "./errors.ts";
import { lowerings, takesWhole } from "./lower/index.ts";
import type { Surroundings } from "./trace.ts";
import { OpTracer } from "./trace.ts";
import type { Trace } from "./value.ts";
import { replaced, tensorsOf } from "./value.ts";

// biome-ignore lint/suspicious/noExplicitAny: models take whatever they take.
export type Model = (...args: any[]) => unknown;

/** What of a module is used here. */
interface ModuleLike extends Model {
  training: boolean;
  modules(): Iterable<ModuleLike>;
  namedModules(): Iterable<readonly [string, object]>;
  namedParameters(): Iterable<readonly [string, AnyTensor]>;
  namedBuffers(): Iterable<readonly [string, AnyTensor]>;
  eval(): unknown;
}

export const isModule = (x: unknown): x is ModuleLike =>
  typeof x === "function" && typeof (x as Partial<ModuleLike>).namedModules === "function";

type State = Map<TypedArray, { readonly name: string; readonly tensor: AnyTensor }>;

/** The modules that take part: names of their parameters, modes, buffers as they were before. */
export class Modules {
  readonly state: State = new Map();
  readonly paths: Map<object, string> = new Map();
  readonly #buffers = new Map<AnyTensor, { readonly copy: AnyTensor; readonly version: number }>();
  readonly #tensors = new Map<string, AnyTensor>();
  readonly #prefixes = new Set<string>();

  /** Parameters and buffers by their names; of a module that is not the exported one, after its class. */
  add(module: ModuleLike, prefix: string): void {
    const joined = (name: string): string =>
      prefix === "" || name === "" ? prefix + name : `${prefix}.${name}`;
    for (const [name, m] of module.namedModules()) if (!this.paths.has(m)) this.paths.set(m, joined(name));
    for (const members of [module.namedParameters(), module.namedBuffers()])
      for (const [name, tensor] of members) {
        const { data } = tensor.storage;
        if (this.state.has(data)) continue;
        this.state.set(data, { name: joined(name), tensor });
        this.#tensors.set(joined(name), tensor);
      }
    for (const [, buffer] of module.namedBuffers())
      if (!this.#buffers.has(buffer))
        this.#buffers.set(buffer, { copy: buffer.detach().clone(), version: buffer.version });
  }

  meet(module: object): void {
    if (!isModule(module)) return;
    const name = module.constructor.name;
    const wanted = name.charAt(0).toLowerCase() + name.slice(1);
    let prefix = wanted;
    for (let i = 1; this.#prefixes.has(prefix); i++) prefix = `${wanted}_${i}`;
    this.#prefixes.add(prefix);
    this.add(module, prefix);
  }

  /** Undoes what a run did to buffers. */
  restore(): void {
    for (const [buffer, { copy, version }] of this.#buffers)
      if (buffer.version !== version) buffer.copy_(copy);
  }

  /** The elements of a parameter or buffer. */
  elements(name: string): TypedArray {
    const tensor = this.#tensors.get(name)!;
    const { data } = tensor.storage;
    return tensor.packed && tensor.numel() === data.length ? data : tensor.toTypedArray();
  }
}

/** A tensor with other extents, of the same rows over and over: indices among them stay valid. */
function resized(t: AnyTensor, shape: Shape): AnyTensor {
  let y = t.detach();
  shape.forEach((n, d) => {
    const length = t.shape[d] as number;
    if (n === length) return;
    const rows = Int32Array.from({ length: n }, (_, i) => i % length);
    const index = y.newTensor(rows, { dtype: "int32" }) as AnyTensor;
    y = y.indexSelect(d, index);
  });
  return y.clone();
}

/** Runs the model on the example inputs, the tensors among them in other shapes. */
export function traceRun(
  model: Model,
  example: readonly unknown[],
  names: readonly string[],
  shapes: readonly Shape[],
  modules: Modules,
): Trace {
  const around: Surroundings = {
    state: modules.state,
    paths: modules.paths,
    meet: (module) => modules.meet(module),
    takes: takesWhole,
    knows: (op) => lowerings.has(op),
  };
  const tracer = new OpTracer(around);
  return noGrad(() => {
    let next = 0;
    const args = example.map((x) => replaced(x, (t) => resized(t, shapes[next++]!)));
    const inputs = tensorsOf(args).map((t, i) => tracer.input(t, names[i]!));
    setTracer(tracer);
    let result: unknown;
    try {
      result = model(...args);
    } finally {
      setTracer(null);
      modules.restore();
    }
    if (result instanceof Promise)
      throw new OnnxExporterError(
        "ONNX export: the model is an async function; give one that returns tensors",
        "",
      );
    const outputs = tensorsOf(result).map((t) => tracer.output(t));
    if (outputs.length === 0)
      throw new OnnxExporterError(
        `ONNX export: the model returned ${isTensor(result) ? "nothing" : `a ${typeof result}`} without tensors`,
        "",
      );
    return { calls: tracer.calls, inputs, outputs };
  });
}

/** Says which sizes a run failed with, other than those of the example. */
export function explained(error: unknown, sizes: ReadonlyMap<string, number>): unknown {
  if (!(error instanceof TorchError) || error instanceof OnnxExporterError) return error;
  const shown = [...sizes].map(([name, n]) => `${name} = ${n}`).join(", ");
  return new OnnxExporterError(
    `ONNX export: the model works for the example, but not with ${shown}: ${error.message}. Leave a dimension that is not free out of dynamicAxes`,
    "",
    { cause: error },
  );
}
