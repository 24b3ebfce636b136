// What a module keeps beside the properties that its author sees, and how its members are found.
// Floor L5 (nn).

import { ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { BackwardHooks } from "./backward-hooks.ts";
import type { ForwardHook, ForwardPreHook } from "./call.ts";
import type { Module } from "./module.ts";
import type { AnyParameter } from "./parameter.ts";
import { Parameter } from "./parameter.ts";

/** Name of the hidden property of a module that holds its {@link Internals}. */
export const stateName = "~state";

export interface Internals {
  /** Buffers by property name; the value tells whether the state dict has them. */
  readonly buffers: Map<string, boolean>;
  preHooks: ForwardPreHook[] | null;
  hooks: ForwardHook[] | null;
  /** Hooks on gradients. */
  backward: BackwardHooks | null;
  /** Of a layer that waits for its first input: settles its shapes from those of a state dict's entries. */
  settle: ((shapeOf: (property: string) => Shape | null) => void) | null;
  /** Names of children in the order in which a container runs them; null: the order of the properties. */
  names: string[] | null;
}

/** Whether a value is a module. */
export const isModule = (x: unknown): x is Module => typeof x === "function" && stateName in x;

/** Properties by name; a module's own type does not say which there are. */
export const propertiesOf = (m: Module): Record<string, unknown> => m as unknown as Record<string, unknown>;

const namesOf = (m: Module): readonly string[] => m["~state"].names ?? Object.keys(m);

/** Children by property name; a module under two names comes twice. */
export function* childEntries(m: Module): Generator<[string, Module]> {
  const own = propertiesOf(m);
  for (const name of namesOf(m)) {
    const x = own[name];
    if (isModule(x)) yield [name, x];
  }
}

/** The module's own parameters by property name. */
export function* parameterEntries(m: Module): Generator<[string, AnyParameter]> {
  const own = propertiesOf(m);
  for (const name of namesOf(m)) {
    const x = own[name];
    if (x instanceof Parameter) yield [name, x];
  }
}

/** The module's own buffers by property name. */
export function* bufferEntries(m: Module, persistentOnly = false): Generator<[string, AnyTensor]> {
  const own = propertiesOf(m);
  for (const [name, persistent] of m["~state"].buffers) {
    const x = own[name];
    if (isTensor(x) && (persistent || !persistentOnly)) yield [name, x];
  }
}

export const joined = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);

/** Sets a property whose name is not known to the type; own, so that it is found. */
export function setProperty(m: Module, name: string, value: unknown): void {
  if (name === "" || name.includes("."))
    throw new ValueError(
      `the name of a parameter, buffer or module must not be empty or contain ".", got "${name}"`,
    );
  const own = propertiesOf(m);
  if (Object.hasOwn(m, name) && Object.getOwnPropertyDescriptor(m, name)?.writable) own[name] = value;
  else Object.defineProperty(m, name, { value, writable: true, enumerable: true, configurable: true });
  const { names } = m["~state"];
  if (names && !names.includes(name)) names.push(name);
}

/** Members of a module and of those below it, by their names in state dicts, each once. */
export function* membersOf<T>(
  m: Module,
  prefix: string,
  recurse: boolean,
  of: (m: Module) => Iterable<[string, T]>,
): Generator<[string, T]> {
  const seen = new Set<T>();
  for (const [path, owner] of recurse ? m.namedModules(prefix) : [[prefix, m] as const])
    for (const [name, x] of of(owner)) {
      if (seen.has(x)) continue;
      seen.add(x);
      yield [joined(path, owner.stateKey(name)), x];
    }
}
