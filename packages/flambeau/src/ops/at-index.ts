// The entries of an index, as they are written: "1:3, ..., None", slices, lists, tensors.
// Floor L4 (ops). Source: https://numpy.org/doc/stable/user/basics.indexing.html

import { ArgumentError, IndexError, ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";

/** `start:end:step` of Python: `{ start: 1 }` is `1:`. */
export interface Slice {
  readonly start?: number | null;
  readonly end?: number | null;
  readonly step?: number | null;
}

/** One entry of an index; `null` inserts a dimension, "..." stands for all dimensions not named. */
export type IndexItem = number | boolean | null | string | Slice | AnyTensor | readonly unknown[];
/** An entry, or a list of entries for the leading dimensions. */
export type Index = IndexItem | readonly IndexItem[];

/** An entry as it was read. */
export type Parsed = number | boolean | null | "..." | Slice | AnyTensor;

const isSlice = (x: unknown): x is Slice =>
  typeof x === "object" && x !== null && ("start" in x || "end" in x || "step" in x);

function parseText(text: string): Parsed[] {
  return text.split(",").map((raw): Parsed => {
    const item = raw.trim();
    if (item === "...") return "...";
    if (item === "None" || item === "null" || item === "newaxis") return null;
    if (item === "True" || item === "true") return true;
    if (item === "False" || item === "false") return false;
    const fields = item.split(":").map((f) => f.trim());
    const numberOf = (f: string | undefined): number | null => {
      if (f === undefined || f === "") return null;
      if (!/^[+-]?\d+$/.test(f))
        throw new ValueError(
          `at: cannot read "${item}" in the index "${text}": expected an integer, start:end:step, ..., or None`,
        );
      return Number(f);
    };
    if (fields.length === 1) {
      const n = numberOf(fields[0]);
      if (n === null) throw new ValueError(`at: an entry is empty in the index "${text}"`);
      return n;
    }
    if (fields.length > 3) throw new ValueError(`at: too many ":" in "${item}"`);
    return { start: numberOf(fields[0]), end: numberOf(fields[1]), step: numberOf(fields[2]) ?? 1 };
  });
}

function parseItem(item: unknown): Parsed[] {
  if (typeof item === "string") return parseText(item);
  if (
    item === null ||
    typeof item === "number" ||
    typeof item === "boolean" ||
    isTensor(item) ||
    isSlice(item)
  )
    return [item];
  if (Array.isArray(item)) return [listIndex(item)];
  throw new ArgumentError(
    `at: an index must be an integer, a slice, "...", null, a list or a tensor, not ${item === undefined ? "undefined" : typeof item}`,
  );
}

/** A nested list of integers or booleans as an index tensor. */
function listIndex(list: readonly unknown[]): AnyTensor {
  const shape: number[] = [];
  for (let v: unknown = list; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat = list.flat(Number.POSITIVE_INFINITY) as unknown[];
  if (flat.length !== shape.reduce((p, n) => p * n, 1))
    throw new ValueError("at: a list of indices is ragged");
  if (flat.length > 0 && flat.every((v) => typeof v === "boolean"))
    return fresh(Uint8Array.from(flat, Number), shape, "bool");
  for (const v of flat)
    if (!Number.isInteger(v)) throw new IndexError(`at: indices must be integers, got ${String(v)}`);
  return fresh(Int32Array.from(flat as number[]), shape, "int32");
}

/** The entries of an index. */
export function parseIndex(args: readonly unknown[]): Parsed[] {
  const items = args.length === 1 && Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  return items.flatMap(parseItem);
}

/** Dimensions that an entry takes from the tensor. */
export const consumes = (item: Parsed): number =>
  item === null || item === "..." || typeof item === "boolean"
    ? 0
    : isTensor(item) && isMask(item)
      ? item.ndim
      : 1;

/** Whether a tensor picks elements by true and false. */
export const isMask = (x: AnyTensor): boolean => x.dtype === "bool" || x.dtype === "uint8";
