// The state of a program as JSON with its tensors beside it, and back into the objects that it came from. Floor L5 (io).

import { ArgumentError, FileError, RuntimeError, showShape } from "../../base/errors.ts";
import { Generator } from "../../base/generator.ts";
import { sameShape } from "../../base/shape.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh, isTensor } from "../../tensor/tensor.ts";

/** Modules, optimizers, schedules, loaders: whatever gives its state out and takes it back. */
interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}
const isStateful = (x: unknown): x is Stateful =>
  x !== null &&
  (typeof x === "object" || typeof x === "function") &&
  typeof (x as Partial<Stateful>).stateDict === "function" &&
  typeof (x as Partial<Stateful>).loadStateDict === "function";

const isPlain = (x: object): x is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
};

/** Deepest nesting of what is saved; the reader of JSON allows for the marks between. */
const deepest = 24;

/** What has no place in JSON stands in an object with this one key and its kind. */
const mark = "$";
type Marked = { readonly [mark]: string; readonly value?: unknown };

const typedArrays = {
  Uint8Array,
  Float32Array,
  Float64Array,
  Int32Array,
  BigInt64Array,
} as const;

/** Gathers a state: its tree, and its tensors by name. Everything is taken as it is now; tensors are not copied. */
export class Collector {
  readonly tensors: Map<string, AnyTensor> = new Map();
  readonly #known = new Map<string, string>();
  readonly #storages = new Map<unknown, number>();

  /** @throws ArgumentError for what cannot be saved; it says where that is */
  encode(value: unknown, path: string, depth = 0): unknown {
    if (depth > deepest)
      throw new ArgumentError(`saveCheckpoint: ${path} is nested more than ${deepest} deep`);
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : marked("number", Object.is(value, -0) ? "-0" : String(value));
      case "bigint":
        return marked("bigint", String(value));
      case "undefined":
        return marked("undefined");
    }
    if (value === null) return null;
    const inner = (x: unknown, key: string): unknown =>
      this.encode(x, path === "" ? key : `${path}.${key}`, depth + 1);
    if (isTensor(value)) return marked("tensor", this.#tensor(value, path));
    if (isStateful(value)) return marked("state", this.encode(value.stateDict(), path, depth + 1));
    if (value instanceof Generator) return marked("generator", this.#bytes(value.getState(), path));
    if (Array.isArray(value)) return value.map((x, i) => inner(x, String(i)));
    if (value instanceof Map)
      return marked(
        "map",
        Array.from(value, ([k, x], i) => [inner(k, `key ${i}`), inner(x, String(k))]),
      );
    if (value instanceof Set)
      return marked(
        "set",
        Array.from(value, (x, i) => inner(x, String(i))),
      );
    for (const [name, array] of Object.entries(typedArrays))
      if (value instanceof array)
        return marked(
          name,
          this.#bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice(), path),
        );
    if (typeof value === "object" && isPlain(value)) {
      const entries = Object.entries(value).map(([k, x]) => [k, inner(x, k)] as const);
      return Object.hasOwn(value, mark) ? marked("object", entries) : Object.fromEntries(entries);
    }
    const what = typeof value === "function" ? "a function" : `a ${(value as object).constructor.name}`;
    throw new ArgumentError(
      `saveCheckpoint: ${path} cannot be saved: it is ${what}. Plain values, tensors, and objects with stateDict and loadStateDict can`,
    );
  }

  /** The name of a tensor; one that comes twice is saved once. */
  #tensor(x: AnyTensor, path: string): string {
    const { storage } = x;
    const number = this.#storages.get(storage) ?? this.#storages.size;
    this.#storages.set(storage, number);
    const look = JSON.stringify([number, x.offset, x.shape, x.strides]);
    const known = this.#known.get(look);
    if (known !== undefined) return known;
    let name = path;
    for (let i = 2; this.tensors.has(name); i++) name = `${path}#${i}`;
    this.#known.set(look, name);
    this.tensors.set(name, x.detach());
    return name;
  }

  #bytes(bytes: Uint8Array, path: string): string {
    return this.#tensor(fresh(bytes, [bytes.length], "uint8"), path);
  }
}

const marked = (kind: string, value?: unknown): Marked =>
  value === undefined ? { [mark]: kind } : { [mark]: kind, value };

/** Values as they were read, with objects whose state waits for the object that takes it. */
export class State {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Builds the values of a tree. Nothing is put anywhere yet. @throws FileError for a tree that is not one of ours */
export function decode(node: unknown, tensors: Readonly<Record<string, AnyTensor>>, file: string): unknown {
  const bad = (problem: string): FileError => new FileError(file, `is no valid checkpoint: ${problem}`);
  const tensorOf = (name: unknown): AnyTensor => {
    if (typeof name === "string" && Object.hasOwn(tensors, name)) return tensors[name]!;
    throw bad(`it lacks the tensor ${JSON.stringify(name)}`);
  };
  const bytesOf = (name: unknown): Uint8Array => {
    const x = tensorOf(name);
    if (x.dtype !== "uint8") throw bad(`the tensor ${JSON.stringify(name)} should be one of bytes`);
    return x.toTypedArray() as Uint8Array;
  };
  const listOf = (value: unknown): unknown[] => {
    if (Array.isArray(value)) return value;
    throw bad("a list is missing");
  };
  const pairsOf = (value: unknown): [unknown, unknown][] =>
    listOf(value).map((pair) => {
      const [k, x, ...more] = listOf(pair);
      if (more.length > 0) throw bad("a pair has more than two parts");
      return [k, x];
    });
  const walk = (x: unknown): unknown => {
    if (typeof x !== "object" || x === null) return x;
    if (Array.isArray(x)) return x.map(walk);
    if (!Object.hasOwn(x, mark)) return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, walk(v)]));
    const { [mark]: kind, value } = x as Marked;
    switch (kind) {
      case "undefined":
        return undefined;
      case "number":
        return Number(value);
      case "bigint":
        if (typeof value !== "string" || !/^-?\d{1,1000}$/.test(value)) throw bad("a bigint is malformed");
        return BigInt(value);
      case "tensor":
        return tensorOf(value);
      case "generator":
        return new State(bytesOf(value));
      case "state":
        return new State(walk(value));
      case "map":
        return new Map(pairsOf(value).map(([k, v]) => [walk(k), walk(v)]));
      case "set":
        return new Set(listOf(value).map(walk));
      case "object":
        return Object.fromEntries(pairsOf(value).map(([k, v]) => [String(k), walk(v)]));
    }
    if (Object.hasOwn(typedArrays, kind)) {
      const bytes = bytesOf(value);
      const array = typedArrays[kind as keyof typeof typedArrays];
      if (bytes.length % array.BYTES_PER_ELEMENT !== 0) throw bad(`a ${kind} is cut off`);
      return new array(bytes.slice().buffer);
    }
    throw bad(`it has the unknown kind ${JSON.stringify(kind)} of value`);
  };
  return walk(node);
}

/**
 * Puts values where they came from: states into the given objects, elements into the given tensors. What nobody has given is
 * returned as it was saved, states as dictionaries.
 */
export function restore(value: unknown, given: unknown, path: string): unknown {
  if (value instanceof State) {
    if (given instanceof Generator && value.value instanceof Uint8Array) return given.setState(value.value);
    if (isStateful(given)) {
      given.loadStateDict(bare(value.value) as never);
      return given;
    }
    if (given === undefined) return bare(value);
    throw new RuntimeError(
      `loadCheckpoint: ${path} was saved as an object with a state, but what was given cannot take one`,
    );
  }
  if (isStateful(given) || given instanceof Generator)
    throw new RuntimeError(`loadCheckpoint: the checkpoint has no state for ${path}`);
  if (isTensor(value) && isTensor(given)) {
    if (!sameShape(value.shape, given.shape) || value.dtype !== given.dtype)
      throw new RuntimeError(
        `loadCheckpoint: ${path} was saved as ${value.dtype} of shape ${showShape(value.shape)}, but the given tensor is ${given.dtype} of shape ${showShape(given.shape)}`,
      );
    noGrad(() => given.copy_(value));
    return given;
  }
  if (Array.isArray(value) && Array.isArray(given) && value.length === given.length)
    return value.map((x, i) => restore(x, given[i], `${path}.${i}`));
  if (typeof value === "object" && value !== null && isPlain(value)) {
    const from = typeof given === "object" && given !== null && isPlain(given) ? given : {};
    const entries = Object.entries(value).map(([k, x]) => [
      k,
      restore(x, from[k], path === "" ? k : `${path}.${k}`),
    ]);
    const others = Object.entries(from).filter(([k]) => !Object.hasOwn(value, k));
    for (const [k, x] of others)
      if (isStateful(x) || x instanceof Generator || isTensor(x))
        throw new RuntimeError(
          `loadCheckpoint: the checkpoint has nothing for ${path === "" ? k : `${path}.${k}`}`,
        );
    return Object.fromEntries([...others, ...entries]);
  }
  return bare(value);
}

/** The same with states as dictionaries. */
function bare(value: unknown): unknown {
  if (value instanceof State) return bare(value.value);
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value === "object" && value !== null && !isTensor(value) && isPlain(value))
    return Object.fromEntries(Object.entries(value).map(([k, x]) => [k, bare(x)]));
  return value;
}
