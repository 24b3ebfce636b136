// Recorded values (fixtures/README.md) to ours: Python's None, tuples, slices and tagged numbers, and tensors.

import * as torch from "flambeau";

/** A tensor as it was recorded; `data` is null when only shape and dtype count. */
export interface RecordedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string | boolean)[] | null;
  readonly requires_grad?: boolean;
}

/** Something that the format or our interface cannot express; the case counts as unsupported. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

/** A value without meaning here (a device, a layout, a memory format): dropped wherever it is passed. */
export const dropped: unique symbol = Symbol("dropped");

export const isRecordedTensor = (v: unknown): v is RecordedTensor =>
  typeof v === "object" && v !== null && "shape" in v && "dtype" in v && "data" in v;

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

/** A recorded element as a number; `"nan"` and its like are strings in JSON. */
export function toNumber(v: number | string | boolean): number {
  if (typeof v !== "string") return Number(v);
  return special[v] ?? Number(v);
}

const tuples = new WeakSet<object>();
/** Tuples and lists are both arrays here, but differ as an index. */
export const isTuple = (v: unknown): boolean => typeof v === "object" && v !== null && tuples.has(v);
export function asTuple<T>(items: T[]): T[] {
  tuples.add(items);
  return items;
}

/** How to read a file's values. */
export interface Decoding {
  /** Recorded int64 as int64; otherwise it stands for our default integer dtype, int32. */
  readonly int64: boolean;
  /** Makes an object of a tagged value that needs more than this file knows (`$module`, `$scheduler`, ...). */
  readonly make?: (tag: string, content: unknown) => unknown;
}

export const plain: Decoding = { int64: false };

const wide = (v: number | string | boolean): boolean =>
  typeof v === "string" || Number(v) < -(2 ** 31) || Number(v) >= 2 ** 31;

/** Whether a recorded value holds an int64 beyond int32, so that its case has to run in int64. */
export function needsInt64(v: unknown): boolean {
  if (typeof v !== "object" || v === null) return false;
  if (isRecordedTensor(v)) return v.dtype === "int64" && (v.data?.some(wide) ?? false);
  return Object.values(v).some(needsInt64);
}

/** The recorded tensor as one of ours, with `requiresGrad` where its gradient is recorded. */
export function decodeTensor(v: RecordedTensor, decoding: Decoding = plain): torch.AnyTensor {
  const data = v.data ?? new Array<number>(v.shape.reduce((n, d) => n * d, 1)).fill(0);
  const t = fromElements(data, v.shape, v.dtype, decoding.int64);
  if (v.requires_grad) t.requiresGrad = true;
  return t;
}

function fromElements(
  data: readonly (number | string | boolean)[],
  shape: readonly number[],
  dtype: string,
  int64: boolean,
): torch.AnyTensor {
  switch (dtype) {
    case "float32":
      return torch.fromTypedArray(Float32Array.from(data, toNumber), shape);
    case "float64":
      return torch.fromTypedArray(Float64Array.from(data, toNumber), shape);
    case "int32":
      return torch.fromTypedArray(Int32Array.from(data, Number), shape);
    case "uint8":
      return torch.fromTypedArray(Uint8Array.from(data, Number), shape);
    case "int64":
      if (int64 || data.some(wide))
        return torch.fromTypedArray(
          BigInt64Array.from(data, (x) => BigInt(x)),
          shape,
        );
      return torch.fromTypedArray(Int32Array.from(data, Number), shape);
    case "bool":
      return torch.fromTypedArray(Uint8Array.from(data, Number), shape).to("bool");
    default:
      throw new Unsupported(`dtype ${dtype}`);
  }
}

/** The value that a recorded one stands for. */
export function decode(v: unknown, decoding: Decoding = plain): unknown {
  if (typeof v !== "object" || v === null) return v;
  if (Array.isArray(v)) return v.map((x) => decode(x, decoding));
  if (isRecordedTensor(v)) return decodeTensor(v, decoding);
  const entries = Object.entries(v);
  const [tag, content] = entries[0] ?? ["", null];
  if (entries.length === 1 && tag.startsWith("$")) return decodeTagged(tag, content, decoding);
  return decodeRecord(v as Record<string, unknown>, decoding);
}

/** Decodes every value of an object, such as keyword arguments. */
export const decodeRecord = (
  v: Readonly<Record<string, unknown>>,
  decoding: Decoding = plain,
): Record<string, unknown> => Object.fromEntries(Object.entries(v).map(([k, x]) => [k, decode(x, decoding)]));

function decodeTagged(tag: string, content: unknown, decoding: Decoding): unknown {
  switch (tag) {
    case "$float":
      return toNumber(content as number | string);
    case "$int":
      return BigInt(content as string);
    case "$tuple":
      return asTuple((content as unknown[]).map((x) => decode(x, decoding)));
    case "$dict":
      return decodeRecord(content as Record<string, unknown>, decoding);
    case "$slice": {
      const [start, end, step] = (content as unknown[]).map((x) => decode(x, decoding));
      return { start: start ?? null, end: end ?? null, step: step ?? 1 };
    }
    case "$ellipsis":
      return "...";
    case "$dtype":
      return content;
    case "$device":
    case "$layout":
    case "$memory_format":
      return dropped;
    case "$lambda":
      // The recorded source is JavaScript of the fixtures, which are as trusted as this program.
      return new Function(`return (${String(content)});`)();
    default:
      if (decoding.make) return decoding.make(tag, content);
      throw new Unsupported(`value ${tag}`);
  }
}

/** The padded tensor that a packed sequence among the arguments was made from: its gradient is the recorded one. */
export const packedFrom: WeakMap<object, torch.AnyTensor> = new WeakMap();

/** The tensors of a list of values, depth first: lists and tuples are entered; of a packed sequence, its data counts. */
export function tensorsIn(values: readonly unknown[]): torch.AnyTensor[] {
  const found: torch.AnyTensor[] = [];
  const visit = (v: unknown): void => {
    if (torch.isTensor(v)) found.push(v);
    else if (Array.isArray(v)) v.forEach(visit);
    else if (typeof v === "object" && v !== null && "batchSizes" in v) {
      const padded = packedFrom.get(v);
      if (padded) {
        found.push(padded);
        return;
      }
      visit((v as { readonly batchSizes: unknown; readonly data?: unknown }).data);
    }
  };
  values.forEach(visit);
  return found;
}

/** "Depth-first tensors" of a call: those of the arguments, then those of the keywords' values in the order of their names. */
export const inputsOf = (
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): torch.AnyTensor[] => tensorsIn([...args, ...Object.values(kwargs)]);
