// One run of a function, written down op by op: which tensors went in and came out. Everything is computed as ever; views and
// changes in place are told apart here, so that what is written down has values only. Floor L5 (io).

import type { TypedArray } from "../../base/dtype.ts";
import type { Tracer } from "../../tensor/capturing.ts";
import type { Storage } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { viewOf } from "../../tensor/tensor.ts";
import { OnnxExporterError } from "./errors.ts";
import type { Origin, TracedCall } from "./value.ts";
import { functionName, putBack, replaced, swapped, tensorsOf, Value, visitValues } from "./value.ts";

// biome-ignore lint/suspicious/noExplicitAny: ops take whatever they take.
type Fn = (...args: any[]) => any;

/** How a tensor looks at its memory. */
interface Look {
  readonly tensor: AnyTensor;
  readonly key: string;
  value: Value;
  /** The version of the memory that `value` is of. */
  version: number;
  /** What the view was made of, and the argument of that call. */
  readonly from: { readonly look: Look; readonly call: TracedCall; readonly at: Value } | null;
}

/** The memory of tensors, and the last look at each part of it. */
interface Memory {
  version: number;
  readonly looks: Map<string, Look>;
}

const keyOf = (t: AnyTensor): string => `${t.offset} [${t.shape}] [${t.strides}]`;

/** What a tracer knows of the model. */
export interface Surroundings {
  /** Names in the state dict, by memory. */
  readonly state: ReadonlyMap<TypedArray, { readonly name: string; readonly tensor: AnyTensor }>;
  readonly paths: ReadonlyMap<object, string>;
  /** A module that is not in the exported one was called: learns its state. */
  readonly meet: (module: object) => void;
  /** Whether a function over ops is written down as one. */
  readonly takes: (op: string, args: readonly unknown[]) => boolean;
  /** Whether an op can be written down at all. */
  readonly knows: (op: string) => boolean;
}

export class OpTracer implements Tracer {
  readonly calls: TracedCall[] = [];
  readonly #around: Surroundings;
  readonly #memories = new WeakMap<TypedArray, Memory>();
  readonly #looks = new WeakMap<AnyTensor, Look>();
  readonly #modules: string[] = [""];
  readonly #functions: string[] = [];
  /** How deep the run is in what is not looked at. */
  #inside = 0;
  #values = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get #module(): string {
    return this.#modules.at(-1)!;
  }

  // ---- what the library tells -----------------------------------------------------------------------------------

  arrayOf(_storage: Storage, data: TypedArray): TypedArray {
    if (this.#inside > 0) return data;
    const looks = this.#memories.get(data)?.looks.values() ?? [];
    for (const { value } of looks)
      if (value.ofInputs) {
        const by = this.#functions.at(-1);
        throw new OnnxExporterError(
          `ONNX export: ${by ? `'${by}'` : "the model"} looks at elements of a tensor that depends on the inputs; they would become ` +
            "constants of the graph. Use ops instead (torch.where for a branch), or do this outside of the model",
          this.#module,
        );
      }
    return data;
  }

  draw(): void {
    throw new OnnxExporterError(
      "ONNX export: random numbers are drawn, and would become constants of the graph: call eval() on modules in training mode, or draw outside " +
        "and pass the numbers as an input",
      this.#module,
    );
  }

  module(module: object, f: () => unknown): unknown {
    if (!this.#around.paths.has(module)) this.#unwatched(() => this.#around.meet(module));
    this.#modules.push(this.#around.paths.get(module) ?? this.#module);
    try {
      return f();
    } finally {
      this.#modules.pop();
    }
  }

  composite(name: string, f: Fn, args: readonly unknown[]): unknown {
    if (this.#inside > 0) return f(...args);
    if (this.#around.takes(name, args)) return this.op(functionName(name), f, args);
    this.#functions.push(name);
    try {
      return f(...args);
    } finally {
      this.#functions.pop();
    }
  }

  op(name: string, f: Fn, args: readonly unknown[]): unknown {
    if (this.#inside > 0) return f(...args);
    return this.#unwatched(() => {
      const taken = this.#taken(args);
      return this.#results(name, args, taken, f(...args));
    });
  }

  mutation(name: string, f: Fn, args: readonly unknown[]): unknown {
    if (this.#inside > 0) return f(...args);
    return this.#unwatched(() => {
      const self = args[0] as AnyTensor;
      const taken = this.#taken(args);
      const result: unknown = f(...args);
      const value = this.#made(name, taken, self);
      this.calls.push({ op: name, module: this.#module, args: taken, results: [value] });
      this.#changed(self, value);
      return result;
    });
  }

  // ---- values ---------------------------------------------------------------------------------------------------

  #unwatched<T>(f: () => T): T {
    this.#inside++;
    try {
      return f();
    } finally {
      this.#inside--;
    }
  }

  #value(origin: Origin, like: Pick<Value, "dtype" | "shape">, more: Partial<Value>): Value {
    return new Value(this.#values++, origin, like, more);
  }

  /** Declares an input of the graph. */
  input(t: AnyTensor, name: string): Value {
    return this.#unwatched(() => {
      const value = this.#value("input", t, { ofInputs: true, name });
      this.#remember(t, value, null);
      return value;
    });
  }

  /** The value of a tensor that the run returned. */
  output(t: AnyTensor): Value {
    return this.#unwatched(() => this.#valueOf(t));
  }

  #taken(args: readonly unknown[]): unknown[] {
    return args.map((x) => replaced(x, (t) => this.#valueOf(t)));
  }

  #remember(t: AnyTensor, value: Value, from: Look["from"]): void {
    const { data } = t.storage;
    const memory = this.#memories.get(data) ?? { version: 0, looks: new Map<string, Look>() };
    this.#memories.set(data, memory);
    const look = { tensor: t, key: keyOf(t), value, version: memory.version, from };
    memory.looks.set(look.key, look);
    this.#looks.set(t, look);
  }

  #valueOf(t: AnyTensor): Value {
    const { data } = t.storage;
    const memory = this.#memories.get(data);
    const key = keyOf(t);
    const own = this.#looks.get(t);
    // A tensor that no op made, as by detach(), looks as another one does; so does one that turned in place, as by t_().
    const look = own?.key === key ? own : memory?.looks.get(key);
    if (look) {
      this.#looks.set(t, look);
      return this.#current(look, memory!);
    }
    if (memory && [...memory.looks.values()].some((l) => l.value.origin === "call" || l.value.ofInputs))
      throw new OnnxExporterError(
        `ONNX export: a tensor of shape [${t.shape}] looks into the memory of another one, and was not made by an op`,
        this.#module,
      );
    const known = this.#around.state.get(data);
    const value =
      known && keyOf(known.tensor) === key
        ? this.#value("state", t, { ofState: true, name: known.name })
        : this.#value("literal", t, { data: t.contiguous().toTypedArray() });
    this.#remember(t, value, null);
    return value;
  }

  /** The value of a look, computed anew if the memory has changed since. */
  #current(look: Look, memory: Memory): Value {
    if (look.version === memory.version) return look.value;
    if (look.from) {
      const base = this.#current(look.from.look, memory);
      const { call, at } = look.from;
      const args = call.args.map((x) => swapped(x, at, base));
      look.value = this.#remade(call.op, args, look);
      this.calls.push({ ...call, args, results: [look.value] });
    }
    look.version = memory.version;
    return look.value;
  }

  /** What an op made of its arguments, in the dtype and shape of `like`; `t` has the elements, if it is still there. */
  #made(
    op: string,
    args: readonly unknown[],
    t: AnyTensor | null,
    like: Pick<Value, "dtype" | "shape"> = t!,
  ): Value {
    let ofInputs = false;
    let ofState = false;
    visitValues(args, (v) => {
      ofInputs ||= v.ofInputs;
      ofState ||= v.ofState;
    });
    // What depends on no input can be a constant, also of an op that cannot be written down.
    const keeps = !ofInputs && (!ofState || !this.#around.knows(op));
    const data = keeps && t ? t.contiguous().toTypedArray() : null;
    return this.#value("call", like, { ofInputs, ofState, data });
  }

  /** The same for a tensor that is looked at again, unless it has turned in place meanwhile. */
  #remade(op: string, args: readonly unknown[], { key, tensor, value }: Look): Value {
    return this.#made(op, args, keyOf(tensor) === key ? tensor : null, value);
  }

  /**
   * Writes down a call, and gives what it returned. A tensor that is one of the arguments is given as another one that looks alike:
   * for inputs of other sizes it may be a new one.
   */
  #results(op: string, args: readonly unknown[], taken: unknown[], result: unknown): unknown {
    const sources = new Map(tensorsOf(args).map((t) => [t.storage.data, t]));
    const call = { op, module: this.#module, args: taken, results: [] as Value[] };
    let known = false;
    const give = (t: AnyTensor): AnyTensor => {
      const isKnown = this.#looks.has(t);
      known ||= isKnown;
      const given = isKnown ? viewOf(t, t.shape, t.strides, t.offset) : t;
      const source = sources.get(t.storage.data);
      const look = source && this.#looks.get(source);
      const value = this.#made(op, taken, t);
      this.#remember(given, value, look ? { look, call, at: look.value } : null);
      call.results.push(value);
      return given;
    };
    const given = replaced(result, give);
    this.calls.push(call);
    return known ? given : result;
  }

  /** `t` has another value now, and so have all tensors that look into its memory. */
  #changed(t: AnyTensor, value: Value): void {
    const memory = this.#memories.get(t.storage.data)!;
    memory.version++;
    let look = this.#looks.get(t)!;
    look.value = value;
    look.version = memory.version;
    for (; look.from; look = look.from.look) {
      const { look: base, call, at } = look.from;
      const view = {
        op: call.op,
        module: call.module,
        args: call.args.map((x) => swapped(x, at, base.value)),
        results: [],
      };
      const args = [base.value, look.value, view];
      base.value = this.#remade(putBack, args.slice(0, 2), base);
      base.version = memory.version;
      this.calls.push({ op: putBack, module: this.#module, args, results: [base.value] });
    }
  }
}
