// The table of ops, derived from the exports of ops/index.ts: gives every entry its name and every tensor its methods.
// Floor L4 (ops).

import { Tensor } from "../tensor/tensor.ts";
import type { OpEntry } from "./define.ts";
import { entryOf } from "./define.ts";
import * as fft from "./fft/index.ts";
import * as functional from "./functional/index.ts";
import * as functions from "./functions.ts";
import * as linalg from "./linalg/index.ts";
import * as masked from "./masked/index.ts";
import * as methods from "./methods.ts";
import * as special from "./special/index.ts";

/** Every op by name, in the order of the exports. An op that a namespace takes over from `torch` has its name there. */
export const table: ReadonlyMap<string, OpEntry> = install();

function install(): Map<string, OpEntry> {
  const found = new Map<string, OpEntry>();
  const known = new Set<OpEntry>();
  const add = (space: string, exports: object): void => {
    for (const [name, f] of Object.entries(exports)) {
      const entry = entryOf(f);
      if (!entry) throw new Error(`the ops in '${space}' export '${name}', which is not an op`);
      if (known.has(entry)) continue;
      known.add(entry);
      entry.name = space + name;
      found.set(entry.name, entry);
    }
  };
  add("", methods);
  add("", functions);
  add("nn.functional.", functional);
  add("linalg.", linalg);
  add("special.", special);
  add("fft.", fft);
  add("masked.", masked);
  const target = Tensor.prototype as unknown as Record<string, unknown>;
  for (const [name, f] of Object.entries(methods)) {
    const entry = entryOf(f)!;
    if (entry.method) target[name] = asMethod((entry.methodForm ?? f) as Fn, entry.variadic);
    if (entry.inplace) target[`${name}_`] = asMethod(entry.inplace, entry.variadic);
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
