// Copies of modules with parameters of their own, as Python's copy.deepcopy makes them.
// Floor L5 (nn).

import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { isModule, propertiesOf } from "./internals.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * A copy of a module with copies of its parameters, buffers and children; what was shared inside stays shared inside.
 *
 * Other properties are taken over; lists and plain objects are copied too. Gradients, hooks and `#private` fields are not.
 */
export function deepcopy<M extends Module>(module: M): M {
  const done = new Map<object, unknown>();
  return noGrad(() => copyOf(module, done) as M);
}

/** A module whose constructor ran no further than Module's own. */
class Blank extends Module {
  forward(): never {
    throw new Error("a blank module is given another prototype before it is used");
  }
}

function copyOf(x: unknown, done: Map<object, unknown>): unknown {
  if ((typeof x !== "object" && !isModule(x)) || x === null) return x;
  const before = done.get(x);
  if (before !== undefined) return before;
  const made = emptyCopy(x);
  if (made === x) return x;
  done.set(x, made);
  if (isModule(x)) {
    const to = made as Module;
    for (const [name, persistent] of x["~state"].buffers) to["~state"].buffers.set(name, persistent);
    to["~state"].names = x["~state"].names?.slice() ?? null;
    for (const name of Object.keys(x))
      Object.defineProperty(to, name, {
        value: copyOf(propertiesOf(x)[name], done),
        writable: true,
        enumerable: true,
        configurable: true,
      });
  } else if (Array.isArray(x)) for (const y of x) (made as unknown[]).push(copyOf(y, done));
  else if (x instanceof Map) for (const [k, v] of x) (made as Map<unknown, unknown>).set(k, copyOf(v, done));
  else if (!isTensor(x))
    for (const [k, v] of Object.entries(x)) (made as Record<string, unknown>)[k] = copyOf(v, done);
  return made;
}

function emptyCopy(x: object): object {
  if (isModule(x)) return Object.setPrototypeOf(new Blank(), Object.getPrototypeOf(x) as object) as object;
  if (x instanceof Parameter) return new Parameter(x.detach().clone(), x.requiresGrad);
  if (isTensor(x)) return (x as AnyTensor).detach().clone();
  if (Array.isArray(x)) return [];
  if (x instanceof Map) return new Map();
  return Object.getPrototypeOf(x) === Object.prototype ? {} : x;
}
