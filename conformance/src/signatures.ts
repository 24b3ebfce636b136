// PyTorch's parameter lists (../signatures.json, made by ../scripts/signatures.py): which parameter each argument of a
// recorded call is.

import { readFileSync } from "node:fs";
import * as torch from "flambeau";

export interface PyParameter {
  /** PyTorch's name; `self` is written `input`, as in its documentation. */
  readonly name: string;
  /** Type in the notation of PyTorch's schemas; null for functions written in Python. */
  readonly type: string | null;
  readonly keywordOnly: boolean;
  /** Whether a call may leave it out. */
  readonly optional: boolean;
  /** `*tensors`. */
  readonly variadic: boolean;
}

export type PySignature = readonly PyParameter[];

let data: Readonly<Record<string, readonly string[]>> | null = null;
const parsed = new Map<string, readonly PySignature[]>();

/** Splits at commas that stand outside of brackets. */
export function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote) {
      if (c === "\\") i++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'" || c === "`") quote = c;
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (c === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((p) => p.trim()).filter((p) => p !== "");
}

const canonicalName = (name: string): string =>
  ({ self: "input", axis: "dim", keepdims: "keepdim" })[name] ?? name;

/** The name of a parameter in PyTorch's lists, where an axis is one (`segment_reduce`). */
const ownName = (name: string): string => (name === "axis" ? name : canonicalName(name));

/** Reads `(Tensor self, int dim=0, *, ScalarType? dtype=None)` or `(input, p=0.5)`. */
export function parseSignature(text: string): PySignature {
  const parameters: PyParameter[] = [];
  let keywordOnly = false;
  for (const part of splitTopLevel(text.slice(1, -1))) {
    if (part === "*") {
      keywordOnly = true;
      continue;
    }
    const [declaration = "", fallback] = part.split(/=(.*)/s);
    const words = declaration.trim().split(/\s+/);
    const last = words.at(-1)!;
    const variadic = last.startsWith("*");
    const type = words.length > 1 ? words.slice(0, -1).join(" ") : null;
    parameters.push({
      name: ownName(last.replace(/^\*/, "")),
      type,
      keywordOnly: keywordOnly && !variadic,
      optional: fallback !== undefined || variadic || (type?.endsWith("?") ?? false),
      variadic,
    });
    if (variadic) keywordOnly = true;
  }
  return parameters;
}

/** The overloads of a function or class by its path below `torch` (`nn.functional.relu`, `Tensor.sum`, `nn.Linear`). */
export function signaturesOf(path: string): readonly PySignature[] {
  let list = parsed.get(path);
  if (!list) {
    data ??= JSON.parse(readFileSync(new URL("../signatures.json", import.meta.url), "utf8")) as Record<
      string,
      readonly string[]
    >;
    const table = data;
    const bare = path.slice(path.lastIndexOf(".") + 1);
    // Compiled functions are registered under one flat name: special_erf, linalg_norm; nn.functional's under their own.
    const key = [path, path.replaceAll(".", "_"), bare, bare.replace(/_$/, "")].find((k) =>
      Object.hasOwn(table, k),
    );
    list = key === undefined ? [] : table[key]!.map(parseSignature);
    parsed.set(path, list);
  }
  return list;
}

/** Whether PyTorch's function has a parameter of this name in any overload. */
export const hasParameter = (path: string, name: string): boolean =>
  signaturesOf(path).some((s) => s.some((p) => p.name === name));

const isInteger = (v: unknown): boolean =>
  typeof v === "bigint" || typeof v === "boolean" || Number.isInteger(v);
const isNumber = (v: unknown): boolean =>
  typeof v === "number" || typeof v === "bigint" || typeof v === "boolean";

/** Whether PyTorch's argument parser would take `value` for a parameter of this type. */
function fits(type: string | null, value: unknown): boolean {
  if (type === null) return true;
  if (type.endsWith("?")) return value === null || fits(type.slice(0, -1), value);
  const list = /^(.*)\[(\d*)\]$/.exec(type);
  if (list) {
    const [, element = "", size] = list;
    if (Array.isArray(value)) return value.every((v) => fits(element, v));
    return size !== "" && fits(element, value);
  }
  if (type === "Tensor") return torch.isTensor(value);
  if (type === "int") return isInteger(value);
  if (type === "float" || type === "Scalar") return isNumber(value);
  if (type === "bool") return typeof value === "boolean";
  if (type === "str") return typeof value === "string";
  return !torch.isTensor(value) && !isNumber(value) && !Array.isArray(value);
}

function takes(
  s: PySignature,
  args: readonly unknown[],
  kwargs: ReadonlyMap<string, unknown>,
  types: boolean,
): boolean {
  const positional = s.filter((p) => !p.keywordOnly);
  const variadic = positional.some((p) => p.variadic);
  if (args.length > positional.length && !variadic) return false;
  const given = new Set(positional.slice(0, args.length).map((p) => p.name));
  for (const name of kwargs.keys()) if (given.has(name) || !s.some((p) => p.name === name)) return false;
  for (const p of s) if (!p.optional && !given.has(p.name) && !kwargs.has(p.name)) return false;
  if (!types) return true;
  if (!variadic && !args.every((v, i) => fits(positional[i]!.type, v))) return false;
  return [...kwargs].every(([name, v]) => fits(s.find((p) => p.name === name)!.type, v));
}

/**
 * PyTorch takes one list of integers written out, as in `x.sum_to_size(2, 3)`: gathers such arguments into the list that
 * the function's only parameter after the tensor is.
 */
export function gatherList(list: readonly PySignature[], args: readonly unknown[]): readonly unknown[] {
  for (const s of list) {
    const positional = s.filter((p) => !p.keywordOnly);
    const at = positional.length - 1;
    if (
      at > 1 ||
      !/^int\[\d*\]$/.test(positional[at]?.type ?? "") ||
      (at === 1 && positional[0]!.type !== "Tensor")
    )
      continue;
    const tail = args.slice(at);
    if (tail.length > 1 && tail.every(isInteger)) return [...args.slice(0, at), tail];
  }
  return args;
}

/** Keywords by their canonical names; those that stand in one of the lists keep theirs. */
export function canonicalKeywords(
  kwargs: Readonly<Record<string, unknown>>,
  signatures: readonly PySignature[] = [],
): Map<string, unknown> {
  const isOwn = (name: string): boolean => signatures.some((s) => s.some((p) => p.name === name));
  return new Map(Object.entries(kwargs).map(([k, v]) => [isOwn(k) ? k : canonicalName(k), v]));
}

/**
 * The overload that PyTorch would choose; if the types fit none (as in a recorded TypeError), the first that the names
 * and the number of arguments fit; null if there is none.
 */
export function chooseSignature(
  list: readonly PySignature[],
  args: readonly unknown[],
  kwargs: ReadonlyMap<string, unknown>,
): PySignature | null {
  return (
    list.find((s) => takes(s, args, kwargs, true)) ?? list.find((s) => takes(s, args, kwargs, false)) ?? null
  );
}
