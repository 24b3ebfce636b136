// The table of ops, derived from the exports of ops/index.ts: gives every entry its name and every tensor its methods.
// Floor L4 (ops).

import { Tensor } from "../tensor/tensor.ts";
import type { OpEntry } from "./define.ts";
import { entryOf } from "./define.ts";
import * as ops from "./index.ts";

/** Every op by name, in the order of the exports. */
export const table: ReadonlyMap<string, OpEntry> = install();

function install(): Map<string, OpEntry> {
  const found = new Map<string, OpEntry>();
  const methods = Tensor.prototype as unknown as Record<string, unknown>;
  for (const [name, f] of Object.entries(ops)) {
    const entry = entryOf(f);
    if (!entry) throw new Error(`ops/index.ts exports '${name}', which is not an op`);
    entry.name = name;
    found.set(name, entry);
    if (entry.method) methods[name] = asMethod((entry.methodForm ?? f) as Fn, entry.variadic);
    if (entry.inplace) methods[`${name}_`] = asMethod(entry.inplace, entry.variadic);
  }
  return found;
}

type Fn = (...args: unknown[]) => unknown;

// A fixed number of parameters is several times cheaper to pass on than a list, and no op takes more than six.
function asMethod(f: Fn, variadic: boolean): unknown {
  if (variadic)
    return function (this: unknown, ...args: unknown[]) {
      return f(this, ...args);
    };
  return function (this: unknown, a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown) {
    return e === undefined
      ? d === undefined
        ? c === undefined
          ? b === undefined
            ? a === undefined
              ? f(this)
              : f(this, a)
            : f(this, a, b)
          : f(this, a, b, c)
        : f(this, a, b, c, d)
      : f(this, a, b, c, d, e);
  };
}
