// Modules that hold lists and dictionaries of modules and parameters.
// Floor L5 (nn). Source: torch/nn/modules/container.py

import type { DType } from "../base/dtype.ts";
import { dtypes } from "../base/dtype.ts";
import { ArgumentError, IndexError, NotImplementedError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { isModule, propertiesOf, setProperty } from "./internals.ts";
import { Module } from "./module.ts";
import type { AnyParameter } from "./parameter.ts";
import { Parameter } from "./parameter.ts";

/** A container of members under names of the caller's choice, which are not translated. */
abstract class Container<T> extends Module {
  constructor() {
    super();
    this["~state"].names = [];
  }
  override stateKey(property: string): string {
    return property;
  }
  forward(..._args: never): never {
    throw new NotImplementedError(
      `Module [${this.constructor.name}] is missing the required "forward" function`,
    );
  }
  /** Number of members. */
  get size(): number {
    return this.names().length;
  }
  protected names(): string[] {
    return this["~state"].names ?? [];
  }
  protected member(name: string): T {
    return propertiesOf(this)[name] as T;
  }
  protected abstract checked(x: unknown): T;
  protected put(name: string, x: unknown): void {
    setProperty(this, name, this.checked(x));
  }
}

/** A list: members under the names 0, 1, ... */
abstract class List<T> extends Container<T> {
  protected fill(items: Iterable<unknown>): this {
    for (const x of items) this.append(x as T);
    return this;
  }
  /** Adds a member at the end. */
  append(x: T): this {
    this.put(String(this.size), x);
    return this;
  }
  /** Adds members at the end. */
  extend(items: Iterable<T>): this {
    return this.fill([...items]);
  }
  /** Member `i`, from the end if negative. @throws IndexError */
  get(i: number): T {
    const at = i < 0 ? i + this.size : i;
    if (!Number.isInteger(at) || at < 0 || at >= this.size)
      throw new IndexError(`index ${i} is out of range`);
    return this.member(String(at));
  }
  /** Puts another member in the place of `i`. */
  set(i: number, x: T): this {
    this.get(i);
    this.put(String(i < 0 ? i + this.size : i), x);
    return this;
  }
  *[Symbol.iterator](): IterableIterator<T> {
    for (const name of this.names()) yield this.member(name);
  }
}

/** A dictionary: members under names given by the caller, in the order in which they came. */
abstract class Dict<T> extends Container<T> {
  /** Adds members, or replaces them. */
  update(items: Readonly<Record<string, T>> | Iterable<readonly [string, T]>): this {
    for (const [name, x] of Symbol.iterator in items
      ? (items as Iterable<readonly [string, T]>)
      : Object.entries(items))
      this.set(name, x);
    return this;
  }
  set(name: string, x: T): this {
    // A name of ours would hide the method.
    if (name in Object.prototype || name in this.constructor.prototype)
      throw new ArgumentError(`${this.constructor.name}: the name "${name}" is taken by a method`);
    this.put(name, x);
    return this;
  }
  /** @throws IndexError (Python's KeyError) */
  get(name: string): T {
    if (!this.has(name)) throw new IndexError(`KeyError: '${name}'`);
    return this.member(name);
  }
  has(name: string): boolean {
    return this.names().includes(name);
  }
  delete(name: string): boolean {
    const i = this.names().indexOf(name);
    if (i < 0) return false;
    this.names().splice(i, 1);
    return Reflect.deleteProperty(this, name);
  }
  keys(): IterableIterator<string> {
    return this.names().values();
  }
  *values(): IterableIterator<T> {
    for (const name of this.names()) yield this.member(name);
  }
  *entries(): IterableIterator<[string, T]> {
    for (const name of this.names()) yield [name, this.member(name)];
  }
  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.entries();
  }
}

function moduleOrThrow(x: unknown, owner: string): Module {
  if (!isModule(x))
    throw new ArgumentError(`${owner}: ${x === null ? "null" : typeof x} is not a Module subclass`);
  return x;
}
/** Tensors become parameters, as in PyTorch. */
function parameterOf(x: unknown, owner: string): AnyParameter {
  if (x instanceof Parameter) return x;
  if (isTensor(x)) return new Parameter(x as AnyTensor);
  throw new ArgumentError(
    `${owner}: expected a Parameter or a Tensor, got ${x === null ? "null" : typeof x}`,
  );
}

/**
 * A list of modules, which are members as if they were properties. It is not called itself.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(3, 4)]);
 * layers.get(1).weight.shape // [4, 3]
 */
export class ModuleList<M extends Module = Module> extends List<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.fill(modules);
  }
  protected checked(x: unknown): M {
    return moduleOrThrow(x, "ModuleList") as M;
  }
  /** Puts a module before member `i`. */
  insert(i: number, module: M): this {
    const all = [...this];
    all.splice(i, 0, module);
    all.forEach((m, k) => {
      this.put(String(k), m);
    });
    return this;
  }
}

/** A dictionary of modules. @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html */
export class ModuleDict<M extends Module = Module> extends Dict<M> {
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    this.update(modules);
  }
  protected checked(x: unknown): M {
    return moduleOrThrow(x, "ModuleDict") as M;
  }
}

/** A line for each member, as PyTorch 1.13 writes them: lists by dtype, dictionaries by the old names of tensor types. */
function parameterLines(
  entries: Iterable<readonly [string, AnyParameter]>,
  kind: (p: AnyParameter) => string,
): string {
  const size = (p: AnyParameter): string => (p.shape as readonly number[]).join("x");
  return Array.from(
    entries,
    ([name, p]) => `  (${name}): Parameter containing: [${kind(p)} of size ${size(p)}]`,
  ).join("\n");
}

/** A list of parameters. @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html */
export class ParameterList extends List<AnyParameter> {
  constructor(parameters: Iterable<AnyTensor> = []) {
    super();
    this.fill(parameters);
  }
  protected checked(x: unknown): AnyParameter {
    return parameterOf(x, "ParameterList");
  }
  override extraRepr(): string {
    return parameterLines(
      [...this].map((p, i) => [String(i), p] as const),
      (p) => `torch.${p.dtype as string}`,
    );
  }
}

/** A dictionary of parameters. @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html */
export class ParameterDict extends Dict<AnyParameter> {
  constructor(parameters: Readonly<Record<string, AnyTensor>> | Iterable<readonly [string, AnyTensor]> = {}) {
    super();
    this.update(parameters as Readonly<Record<string, AnyParameter>>);
  }
  protected checked(x: unknown): AnyParameter {
    return parameterOf(x, "ParameterDict");
  }
  override extraRepr(): string {
    return parameterLines(this.entries(), (p) => dtypes[p.dtype as DType].legacy);
  }
}
