// What weight and spectral normalisation share: a parameter that is computed anew before every forward.
// Floor L5 (nn).

import { RuntimeError, ValueError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { propertiesOf } from "../internals.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";

/** The property whose name in the state dict is that of `name` with `_suffix` behind it. */
export const beside = (name: string, suffix: string): string =>
  name.includes("_") ? `${name}_${suffix}` : name + suffix[0]!.toUpperCase() + suffix.slice(1);

/** The parameter of a module by its property, which must be one. */
export function parameterOf(module: Module, name: string, op: string): AnyTensor {
  const p = propertiesOf(module)[name];
  if (p instanceof Parameter) return p;
  throw new ValueError(`${op} cannot be applied: '${name}' is not a parameter of ${module.constructor.name}`);
}

/** Sets a property to a tensor that is computed, in the place where the parameter was. */
export function setComputed(module: Module, name: string, value: AnyTensor): void {
  propertiesOf(module)[name] = value;
}

/** A recomputation under way: how to end it. */
interface Active {
  /** Takes the hook away and leaves the present value as a parameter. */
  remove(): void;
}

const active = new WeakMap<Module, Map<string, Active>>();

/** Remembers that `name` of `module` is recomputed by `op`. @throws RuntimeError if it is already */
export function begin(module: Module, op: string, name: string, entry: Active): void {
  const entries = active.get(module) ?? new Map<string, Active>();
  active.set(module, entries);
  const key = `${op} ${name}`;
  if (entries.has(key))
    throw new RuntimeError(`Cannot register two ${op} hooks on the same parameter ${name}`);
  entries.set(key, entry);
}

/** Ends the recomputation of `name` by `op`. @throws ValueError if there is none */
export function end(module: Module, op: string, name: string): void {
  const entry = active.get(module)?.get(`${op} ${name}`);
  if (!entry) throw new ValueError(`${op} of '${name}' not found in ${module.constructor.name}`);
  active.get(module)!.delete(`${op} ${name}`);
  entry.remove();
}
