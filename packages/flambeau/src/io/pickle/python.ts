// The names of Python's own that pickles may use: containers and bytes, built as data. Floor L5 (io).

import type { Machine } from "./machine.ts";
import { cost } from "./machine.ts";
import type { PyCall } from "./values.ts";
import { PyDict, PyGlobal } from "./values.ts";

const modules: Readonly<Record<string, string>> = {
  __builtin__: "builtins",
  copy_reg: "copyreg",
  "numpy._core.multiarray": "numpy.core.multiarray",
  "numpy._core.numeric": "numpy.core.numeric",
  // Where PyTorch once kept them.
  "torch.tensor": "torch._tensor",
};

/** The dotted name of a global, under today's name of its module. */
export const modernName = (module: string, name: string): string =>
  `${Object.hasOwn(modules, module) ? modules[module] : module}.${name}`;

/** Throws unless what a name was called with is what it takes. */
export function expectArgs(m: Machine, name: string, fits: boolean): asserts fits {
  if (!fits) throw m.bad(`${name} is called with arguments that it does not take`);
}

/** A new dict with the entries of a dict, or of a list of pairs, as Python 2 wrote ordered ones. */
function dictOf(m: Machine, name: string, from: unknown): PyDict {
  const dict = m.dict();
  if (from instanceof PyDict) {
    m.spend(cost.entry * from.entries.size);
    for (const [key, value] of from.entries) dict.entries.set(key, value);
  } else if (from !== undefined && from !== null) {
    expectArgs(m, name, Array.isArray(from));
    for (const pair of from) {
      expectArgs(m, name, Array.isArray(pair) && pair.length === 2);
      m.setAll(dict, pair);
    }
  }
  return dict;
}

const mapping =
  (name: string, before: number): PyCall =>
  (args, m) => {
    expectArgs(m, name, args.length <= before + 1);
    return dictOf(m, name, args[before]);
  };

const set =
  (name: string, frozen: boolean): PyCall =>
  (args, m) => {
    const [items = []] = args;
    expectArgs(m, name, args.length <= 1 && (Array.isArray(items) || items instanceof Set));
    return m.set([...(items as Iterable<unknown>)], frozen);
  };

/** Text as bytes. Pickles before protocol 3 write bytes as Latin-1 text. */
function encode(m: Machine, name: string, text: unknown, encoding: unknown): Uint8Array {
  expectArgs(m, name, typeof text === "string" && typeof encoding === "string");
  m.spend(cost.container + 3 * text.length);
  const codec = encoding.toLowerCase().replaceAll(/[-_]/g, "");
  if (codec === "utf8") return new TextEncoder().encode(text);
  expectArgs(m, name, codec === "latin1" || codec === "iso88591" || codec === "ascii");
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    expectArgs(m, name, code < (codec === "ascii" ? 128 : 256));
    bytes[i] = code;
  }
  return bytes;
}

const calls: Readonly<Record<string, PyCall | null>> = {
  "collections.OrderedDict": mapping("collections.OrderedDict", 0),
  "collections.Counter": mapping("collections.Counter", 0),
  "collections.defaultdict": mapping("collections.defaultdict", 1),
  "builtins.set": set("builtins.set", false),
  "builtins.frozenset": set("builtins.frozenset", true),
  "_codecs.encode": (args, m) => encode(m, "_codecs.encode", args[0], args[1] ?? "utf-8"),
  "builtins.bytes": (args, m) => {
    expectArgs(m, "builtins.bytes", args.length === 0);
    return new Uint8Array(0);
  },
  "builtins.bytearray": ([from, encoding], m) => {
    if (from === undefined) return new Uint8Array(0);
    if (typeof from === "string") return encode(m, "builtins.bytearray", from, encoding);
    expectArgs(m, "builtins.bytearray", from instanceof Uint8Array);
    m.spend(cost.container + from.length);
    return from.slice();
  },
  // What a defaultdict makes.
  "builtins.list": null,
  "builtins.dict": null,
  "builtins.int": null,
  "builtins.float": null,
};

/** Names by their full path. */
export const pythonGlobals: ReadonlyMap<string, PyGlobal> = new Map(
  Object.entries(calls).map(([name, call]) => [name, new PyGlobal(name, call)]),
);
