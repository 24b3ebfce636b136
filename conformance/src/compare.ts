// Compares a result with the recorded one: shape, dtype, then every element. Integers, bools, shapes and dtypes are
// exact; floats may differ by 1e-6 + 2e-5 |expected| + 4 maxerr.

import * as torch from "flambeau";
import type { RecordedTensor } from "./values.ts";
import { isRecordedTensor, toNumber } from "./values.ts";

/** What makes a comparison strict or generous; all from the case's own fields. */
export interface Tolerance {
  /** Largest difference between PyTorch's float32 and float64 results. */
  readonly maxerr?: number;
  /** Compare shape and dtype only. */
  readonly shapeOnly?: boolean;
  /** Where either side is not finite, anything goes. */
  readonly unstable?: boolean;
  /** Absolute part, in place of 1e-6. */
  readonly absolute?: number;
}

/** The first thing that differs. */
export interface Difference {
  /** What was compared: `output 0`, `gradient 1`, `losses[3]`. */
  readonly where: string;
  /** Index of the element, or the property that differs (`shape`, `dtype`). */
  readonly at: string;
  readonly ours: string;
  readonly expected: string;
  /** Largest difference that would have been accepted; 0 for exact comparisons. */
  readonly tolerance: number;
}

/** One line: what differs, where, both values. */
export const showDifference = (d: Difference): string =>
  `${d.where}${d.at ? ` at ${d.at}` : ""}: ours ${d.ours}, expected ${d.expected}${d.tolerance > 0 ? ` (tolerance ${d.tolerance.toPrecision(3)})` : ""}`;

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

const allowance = (expected: number, t: Tolerance): number =>
  (t.absolute ?? 1e-6) + 2e-5 * Math.abs(expected) + 4 * (t.maxerr ?? 0);

/** Whether two floats agree: both NaN, the same infinity, or near enough. */
export function close(ours: number, expected: number, t: Tolerance): boolean {
  if (Object.is(ours, expected) || ours === expected) return true;
  if (!Number.isFinite(ours) || !Number.isFinite(expected))
    return (t.unstable ?? false) || (Number.isNaN(ours) && Number.isNaN(expected));
  return Math.abs(ours - expected) <= allowance(expected, t);
}

/** The recorded int64 stands for our default integer dtype as well; every other dtype for itself. */
export const sameDType = (ours: string, expected: string): boolean =>
  ours === expected || (expected === "int64" && ours === "int32");

function indexOf(flat: number, shape: readonly number[]): string {
  const index = new Array<number>(shape.length);
  for (let d = shape.length - 1, rest = flat; d >= 0; d--) {
    index[d] = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return show(index);
}

/** Null if `ours` is the recorded tensor, else the first difference. */
export function compareTensor(
  ours: unknown,
  expected: RecordedTensor,
  where: string,
  t: Tolerance = {},
): Difference | null {
  const differ = (at: string, a: string, b: string, tolerance = 0): Difference => ({
    where,
    at,
    ours: a,
    expected: b,
    tolerance,
  });
  if (!torch.isTensor(ours)) return differ("", describe(ours), `a tensor of shape ${show(expected.shape)}`);
  if (show(ours.shape) !== show(expected.shape))
    return differ("shape", show(ours.shape), show(expected.shape));
  if (!sameDType(ours.dtype, expected.dtype)) return differ("dtype", ours.dtype, expected.dtype);
  const { data } = expected;
  if (t.shapeOnly || data === null) return null;
  const elements = ours.toTypedArray();
  if (elements.length !== data.length)
    return differ("number of elements", String(elements.length), String(data.length));
  const floating = expected.dtype.startsWith("float");
  for (let i = 0; i < data.length; i++) {
    const x = elements[i]!;
    const y = data[i]!;
    if (floating) {
      const number = toNumber(y);
      if (!close(Number(x), number, t))
        return differ(indexOf(i, expected.shape), String(x), String(y), allowance(number, t));
    } else if (
      typeof y === "string" || typeof x === "bigint" ? BigInt(x) !== BigInt(y) : Number(x) !== Number(y)
    )
      return differ(indexOf(i, expected.shape), String(x), String(y));
  }
  return null;
}

function describe(v: unknown): string {
  if (torch.isTensor(v)) return `a ${v.dtype} tensor of shape ${show(v.shape)}`;
  if (Array.isArray(v)) return `a list of ${v.length}`;
  if (typeof v === "string") return `"${v}"`;
  return v === undefined || v === null || typeof v !== "object"
    ? String(v)
    : `a ${v.constructor?.name ?? "object"}`;
}

/** Null if `ours` is the recorded value: a tensor, a list, or a scalar; `float` says that a scalar may be rounded. */
export function compareValue(
  ours: unknown,
  expected: unknown,
  where: string,
  t: Tolerance = {},
  float = false,
): Difference | null {
  const differ = (a: string, b: string, tolerance = 0): Difference => ({
    where,
    at: "",
    ours: a,
    expected: b,
    tolerance,
  });
  if (isRecordedTensor(expected)) return compareTensor(ours, expected, where, t);
  if (Array.isArray(expected)) {
    if (!Array.isArray(ours) || ours.length !== expected.length)
      return differ(describe(ours), describe(expected));
    for (let i = 0; i < expected.length; i++) {
      const d = compareValue(ours[i], expected[i], `${where}[${i}]`, t, float);
      if (d) return d;
    }
    return null;
  }
  if (typeof expected === "object" && expected !== null)
    return compareTagged(ours, expected as Record<string, unknown>, where, t, float);
  const special = typeof expected === "string" ? toNumber(expected) : Number.NaN;
  if (
    typeof ours === "number" &&
    (typeof expected === "number" ||
      (typeof expected === "string" && (!Number.isNaN(special) || expected === "nan")))
  ) {
    const number = typeof expected === "number" ? expected : special;
    const equal = float ? close(ours, number, t) : Object.is(ours, number) || ours === number;
    return equal ? null : differ(String(ours), String(expected), float ? allowance(number, t) : 0);
  }
  if (typeof ours === "bigint" && ours === BigInt(expected as number | string)) return null;
  if (ours === expected || (expected === null && ours === undefined)) return null;
  return differ(describe(ours), describe(expected));
}

function compareTagged(
  ours: unknown,
  expected: Record<string, unknown>,
  where: string,
  t: Tolerance,
  float: boolean,
): Difference | null {
  const [[tag, content] = ["", null]] = Object.entries(expected);
  if (tag === "$float") return compareValue(ours, content, where, t, true);
  if (tag === "$tuple") return compareValue(ours, content, where, t, float);
  if (tag === "$int") return compareValue(typeof ours === "number" ? BigInt(ours) : ours, content, where, t);
  if (tag === "$dtype") {
    if (typeof ours === "string" && sameDType(ours, String(content))) return null;
    return { where, at: "dtype", ours: describe(ours), expected: String(content), tolerance: 0 };
  }
  const fields =
    tag === "$dict" || tag === "$packed_sequence" ? (content as Record<string, unknown>) : expected;
  for (const [name, value] of Object.entries(fields)) {
    const d = compareValue(field(ours, name), value, `${where}.${name}`, t, float);
    if (d) return d;
  }
  return null;
}

/** `snake_case` to `camelCase`, the rule by which our names follow from PyTorch's; a trailing underscore stays. */
export const camelCase = (name: string): string =>
  name.replace(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_, c: string) => c.toUpperCase());

/** A member of an object or a Map under PyTorch's name or ours. */
export function field(object: unknown, name: string): unknown {
  if ((typeof object !== "object" && typeof object !== "function") || object === null) return undefined;
  if (object instanceof Map)
    return object.get(name) ?? object.get(camelCase(name)) ?? object.get(Number(name));
  const record = object as Record<string, unknown>;
  return name in record ? record[name] : record[camelCase(name)];
}
