// Arguments and results of compiled functions: tensors and other values in lists and plain objects.
// Floor L4 (compile).

import { isTensor } from "../tensor/tensor.ts";

/** What a value is made of, with its leaves taken out; two values of one form have equal keys. */
export interface Tree {
  readonly leaves: readonly unknown[];
  /** The value again, from other leaves. */
  build(leaves: readonly unknown[]): unknown;
}

const isPlain = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** Takes a value apart. Anything but a list or a plain object is a leaf. */
export function treeOf(value: unknown): Tree {
  const leaves: unknown[] = [];
  type Build = (leaves: readonly unknown[]) => unknown;
  const visit = (x: unknown): Build => {
    if (Array.isArray(x)) {
      const parts = x.map(visit);
      const names = namesOf(x);
      return (from) => {
        const list = parts.map((build) => build(from));
        for (const [name, i] of names) Object.defineProperty(list, name, { value: list[i] });
        return list;
      };
    }
    if (isPlain(x)) {
      const parts = Object.entries(x).map(([key, y]) => [key, visit(y)] as const);
      return (from) => Object.fromEntries(parts.map(([key, build]) => [key, build(from)]));
    }
    const i = leaves.push(x) - 1;
    return (from) => from[i];
  };
  const build = visit(value);
  return { leaves, build };
}

/** Names of the elements of several results, such as `values` and `indices`. */
function namesOf(list: readonly unknown[]): [string, number][] {
  return Object.getOwnPropertyNames(list).flatMap((name): [string, number][] => {
    if (name === "length" || /^\d+$/.test(name)) return [];
    const i = list.indexOf((list as unknown as Record<string, unknown>)[name]);
    return i < 0 ? [] : [[name, i]];
  });
}

/** Appends the leaves of a value to `into`, in the order of {@link treeOf}. False if the form is not that of `like`. */
export function collectLeaves(value: unknown, like: unknown, into: unknown[]): boolean {
  if (Array.isArray(like)) {
    if (!Array.isArray(value) || value.length !== like.length) return false;
    for (let i = 0; i < like.length; i++) if (!collectLeaves(value[i], like[i], into)) return false;
    return true;
  }
  if (isPlain(like)) {
    if (!isPlain(value)) return false;
    const keys = Object.keys(like);
    if (Object.keys(value).length !== keys.length) return false;
    for (const key of keys) if (!(key in value) || !collectLeaves(value[key], like[key], into)) return false;
    return true;
  }
  if (Array.isArray(value) || (isPlain(value) && !isTensor(value))) return false;
  into.push(value);
  return true;
}
