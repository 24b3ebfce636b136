// What our functions take, read from the functions themselves: how many parameters are positional, and whether an
// options object follows them.

import { entryOf } from "../../packages/flambeau/src/ops/define.ts";
import { splitTopLevel } from "./signatures.ts";

export interface OwnSignature {
  /** Number of positional parameters before the options; null if there may be any number (`...args`). */
  readonly positional: number | null;
  /** Whether the last parameter is an options object. */
  readonly options: boolean;
}

/** The text between the parentheses that open at `from`. */
function parenthesised(source: string, from: number): string {
  let depth = 0;
  let quote = "";
  for (let i = from; i < source.length; i++) {
    const c = source[i]!;
    if (quote) {
      if (c === "\\") i++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'" || c === "`") quote = c;
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c) && --depth === 0) return source.slice(from + 1, i);
  }
  return "";
}

type AnyFunction = (...args: never[]) => unknown;

const isClass = (source: string): boolean => /^class\b/.test(source);

/** The source of the parameter list of a function or of a class's constructor, its own or an inherited one. */
function parameterList(f: AnyFunction): string | null {
  const source = Function.prototype.toString.call(f).replaceAll(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm, "");
  if (isClass(source)) {
    const at = /(?:^|[\s;{}])constructor\s*\(/.exec(source);
    if (at) return parenthesised(source, at.index + at[0].length - 1);
    const parent = Object.getPrototypeOf(f) as AnyFunction | null;
    return typeof parent === "function" && parent !== Function.prototype ? parameterList(parent) : "";
  }
  const bare = /^(?:async\s+)?([A-Za-z_$][\w$]*)\s*=>/.exec(source);
  if (bare) return bare[1]!;
  const open = source.indexOf("(");
  return source.includes("[native code]") || open < 0 ? null : parenthesised(source, open);
}

const isOptions = (parameter: string): boolean =>
  parameter.startsWith("{") || /^_?(?:options|opts|config|settings)\b/i.test(parameter);

function read(f: AnyFunction): OwnSignature | null {
  const list = parameterList(f);
  if (list === null) return null;
  const parameters = splitTopLevel(list);
  const last = parameters.at(-1);
  if (last?.startsWith("...")) return { positional: null, options: false };
  return last !== undefined && isOptions(last)
    ? { positional: parameters.length - 1, options: true }
    : { positional: parameters.length, options: false };
}

const known = new WeakMap<AnyFunction, OwnSignature | null>();

/** The parameters of a function, an op or a class; null where they cannot be read. */
export function reflect(f: AnyFunction): OwnSignature | null {
  let signature = known.get(f);
  if (signature === undefined) {
    // An op is a wrapper; its entry knows what its author wrote.
    signature = read((entryOf(f)?.definition as AnyFunction | undefined) ?? f);
    known.set(f, signature);
  }
  return signature;
}
