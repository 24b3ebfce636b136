// What a pickle builds while it is read, and what becomes of it in JavaScript. Floor L5 (io).

import { isTensor } from "../../tensor/tensor.ts";
import type { Machine } from "./machine.ts";

/** A value that is known only when all of a pickle was read: others may point to it before. */
export abstract class Pending {
  /** The final value: the same at every call. */
  abstract settle(): unknown;
}

/** Something that takes its state after it was made, as dtypes and arrays of NumPy do. */
export abstract class Stateful extends Pending {
  abstract setState(state: unknown, m: Machine): void;
}

/** What calling a name of Python gives. */
export type PyCall = (args: readonly unknown[], m: Machine) => unknown;

/** A function or class that a pickle may name. */
export class PyGlobal {
  /** Its dotted name in Python. */
  readonly name: string;
  /** null if it may only be mentioned. */
  readonly call: PyCall | null;

  constructor(name: string, call: PyCall | null = null) {
    this.name = name;
    this.call = call;
  }
}

/** Whether a key of an object is a number in disguise: objects list those first, and Python has them as ints. */
export const isIndex = (key: string): boolean => /^(?:0|[1-9]\d{0,8})$/.test(key);

/**
 * Whether a plain object whose keys are all whole numbers stands for a dictionary with ints as keys, as in optimizers' state
 * dicts: unless its values are tensors, as in the state dict of a ParameterList, where "0" is a name.
 */
export const hasIntKeys = (keys: readonly string[], values: readonly unknown[]): boolean =>
  keys.length > 0 && keys.every(isIndex) && !values.some(isTensor);

/** A dict: an object where that says the same, else a Map. */
export class PyDict extends Pending {
  readonly entries: Map<unknown, unknown> = new Map();
  #target: Record<string, unknown> | Map<unknown, unknown> | null = null;

  settle(): Record<string, unknown> | Map<unknown, unknown> {
    this.#target ??= this.#isObject() ? {} : new Map();
    return this.#target;
  }

  /** Puts the entries into what {@link settle} gives. */
  fill(final: (x: unknown) => unknown): void {
    const target = this.settle();
    for (const [key, value] of this.entries) {
      if (target instanceof Map) target.set(key, final(value));
      else target[String(key)] = final(value);
    }
  }

  /** Whether writing the object gives this dict back. */
  #isObject(): boolean {
    const keys = [...this.entries.keys()];
    const values = [...this.entries.values()].map((v) =>
      v instanceof PyDict ? null : v instanceof Pending ? v.settle() : v,
    );
    if (keys.every((key) => typeof key === "number"))
      return keys.length === 0 || hasIntKeys(keys.map(String), values);
    return (
      keys.every((key) => typeof key === "string" && key !== "__proto__") &&
      !hasIntKeys(keys as string[], values)
    );
  }
}
