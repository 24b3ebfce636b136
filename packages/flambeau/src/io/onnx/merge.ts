// Several runs of one function as one: what differs between them follows the sizes of the inputs. Floor L5 (io).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { OnnxExporterError } from "./errors.ts";
import type { Dims } from "./sizes.ts";
import { dimOf, Size } from "./sizes.ts";
import type { Origin, Trace, TracedCall } from "./value.ts";
import { isPlain, Value } from "./value.ts";

/** A tensor of the graph. */
export interface GraphValue {
  readonly origin: Origin;
  readonly dtype: DType;
  readonly shape: Dims;
  readonly ofInputs: boolean;
  readonly ofState: boolean;
  readonly name: string;
  /** The elements in each run, where they are known. */
  readonly data: readonly (TypedArray | null)[];
  readonly shapes: readonly Shape[];
  /** The call that made it. */
  call: Call | null;
}

export interface Call {
  readonly op: string;
  readonly module: string;
  /** Arguments, with a {@link GraphValue} for each tensor and a {@link Size} for each number that differed. */
  readonly args: readonly unknown[];
  readonly results: readonly GraphValue[];
}

export interface Merged {
  readonly calls: readonly Call[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}

const marks = new WeakSet<object>();
export const isGraphValue = (x: unknown): x is GraphValue =>
  typeof x === "object" && x !== null && marks.has(x);

const otherPath = (module: string): OnnxExporterError =>
  new OnnxExporterError(
    `ONNX export${module ? ` of ${module}` : ""}: the model takes another path for inputs of other sizes: a loop over a dynamic dimension, or ` +
      "a branch on one, cannot be written down. Leave that dimension out of dynamicAxes",
    module,
  );

class Merger {
  readonly #values = new Map<number, GraphValue>();

  value(all: readonly Value[], module: string): GraphValue {
    const [first] = all as [Value];
    const known = this.#values.get(first.id);
    if (known) return known;
    const alike = all.every(
      (v) =>
        v.id === first.id &&
        v.dtype === first.dtype &&
        v.shape.length === first.shape.length &&
        v.name === first.name,
    );
    if (!alike) throw otherPath(module);
    const value: GraphValue = {
      origin: first.origin,
      dtype: first.dtype,
      shape: first.shape.map((_, d) => dimOf(all.map((v) => v.shape[d]!))),
      ofInputs: first.ofInputs,
      ofState: first.ofState,
      name: first.name,
      data: all.map((v) => v.data),
      shapes: all.map((v) => v.shape),
      call: null,
    };
    marks.add(value);
    this.#values.set(first.id, value);
    return value;
  }

  arg(all: readonly unknown[], module: string): unknown {
    const [first] = all;
    if (first instanceof Value) {
      if (!all.every((x) => x instanceof Value)) throw otherPath(module);
      return this.value(all as Value[], module);
    }
    if (typeof first === "number" && all.every((x) => typeof x === "number"))
      return all.every((x) => Object.is(x, first)) ? first : new Size(all as number[]);
    if (Array.isArray(first)) {
      if (!all.every((x) => Array.isArray(x) && x.length === first.length)) throw otherPath(module);
      return first.map((_, i) =>
        this.arg(
          all.map((x) => (x as unknown[])[i]),
          module,
        ),
      );
    }
    if (isPlain(first)) {
      if (!all.every(isPlain)) throw otherPath(module);
      const merged = Object.keys(first).map((key) => [
        key,
        this.arg(
          all.map((x) => (x as Record<string, unknown>)[key]),
          module,
        ),
      ]);
      return Object.fromEntries(merged);
    }
    // Functions, generators and the like are what they are.
    if (
      (typeof first !== "object" || first === null) &&
      typeof first !== "function" &&
      all.some((x) => x !== first)
    )
      throw otherPath(module);
    return first;
  }

  call(all: readonly TracedCall[]): Call {
    const [{ op, module, results }] = all as [TracedCall];
    if (all.some((c) => c.op !== op || c.module !== module || c.results.length !== results.length))
      throw otherPath(module);
    const call: Call = {
      op,
      module,
      args: this.arg(
        all.map((c) => c.args),
        module,
      ) as unknown[],
      results: results.map((_, i) =>
        this.value(
          all.map((c) => c.results[i]!),
          module,
        ),
      ),
    };
    for (const r of call.results) if (r.origin === "call") r.call ??= call;
    return call;
  }
}

/** @throws OnnxExporterError if the runs did not do the same */
export function merge(runs: readonly Trace[]): Merged {
  const merger = new Merger();
  const [first] = runs as [Trace];
  const values = (of: (run: Trace) => readonly Value[]): GraphValue[] => {
    if (runs.some((run) => of(run).length !== of(first).length)) throw otherPath("");
    return of(first).map((_, i) =>
      merger.value(
        runs.map((run) => of(run)[i]!),
        "",
      ),
    );
  };
  const inputs = values((run) => run.inputs);
  // Where runs part, the first call that differs says more than their number.
  const length = Math.min(...runs.map((run) => run.calls.length));
  const calls = Array.from({ length }, (_, i) => merger.call(runs.map((run) => run.calls[i]!)));
  const rest = runs.find((run) => run.calls.length > length);
  if (rest) throw otherPath(rest.calls[length]!.module);
  return { calls, inputs, outputs: values((run) => run.outputs) };
}

const constants = new WeakMap<GraphValue, TypedArray | null>();

/** The elements of a value that has the same in every run; null for others. */
export function constantOf(value: GraphValue): TypedArray | null {
  let found = constants.get(value);
  if (found === undefined) {
    found = sameElements(value);
    constants.set(value, found);
  }
  return found;
}

function sameElements({ data, shape }: GraphValue): TypedArray | null {
  const [first] = data;
  if (!first || shape.some((d) => d instanceof Size)) return null;
  for (const other of data) {
    if (!other || other.length !== first.length) return null;
    if (other !== first)
      for (let i = 0; i < first.length; i++) if (!Object.is(other[i], first[i])) return null;
  }
  return first;
}

/** An array of a dtype with given elements. */
export const arrayOf = (dtype: DType, values: readonly (number | bigint | boolean)[]): TypedArray => {
  const array = new dtypes[dtype].array(values.length);
  values.forEach((v, i) => {
    array[i] = (
      dtype === "int64" ? BigInt(typeof v === "bigint" ? v : Math.trunc(Number(v))) : Number(v)
    ) as number;
  });
  return array;
};
