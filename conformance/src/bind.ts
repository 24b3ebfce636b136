// From the arguments of a Python call to those of ours, by rule (README.md, "How a call is translated").

import { camelCase } from "./compare.ts";
import type { OwnSignature } from "./reflect.ts";
import type { PySignature } from "./signatures.ts";
import { canonicalKeywords, chooseSignature, gatherList, signaturesOf } from "./signatures.ts";
import { dropped, Unsupported } from "./values.ts";

/** Parameters that have no counterpart: there is one device and one layout. */
const withoutCounterpart: ReadonlySet<string> = new Set([
  "device",
  "layout",
  "pin_memory",
  "memory_format",
  "non_blocking",
]);

/** Where our parameters cannot be read: names that stand in the options object, though Python may pass them by position. */
const optionNames: ReadonlySet<string> = new Set([
  "alpha",
  "beta",
  "correction",
  "descending",
  "dtype",
  "generator",
  "inplace",
  "keepdim",
  "requires_grad",
  "rounding_mode",
  "sorted",
  "stable",
  "training",
  "unbiased",
]);

interface Given {
  readonly name: string | null;
  readonly value: unknown;
  /** Position in PyTorch's parameter list; null if by keyword only. */
  readonly position: number | null;
}

/** Our arguments, and which options among them nobody has looked at yet. */
export interface Bound {
  readonly args: unknown[];
  readonly unread: ReadonlySet<string>;
}

/**
 * The place of a parameter: its own, or that in the longest overload, where that one is the same list with optional
 * parameters put in between (`std(input, unbiased)` beside `std(input, dim, unbiased, keepdim)`).
 */
function placeOf(name: string, own: number, chosen: PySignature, all: readonly PySignature[]): number {
  let longest: PySignature = chosen;
  for (const s of all) if (positional(s).length > positional(longest).length) longest = s;
  const list = positional(longest);
  const place = list.findIndex((p) => p.name === name);
  if (place <= own) return own;
  const names = new Set(positional(chosen).map((p) => p.name));
  return list.slice(0, place).every((p) => names.has(p.name) || p.optional) ? place : own;
}

/** The place of a parameter that goes by keyword only in the chosen overload, where all others have it in one place. */
function placeElsewhere(name: string, all: readonly PySignature[]): number | null {
  const places = new Set(
    all.map((s) => positional(s).findIndex((p) => p.name === name)).filter((i) => i >= 0),
  );
  return places.size === 1 ? [...places][0]! : null;
}

const positional = (s: PySignature): PySignature => s.filter((p) => !p.keywordOnly);

function named(
  all: readonly PySignature[],
  chosen: PySignature | null,
  args: readonly unknown[],
  keywords: ReadonlyMap<string, unknown>,
): Given[] {
  const given: Given[] = [];
  const list = chosen ? positional(chosen) : [];
  const variadic = list.findIndex((p) => p.variadic);
  args.forEach((value, i) => {
    const p = variadic >= 0 && i >= variadic ? null : (list[i] ?? null);
    given.push({ name: p?.name ?? null, value, position: p && chosen ? placeOf(p.name, i, chosen, all) : i });
  });
  for (const [name, value] of keywords) {
    const i = list.findIndex((p) => p.name === name);
    given.push({
      name,
      value,
      position: i < 0 || !chosen ? placeElsewhere(name, all) : placeOf(name, i, chosen, all),
    });
  }
  return given.filter((g) => g.value !== dropped && !(g.name !== null && withoutCounterpart.has(g.name)));
}

/** How many of PyTorch's positional parameters are positional in ours. */
function positionalCount(own: OwnSignature | null, chosen: PySignature | null): number {
  if (own?.positional != null) return own.positional;
  // `...args`, or nothing to be read: everything by position, up to what is an option by its name.
  const i = chosen ? positional(chosen).findIndex((p) => optionNames.has(p.name)) : -1;
  return i < 0 ? Number.POSITIVE_INFINITY : i;
}

/** Our arguments when they are given as in Python: by position what Python passes so, keywords as options. */
export function bindAsGiven(args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): Bound {
  const options: Record<string, unknown> = {};
  for (const [name, value] of canonicalKeywords(kwargs))
    if (value !== dropped && !withoutCounterpart.has(name)) options[camelCase(name)] = value;
  const unread = new Set(Object.keys(options));
  const positional = args.filter((v) => v !== dropped);
  return { args: unread.size === 0 ? positional : [...positional, watched(options, unread)], unread };
}

/**
 * Our arguments for a call of PyTorch's `path`.
 *
 * @param skip how many leading arguments are not passed on: 1 for methods, whose first one is `this`
 * @throws Unsupported if an argument has no place
 */
export function bind(
  path: string,
  own: OwnSignature | null,
  given: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  skip = 0,
): Bound {
  const all = signaturesOf(path);
  // A function of ours that shows `...args` takes both forms.
  const args = own?.positional === null ? given : gatherList(all, given);
  const keywords = canonicalKeywords(kwargs, all);
  const chosen = chooseSignature(all, args, keywords);
  const count = positionalCount(own, chosen);
  const out: unknown[] = [];
  const options: Record<string, unknown> = {};
  for (const { name, value, position } of named(all, chosen, args, keywords)) {
    if (position !== null && position < count) {
      if (position >= skip) out[position - skip] = value;
    } else if (name === null)
      throw new Unsupported(`takes ${count} positional arguments, PyTorch's call has ${args.length}`);
    else options[camelCase(name)] = value;
  }
  const unread = new Set(Object.keys(options));
  if (unread.size === 0) return { args: Array.from(out), unread };
  if (own?.options) out.length = Math.max(out.length, count - skip);
  return { args: [...Array.from(out), watched(options, unread)], unread };
}

/** The options, with every reading noted: one that nobody reads was not understood. */
function watched(options: Record<string, unknown>, unread: Set<string>): object {
  return new Proxy(options, {
    get(target, key) {
      unread.delete(String(key));
      return target[String(key)];
    },
  });
}
